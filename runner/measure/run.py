"""What every process of one benchmark shares: who is measured, how, and what runs beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from runner.measure.scenarios import Scenario, single_stream
from runner.measure.settings import Settings
from runner.measure.sides import Side, Started

if TYPE_CHECKING:
    from runner.telemetry.sampler import Sampler

Quiet = Callable[[], AbstractContextManager[None]]


@dataclass(frozen=True)
class Run:
    """`sides` by role: `candidate`, and `baseline` if any. `folder` takes the workers' logs and the predicted outputs;
    `limit_s` is the longest time of one answer. Everything is timed inside `quiet()`, in which nothing else of ours
    may run. `sampler` is told whose processes are whose. `started` are processes of the first pair, taken out by
    whoever uses them. `scenario` says how they take turns, and what is compared."""

    sides: Mapping[str, Side]
    settings: Settings
    seed: int
    folder: Path
    limit_s: float = 300.0
    quiet: Quiet = nullcontext
    sampler: Sampler | None = None
    started: Started = field(default_factory=dict)
    scenario: Scenario = single_stream


def sides_of(candidate: Side, baseline: Side | None) -> dict[str, Side]:
    """By role."""
    return {"candidate": candidate} | ({"baseline": baseline} if baseline else {})
