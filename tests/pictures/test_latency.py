"""The picture of a record: its latencies, process by process, and its ratios."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.charts import Chart, Dot, Lines, Text
from runner.measure import samples
from runner.pictures import latency
from runner.results import record_schema
from tests.report import fixtures
from tests.report.fixtures import measured, spec


def drawn(baseline_ms: float | None = 1.0, pairs: int = 10, **changes: Any) -> Chart:
    arrays = {name: values / 1e6 for name, values in fixtures.samples(0.7, baseline_ms, pairs).items()}
    sides: dict[str, Any] = {"candidate": {}, "baseline": {}}
    for name, values in arrays.items():
        role, _, pair = name.partition("/")
        if role in sides:
            sides[role][int(pair)] = values
    content = measured("20261121T090100-00000001", spec(), spec(), "onnxruntime fp32", 1.43) | changes
    return latency.latency(record_schema.read(content), sides["candidate"], sides["baseline"])


def count(chart: Chart, kind: str) -> int:
    return sum(mark.kind == kind for mark in chart.marks)


def texts(chart: Chart) -> list[str]:
    return [mark.text for mark in chart.marks if isinstance(mark, Text)]


def test_each_process_has_a_box_and_each_pair_a_ratio() -> None:
    chart = drawn()
    assert {kind: count(chart, kind) for kind in ("box candidate", "box baseline", "dot baseline", "pair")} == {
        "box candidate": 10, "box baseline": 10, "dot baseline": 10, "pair": 10,
    }  # fmt: skip


def test_without_a_baseline_there_are_the_candidates_boxes_alone() -> None:
    chart = drawn(None, comparison=None, spec={**spec(), "baseline": {"name": "none"}})
    assert (count(chart, "box candidate"), count(chart, "box baseline"), count(chart, "pair")) == (10, 0, 0)
    assert "measured without a baseline" in texts(chart)


@pytest.mark.parametrize("pairs", [1, 200])
def test_one_pair_and_many_lie_inside_the_picture(pairs: int) -> None:
    chart = drawn(pairs=pairs)
    assert count(chart, "box candidate") == pairs
    for mark in chart.marks:
        points = (
            [point for stroke in mark.strokes for point in stroke] if isinstance(mark, Lines) else [(mark.x, mark.y)]
        )
        assert all(0 <= x <= chart.width and 0 <= y <= chart.height for x, y in points)


def test_a_cell_of_a_sweep_says_no_verdict() -> None:
    found = "1.43× [1.40, 1.46] as fast as self (paired, 10 pairs, stopped by target)"
    assert f"{found}: faster" in texts(drawn())
    assert found in texts(drawn(sweep="aa11"))


def test_processes_that_took_one_time_alone_are_drawn() -> None:
    content = measured("20261121T090100-00000001", spec(), spec(), "x", 1.0, comparison=None)
    chart = latency.latency(record_schema.read(content), {0: np.array([1.0, 1.0])}, {})
    assert [mark.y for mark in chart.marks if isinstance(mark, Dot)] == [pytest.approx(231, abs=1)]


def test_samples_come_by_pair_in_milliseconds(tmp_path: Path) -> None:
    arrays = {f"candidate/{pair}": np.array([pair * 1_000_000]) for pair in (10, 9, 1)}
    np.savez(tmp_path / "samples.npz", **arrays, **{"baseline/1": np.array([5])})
    found = samples.read(tmp_path / "samples.npz", "candidate")
    assert {pair: values.tolist() for pair, values in found.items()} == {1: [1.0], 9: [9.0], 10: [10.0]}
    assert list(found) == [1, 9, 10]
