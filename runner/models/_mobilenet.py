"""The network behind mobilenet_v1: table 1 of Howard et al. 2017."""

from __future__ import annotations

from torch import nn

STEM = 32
# (output channels, stride) of each depthwise-separable block
BLOCKS = (
    (64, 1),
    (128, 2),
    (128, 1),
    (256, 2),
    (256, 1),
    (512, 2),
    *((512, 1),) * 5,
    (1024, 2),
    (1024, 1),
)


def network(width: float, channels: int, classes: int) -> nn.Sequential:
    """The whole classifier; its layers' channels are the paper's times `width`, at least 1."""
    at = _scaled(STEM, width)
    layers = [*_convolution(channels, at, kernel=3, stride=2)]
    for out, stride in BLOCKS:
        layers += _convolution(at, at, kernel=3, stride=stride, groups=at)
        layers += _convolution(at, _scaled(out, width), kernel=1, stride=1)
        at = _scaled(out, width)
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(at, classes))


def _convolution(inside: int, outside: int, kernel: int, stride: int, groups: int = 1) -> list[nn.Module]:
    convolution = nn.Conv2d(inside, outside, kernel, stride, kernel // 2, groups=groups, bias=False)
    return [convolution, nn.BatchNorm2d(outside), nn.ReLU(inplace=True)]


def _scaled(channels: int, width: float) -> int:
    return max(1, round(channels * width))
