from __future__ import annotations

import pytest
import torch
from torch import nn

from runner.models import mobilenet_v1


def network(width: float, channels: int, classes: int, size: int = 32) -> nn.Module:
    meta = {"shapes": {"x": [channels, size, size]}, "classes": classes}
    return mobilenet_v1.build(mobilenet_v1.Settings(width, size), meta).eval()


def test_at_full_width_on_imagenet_it_has_the_papers_parameters() -> None:
    # Howard et al. 2017, table 4: 4.2 million; exactly 4,231,976 with batch normalisation's scale and shift.
    assert sum(p.numel() for p in network(1.0, 3, 1000).parameters()) == 4_231_976


@pytest.mark.parametrize("channels", [1, 3])
def test_images_grey_or_coloured_become_class_scores(channels: int) -> None:
    assert network(0.25, channels, 10)(torch.zeros(2, channels, 32, 32)).shape == (2, 10)


def test_it_halves_the_image_five_times() -> None:
    layers = network(0.1, 1, 10, 64)
    seen: list[int] = []
    for layer in layers.modules():
        if isinstance(layer, nn.Conv2d):
            layer.register_forward_hook(lambda module, x, y: seen.append(y.shape[-1]))
    layers(torch.zeros(1, 1, 64, 64))
    assert sorted(set(seen), reverse=True) == [32, 16, 8, 4, 2]
