"""The least time that a machine needs for so many operations and bytes: the roofline of Williams, Waterman and
Patterson (https://doi.org/10.1145/1498765.1498785).

It is reckoned, not measured: nothing here makes a `MeasuredFigure`. The share of it that a measured time reaches says
how much is left to win.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

COMPUTE, MEMORY = "compute", "memory"
CONVERSION = "conversion"


@dataclass(frozen=True)
class Peaks:
    """What a machine reached at its best with so many threads. `flops_per_s` by precision, `by`: what reached it.
    `bytes_per_s`: pairs of the bytes that the arrays took and of the bytes a second, the smallest first: near caches
    are quicker."""

    date: str
    identity: str
    threads: int
    flops_per_s: Mapping[str, float]
    by: Mapping[str, str]
    bytes_per_s: tuple[tuple[int, float], ...]

    def bandwidth(self, size: int) -> float:
        """Bytes a second that nothing which moves `size` bytes exceeds: the best of all sets as large as it, or the
        next smaller one."""
        smaller = [one for one, _ in self.bytes_per_s if one <= size] or [self.bytes_per_s[0][0]]
        return max(speed for one, speed in self.bytes_per_s if one >= smaller[-1])

    def no_less_than(self, other: Peaks) -> Peaks:
        """With the other's figures where they are higher."""
        flops = {kind: max(value, other.flops_per_s.get(kind, 0.0)) for kind, value in self.flops_per_s.items()}
        theirs = dict(other.bytes_per_s)
        speeds = tuple((size, max(speed, theirs.get(size, 0.0))) for size, speed in self.bytes_per_s)
        return replace(self, flops_per_s=flops, bytes_per_s=speeds)

    def as_dict(self) -> dict[str, Any]:
        """JSON types."""
        return asdict(self)


@dataclass(frozen=True)
class Bound:
    """Seconds that the arithmetic and the moving take at the least, each."""

    compute_s: float
    memory_s: float

    @property
    def seconds(self) -> float:
        """The least time: both may go on at once."""
        return max(self.compute_s, self.memory_s)

    @property
    def limit(self) -> str:
        """Which of them it is."""
        return COMPUTE if self.compute_s >= self.memory_s else MEMORY


def bound(peaks: Peaks, flops: int, moved: int, precision: str) -> Bound | str:
    """The bound of `flops` operations in a precision and `moved` bytes; why there is none where no peak of that
    arithmetic is known."""
    if flops and precision not in peaks.flops_per_s:
        known = ", ".join(peaks.flops_per_s)
        return f"no peak of {precision} arithmetic is known of this machine, only of {known}"
    return Bound(flops / peaks.flops_per_s[precision] if flops else 0.0, moved / peaks.bandwidth(moved))


def fastest(operators: Mapping[str, Mapping[str, int]]) -> str:
    """The precision of the fastest arithmetic among `{operator: {precision: how many}}`: where some run in int8, a
    bound has to allow for all."""
    ran = {kind for kinds in operators.values() for kind in kinds} - {CONVERSION}
    narrow = sorted(kind for kind in ran if kind in ("fp16", "bf16"))
    if "int8" in ran:
        return "int8"
    return narrow[0] if narrow else "fp32"
