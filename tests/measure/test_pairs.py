"""Pairs: who goes when, for how long, and never two at once. The pairs are real: workers, ONNX Runtime, a small MLP."""

from __future__ import annotations

import dataclasses
import itertools
import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil
import pytest

from runner.core.errors import RunnerError
from runner.measure import turns
from runner.measure.pairs import Side, cpus_of_pair, different_inputs, order, run_pair
from runner.measure.run import Run
from runner.measure.settings import Settings
from runner.measure.timed import Pair

MakeSettings = Callable[..., Settings]
ROLES = ("candidate", "baseline")


@pytest.fixture
def short(measure: MakeSettings) -> Settings:
    return measure("quick", iterations=60, min_seconds=0.02, warmup=5, warmup_seconds=0.002, burst_seconds=0)


def test_of_two_pairs_each_side_goes_first_once():
    for seed in range(20):
        for number in (0, 2, 4):
            assert {order(ROLES, seed, number)[0], order(ROLES, seed, number + 1)[0]} == set(ROLES)


def test_the_order_is_drawn_by_seed():
    def drawn(seed: int) -> list[str]:
        return [order(ROLES, seed, number)[0] for number in range(40)]

    assert drawn(1) == drawn(1)
    assert len({tuple(drawn(seed)) for seed in range(10)}) == 10


def test_one_side_alone_has_an_order_too():
    assert order(("candidate",), 3, 0) == order(("candidate",), 3, 1) == ("candidate",)


def test_sides_about_as_fast_take_equal_turns(measure: MakeSettings):
    settings = measure("standard", burst=10, burst_seconds=0, min_seconds=0.2)
    assert turns.sizes({"candidate": 46e-6, "baseline": 50e-6}, settings) == {"candidate": 10, "baseline": 10}


def test_a_turn_of_a_fast_model_lasts_its_least_time(measure: MakeSettings):
    settings = measure("standard", burst=10, burst_seconds=0.005, min_seconds=0.2)
    assert turns.sizes({"candidate": 50e-6}, settings) == {"candidate": 100}


def test_a_side_that_needs_more_iterations_takes_longer_turns(measure: MakeSettings):
    settings = measure("standard", iterations=100, burst=10, burst_seconds=0, min_seconds=0.2)
    # 100 iterations of 4 ms against 4,000 of 50 µs: 10 turns each
    assert turns.sizes({"candidate": 50e-6, "baseline": 4e-3}, settings) == {"candidate": 400, "baseline": 10}


def test_a_slow_side_still_takes_ten_turns(measure: MakeSettings):
    settings = measure("standard", iterations=100, max_seconds=5, burst=10)
    assert turns.sizes({"candidate": 0.1, "baseline": 0.1}, settings) == {"candidate": 5, "baseline": 5}


def test_without_a_warm_up_turns_are_as_set(measure: MakeSettings):
    assert turns.sizes({"candidate": None, "baseline": None}, measure("classic")) == {"candidate": 10, "baseline": 10}


def bursts(pair: Pair) -> list[tuple[int, int, str]]:
    """(start, earliest end, role) of every burst in the order in which they began."""
    found = []
    for role, timed in pair.sides.items():
        ends = np.cumsum(timed.sizes)
        for start, size, end in zip(timed.starts_ns, timed.sizes, ends, strict=True):
            found.append((int(start), int(start + timed.ns[end - size : end].sum()), role))
    return sorted(found)


