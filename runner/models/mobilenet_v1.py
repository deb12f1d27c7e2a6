"""MobileNet-V1 (Howard et al. 2017): an image classifier of depthwise-separable convolutions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.core.setting_rules import setting

if TYPE_CHECKING:
    from torch import nn

TASKS = ("classify",)
PROVIDES = ("checkpoint", "onnx")


@dataclass(frozen=True)
class Settings:
    """Its size; channels and classes come from the data."""

    width: float = setting("Width multiplier α of every layer's channels (the paper's are 0.25 to 1)", low=0.05, high=2)
    input_size: int = setting("Height and width of the images", unit="pixels", low=8, high=1024)


def data_needs(settings: Settings) -> dict[str, Any]:
    """How large the data step has to make its images."""
    return {"input_size": settings.input_size}


def build(settings: Settings, data_meta: Mapping[str, Any]) -> nn.Module:
    """(batch, channels, input_size, input_size) → (batch, classes) before softmax."""
    from runner.models import _mobilenet

    channels = data_meta["shapes"]["x"][0]
    return _mobilenet.network(settings.width, channels, data_meta["classes"])
