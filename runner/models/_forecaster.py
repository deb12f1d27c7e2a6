"""The network behind gru, lstm and bilstm."""

from __future__ import annotations

import torch
from torch import Tensor, nn

CELLS: dict[str, type[nn.GRU] | type[nn.LSTM]] = {"gru": nn.GRU, "lstm": nn.LSTM}


class Forecaster(nn.Module):
    """Recurrent layers, then one linear map of the top layer's final state(s)."""

    def __init__(self, cell: str, features: int, hidden: int, depth: int, horizon: int, bidirectional: bool) -> None:
        super().__init__()
        layers = CELLS[cell]
        # Not asked of the state's kind, in whose place a tracer has a stand-in, nor of the layer's: int8 has its own.
        self.has_cell = cell == "lstm"
        self.recurrent = layers(features, hidden, depth, batch_first=True, bidirectional=bidirectional)
        directions = 2 if bidirectional else 1
        # Counted from the front: TVM's importer reads beyond the array at a negative index.
        self.top = [directions * (depth - 1) + direction for direction in range(directions)]
        self.head = nn.Linear(directions * hidden, horizon)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, window, features) → (batch, horizon)."""
        _, state = self.recurrent(x)
        hidden = state[0] if self.has_cell else state
        return self.head(torch.cat([hidden[layer] for layer in self.top], dim=-1))  # type: ignore[no-any-return]