def test_only_one_process_runs_at_a_time_and_they_take_turns(side: Side, short: Settings, tmp_path: Path):
    pair = run_pair(Run({"candidate": side, "baseline": side}, short, 0, tmp_path, 60), 0)
    run = bursts(pair)
    assert all(end <= following for (_, end, _), (following, _, _) in itertools.pairwise(run))
    shared = 2 * min(len(timed.sizes) for timed in pair.sides.values())
    assert [role for _, _, role in run[:shared]] == list(pair.order) * (shared // 2)


def test_each_process_measures_long_enough(side: Side, short: Settings, tmp_path: Path):
    pair = run_pair(Run({"candidate": side, "baseline": side}, short, 0, tmp_path, 60), 1)
    for timed in pair.sides.values():
        assert len(timed.ns) == timed.sizes.sum() >= short.iterations
        assert timed.ns.sum() >= short.min_seconds * 1e9
        assert timed.finite
        assert timed.peak_rss_mb > 10
        assert timed.loaded["version"]
    assert pair.before["monotonic_s"] < pair.after["monotonic_s"]


def test_classic_times_exactly_100_iterations(side: Side, measure: MakeSettings, tmp_path: Path):
    pair = run_pair(Run({"candidate": side}, measure("classic"), 0, tmp_path, 60), 0)
    assert list(pair.sides["candidate"].sizes) == [10] * 10


def test_a_slow_process_stops_short_of_its_iterations(side: Side, short: Settings, tmp_path: Path):
    settings = dataclasses.replace(short, iterations=10**6, min_seconds=0.0, max_seconds=0.05)
    ns = run_pair(Run({"candidate": side}, settings, 0, tmp_path, 60), 0).sides["candidate"].ns
    assert len(ns) < 10**6
    assert ns.sum() >= 0.05e9


def test_it_predicts_when_asked_and_in_the_order_of_the_test_split(side: Side, short: Settings, tmp_path: Path):
    timed = run_pair(Run({"candidate": side}, short, 0, tmp_path, 60), 0, predict=True).sides["candidate"]
    assert timed.predicted is not None
    assert side.reference is not None
    with np.load(timed.predicted) as ours, np.load(side.reference) as theirs:
        np.testing.assert_allclose(ours["out/y"], theirs["out/y"], rtol=1e-5, atol=1e-5)
    assert run_pair(Run({"candidate": side}, short, 0, tmp_path, 60), 1).sides["candidate"].predicted is None


def test_no_worker_outlives_its_pair(side: Side, short: Settings, tmp_path: Path):
    before = set(psutil.Process().children(recursive=True))
    run_pair(Run({"candidate": side, "baseline": side}, short, 0, tmp_path, 60), 0)
    assert set(psutil.Process().children(recursive=True)) <= before


def test_an_error_says_whose_it_is_and_leaves_no_worker(side: Side, short: Settings, tmp_path: Path):
    before = set(psutil.Process().children(recursive=True))
    broken = dataclasses.replace(side, label="torn", session="no_such_module")
    with pytest.raises(RunnerError, match=r"baseline torn.*no_such_module"):
        run_pair(Run({"candidate": side, "baseline": broken}, short, 0, tmp_path, 60), 0)
    assert set(psutil.Process().children(recursive=True)) <= before


def test_the_parent_sleeps_while_a_worker_measures(
    slower: Callable[[float], Side], measure: MakeSettings, tmp_path: Path
):
    settings = measure("standard", min_seconds=1.0)

    def own() -> float:
        usage = resource.getrusage(resource.RUSAGE_SELF)
        return usage.ru_utime + usage.ru_stime

    used, start = own(), time.monotonic()
    run_pair(Run({"candidate": slower(100.0)}, settings, 0, tmp_path, 60), 0)
    # A parent that polls would use all of it; the slack is for opening and closing the worker.
    assert (own() - used) / (time.monotonic() - start) < 0.15


def test_inputs_are_many_but_fill_no_memory(side: Side, tmp_path: Path):
    np.savez(tmp_path / "test.npz", **{"in/x": np.zeros((4, 1_000_000), np.float32), "target": np.zeros(4)})
    large = dataclasses.replace(side, data=tmp_path)
    assert different_inputs(side, 64) == 64
    assert different_inputs(large, 64) == 16
    assert different_inputs(dataclasses.replace(large, batch=32), 64) == 2
    assert different_inputs(dataclasses.replace(large, batch=32), 1) == 1


def test_one_thread_processes_of_a_pair_share_a_cpu_and_the_next_pair_takes_the_next(
    tmp_path: Path, measure: MakeSettings
):
    allowed = sorted(os.sched_getaffinity(0))
    side = Side("a", "session", tmp_path, {}, tmp_path, None, threads=1)
    same = measure(pin="same")
    found = [cpus_of_pair({"candidate": side, "baseline": side}, same, 0, pair) for pair in range(len(allowed))]
    assert found == [(cpu,) for cpu in allowed]
    two = dataclasses.replace(side, threads=2)
    assert cpus_of_pair({"candidate": side, "baseline": two}, same, 0, 0) is None
    assert cpus_of_pair({"candidate": two}, dataclasses.replace(same, pin=(0,)), 0, 0) == (0,)
