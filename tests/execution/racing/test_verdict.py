"""Who wins by size: nobody runs for it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from runner.execution.racing.command import How
from runner.execution.racing.field import Entry
from runner.execution.racing.losses import Losses
from runner.execution.racing.verdict import smallest
from runner.results.quality_loss import Loss, Lost, Stated

NO_LOSS = Loss("mae_ppm", 0.0, 0.0, 0.0, 1.0)
SOME_LOSS = Loss("mae_ppm", 0.005, 0.001, 0.009, 1.0)


def entry(name: str, size_mb: float, threads: int = 1) -> Entry:
    found: Any = SimpleNamespace(
        name=name,
        artifact=name,
        size_mb=size_mb,
        side=SimpleNamespace(threads=threads),
        configuration=SimpleNamespace(words=()),
    )
    return cast(Entry, found)


def lost_of(loss: Loss) -> Lost:
    return Lost(loss, Stated(loss, 340, apart=False))


def won(*entries: Entry, **losses: Loss) -> str:
    lost = Losses({one.name: lost_of(losses.get(one.name, NO_LOSS)) for one in entries})
    found = smallest(entries, 0, lost, How(by="size"))
    assert (found.decided, found.in_time, found.processes, found.confirmed) == (True, True, 0, None)
    return found.winner


def test_the_smallest_file_wins_whatever_its_time() -> None:
    assert won(entry("default", 4.0), entry("int8", 1.0), entry("fp16", 2.0)) == "int8"


def test_of_files_as_small_the_most_accurate_then_the_one_of_the_fewest_threads() -> None:
    assert won(entry("a", 1.0), entry("b", 1.0), a=SOME_LOSS) == "b"
    assert won(entry("a", 1.0, threads=2), entry("b", 1.0, threads=1)) == "b"
