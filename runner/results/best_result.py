"""What a race of configurations came to, as data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from runner.results.quality_loss import Budget, Loss, Stated


@dataclass(frozen=True)
class LeftOut:
    """A configuration (or a backend with all of its) that didn't race: its `status` (`unsupported`, `unavailable`,
    `impossible`, `failed`, `timeout`; of its quality `over` and `unclear`), why, and what to do."""

    name: str
    status: str
    reason: str
    next_step: str = ""


@dataclass(frozen=True)
class Raced:
    """A configuration that raced. `words` are those of a run of it. `relative` is how many times as long it takes as
    the fastest, with the interval that the race drops by; None where nothing was raced. `runs` of fresh processes;
    `dropped`: the block (from 1) after which it was dropped, None where it never was. `tied`: it can't be told apart
    from the fastest. `loss` of quality that it was chosen by, None where it isn't known. `pareto`: none beats it in
    quality, time and size."""

    name: str
    words: tuple[str, ...]
    threads: int | None
    size_mb: float
    loss: Loss | None
    relative: tuple[float, float, float] | None
    runs: int
    dropped: int | None
    tied: bool
    pareto: bool


@dataclass(frozen=True)
class Confirmed:
    """The winner against the default, in fresh pairs: default's time (or energy) over the winner's. `ms` is the
    winner's median. By energy they leave no record: `record_id` is empty, `ms` None."""

    record_id: str
    ratio: float
    low: float | None
    high: float | None
    verdict: str
    pairs: int
    ms: float | None = None


@dataclass(frozen=True)
class Best:
    """`raced` are the configurations, the fastest first. `winner` and `default` are names among them; without a
    winner nothing could be recommended. `stated`: what the winner loses, None where it isn't known. `decided`: nothing
    else is more than 2 % faster; otherwise `why` it isn't, and `left` are those that still raced. `in_time`: it was
    not the time that ended it, else `again` are the words of the command that goes on from what is finished, with more
    time. `confirmed` is None where the
    default won, or there was no time. `reopened`: how often fresh pairs said less than the race. `slower`: who was as
    fast by the race, and slower than the default in fresh pairs, so isn't recommended. `blocks` and `processes` of
    the race, with its confirmations' pairs; `share` of the processes that 8 pairs of each configuration would take.
    `folder` keeps the finished groups."""

    by: str
    budget: Budget | None
    raced: tuple[Raced, ...]
    left_out: tuple[LeftOut, ...]
    winner: str
    stated: Stated | None
    default: str
    decided: bool
    in_time: bool
    why: str
    left: tuple[str, ...]
    again: tuple[str, ...]
    confirmed: Confirmed | None
    reopened: int
    slower: tuple[tuple[str, Confirmed], ...]
    blocks: int
    processes: int
    share: float
    seconds: float
    folder: str

    def named(self, name: str) -> Raced:
        """One of `raced`."""
        return next(one for one in self.raced if one.name == name)

    @property
    def tied(self) -> Sequence[Raced]:
        """What can't be told apart from the fastest, without the winner."""
        return [one for one in self.raced if one.tied and one.name != self.winner]


@dataclass(frozen=True)
class Reckoned:
    """A configuration whose latency `source` reckoned, in ms; its record; what the latency leaves out, "" for nothing.
    Nothing of it was measured."""

    name: str
    words: tuple[str, ...]
    ms: float
    source: str
    record_id: str
    incomplete: str

    @property
    def mark(self) -> str:
        """What stands beside its figure."""
        return "estimated, incomplete" if self.incomplete else "estimated"


@dataclass(frozen=True)
class BestEstimate:
    """The best by estimates alone: `reckoned`, the fastest first, those that leave something out after all others.
    Nothing is known of their quality."""

    reckoned: tuple[Reckoned, ...]
    left_out: tuple[LeftOut, ...]


def as_json(best: Best | BestEstimate) -> dict[str, Any]:
    """JSON types: `status` is `ok` or `undecided`; of estimates `estimated`."""
    if isinstance(best, BestEstimate):
        return {"schema": 1, "status": "estimated", **asdict(best)}
    return {"schema": 1, "status": "ok" if best.decided else "undecided", **asdict(best)}
