"""What the calls return: figures, samples, tables, pictures, and what a notebook shows."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

import runner
from runner import BestResult, ReproductionResult, RunResult, SpecError
from runner.core.errors import Unavailable
from runner.results import reproduction
from runner.results.best_result import Best, Raced
from runner.results.records import Record
from tests.report import fixtures

FAST, LOST, SLOW = "20261101T100000-00000aaa", "20261101T110000-00000bbb", "20261101T120000-00000ccc"
ORT = "onnxruntime fp32"


@pytest.fixture
def record(tmp_path: Path) -> Record:
    content = fixtures.measured(FAST, fixtures.spec(backend="openvino"), fixtures.spec(), ORT, 2.0)
    return fixtures.write(tmp_path, {**content, "warnings": ["<b>hot</b>"]})


@pytest.fixture
def lost(tmp_path: Path) -> Record:
    of = fixtures.spec(backend="torch")
    return fixtures.write(tmp_path, fixtures.not_measured(LOST, of, "unavailable", "torch is missing", "Install it."))


def test_a_run_has_its_figures_and_its_comparison(record: Record) -> None:
    found = RunResult.of(record)
    assert (found.status, found.folder, found.metrics["latency/p50_ms"]) == ("ok", record.folder, 0.5)
    assert found.comparison is not None
    assert (found.comparison.ratio, found.comparison.low, found.comparison.verdict) == (2.0, 1.96, "faster")
    assert found.to_dict() == record.content


def test_samples_are_milliseconds_by_role_and_pair(record: Record) -> None:
    samples = RunResult.of(record).samples
    assert {role: list(pairs) for role, pairs in samples.items()} == {
        "candidate": list(range(10)), "baseline": list(range(10)),
    }  # fmt: skip
    assert samples["candidate"][0].shape == (200,)
    assert 0.4 < float(samples["candidate"][0].mean()) < 0.6


def test_a_row_of_a_run_is_a_metric_of_both_sides(record: Record) -> None:
    rows = {row["metric"]: row for row in RunResult.of(record).rows}
    assert rows["latency/p50_ms"] == {"metric": "latency/p50_ms", "candidate": 0.5, "baseline": 1.0}
    assert rows["vs_baseline/speedup"] == {"metric": "vs_baseline/speedup", "candidate": 2.0, "baseline": None}


def test_a_table_is_the_rows_in_pandas(record: Record) -> None:
    pytest.importorskip("pandas")
    found = RunResult.of(record)
    table = found.table()
    assert (list(table.columns), len(table)) == (["metric", "candidate", "baseline"], len(found.rows))
    assert table.set_index("metric").loc["latency/p50_ms", "candidate"] == 0.5


def test_without_pandas_a_table_says_what_to_do(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(Unavailable, match="needs pandas") as raised:
        RunResult.of(record).table()
    assert raised.value.next_step == "pip install pandas, or take .rows: the same as a list."


def test_a_plot_is_shown_and_saved(record: Record, tmp_path: Path) -> None:
    plot = RunResult.of(record).plot()
    assert plot._repr_svg_().startswith("<svg")
    assert plot.save(tmp_path / "a.svg").read_text(encoding="utf-8") == plot._repr_svg_()
    with pytest.raises(SpecError, match=r"a\.gif: a plot is saved as \.svg or \.png\."):
        plot.save(tmp_path / "a.gif")


def test_what_was_not_measured_has_nothing_to_draw(lost: Record, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="has no samples to draw"):
        RunResult.of(lost).plot()
    with pytest.raises(SpecError, match="No row was compared"):
        runner.compare(root=tmp_path).plot()


def test_a_notebook_shows_the_finding_the_figures_and_warnings_as_texts(record: Record) -> None:
    shown = RunResult.of(record)._repr_html_()
    assert "<strong>2.00× [1.96, 2.04] as fast as onnxruntime fp32" in shown
    assert "<td>0.500 [0.495, 0.505]</td>" in shown
    assert "&lt;b&gt;hot&lt;/b&gt;" in shown
    assert "<style" not in shown


def test_a_comparison_shows_what_was_measured_and_what_was_not(record: Record, lost: Record, tmp_path: Path) -> None:
    found = runner.compare(root=tmp_path)
    assert [(row["backend"], row["verdict"] if "verdict" in row else row["reason"]) for row in found.rows] == [
        ("openvino", "faster"), ("torch", "torch is missing"),
    ]  # fmt: skip
    assert [run.status for run in found.runs] == ["ok", "unavailable"]
    shown = found._repr_html_()
    assert "2.00× [1.96, 2.04]" in shown or "2.00 [1.96, 2.04]" in shown
    assert "<td>torch is missing</td><td>Install it.</td>" in shown
    assert found.plot().title == "Speed-up of 1 cell, with intervals"
    assert found.to_dict()["rows"][0]["record_id"] == FAST


def test_a_choice_is_asked_for_by_what_may_be_lost(record: Record, tmp_path: Path) -> None:
    assert runner.compare(root=tmp_path).recommendations == []
    assert len(runner.compare(root=tmp_path, max_loss="1%").recommendations) == 1


def test_a_result_says_in_a_line_what_it_is(record: Record, tmp_path: Path) -> None:
    assert repr(RunResult.of(record)).startswith(f"<RunResult {FAST}: 2.00× [1.96, 2.04] as fast as onnxruntime fp32")
    assert repr(runner.compare(root=tmp_path)) == f"<ComparisonResult: 1 rows over {ORT}>"


@pytest.fixture
def slow(tmp_path: Path) -> Record:
    content = fixtures.measured(SLOW, fixtures.spec(precision="int8"), fixtures.spec(), ORT, 0.5)
    return fixtures.write(tmp_path, content)


def test_two_records_are_compared_side_by_side(record: Record, slow: Record, tmp_path: Path) -> None:
    found = runner.compare(FAST, SLOW, root=tmp_path)
    assert (round(found.comparison.ratio), found.comparison.kind, found.comparison.verdict) == (4, "unpaired", "faster")
    assert {"what": "precision", "candidate": "int8", "baseline": "int8"} not in found.rows
    assert {"what": "backend", "candidate": "openvino", "baseline": "onnxruntime"} in found.rows
    assert found.to_dict()["baseline"]["record_id"] == SLOW
    assert repr(found).startswith("<RecordDiffResult: ")
    assert "<td>openvino</td><td>onnxruntime</td>" in found._repr_html_()


def test_one_record_alone_is_compared_with_nothing(record: Record, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=f"{FAST} alone"):
        runner.compare(FAST, root=tmp_path)  # type: ignore[call-overload]


def test_a_reproduction_has_the_answer_what_differs_and_the_run(record: Record, slow: Record) -> None:
    details = reproduction.compared(slow.result, record.result, {})
    found = ReproductionResult(details, RunResult.of(slow))
    assert found.answer == "doesn't hold here"
    assert repr(found) == f"<ReproductionResult: {details.text}>"
    assert {"what": "backend", "here": "onnxruntime", "there": "openvino"} in found.rows
    assert (found.to_dict()["record_id"], found.to_dict()["answer"]) == (SLOW, found.answer)
    shown = found._repr_html_()
    assert "doesn&#39;t hold here (" in shown
    assert "quality: mae" in shown


def test_the_best_configuration_names_the_words_of_a_run_of_it() -> None:
    raced = Raced(
        "openvino fp32", ("model=gru", "backend=openvino"), 1, 0.1, None, (1.0, 1.0, 1.0), 5, None, True, True
    )
    details = Best(
        by="latency",
        budget=None,
        raced=(raced,),
        left_out=(),
        winner="openvino fp32",
        stated=None,
        default="openvino fp32",
        decided=True,
        in_time=True,
        why="",
        left=(),
        again=(),
        confirmed=None,
        reopened=0,
        slower=(),
        blocks=5,
        processes=10,
        share=0.2,
        seconds=1.0,
        folder="races/x",
    )
    found = BestResult(details)
    assert (found.winner, found.words) == ("openvino fp32", ("model=gru", "backend=openvino"))
    assert found.rows[0]["runs"] == 5
    assert found.to_dict()["status"] == "ok"
    assert "openvino fp32" in repr(found)
    assert "Nothing" not in found._repr_html_()  # alone it beats nobody
    assert BestResult(replace(details, winner="", why="time is up")).words == ()
