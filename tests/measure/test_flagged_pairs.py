"""Which pairs stand out, and the real thing: a load on every core during one pair."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from runner.measure.benchmark import Benchmark, benchmark
from runner.measure.flagged_pairs import flags
from runner.measure.pairs import Side
from runner.measure.run import Run, sides_of
from runner.measure.settings import Settings

MakeSettings = Callable[..., Settings]


def pairs(name: str, values: list[float]) -> list[dict[str, Any]]:
    return [{name: value} for value in values]


def test_a_pair_beside_busier_neighbours_than_the_others_is_flagged():
    found = flags(pairs("competing_cpus", [0.1, 0.12, 0.1, 1.8, 0.11]))
    assert found == {3: ["other processes kept 1.8 CPUs busy, 0.1 in the median pair"]}


def test_what_is_the_same_for_all_pairs_is_no_flag():
    assert flags(pairs("competing_cpus", [1.8, 1.9, 1.7, 1.8])) == {}


def test_neither_is_a_difference_that_does_not_matter():
    assert flags(pairs("competing_cpus", [0.0, 0.0, 0.0, 0.2])) == {}


def test_nor_one_within_the_runs_own_spread():
    assert flags(pairs("competing_cpus", [0.1, 0.8, 0.3, 1.1, 0.6])) == {}


@pytest.mark.parametrize(
    ("name", "usual", "bad"),
    [("waited_share", 0.01, 0.4), ("runnable", 2, 9), ("temperature_c", 60, 75), ("cpu_mhz", 2400, 1800)],
)
def test_what_is_worse_than_in_the_other_pairs(name: str, usual: float, bad: float):
    assert list(flags(pairs(name, [usual, usual, bad, usual]))) == [2]
    assert flags(pairs(name, [usual] * 4)) == {}


@pytest.mark.parametrize(
    ("name", "bad"), [("throttled", 1), ("steal_cpus", 0.2), ("memory_stall_share", 0.1), ("temperature_c", 96)]
)
def test_what_spoils_any_measurement(name: str, bad: float):
    assert list(flags(pairs(name, [bad, bad]))) == [0, 1]


def test_another_governor():
    found = flags([{"governor": "performance"}, {"governor": "performance+powersave"}, {"governor": "performance"}])
    assert found == {1: ["governor performance+powersave, performance in the other pairs"]}


def loaded_during(wanted: int) -> Callable[[], Any]:
    """Entered once a pair: keeps every core busy several times over in pair `wanted`, and in no other."""
    entered = iter(range(1000))

    @contextmanager
    def quiet() -> Iterator[None]:
        count = 8 * (os.cpu_count() or 1) if next(entered) == wanted else 0
        busy = [subprocess.Popen(["sh", "-c", "while :; do :; done"]) for _ in range(count)]
        try:
            yield
        finally:
            for one in busy:
                one.kill()
                one.wait()

    return quiet


def measured_under_load(side: Side, settings: Settings, pair: int, folder: Path) -> Benchmark:
    return benchmark(Run(sides_of(side, side), settings, 0, folder, quiet=loaded_during(pair)))


def test_a_load_on_every_core_flags_exactly_that_pair(side: Side, measure: MakeSettings, tmp_path: Path):
    settings = measure("quick", min_pairs=8, max_pairs=8, min_seconds=0.1)
    # On a shared machine somebody else's load comes and goes: it is flagged too, or ours is lost in it. Then once more.
    for attempt in range(4):
        found = measured_under_load(side, settings, 4, tmp_path / str(attempt))
        flagged = [one["pair"] for one in found.conditions["pairs"] if one["flags"]]
        if flagged == [4]:
            break
    assert flagged == [4]
    assert found.comparison is not None
    beside = found.comparison.as_dict()["without_flagged"]
    assert [one["pair"] for one in beside["flagged"]] == [4]
    assert (len(found.pairs), beside["pairs"]) == (8, 7)
    assert beside["verdict"] in ("faster", "slower", "same", "ambiguous")
