"""The least time of so many operations and bytes, from a machine's peaks; and the peaks of this one."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.measure import metrics, peaks, roofline
from runner.measure.metrics import ReckonedFigure
from runner.measure.roofline import Bound, Peaks
from runner.transport.device import HERE

SPEEDS = ((1_000, 8e9), (1_000_000, 2e9))
MACHINE = Peaks("2026-11-30T10:00:00+00:00", "abc", 1, {"fp32": 1e9, "int8": 4e9}, {"fp32": "numpy"}, SPEEDS)


@pytest.mark.parametrize(
    ("flops", "moved", "precision", "compute_s", "memory_s", "limit"),
    [
        (2_000_000, 1_000, "fp32", 2e-3, 1.25e-7, "compute"),
        (2_000_000, 1_000, "int8", 5e-4, 1.25e-7, "compute"),
        (1_000, 2_000_000, "fp32", 1e-6, 1e-3, "memory"),
        (0, 1_000, "conversion", 0.0, 1.25e-7, "memory"),
    ],
)
def test_the_slower_of_arithmetic_and_moving_is_the_bound(
    flops: int, moved: int, precision: str, compute_s: float, memory_s: float, limit: str
) -> None:
    found = roofline.bound(MACHINE, flops, moved, precision)
    assert isinstance(found, Bound)
    assert (found.compute_s, found.memory_s) == pytest.approx((compute_s, memory_s))
    assert (found.seconds, found.limit) == (max(found.compute_s, found.memory_s), limit)


def test_arithmetic_without_a_peak_has_no_bound_and_says_so() -> None:
    why = "no peak of fp16 arithmetic is known of this machine, only of fp32, int8"
    assert roofline.bound(MACHINE, 1, 1, "fp16") == why


@pytest.mark.parametrize(("size", "speed"), [(10, 8e9), (1_000, 8e9), (999_999, 8e9), (1_000_000, 2e9), (10**9, 2e9)])
def test_what_fits_a_near_cache_may_be_as_quick_as_that(size: int, speed: float) -> None:
    assert MACHINE.bandwidth(size) == speed


def test_a_set_that_was_slower_than_a_larger_one_is_no_bound() -> None:
    odd = Peaks("", "", 1, {}, {}, ((1_000, 1e9), (1_000_000, 2e9)))
    assert odd.bandwidth(10) == 2e9


@pytest.mark.parametrize(
    ("operators", "precision"),
    [
        ({"Conv": {"fp32": 27}}, "fp32"),
        ({"GRU": {"fp32": 1}, "QGemm": {"int8": 1}, "QuantizeLinear": {"conversion": 1}}, "int8"),
        ({"Conv": {"fp16": 3}, "Softmax": {"fp32": 1}}, "fp16"),
        ({}, "fp32"),
    ],
)
def test_the_fastest_arithmetic_that_runs_anywhere_counts(operators: dict[str, dict[str, int]], precision: str) -> None:
    assert roofline.fastest(operators) == precision


def test_more_threads_are_no_slower_than_fewer_were() -> None:
    slower = Peaks("", "", 2, {"fp32": 5e8, "int8": 8e9}, {}, ((1_000, 9e9), (1_000_000, 1e9)))
    found = slower.no_less_than(MACHINE)
    assert (found.threads, found.flops_per_s) == (2, {"fp32": 1e9, "int8": 8e9})
    assert found.bytes_per_s == ((1_000, 9e9), (1_000_000, 2e9))


def test_what_is_reckoned_is_no_measured_figure_and_always_says_how() -> None:
    one = ReckonedFigure("efficiency/roofline", 0.25, "reckoned: 1 ms at the least")
    assert not isinstance(one, metrics.MeasuredFigure)
    assert (metrics.numbers([one]), metrics.notes([one])) == ({one.name: 0.25}, {one.name: one.note})


def test_this_machines_peaks_are_measured_in_a_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(peaks, "SETS", (1 << 18, 1 << 20))
    one, two = peaks.of_threads(HERE, {2, 1}, tmp_path, "2026-11-30T10:00:00+00:00")
    assert (one.threads, two.threads, one.identity) == (1, 2, HERE.hardware()["identity"])
    assert set(one.flops_per_s) == set(one.by) == {"fp32", "int8"}
    assert [size for size, _ in one.bytes_per_s] == [1 << 18, 1 << 20]
    assert all(two.flops_per_s[kind] >= value > 0 for kind, value in one.flops_per_s.items())


def test_a_small_machine_is_asked_for_arrays_that_it_has_room_for() -> None:
    assert peaks.sets({"memory_mb": 512, "memory_limit_mb": None}) == [1 << power for power in (18, 20, 22, 24, 26)]
    assert peaks.sets({"memory_mb": 25_000, "memory_limit_mb": 64}) == [1 << 18, 1 << 20, 1 << 22]
    assert peaks.sets({}) == [1 << 18]
