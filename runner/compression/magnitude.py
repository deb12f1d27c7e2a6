"""Unstructured magnitude pruning (Han et al. 2015): the smallest weights become zero and stay so in fine-tuning."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from runner.core.setting_rules import setting

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True)
class Settings:
    """How much is pruned, and how long the rest is fine-tuned."""

    sparsity: float = setting("Share of the weights that become zero; biases and normalisation stay", low=0, high=0.999)
    scope: str = setting("global: one threshold for all weights; layer: each tensor alike", choices=("global", "layer"))
    epochs: int = setting("Fine-tuning", unit="epochs", low=0)
    learning_rate: float = setting("Learning rate at the start of fine-tuning", low=1e-7, high=1)


class Tune(Protocol):
    """Fine-tuning as the compress step offers it: keeps the best weights; `after_update` runs after each update."""

    def __call__(self, epochs: int, learning_rate: float, after_update: Callable[[nn.Module], None]) -> None: ...


def compress(network: nn.Module, settings: Settings, tune: Tune) -> dict[str, Any]:
    """Prune `network` in place, then fine-tune it with its zeros kept; returns the meta."""
    chosen = masks(network, settings.sparsity, settings.scope)

    def zero(pruned: nn.Module) -> None:
        _apply(pruned, chosen)

    zero(network)
    if settings.epochs:
        tune(settings.epochs, settings.learning_rate, zero)
    total = sum(mask.numel() for mask in chosen.values())
    return {"sparsity": 1 - sum(int(mask.sum()) for mask in chosen.values()) / total, "scope": settings.scope}


def masks(network: nn.Module, sparsity: float, scope: str) -> dict[str, Tensor]:
    """`{weight: mask}`, False where it is pruned: exactly the share `sparsity` (rounded) of the smallest."""
    import torch

    weights = {name: w.detach().abs() for name, w in network.named_parameters() if w.dim() > 1}
    if scope == "layer":
        return {name: _kept(w.flatten(), sparsity).view_as(w) for name, w in weights.items()}
    together = _kept(torch.cat([w.flatten() for w in weights.values()]), sparsity)
    parts = together.split([w.numel() for w in weights.values()])  # type: ignore[no-untyped-call]
    return {name: part.view_as(w) for (name, w), part in zip(weights.items(), parts, strict=True)}


def _kept(magnitudes: Tensor, sparsity: float) -> Tensor:
    """By rank, not by threshold: equal magnitudes don't change how many are pruned."""
    import torch

    kept = torch.ones(len(magnitudes), dtype=torch.bool)
    kept[magnitudes.argsort(stable=True)[: round(sparsity * len(magnitudes))]] = False
    return kept


def _apply(network: nn.Module, chosen: dict[str, Tensor]) -> None:
    import torch

    with torch.no_grad():
        for name, weight in network.named_parameters():
            if name in chosen:
                weight.mul_(chosen[name])
