"""What a pair of processes measured, as scenarios and statistics read it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.measure.statistics import median
from runner.telemetry.energy import Window


@dataclass(frozen=True)
class Timed:
    """One process's measurement. `ns` (iterations,); `starts_ns` and `sizes` (bursts,): when each burst began on the
    monotonic clock, and its iterations. `loaded` is the worker's answer to `load`. `deviation` is the root mean square
    of the last outputs of all bursts less the float model's, over the root mean square of those (None: nothing to
    compare with). `repeats` is the answer of the probe for repeated inputs, where it was made. An iteration is one
    inference of `batch` samples."""

    ns: npt.NDArray[np.int64]
    starts_ns: npt.NDArray[np.int64]
    sizes: npt.NDArray[np.int64]
    finite: bool
    peak_rss_mb: float
    loaded: Mapping[str, Any]
    predicted: Path | None
    window: Window | None = None  # work without interruption, for its power: not among the latencies
    deviation: float | None = None
    repeats: Mapping[str, Sequence[float]] | None = None
    batch: int = 1

    @property
    def median_ns(self) -> float:
        return median(self.ns)

    @cached_property
    def bursts(self) -> list[tuple[int, float]]:
        """(start in ns on the monotonic clock, log of the median in ns) of each burst. Asked for after every pair."""
        parts = np.split(self.ns, np.cumsum(self.sizes)[:-1])
        logs = [math.log(median(part)) for part in parts]
        return list(zip(map(int, self.starts_ns), logs, strict=True))

    def spans(self) -> list[tuple[int, int]]:
        """(start, end) of each burst in ns on the monotonic clock."""
        ends = self.starts_ns + np.add.reduceat(self.ns, np.cumsum(self.sizes) - self.sizes)
        return [(int(start), int(end)) for start, end in zip(self.starts_ns, ends, strict=True)]


@dataclass(frozen=True)
class Pair:
    """One replicate. `order`: the roles as they took turns; `sides` by role (`candidate`, and `baseline` if any);
    `before`, `during` and `after` the timed work: snapshots of `conditions`. `blocks`: where the sides ran on devices
    of their own (`alternating_blocks.py`), each one's."""

    number: int
    order: tuple[str, ...]
    sides: Mapping[str, Timed]
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    during: Sequence[Mapping[str, Any]] = ()
    blocks: Mapping[str, Pair] = field(default_factory=dict)
