"""What gru, lstm and bilstm have in common: their task, their settings, how their data are cut."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.core.setting_rules import setting

if TYPE_CHECKING:
    from torch import nn

TASKS = ("forecast",)
PROVIDES = ("checkpoint", "onnx")


@dataclass(frozen=True)
class Settings:
    """Its size, and what it sees and forecasts; the number of features comes from the data."""

    layers: int = setting("Recurrent layers, one above the other", low=1, high=16)
    hidden: int = setting("Width of the hidden state", low=1, high=4096)
    window: int = setting("Time steps that the model sees", unit="steps", low=2, high=10000)
    horizon: int = setting("Time steps that it forecasts at once", unit="steps", low=1, high=10000)


def data_needs(settings: Settings) -> dict[str, Any]:
    """How the data step has to cut its samples."""
    return {"window": settings.window, "horizon": settings.horizon}


def forecaster(cell: str, settings: Settings, data_meta: Mapping[str, Any], bidirectional: bool = False) -> nn.Module:
    """(batch, window, features) → (batch, horizon), with `cell` `gru` or `lstm`."""
    from runner.models._forecaster import Forecaster

    features = len(data_meta["features"])
    return Forecaster(cell, features, settings.hidden, settings.layers, settings.horizon, bidirectional)
