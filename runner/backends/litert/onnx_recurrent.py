"""ONNX's LSTM and GRU as PyTorch's modules, with the gates in its order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from runner.backends.litert.onnx_operators import NotMapped

Constants = Mapping[str, Any]

CELLS: Mapping[str, Any] = {"LSTM": nn.LSTM, "GRU": nn.GRU}
# Where PyTorch's gates stand in ONNX: input, forget, cell, output of (i, o, f, c); reset, update, new of (z, r, h).
GATES = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2)}
W, R, B, LENGTHS, PEEPHOLES = 1, 2, 3, 4, 7  # places of a node's inputs
KNOWN = ("direction", "hidden_size", "linear_before_reset", "activations")
ACTIVATIONS = {"LSTM": ["Sigmoid", "Tanh", "Tanh"], "GRU": ["Sigmoid", "Tanh"]}


class Recurrent(nn.Module):
    """One node. Raises NotMapped for what PyTorch's module has not."""

    def __init__(self, kind: str, given: Mapping[str, Any], inputs: Sequence[str], constants: Constants) -> None:
        super().__init__()
        _check(kind, given, inputs, constants)
        self.direction = given.get("direction", "forward")
        weight, recurrence = (np.asarray(constants[inputs[at]]) for at in (W, R))
        bias = constants[inputs[B]] if len(inputs) > B and inputs[B] else np.zeros((len(weight), 2 * weight.shape[1]))
        hidden, features = recurrence.shape[2], weight.shape[2]
        self.cell = CELLS[kind](features, hidden, bidirectional=self.direction == "bidirectional")
        halves = np.split(np.asarray(bias), 2, axis=1)
        for at, suffix in enumerate(("", "_reverse")[: len(weight)]):
            parts = {"weight_ih": weight, "weight_hh": recurrence, "bias_ih": halves[0], "bias_hh": halves[1]}
            for name, whole in parts.items():
                own = torch.from_numpy(_ordered(kind, whole[at]).astype(np.float32))
                getattr(self.cell, f"{name}_l0{suffix}").data.copy_(own)

    def forward(self, x: torch.Tensor, *states: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """(Y, Y_h, Y_c of an LSTM)."""
        backwards = self.direction == "reverse"
        start = () if not states else (states if len(states) > 1 else states[0],)
        y, last = self.cell(x.flip(0) if backwards else x, *start)
        y = y.flip(0) if backwards else y
        length, batch, width = y.shape
        directions = 2 if self.direction == "bidirectional" else 1
        each = y.reshape(length, batch, directions, width // directions).permute(0, 2, 1, 3)
        return (each, *(last if isinstance(last, tuple) else (last,)))


def _ordered(kind: str, whole: Any) -> Any:
    gates = np.split(whole, len(GATES[kind]))
    return np.concatenate([gates[at] for at in GATES[kind]])


def _check(kind: str, given: Mapping[str, Any], inputs: Sequence[str], constants: Constants) -> None:
    odd = next((name for name in given if name not in KNOWN and given[name]), None)
    if odd is not None:
        raise NotMapped(f"its {odd}={given[odd]}")
    usual = ACTIVATIONS[kind]
    if given.get("activations", usual) not in (usual, usual * 2):
        raise NotMapped(f"its activations={given['activations']}")
    if kind == "GRU" and not given.get("linear_before_reset", 0):
        raise NotMapped("it resets before the product (linear_before_reset=0)")
    for at, what in ((LENGTHS, "sequence lengths"), (PEEPHOLES, "peepholes")):
        if len(inputs) > at and inputs[at]:
            raise NotMapped(f"it has {what}")
    if any(inputs[at] not in constants for at in (W, R)):
        raise NotMapped("its weights are computed")
