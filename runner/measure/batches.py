"""Sides that take turns in bursts of batches, the time of a batch being what is compared: what scenarios of one sample
and of many at once have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from runner.measure import effects, turns

if TYPE_CHECKING:
    from runner.measure import settings as measure
    from runner.measure.snapshots import Look
    from runner.measure.timed import Pair, Timed


def take_turns(
    processes: Mapping[str, turns.Process],
    seconds: Mapping[str, float | None],
    settings: measure.Settings,
    look: Look,
) -> list[Mapping[str, Any]]:
    """Bursts in turn."""
    return turns.alternate(processes, turns.sizes(seconds, settings), look)


def effect(pair: Pair) -> float:
    """Of the time of one batch, burst by burst; of one sample where the sides' batches differ."""
    return effects.of_bursts(pair)


def level(timed: Timed) -> float:
    """Of the median time of one sample, in ns."""
    return effects.log_median(timed)
