"""What a sweep's page says: of every cell what became of it, which are best, and under what they were measured."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.report import sweep_page
from runner.report.report_model import Section
from runner.report.sweep_page import SweepPage
from runner.results import comparison, quality_loss
from tests.report import sweeps
from tests.report.pages import BUSY

INT8 = "bilstm int8_dynamic (1 of 2 LSTM) onnxruntime"


@pytest.fixture
def page(tmp_path: Path) -> SweepPage:
    return sweep_page.collect(sweeps.write(tmp_path))


def section(page: SweepPage, title: str) -> Section:
    return next(one for one in page.sections if one.title == title)


def changed(root: Path, place: int, **changes: Any) -> SweepPage:
    contents = sweeps.content()
    contents[place] |= changes
    return sweep_page.collect(sweeps.write(root, contents))


def test_every_cell_is_counted_by_what_became_of_it(page: SweepPage) -> None:
    assert page.counted == "6 cells: 2 faster, 1 baseline, 1 slower, 1 unavailable, 1 failed"


def test_the_front_is_what_none_beats_in_quality_and_latency(page: SweepPage) -> None:
    (picture,) = page.pictures
    assert (picture.cells, picture.quality) == ("co2 on local", "mae, ppm (less is better)")
    assert [(one.name, one.rank) for one in picture.front] == [(INT8, 1), ("bilstm fp32 openvino", 2)]
    assert len(picture.points) == 4


def test_of_an_accuracy_more_is_better(tmp_path: Path) -> None:
    contents = sweeps.content()
    for one in contents[:4]:
        one["metrics"]["quality/accuracy"] = one["metrics"].pop("quality/mae_ppm")
        del one["metrics"]["quality/rmse_ppm"]
    (picture,) = sweep_page.collect(sweeps.write(tmp_path, contents)).pictures
    assert picture.quality == "accuracy (more is better)"
    assert [one.quality for one in picture.front] == [0.312, 0.35]


def test_what_nobody_should_choose_is_drawn_and_not_on_the_front(tmp_path: Path) -> None:
    destroyed = {"candidate": {"signal": {"status": "failed", "reason": "int8 destroys column 3 of output0"}}}
    page = changed(tmp_path, 1, checks=destroyed)
    (picture,) = page.pictures
    assert [one.name for one in picture.front] == ["bilstm fp32 openvino"]
    assert len(picture.points) == 4
    assert "1 not to be chosen" in page.counted
    assert [one.worded for _, rows in page.speedups for one in rows if one.name == INT8] == ["not to be chosen"]


def test_batches_are_drawn_by_the_time_of_a_sample(tmp_path: Path) -> None:
    contents = sweeps.content()
    for one, batch in zip(contents[:4], (1, 1, 1, 32), strict=True):
        one["spec"]["scenario"] = {"name": "offline", "batch": batch}
    (picture,) = sweep_page.collect(sweeps.write(tmp_path, contents)).pictures
    assert picture.latency == "time of a sample, p50 ms"
    p50 = contents[3]["metrics"]["latency/p50_ms"]
    assert min(one.ms for one in picture.points) == p50 / 32


def test_another_scenario_has_a_picture_of_its_own(tmp_path: Path) -> None:
    contents = sweeps.content()
    contents[3]["spec"]["scenario"] = {"name": "offline", "batch": 32}
    pictures = sweep_page.collect(sweeps.write(tmp_path, contents)).pictures
    assert {one.cells: len(one.points) for one in pictures} == {
        "co2 on local (scenario single_stream)": 3,
        "co2 on local (scenario offline)": 1,
    }


def test_the_page_and_the_choice_have_one_front(tmp_path: Path) -> None:
    """Two models and two batches: what is numbered in the picture is what the table marks."""
    contents = sweeps.content()
    for one, (model, batch) in zip(contents[:4], (("gru", 1), ("bilstm", 1), ("gru", 8), ("bilstm", 8)), strict=True):
        one["spec"] |= {"model": {"name": model}, "scenario": {"name": "offline", "batch": batch}}
    contents[0]["metrics"]["quality/mae_ppm"] = 0.1
    found = comparison.chosen(sweeps.write(tmp_path, contents), quality_loss.parse("1%"), "latency")
    numbered = {one.name for picture in sweep_page.collect(found).pictures for one in picture.front}
    assert found.choice is not None
    marked = {found.name(row) for row in found.rows if row.result.record_id in found.choice.pareto}
    assert numbered == marked
    assert len(marked) == 2


def test_cells_without_a_quality_have_no_picture(tmp_path: Path) -> None:
    contents = sweeps.content()
    for one in contents:
        one["metrics"] = {name: value for name, value in one["metrics"].items() if not name.startswith("quality/")}
    page = sweep_page.collect(sweeps.write(tmp_path, contents))
    assert page.pictures == ()
    assert len(page.speedups[0][1]) == 3


def test_speedups_stand_in_the_order_of_the_table_without_the_baseline(page: SweepPage) -> None:
    ((words, rows),) = page.speedups
    assert words == ""
    assert [(one.name, one.ratio, one.worded) for one in rows] == [
        (INT8, 1.43, "faster"),
        ("bilstm fp32 openvino", 1.12, "faster"),
        ("bilstm int8 openvino", 0.8, "slower"),
    ]


def test_what_was_not_measured_has_its_reason_and_next_step(page: SweepPage) -> None:
    assert page.not_measured.rows == (
        ("bilstm fp32 tvm", "unavailable", "no tvm.", "pip install tvm"),
        ("bilstm fp32 torch", "failed", "it broke.", "See its log."),
    )


def test_every_measured_cell_says_in_which_precision_it_ran(page: SweepPage) -> None:
    ran = {row[0]: row[1:4] for row in section(page, "What ran").rows}
    assert ran[INT8] == ("int8_dynamic (1 of 2 LSTM)", "LSTM int8, LSTM fp32", "1 of 2 LSTM")
    assert ran["bilstm fp32 openvino"] == ("fp32", "LSTM fp32, Gemm fp32", "–")


def test_a_reservation_is_said_once_with_its_cells(page: SweepPage) -> None:
    assert section(page, "Reservations").rows == (
        ("LSTM: 1 of 2 stayed in fp32", INT8),
        (f"flagged pairs: {BUSY}", "bilstm fp32 onnxruntime"),
    )


def test_conditions_are_those_of_all_cells(tmp_path: Path) -> None:
    found = section(changed(tmp_path, 1, conditions={"load_1m": {"min": 0.1, "median": 0.2, "max": 9.0}}), "Conditions")
    assert found.rows[0] == ("load, 1 min", "0.420 (0.100 to 9.00)", "4")
    assert found.rows[1] == ("clock, MHz", "2600 (2600 to 2600)", "3")
    absent = "not read: no cpufreq in /sys/devices/system/cpu (usual in a virtual machine)"
    assert found.rows[-1] == ("governor", absent, "3")


def test_machines_are_counted(page: SweepPage) -> None:
    assert section(page, "Machines").rows == (("AMD EPYC 9B14", "2", "15600", "3.11.9", "4"),)
