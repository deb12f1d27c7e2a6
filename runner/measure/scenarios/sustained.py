"""One load without a pause for `duration_s`: what a device does once it is warm. Boards slow down after a minute, and a
burst of a second says nothing of that.

Alone a candidate is measured in one process. Beside a baseline both take turns all the time: the device is then as warm
as the two make it together, and each works so long.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from runner.core.setting_rules import setting
from runner.measure.batches import effect as effect
from runner.measure.batches import level as level
from runner.measure.batches import take_turns as take_turns

if TYPE_CHECKING:
    from runner.measure import settings as measure


@dataclass(frozen=True)
class Settings:
    batch: int = setting("samples in one inference", unit="samples", low=1, high=65536)
    duration_s: float = setting("how long each side works", unit="s", low=1.0, high=86400.0)


def check(settings: Settings) -> None:
    """Any batch will do."""


def measuring(settings: Settings, measure: measure.Settings, sides: int) -> measure.Settings:
    """`measure`, for so long; a second process of a candidate alone would begin on a device that is warm."""
    longer = replace(measure, iterations=1, min_seconds=settings.duration_s, max_seconds=None)
    return longer if sides > 1 else replace(longer, min_pairs=1, max_pairs=1)


def unpublishable(samples: int) -> Iterator[str]:
    """MLPerf has no such scenario."""
    yield "scenario=sustained is none of MLPerf's"
