"""LSTM forecaster (Hochreiter & Schmidhuber 1997; with forget gate, Gers et al. 2000)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runner.models._recurrent import PROVIDES, TASKS, Settings, data_needs, forecaster

if TYPE_CHECKING:
    from torch import nn

__all__ = ["PROVIDES", "TASKS", "Settings", "build", "data_needs"]


def build(settings: Settings, data_meta: Mapping[str, Any]) -> nn.Module:
    """(batch, window, features) → (batch, horizon)."""
    return forecaster("lstm", settings, data_meta)
