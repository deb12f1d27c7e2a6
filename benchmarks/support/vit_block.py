"""A small vision transformer: an embedding, one block (Dosovitskiy et al. 2020) and a head, as an ONNX file."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

WIDTH, HEADS, PATCHES, PIXELS, CLASSES = 128, 4, 65, 48, 10


class Block(nn.Module):
    """(batch, patches, pixels) → (batch, classes)."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Linear(PIXELS, WIDTH)
        self.block = nn.TransformerEncoderLayer(
            WIDTH, HEADS, 4 * WIDTH, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.head = nn.Linear(WIDTH, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = self.head(self.block(self.embedding(x))[:, 0])
        return found


def written(path: Path) -> Path:
    """The block's graph, written to `path`."""
    torch.manual_seed(0)
    inputs = (torch.randn(1, PATCHES, PIXELS),)
    torch.onnx.export(
        Block().eval(),
        inputs,
        str(path),
        input_names=["x"],
        output_names=["y"],
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    return path
