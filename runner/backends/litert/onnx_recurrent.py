"""ONNX's LSTM, GRU and RNN as PyTorch's modules, with the gates in its order."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from runner.backends.litert.onnx_values import NotMapped

Constants = Mapping[str, Any]

CELLS = ("LSTM", "GRU", "RNN")
# Where PyTorch's gates stand in ONNX: input, forget, cell, output of (i, o, f, c); reset, update, new of (z, r, h).
GATES = {"LSTM": (0, 2, 3, 1), "GRU": (1, 0, 2), "RNN": (0,)}
W, R, B, LENGTHS, PEEPHOLES = 1, 2, 3, 4, 7  # places of a node's inputs
PARTS = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")  # PyTorch's names of a direction's weights
KNOWN = ("direction", "hidden_size", "linear_before_reset", "activations")
ACTIVATIONS = {"LSTM": (["Sigmoid", "Tanh", "Tanh"],), "GRU": (["Sigmoid", "Tanh"],), "RNN": (["Tanh"], ["Relu"])}
SUFFIXES = ("", "_reverse")  # of PyTorch's weights, by direction


class EarlyReset(nn.GRU):
    """A GRU that resets before the product with the state (linear_before_reset=0), unlike PyTorch's own."""

    def forward(self, x: torch.Tensor, start: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:  # type: ignore[override]
        """(All states of both directions, the last of each), as PyTorch's."""
        suffixes = SUFFIXES[: 1 + self.bidirectional]
        states = x.new_zeros(len(suffixes), x.shape[1], self.hidden_size) if start is None else start
        parts = [self._direction(x, states[at], suffix) for at, suffix in enumerate(suffixes)]
        return torch.cat([every for every, _ in parts], 2), torch.stack([last for _, last in parts])

    def _direction(self, x: torch.Tensor, state: torch.Tensor, suffix: str) -> tuple[torch.Tensor, torch.Tensor]:
        wih, whh, bih, bhh = (getattr(self, f"{name}_l0{suffix}") for name in PARTS)
        inputs, backwards = nn.functional.linear(x, wih, bih), suffix == SUFFIXES[1]
        size, found = self.hidden_size, []
        for step in reversed(inputs) if backwards else inputs:
            both = torch.sigmoid(step[:, : 2 * size] + nn.functional.linear(state, whh[: 2 * size], bhh[: 2 * size]))
            reset, update = both[:, :size], both[:, size:]
            kept = nn.functional.linear(reset * state, whh[2 * size :], bhh[2 * size :])
            new = torch.tanh(step[:, 2 * size :] + kept)
            state = new + update * (state - new)
            found.append(state)
        return torch.stack(found[::-1] if backwards else found), state


class Recurrent(nn.Module):
    """One node. Raises NotMapped for what PyTorch's module has not."""

    def __init__(self, kind: str, given: Mapping[str, Any], inputs: Sequence[str], constants: Constants) -> None:
        super().__init__()
        _check(kind, given, inputs, constants)
        self.direction = given.get("direction", "forward")
        weight, recurrence = (np.asarray(constants[inputs[at]]) for at in (W, R))
        bias = constants[inputs[B]] if len(inputs) > B and inputs[B] else np.zeros((len(weight), 2 * weight.shape[1]))
        hidden, features = recurrence.shape[2], weight.shape[2]
        self.cell = _cell(kind, given)(features, hidden, bidirectional=self.direction == "bidirectional")
        halves = np.split(np.asarray(bias), 2, axis=1)
        for at, suffix in enumerate(SUFFIXES[: len(weight)]):
            for name, whole in zip(PARTS, (weight, recurrence, *halves), strict=True):
                own = torch.from_numpy(_ordered(kind, whole[at]).astype(np.float32))
                getattr(self.cell, f"{name}_l0{suffix}").data.copy_(own)

    def forward(
        self, x: torch.Tensor, h: torch.Tensor | None = None, c: torch.Tensor | None = None
    ) -> tuple[torch.Tensor, ...]:
        """(Y, Y_h, Y_c of an LSTM). A state that isn't given starts with zeros."""
        backwards, directions = self.direction == "reverse", 2 if self.direction == "bidirectional" else 1
        zeros = x.new_zeros(directions, x.shape[1], self.cell.hidden_size)
        first, second = (zeros if state is None else state for state in (h, c))
        start = (first, second) if isinstance(self.cell, nn.LSTM) else first
        y, last = self.cell(x.flip(0) if backwards else x, start)
        y = y.flip(0) if backwards else y
        length, batch, width = y.shape
        each = y.reshape(length, batch, directions, width // directions).permute(0, 2, 1, 3)
        return (each, *(last if isinstance(last, tuple) else (last,)))


def _cell(kind: str, given: Mapping[str, Any]) -> Callable[..., Any]:
    if kind == "RNN":
        return partial(nn.RNN, nonlinearity=given.get("activations", ["Tanh"])[0].lower())
    if kind == "GRU":
        return nn.GRU if given.get("linear_before_reset", 0) else EarlyReset
    return nn.LSTM


def _ordered(kind: str, whole: Any) -> Any:
    gates = np.split(whole, len(GATES[kind]))
    return np.concatenate([gates[at] for at in GATES[kind]])


def _check(kind: str, given: Mapping[str, Any], inputs: Sequence[str], constants: Constants) -> None:
    odd = next((name for name in given if name not in KNOWN and given[name]), None)
    if odd is not None:
        raise NotMapped(f"its {odd}={given[odd]}")
    usual = ACTIVATIONS[kind]
    if given.get("activations", usual[0]) not in (*usual, *(one * 2 for one in usual)):
        raise NotMapped(f"its activations={given['activations']}")
    for at, what in ((LENGTHS, "sequence lengths"), (PEEPHOLES, "peepholes")):
        if len(inputs) > at and inputs[at]:
            raise NotMapped(f"it has {what}")
    if any(inputs[at] not in constants for at in (W, R)):
        raise NotMapped("its weights are computed")
