"""The difference below which none is called one."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class NoiseFloor:
    """The smallest relative difference (0.01 = 1 %) that is called one, and where it comes from."""

    value: float
    source: str
