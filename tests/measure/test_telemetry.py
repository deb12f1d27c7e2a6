"""A benchmark beside a real sampler; where there is power, a counter that runs at 10 W in a tree of its own
(`powered` of conftest.py)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.measure import metrics
from runner.measure.benchmark import Benchmark, benchmark
from runner.measure.pairs import Side
from runner.measure.run import Run, sides_of
from runner.measure.settings import Settings
from runner.spec.telemetry import Settings as Telemetry
from runner.telemetry.sampler import sampling
from tests.measure.conftest import WATTS

MakeSettings = Callable[..., Settings]


def measured(side: Side, settings: Settings, folder: Path, root: Path) -> Benchmark:
    with sampling(folder, Telemetry(20, 0.3), ["candidate", "baseline"], root=root) as sampler:
        return benchmark(Run(sides_of(side, side), settings, 0, folder, sampler=sampler))


def test_energy_and_power_of_both_sides(side: Side, measure: MakeSettings, tmp_path: Path, powered: Path):
    found = measured(side, measure("quick", min_pairs=2, max_pairs=2, min_seconds=0.01), tmp_path / "work", powered)
    for figures in (found.metrics, found.baseline_metrics):
        numbers = metrics.numbers(figures)
        assert numbers["power/mean_w"] == pytest.approx(WATTS, rel=0.1)
        assert numbers["energy/mj_per_inference"] > 0
    windows = [pair.sides["candidate"].window for pair in found.pairs]
    assert all(window and window.seconds > 0.1 for window in windows)
    seconds = sum(window.seconds for window in windows if window) / sum(one.inferences for one in windows if one)
    numbers = metrics.numbers(found.metrics)
    assert numbers["energy/mj_per_inference"] == pytest.approx(numbers["power/mean_w"] * seconds * 1000)
    assert "vs_baseline/energy_ratio" in numbers


def test_without_power_its_reason_and_no_work_for_it(side: Side, measure: MakeSettings, tmp_path: Path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "proc").symlink_to("/proc")
    found = measured(side, measure("quick", min_pairs=1, max_pairs=1, min_seconds=0.2), tmp_path / "work", root)
    assert all(timed.window is None for timed in found.pairs[0].sides.values())
    assert metrics.reasons(found.metrics)["energy/mj_per_inference"].startswith("no power sensor: no RAPL zone")
    assert metrics.numbers(found.metrics)["memory/peak_pss_mb"] > 1


def test_samples_of_a_side_lie_in_its_bursts(side: Side, measure: MakeSettings, tmp_path: Path):
    settings = measure("quick", min_pairs=1, max_pairs=1, min_seconds=0.6, burst_seconds=0.06)
    found = measured(side, settings, tmp_path, Path("/"))
    assert found.telemetry.report is not None
    sides = found.telemetry.report["sides"]
    assert {role: one["bursts"] for role, one in sides.items()} == {
        role: len(timed.starts_ns) for role, timed in found.pairs[0].sides.items()
    }
    assert all(one["samples_in_bursts"] >= 5 for one in sides.values())
    seen = sum(one["samples_in_bursts"] for one in sides.values())
    assert seen < found.telemetry.report["samples"]  # some were taken while it loaded
