"""A long load window by window, of times that are known."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from runner.measure import settings as measure
from runner.measure import sustained
from runner.measure.scenarios import measuring
from runner.measure.scenarios.sustained import Settings
from runner.measure.sustained import Course
from runner.results import record_schema
from runner.spec import options
from runner.telemetry.time_series import Profile
from tests.conftest import REPOSITORY


def course(ms: Any, noise: float = 0.01, profile: Profile | None = None, floor: float = 0.02) -> Course:
    """Of one iteration after the other, in bursts of ten, that take `ms` (iterations,) each, but for noise."""
    random = np.random.default_rng(1)
    ns = (np.asarray(ms) * np.exp(random.normal(0, noise, len(ms))) * 1e6).astype(np.int64)
    sizes = np.full(len(ns) // 10, 10)
    starts = 10**12 + np.concatenate([[0], np.cumsum(ns.reshape(-1, 10).sum(axis=1))[:-1]])
    return sustained.course(ns, starts, sizes, profile, floor, 0.95, 0)


def test_windows_have_all_iterations_in_their_order() -> None:
    found = course(np.full(6000, 1.0), noise=0)
    assert (len(found.t_s), int(found.iterations.sum())) == (60, 6000)
    assert found.p50_ms == pytest.approx(np.ones(60))
    assert found.t_s[[0, -1]] == pytest.approx([0.05, 5.95])


def test_a_slow_model_has_fewer_windows() -> None:
    assert len(course(np.full(50, 100.0)).t_s) == 10


def test_a_steady_one_has_no_change_and_a_ratio_around_one() -> None:
    found = course(np.full(6000, 1.0))
    assert found.change is None
    assert found.ratio.low <= 1 <= found.ratio.high
    assert (found.first_s, found.steady_s) == (pytest.approx(0.6, rel=0.01), pytest.approx(2.0, rel=0.01))


def test_one_that_slows_down_is_told_when_and_how_much() -> None:
    found = course(np.concatenate([np.full(2000, 1.0), np.full(4000, 1.25)]))
    assert found.change is not None
    assert found.change.at_s == pytest.approx(2.0, abs=0.15)
    assert found.change.ratio.estimate == pytest.approx(1.25, rel=0.01)
    assert found.ratio.low < 1.25 < found.ratio.high < 1.27
    assert (found.first_ms, found.steady_ms) == (pytest.approx(1.0, rel=0.01), pytest.approx(1.25, rel=0.01))


def test_of_two_changes_the_first_is_told_though_the_second_is_clearer() -> None:
    found = course(np.concatenate([np.full(2000, 1.0), np.full(1800, 1.1), np.full(2000, 1.6)]))
    assert found.change is not None
    assert found.change.at_s == pytest.approx(2.0, abs=0.25)


def test_a_change_below_the_noise_floor_is_none() -> None:
    slower = np.concatenate([np.full(3000, 1.0), np.full(3000, 1.015)])
    assert course(slower, floor=0.02).change is None
    assert course(slower, floor=0.005).change is not None


def test_chance_alone_seldom_makes_a_change() -> None:
    random = np.random.default_rng(0)
    noise = [np.exp(random.normal(0, 0.05, 600)) for _ in range(40)]
    assert sum(course(one, floor=0.0).change is not None for one in noise) <= 2


def test_signals_are_those_of_the_windows_and_a_counter_of_joules_is_a_power() -> None:
    t_ns = 10**12 + np.arange(0, 6 * 10**9, 10**8)
    seconds = np.arange(60) / 10
    signals = {"cpu_mhz": np.where(seconds < 3, 2800.0, 2100.0), "package_j": 7 * seconds, "cpu_percent": seconds}
    found = course(np.full(600, 10.0), noise=0, profile=Profile(t_ns, {**signals, "soc_c": np.full(60, np.nan)}))
    assert [*found.signals] == [
        "cpu_mhz"
    ]  # one sample a window makes no power; percent and what was never read are out
    assert (found.signals["cpu_mhz"][0], found.signals["cpu_mhz"][-1]) == (2800.0, 2100.0)
    few = course(np.full(60, 100.0), noise=0, profile=Profile(t_ns, signals))
    assert few.signals["package_w"] == pytest.approx(np.full(12, 7.0))


def test_what_throttled_is_said() -> None:
    t_ns = 10**12 + np.arange(0, 6 * 10**9, 10**9)
    signals = {
        "core_throttle_count": np.array([5.0, 5, 9, 12, 12, 12]),
        "cooling_level": np.array([0.0, 0, 1, 3, 2, 2]),
        "firmware_throttled": np.array([0.0, 0, 0, 4, 4, 6]),
    }
    found = course(np.full(6000, 1.0), profile=Profile(t_ns, signals))
    assert found.throttled == (
        "the processor throttled 7 times",
        "the kernel cooled the processor, up to level 3",
        "the firmware reported a capped clock, throttling",
    )


def test_it_is_what_a_record_says() -> None:
    found = course(np.concatenate([np.full(2000, 1.0), np.full(4000, 1.25)]))
    plain = json.loads(json.dumps(found.as_dict()))
    read = record_schema._sustained(plain)
    assert found.change is not None
    assert (read.ratio, read.low, read.high) == (found.ratio.estimate, found.ratio.low, found.ratio.high)
    assert read.change_s == pytest.approx(found.change.at_s, abs=0.001)
    assert len(read.p50_ms) == len(found.p50_ms)


def test_alone_one_process_works_so_long_and_beside_a_baseline_each_of_every_pair() -> None:
    quick = measure.Settings(**{k: v for k, v in options.values("measure", "quick", REPOSITORY).items() if k != "name"})
    alone, beside = (measuring("sustained", Settings(1, 30.0), quick, sides) for sides in (1, 2))
    assert (alone.min_pairs, alone.max_pairs, alone.min_seconds, alone.iterations) == (1, 1, 30.0, 1)
    assert (beside.max_pairs, beside.min_seconds) == (quick.max_pairs, 30.0)
    assert measuring("single_stream", None, quick, 1) is quick
