"""From a model's name, settings and data to a network, with or without trained weights."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core import registry, setting_rules

if TYPE_CHECKING:
    from torch import nn

FILE = "model.pt"


def build(model: Mapping[str, Any], data_meta: Mapping[str, Any]) -> nn.Module:
    """The untrained network of `{"name", "settings"}`, fresh from torch's generator."""
    module = registry.load("model", model["name"])
    chosen = setting_rules.build(module.Settings, model["settings"], "model")
    network: nn.Module = module.build(chosen, data_meta)
    return network


def load(folder: Path, model: Mapping[str, Any], data_meta: Mapping[str, Any]) -> nn.Module:
    """The network with the weights of a train or compress artifact, in evaluation mode."""
    import torch

    network = build(model, data_meta)
    network.load_state_dict(torch.load(folder / FILE, map_location="cpu", weights_only=True))
    return network.eval()


def save(network: nn.Module, folder: Path) -> None:
    """Write the weights in the form that `load` reads."""
    import torch

    torch.save(network.state_dict(), folder / FILE)
