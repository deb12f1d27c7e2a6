"""Profiles as files, and their picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from runner.telemetry import profile
from runner.telemetry.graph import profile_plot

TEXT = """# One line a sample.
      t_ns cpu_percent package_0_j acpitz_c
 100000000           -    0.000000   40.000
 200000000      50.000    1.000000   41.000
 300000000     100.000    3.000000        -
"""


def test_a_dash_is_not_a_number_and_never_zero(tmp_path: Path):
    (tmp_path / "p.txt").write_text(TEXT)
    found = profile.read(tmp_path / "p.txt")
    assert found.t_ns.tolist() == [100_000_000, 200_000_000, 300_000_000]
    assert np.isnan(found.signals["cpu_percent"][0])
    assert profile.spread(found.signals["cpu_percent"]) == {"min": 50.0, "mean": 75.0, "max": 100.0, "samples": 2}


def test_a_line_cut_short_is_left_out(tmp_path: Path):
    (tmp_path / "p.txt").write_text(TEXT + " 400000000      5")
    assert len(profile.read(tmp_path / "p.txt").t_ns) == 3


def test_what_lies_in_bursts(tmp_path: Path):
    (tmp_path / "p.txt").write_text(TEXT)
    found = profile.read(tmp_path / "p.txt")
    assert found.within([(50, 99), (150_000_000, 250_000_000), (290_000_000, 300_000_000)]).tolist() == [
        False,
        True,
        True,
    ]
    assert found.within([]).tolist() == [False, False, False]


def test_the_picture_is_drawn_once(tmp_path: Path):
    (tmp_path / "system_profile.txt").write_text(TEXT)
    out = profile_plot(tmp_path)
    assert out == tmp_path / "system_profile_graph.png"
    assert out.read_bytes().startswith(b"\x89PNG")
    drawn = out.stat().st_mtime_ns
    assert profile_plot(tmp_path) == out
    assert out.stat().st_mtime_ns == drawn


def test_a_record_without_a_profile_has_no_picture(tmp_path: Path):
    assert profile_plot(tmp_path) is None
