"""Profiles as files, and their picture."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from runner.charts import Chart, Lines, Text, svg
from runner.pictures import machine
from runner.telemetry import time_series

TEXT = """# One line a sample.
      t_ns cpu_percent package_0_j acpitz_c
 100000000           -    0.000000   40.000
 200000000      50.000    1.000000   41.000
 300000000     100.000    3.000000        -
"""


def test_a_dash_is_not_a_number_and_never_zero(tmp_path: Path):
    (tmp_path / "p.txt").write_text(TEXT)
    found = time_series.read(tmp_path / "p.txt")
    assert found.t_ns.tolist() == [100_000_000, 200_000_000, 300_000_000]
    assert np.isnan(found.signals["cpu_percent"][0])
    assert time_series.spread(found.signals["cpu_percent"]) == {"min": 50.0, "mean": 75.0, "max": 100.0, "samples": 2}


def test_a_line_cut_short_is_left_out(tmp_path: Path):
    (tmp_path / "p.txt").write_text(TEXT + " 400000000      5")
    assert len(time_series.read(tmp_path / "p.txt").t_ns) == 3


def test_what_lies_in_bursts(tmp_path: Path):
    (tmp_path / "p.txt").write_text(TEXT)
    found = time_series.read(tmp_path / "p.txt")
    assert found.within([(50, 99), (150_000_000, 250_000_000), (290_000_000, 300_000_000)]).tolist() == [
        False,
        True,
        True,
    ]
    assert found.within([]).tolist() == [False, False, False]


def drawn(tmp_path: Path, text: str) -> Chart | None:
    (tmp_path / "p.txt").write_text(text)
    return machine.chart(time_series.read(tmp_path / "p.txt"))


def curves(chart: Chart) -> dict[str, int]:
    """`{signal: points}`"""
    return {mark.told: len(mark.strokes[0]) for mark in chart.marks if isinstance(mark, Lines) and mark.told}


def test_every_signal_is_drawn_over_the_samples_in_which_it_was_read(tmp_path: Path):
    chart = drawn(tmp_path, TEXT)
    assert chart is not None
    assert curves(chart) == {"cpu_percent": 2, "package_0_j": 2, "acpitz_c": 2}
    titles = [mark.text for mark in chart.marks if isinstance(mark, Text) and mark.kind == "heading"]
    assert titles == [
        "CPU (a process: 100 = one processor; cpu: 100 = all), %", "Temperature, °C",
        "Power (of counters: between two samples), W",
    ]  # fmt: skip


def test_of_a_long_profile_the_least_and_the_most_are_drawn(tmp_path: Path):
    rows = [f"{number * 10**8} {100 if number == 7777 else 50}" for number in range(20_000)]
    chart = drawn(tmp_path, "t_ns cpu_percent\n" + "\n".join(rows))
    assert chart is not None
    assert curves(chart)["cpu_percent"] <= machine.POINTS
    (curve,) = [mark for mark in chart.marks if isinstance(mark, Lines) and mark.told]
    assert min(y for _, y in curve.strokes[0]) == 34  # the top of the panel


@pytest.mark.parametrize("text", ["t_ns cpu_percent\n", "t_ns cpu_percent\n1 50\n", "t_ns cpu_percent\n1 -\n2 -\n"])
def test_of_what_was_read_once_there_is_no_picture(tmp_path: Path, text: str):
    assert drawn(tmp_path, text) is None


@pytest.mark.parametrize("value", ["inf", "1e300", "-1e300", "nan", "-5"])
def test_whatever_a_sensor_says_the_picture_has_numbers(tmp_path: Path, value: str):
    chart = drawn(tmp_path, f"t_ns cpu_percent package_0_j\n1 1 0\n1 {value} {value}\n2 2 1\n3 1 2")
    assert chart is not None
    assert not re.search("nan|inf", svg.document(chart).decode())
