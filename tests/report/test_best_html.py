"""The pictures of a race: one of times, and one of each thing that is to be had for time."""

from __future__ import annotations

from dataclasses import replace

from runner.report.views import best_html
from runner.results.best_result import Best
from runner.results.quality_loss import Loss
from tests.report.test_best_summary import BEST, ENERGY

LOSSY = Loss("mae_ppm", 0.02, 0.01, 0.03, 1.0)


def titles(best: Best) -> list[str]:
    return [title for title, _, _ in best_html._pictures(best)]


def test_what_is_the_same_of_all_has_no_picture() -> None:
    assert titles(BEST) == ["Times"]


def test_quality_and_size_have_a_picture_each() -> None:
    first, second = BEST.raced
    best = replace(BEST, raced=(replace(first, loss=LOSSY), replace(second, size_mb=0.2)))
    assert titles(best) == ["Times", "Loss of quality against time", "Size against time"]


def test_by_energy_they_are_of_energy() -> None:
    first, second = ENERGY.raced
    assert titles(replace(ENERGY, raced=(first, replace(second, size_mb=0.2)))) == ["Energies", "Size against energy"]


def test_a_point_is_numbered_where_none_beats_it_in_both() -> None:
    first, second = BEST.raced
    costs = [(first, 2.0), (second, 1.0), (replace(second, relative=(1.5, 1.4, 1.6)), 1.0)]
    assert [(point.series, point.rank) for point in best_html._points(costs)] == [
        ("openvino", 1), ("onnxruntime", 2), ("onnxruntime", 0),
    ]  # fmt: skip
