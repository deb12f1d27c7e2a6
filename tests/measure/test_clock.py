"""A device's times are believed as far as this machine's clock allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from runner.core.errors import OddAnswer
from runner.measure.clock import Clock


def burst(ns: Sequence[int], start_ns: int = 0) -> Mapping[str, Any]:
    return {"ns": list(ns), "start_ns": start_ns}


def checked(*bursts: tuple[Mapping[str, Any], float, float]) -> None:
    clock = Clock("candidate on ssh:pi")
    for one, begun, end in bursts:
        clock.check_burst(one, begun, end)


def test_bursts_within_the_time_that_they_took_to_ask_for_are_taken() -> None:
    ten = [1_000_000] * 10
    checked((burst(ten, 5), 100.0, 100.0101), (burst(ten, 5 + 300_000_000), 100.3, 100.32))


def test_a_clock_may_drift_and_a_reading_be_late() -> None:
    checked((burst([1_040_000_000]), 0.0, 1.0), (burst([9_000_000], 1_050_000_000), 1.0, 1.0))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        ([(burst([10**12] * 3), 0.0, 0.9)], r"work of 3e\+03 s by its clock was done within 0.9 s by ours"),
        ([(burst([0, 0]), 0.0, 0.01)], "2 of 2 iterations took 0 ns by its clock, which stands or is too coarse"),
        ([(burst([0, 10_000_000]), 0.0, 0.02)], "1 of 2 iterations took 0 ns"),
        ([(burst([1], 9), 0.0, 0.1), (burst([1], 9), 0.1, 0.2)], "a burst began before the one before it"),
        ([(burst([1]), 0.0, 0.1), (burst([1], 10**10), 0.1, 0.2)], "work of 10 s by its clock was done within 0.2 s"),
        ([(burst([1] * 10_000), 0.0, 2.1)], "its clock stands, or its connection is too slow to measure over"),
    ],
)
def test_times_that_cant_be_are_refused(answers: list[tuple[Mapping[str, Any], float, float]], said: str) -> None:
    with pytest.raises(OddAnswer, match=said) as error:
        checked(*answers)
    assert error.value.reason.startswith("candidate on ssh:pi: the device's answer to `burst` can't be right: ")


def test_a_slow_connection_is_no_standing_clock() -> None:
    second = 10**9
    checked(*((burst([1_000_000] * 10, round(2.5 * k * second)), 2.5 * k, 2.5 * k + 2.4) for k in range(9)))
