"""One sample at a time, the next when the last is done (MLPerf SingleStream): the time of an inference is compared."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.core.errors import Impossible
from runner.core.setting_rules import setting
from runner.measure import effects, turns

if TYPE_CHECKING:
    from runner.measure import settings as measure
    from runner.measure.snapshots import Look
    from runner.measure.timed import Pair, Timed


@dataclass(frozen=True)
class Settings:
    batch: int = setting("samples in one inference", unit="samples", low=1, high=65536)


def check(settings: Settings) -> None:
    """One sample is a batch of one."""
    if settings.batch != 1:
        raise Impossible(
            f"scenario.batch={settings.batch}: single_stream runs one sample at a time.",
            f"Use scenario=offline scenario.batch={settings.batch}.",
        )


def take_turns(
    processes: Mapping[str, turns.Process],
    seconds: Mapping[str, float | None],
    settings: measure.Settings,
    look: Look,
) -> list[Mapping[str, Any]]:
    """Bursts in turn."""
    return turns.alternate(processes, turns.sizes(seconds, settings), look)


def effect(pair: Pair) -> float:
    """Of the time of one inference, burst by burst."""
    return effects.of_bursts(pair)


def level(timed: Timed) -> float:
    """Of the median time of one inference, in ns."""
    return effects.log_median(timed)


def unpublishable(samples: int) -> Iterator[str]:
    """MLPerf asks SingleStream for no number of samples beyond its least time."""
    yield from ()
