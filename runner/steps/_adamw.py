"""AdamW by torch's own function for it. The class `torch.optim.AdamW` imports torch's compiler, which takes seconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.optim.adamw import adamw

BETAS, EPSILON = (0.9, 0.999), 1e-8  # torch's defaults


@dataclass
class AdamW:
    """Updates `parameters` in place, to the last bit as the class does. In their order: `steps` that each has taken,
    and `means` and `squares` of its gradients."""

    parameters: list[Tensor]
    learning_rate: float
    weight_decay: float
    steps: list[Tensor]
    means: list[Tensor]
    squares: list[Tensor]

    def forget_gradients(self) -> None:
        """Before a batch."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self) -> None:
        """One update of those that have a gradient."""
        there = [at for at, parameter in enumerate(self.parameters) if parameter.grad is not None]
        adamw(
            [self.parameters[at] for at in there],
            [gradient for parameter in self.parameters if (gradient := parameter.grad) is not None],
            [self.means[at] for at in there],
            [self.squares[at] for at in there],
            [],
            [self.steps[at] for at in there],
            amsgrad=False,
            beta1=BETAS[0],
            beta2=BETAS[1],
            lr=self.learning_rate,
            weight_decay=self.weight_decay,
            eps=EPSILON,
            maximize=False,
        )

    def state(self) -> dict[str, list[Tensor]]:
        """What `resume` goes on from."""
        return {"steps": self.steps, "means": self.means, "squares": self.squares}

    def resume(self, state: Mapping[str, list[Tensor]]) -> None:
        """Go on from a state."""
        self.steps, self.means, self.squares = state["steps"], state["means"], state["squares"]


def begin(parameters: Iterable[Tensor], learning_rate: float, weight_decay: float) -> AdamW:
    """Before the first update."""
    every = list(parameters)
    means, squares = ([torch.zeros_like(one) for one in every] for _ in range(2))
    return AdamW(every, learning_rate, weight_decay, [torch.tensor(0.0) for _ in every], means, squares)
