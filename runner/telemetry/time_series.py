"""What the sampler wrote, as arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Span = tuple[int, int]


@dataclass(frozen=True)
class Profile:
    """`t_ns` (samples,) on the clock of the bursts; `signals` `{name: (samples,)}`, NaN where one was not read."""

    t_ns: npt.NDArray[np.int64]
    signals: Mapping[str, Floats]

    def within(self, spans: list[Span]) -> npt.NDArray[np.bool_]:
        """(samples,) whether a sample was taken inside one of `spans` (start, end in ns; in their order)."""
        if not spans:
            return np.zeros(len(self.t_ns), dtype=bool)
        starts, ends = np.asarray(spans, dtype=np.int64).T
        nearest = np.searchsorted(starts, self.t_ns, side="right") - 1
        inside: npt.NDArray[np.bool_] = (nearest >= 0) & (self.t_ns <= ends[nearest])
        return inside


def read(file: Path) -> Profile:
    """The profile in `system_profile.txt`; a last line that a kill cut short is left out."""
    lines = [line for line in file.read_text(encoding="utf-8").split("\n") if line and not line.startswith("#")]
    columns = lines[0].split()
    rows = [words for line in lines[1:] if len(words := line.split()) == len(columns)]
    signals = {
        name: np.array([np.nan if row[place] == "-" else float(row[place]) for row in rows])
        for place, name in enumerate(columns)
        if place
    }
    return Profile(np.array([int(row[0]) for row in rows], dtype=np.int64), signals)


def spread(values: Floats) -> dict[str, float] | None:
    """`min`, `mean`, `max` and `samples` of what was read; None where nothing was."""
    there = values[~np.isnan(values)]
    if not len(there):
        return None
    shown = {"min": there.min(), "mean": there.mean(), "max": there.max()}
    return {**{name: round(float(value), 6) for name, value in shown.items()}, "samples": len(there)}
