"""All samples are there at once and go through in batches (MLPerf Offline): the time of a batch is compared, which is
throughput's inverse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from runner.core.setting_rules import setting
from runner.measure import effects, turns

if TYPE_CHECKING:
    from runner.measure import settings as measure
    from runner.measure.snapshots import Look
    from runner.measure.timed import Pair, Timed

LEAST_SAMPLES = 24_576  # MLPerf Inference rules, section on scenarios


@dataclass(frozen=True)
class Settings:
    batch: int = setting("samples in one inference", unit="samples", low=1, high=65536)


def check(settings: Settings) -> None:
    """Any batch will do."""


def take_turns(
    processes: Mapping[str, turns.Process],
    seconds: Mapping[str, float | None],
    settings: measure.Settings,
    look: Look,
) -> list[Mapping[str, Any]]:
    """Bursts in turn."""
    return turns.alternate(processes, turns.sizes(seconds, settings), look)


def effect(pair: Pair) -> float:
    """Of the time of one batch, burst by burst."""
    return effects.of_bursts(pair)


def level(timed: Timed) -> float:
    """Of the median time of one batch, in ns."""
    return effects.log_median(timed)


def unpublishable(samples: int) -> Iterator[str]:
    """Too few of them."""
    if samples < LEAST_SAMPLES:
        yield f"{samples} samples of at least {LEAST_SAMPLES} (measure.iterations)"
