"""What every process of one benchmark shares: who is measured, how, and what runs beside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from runner.measure.scenarios import Scenario, overlaps, single_stream
from runner.measure.settings import Settings
from runner.measure.sides import Side, Started
from runner.transport.local import Worker

if TYPE_CHECKING:
    from runner.telemetry.sampler import Sampler

Quiet = Callable[[], AbstractContextManager[None]]


def _on_its_own(number: int) -> None:
    """Each pair starts its processes itself."""


@dataclass(frozen=True)
class Run:
    """`sides` by role: `candidate`, and `baseline` if any. `folder` takes the workers' logs and the predicted outputs;
    `limit_s` is the longest time of one answer. Everything is timed inside `quiet()`, in which nothing else of ours
    may run. `sampler` is told whose processes are whose. `started` are processes of the next pair, taken out by
    whoever uses them; `begin(number)` starts those of pair `number`, `end` closes one (`next_pair.py`). `scenario` says
    how they take turns, and what is compared."""

    sides: Mapping[str, Side]
    settings: Settings
    seed: int
    folder: Path
    limit_s: float = 300.0
    quiet: Quiet = nullcontext
    sampler: Sampler | None = None
    started: Started = field(default_factory=dict)
    begin: Callable[[int], None] = _on_its_own
    end: Callable[[Worker], None] = Worker.close
    scenario: Scenario = single_stream

    @property
    def together(self) -> bool:
        """Whether inferences overlap in sessions that can run several at once."""
        return overlaps(self.scenario)


def sides_of(candidate: Side, baseline: Side | None) -> dict[str, Side]:
    """By role."""
    return {"candidate": candidate} | ({"baseline": baseline} if baseline else {})
