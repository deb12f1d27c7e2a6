"""Energy of profiles made by hand: 10 ms apart."""

from __future__ import annotations

import numpy as np
import pytest

from runner.hardware.sensor_reader import Meter, chosen
from runner.telemetry.energy import Energy, Window, measured
from runner.telemetry.time_series import Profile

MS = 1_000_000
T_NS = np.arange(0, 1000, 10) * MS


def profile(**signals: np.ndarray) -> Profile:
    return Profile(T_NS, signals)


def counter(watts: np.ndarray) -> np.ndarray:
    return np.concatenate([[0.0], np.cumsum(watts[:-1] * 0.01)])


def test_a_counter_is_read_between_whole_samples_of_the_window():
    """5 W in the window, 1000 W outside: neither end's interval may leak in."""
    watts = np.where((T_NS >= 200 * MS) & (T_NS < 400 * MS), 5.0, 1000.0)
    window = Window(203 * MS, 397 * MS, 100)
    found = measured(profile(package_0_j=counter(watts)), Meter(("package_0_j",), "RAPL"), [window])
    assert isinstance(found, Energy)
    assert found.watts == pytest.approx(5.0)
    assert found.joules == pytest.approx(5.0 * 0.194 / 100)
    assert found.readings == 18


def test_powers_are_averaged_and_meters_add_up():
    found = measured(
        profile(a_w=np.full(100, 2.0), b_j=counter(np.full(100, 3.0))),
        Meter(("a_w", "b_j"), "both"),
        [Window(0, 100 * MS, 10), Window(500 * MS, 600 * MS, 10)],
    )
    assert isinstance(found, Energy)
    assert (found.watts, found.joules) == (pytest.approx(5.0), pytest.approx(0.05))
    assert found.windows == 2


def test_samples_in_which_it_was_not_read_do_not_count():
    watts = np.full(100, np.nan)
    watts[::2] = 4.0
    found = measured(profile(a_w=watts), Meter(("a_w",), "a"), [Window(0, 195 * MS, 1)])
    assert isinstance(found, Energy)
    assert (found.watts, found.readings) == (4.0, 10)


def test_too_few_readings_are_no_energy():
    found = measured(profile(a_w=np.full(100, 4.0)), Meter(("a_w",), "a"), [Window(0, 15 * MS, 1)])
    assert found == "too few readings while a side worked alone: a_w (2); raise telemetry.energy_s"


def test_no_window_is_no_energy():
    found = measured(profile(a_w=np.full(100, 4.0)), Meter(("a_w",), "a"), [])
    assert found == "telemetry.energy_s=0: no side worked alone for its energy"


def test_a_meter_of_the_whole_board_stands_alone():
    whole = Meter(("VDD_IN_w",), "tegrastats VDD_IN", whole=True)
    package, gpu = Meter(("package_0_j",), "RAPL package_0"), Meter(("gpu0_w",), "NVML gpu0")
    assert chosen([package, whole, gpu]) == whole
    assert chosen([package, gpu]) == Meter(("package_0_j", "gpu0_w"), "RAPL package_0 + NVML gpu0")
    assert chosen([]) is None
