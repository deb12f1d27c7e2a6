from __future__ import annotations

import torch
from torch import nn

from runner.compression.magnitude import masks


def network() -> nn.Sequential:
    layers = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    with torch.no_grad():
        layers[0].weight.copy_(torch.tensor([[1.0, -2.0], [3.0, -4.0]]))
        layers[1].weight.copy_(torch.tensor([[0.5, -5.0]]))
        layers[0].bias.zero_()
    return layers


def test_globally_the_smallest_of_all_weights_go() -> None:
    kept = masks(network(), 0.5, "global")
    assert kept["0.weight"].tolist() == [[False, False], [True, True]]
    assert kept["1.weight"].tolist() == [[False, True]]


def test_by_layer_the_smallest_of_each_go() -> None:
    by_layer, together = masks(network(), 0.25, "layer"), masks(network(), 0.25, "global")
    assert by_layer["0.weight"].tolist() == [[False, True], [True, True]]
    assert by_layer["1.weight"].tolist() == [[True, True]]
    assert together["0.weight"].tolist() == [[False, True], [True, True]]
    assert together["1.weight"].tolist() == [[False, True]]


def test_biases_are_never_pruned() -> None:
    assert set(masks(network(), 0.9, "global")) == {"0.weight", "1.weight"}


def test_equal_magnitudes_are_pruned_to_the_exact_share() -> None:
    layer = nn.Linear(4, 1)
    nn.init.ones_(layer.weight)
    assert int(masks(layer, 0.5, "global")["weight"].sum()) == 2
