"""One sample at a time, the next when the last is done (MLPerf SingleStream): the time of an inference is compared."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from runner.core.errors import Impossible
from runner.core.setting_rules import setting
from runner.measure.batches import effect as effect
from runner.measure.batches import level as level
from runner.measure.batches import take_turns as take_turns


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


def unpublishable(samples: int) -> Iterator[str]:
    """MLPerf asks SingleStream for no number of samples beyond its least time."""
    yield from ()
