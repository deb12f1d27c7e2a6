"""Quality against latency, and the forest plot: what stands where, and what is said of it."""

from __future__ import annotations

import pytest

from runner.charts import Chart, Dot, Lines, Text
from runner.pictures import sweep
from runner.pictures.sweep import Point, SpeedUp

FAST = Point("int8 onnxruntime", "onnxruntime", 0.5, 0.49, 0.51, 0.32, 1)
GOOD = Point("fp32 openvino", "openvino", 1.0, None, None, 0.30, 2)
BEATEN = Point("fp32 onnxruntime", "onnxruntime", 2.0, 1.9, 2.1, 0.31, 0)


def drawn(*points: Point) -> Chart:
    return sweep.quality_against_latency(points, "mae, ppm (less is better)", "latency, p50 ms")


def texts(chart: Chart, kind: str) -> list[str]:
    return [mark.text for mark in chart.marks if isinstance(mark, Text) and mark.kind == kind]


def dots(chart: Chart) -> dict[str, Dot]:
    return {mark.told: mark for mark in chart.marks if isinstance(mark, Dot) and mark.told}


def strokes(chart: Chart, kind: str) -> list[tuple[tuple[float, float], ...]]:
    found = [mark for mark in chart.marks if isinstance(mark, Lines) and mark.kind.startswith(kind)]
    return [stroke for mark in found for stroke in mark.strokes]


def test_a_faster_cell_stands_further_left_and_a_smaller_error_lower() -> None:
    found = dots(drawn(FAST, GOOD, BEATEN))
    fast, good, beaten = found.values()
    assert next(iter(found)) == "int8 onnxruntime: 0.500 ms, 0.320"
    assert fast.x < good.x < beaten.x
    assert fast.y < beaten.y < good.y
    assert good.x - fast.x == pytest.approx(beaten.x - good.x)  # twice the time each: a log scale


def test_the_front_is_numbered_and_joined_by_steps() -> None:
    chart = drawn(FAST, GOOD, BEATEN)
    fast, good, _ = dots(chart).values()
    assert texts(chart, "rank") == ["1", "2"]
    assert strokes(chart, "front") == [((fast.x, fast.y), (good.x, fast.y), (good.x, good.y))]


def test_an_interval_is_a_stroke_and_what_has_none_has_no_stroke() -> None:
    assert len(strokes(drawn(FAST, GOOD, BEATEN), "signal")) == 2


def test_a_backend_has_one_colour() -> None:
    fast, good, beaten = dots(drawn(FAST, GOOD, BEATEN)).values()
    assert (fast.kind, good.kind, beaten.kind) == ("dot s0", "dot s1", "dot s0")


def test_more_backends_than_colours_are_drawn() -> None:
    points = [Point(f"cell {one}", f"backend {one}", 1.0 + one, None, None, 0.1, 0) for one in range(12)]
    assert len(dots(drawn(*points))) == 12


def test_numbers_that_would_lie_on_each_other_are_left_out() -> None:
    near = Point("a twin", "onnxruntime", 0.5001, None, None, 0.3199, 2)
    assert texts(drawn(FAST, near, BEATEN), "rank") == ["1"]


def test_one_cell_alone_is_drawn() -> None:
    assert len(dots(drawn(FAST))) == 1


def test_the_picture_says_in_words_what_is_to_be_seen() -> None:
    chart = drawn(FAST, GOOD, BEATEN)
    assert chart.title == "mae, ppm (less is better) against latency, p50 ms"
    assert chart.told == "3 cells. On the front: int8 onnxruntime: 0.500 ms, 0.320; fp32 openvino: 1.00 ms, 0.300."


ROWS = (SpeedUp("int8", 2.0, 1.9, 2.1, "faster", "faster"), SpeedUp("fp16", 0.5, None, None, "slower", "slower"))


def test_a_forest_plot_has_a_row_a_cell_with_interval_and_verdict() -> None:
    chart = sweep.speedups([("", ROWS)])
    faster, slower = dots(chart).values()
    (one,) = strokes(chart, "one")
    assert (faster.kind, slower.kind) == ("dot faster", "dot slower")
    assert slower.x < one[0][0] < faster.x
    assert texts(chart, "name faster") == ["2.00× [1.90, 2.10] faster"]
    assert texts(chart, "name slower") == ["0.50× slower"]
    ((start, end),) = strokes(chart, "span")
    assert start[0] < faster.x < end[0]
    assert chart.told == "1 faster, 1 slower."


def test_groups_have_their_words_above_them() -> None:
    chart = sweep.speedups([("threads 1", ROWS[:1]), ("threads 2", ROWS[1:])])
    assert texts(chart, "heading") == ["threads 1", "threads 2"]
    assert chart.height == sweep.HEAD + 4 * sweep.ROW + 6
