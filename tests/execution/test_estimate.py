"""A backend of which nothing can be run leaves an estimate: said so wherever it is shown, and compared with nothing."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runner import load_spec, run
from runner.commands import dvc_figures
from runner.core import registry
from runner.core.errors import SpecError, StepFailed, Unsupported
from runner.execution.measurements import estimate
from runner.execution.racing import estimates
from runner.planning import measurement_key, plan
from runner.report import report_model, sweep_page
from runner.report.views import best_html, best_text, html, layout, run_summary, sweep_html, table, terminal
from runner.results import best_result, comparison, records
from runner.results.best_result import BestEstimate, Reckoned
from runner.results.formatting import number
from runner.results.record_schema import Estimated
from runner.results.records import Record
from runner.tracking import mlflow_store, worker
from runner.transport import ssh_connection
from tests import trained
from tests.conftest import QUICK, REPOSITORY

PLUGIN = Path(__file__).parents[1] / "estimating"
WORDS = ("model=gru", "model.hidden=4", "backend=reckoning", *QUICK)
MEASURED = ("model=gru", "model.hidden=4", "baseline=none", *QUICK)
LEFT_OUT = "softmax"


def forget() -> None:
    """Which packages there are."""
    for known in (registry.registered, registry.module, registry.carried):
        known.cache_clear()


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory, trained_once: Path) -> Iterator[Path]:
    """A project with an estimate, an incomplete one, and a measurement of the same model."""
    found = tmp_path_factory.mktemp("project")
    trained.place(trained_once, found)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(PLUGIN))
        patch.syspath_prepend(str(PLUGIN))
        forget()
        for words in (WORDS, (*WORDS, f"backend.leaves_out={LEFT_OUT}"), MEASURED):
            assert run(*words, root=found).status == "ok"
        yield found
    forget()


@pytest.fixture
def kept(root: Path) -> Record:
    return next(one for one in records.read_all(root) if one.result.mark == "estimated")


@pytest.fixture
def partly(root: Path) -> Record:
    return next(one for one in records.read_all(root) if one.result.mark == "estimated, incomplete")


def test_the_record_has_its_figures_and_their_source_alone(kept: Record) -> None:
    assert kept.result.status == "ok"
    assert kept.result.provenance == Estimated("memory roofline 1.0")
    assert list(kept.result.metrics) == ["estimate/latency/p50_ms"]
    assert kept.result.unavailable == {"vs_baseline/speedup": "estimated figures are compared with nothing"}


def test_the_figure_is_what_the_backend_reckons_of_what_it_compiled(root: Path, kept: Record) -> None:
    (file,) = root.glob(f"artifacts/compile/{kept.result.keys['compile'][:16]}/model.onnx")
    assert kept.result.metrics["estimate/latency/p50_ms"] == pytest.approx(file.stat().st_size / 1e6 / 100 * 1000)


def test_each_view_says_that_it_is_estimated(kept: Record) -> None:
    page = report_model.collect(kept)
    said = "estimated by memory roofline 1.0: measured nowhere, compared with nothing"
    assert said in layout.plain(terminal.renderable(page))
    assert said in html.render(page)
    assert report_model.as_json(page)["origin"] == "estimated"
    assert ("", "estimated") in [section.columns for section in page.sections]


def test_a_table_ranks_it_with_no_measurement_and_gives_it_no_verdict(root: Path, kept: Record) -> None:
    found = comparison.compare(records.read_all(root))
    (row,) = [one for one in found.rows if one.result.mark == "estimated"]
    assert (row.against, row.group, row.missing) == (None, "estimated", "estimated")
    figure = f"{number(kept.result.metrics['estimate/latency/p50_ms'])} (estimated)"
    assert figure in table.text(found)
    (line,) = [one for one in csv.DictReader(io.StringIO(table.as_csv(found))) if one["kind"] == "estimated"]
    assert (line["kind"], line["verdict"], line["latency/p50_ms"]) == ("estimated", "", "")


def test_one_that_leaves_something_out_says_so_wherever_it_is_shown(root: Path, kept: Record, partly: Record) -> None:
    left_out = f"{LEFT_OUT} is in no figure"
    assert partly.result.provenance == Estimated("memory roofline 1.0", left_out)
    page, mark = report_model.collect(partly), "estimated, incomplete"
    for shown in (layout.plain(terminal.renderable(page)), html.render(page), run_summary_of(partly)):
        assert mark in shown
        assert f"incomplete: {left_out}" in shown
    assert report_model.as_json(page)["estimated"] == {"source": "memory roofline 1.0", "incomplete": left_out}
    found = comparison.compare(records.read_all(root))
    assert f"({mark})" in table.text(found)
    assert [one["kind"] for one in csv.DictReader(io.StringIO(table.as_csv(found)))].count(mark) == 1
    told = [row["estimated"] for row in table.as_json(found)["rows"] if "estimated" in row]
    assert [one.get("incomplete") for one in told].count(left_out) == 1
    assert dvc_figures.table(partly)["incomplete"] == left_out
    assert "incomplete" not in dvc_figures.table(kept)


def test_a_sweeps_page_and_mlflow_say_that_it_is_incomplete(root: Path, partly: Record) -> None:
    mark, left_out = "estimated, incomplete", f"incomplete: {LEFT_OUT} is in no figure"
    page = sweep_html.render(sweep_page.collect(comparison.compare(records.read_all(root))))
    assert mark in page
    client = mlflow_store.open_store(root).client
    tags = client.get_run(worker.publish(str(root), str(partly.folder))["run_id"]).data.tags
    assert tags["origin"] == mark
    assert left_out in tags["mlflow.note.content"].replace("\\", "")


def reckoned(name: str, ms: float, incomplete: str) -> Reckoned:
    return Reckoned(name, (f"backend={name}",), ms, "memory roofline 1.0", "id", incomplete)


def test_the_best_by_estimate_is_a_complete_one_and_the_others_are_marked() -> None:
    rows = estimates.ranked([reckoned("partly", 1.0, "softmax"), reckoned("slow", 3.0, ""), reckoned("fast", 2.0, "")])
    assert [one.name for one in rows] == ["fast", "slow", "partly"]
    best = BestEstimate(rows, ())
    for shown in (layout.plain(best_text.renderable(best)), best_html.render(best)):
        assert "fast: the least estimated latency; nothing was measured" in shown
        assert "2.00 ms (estimated)" in shown
        assert "1.00 ms (estimated, incomplete)" in shown
        assert "memory roofline 1.0; incomplete: softmax" in shown
    assert best_result.as_json(best)["reckoned"][2]["incomplete"] == "softmax"


def test_a_best_that_is_incomplete_says_so_in_its_first_line() -> None:
    best = BestEstimate((reckoned("partly", 1.0, "softmax is in no figure"),), ())
    first = layout.plain(best_text.renderable(best)).splitlines()[0]
    assert first.startswith("partly: the least estimated latency, which is incomplete: softmax is in no figure; noth")


def test_no_device_is_asked_whichever_is_named(root: Path, kept: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    def nobody(*about: object) -> None:
        raise AssertionError("a device was asked")

    monkeypatch.setattr(ssh_connection, "connect", nobody)
    spec = load_spec(*WORDS, "hardware=ssh", "hardware.host=nowhere.invalid", root=root)
    assert spec.hardware.name == "local"
    cell = plan.make([spec], root).cells[0]
    assert cell.blocked is None
    assert cell.candidate.keys["compile"] == kept.result.keys["compile"]
    assert measurement_key.parts_of(cell)["candidate"]["address"] == "local"


def test_one_without_an_address_is_refused_as_for_any_backend(root: Path) -> None:
    with pytest.raises(SpecError, match=r"hardware=ssh without hardware\.host"):
        load_spec(*WORDS, "hardware=ssh", root=root)


def run_summary_of(record: Record) -> str:
    return layout.plain(run_summary.renderable(record.result))


def test_its_layers_stand_in_the_report_and_one_without_a_figure_has_none(partly: Record) -> None:
    section = next(one for one in report_model.collect(partly).sections if one.title == report_model.LAYERS)
    ms = number(partly.result.metrics["estimate/latency/p50_ms"])
    assert section.columns == ("", "candidate", "estimate ms (share)")
    assert section.rows == (
        ("read", "Gemm on the NPU", f"{ms} (100.0 %)"),
        (LEFT_OUT, "Gemm on the CPU", "not reckoned"),
        ("sum", "2 layers", ms),
    )


def test_mlflow_has_it_under_its_own_name(root: Path, kept: Record) -> None:
    client = mlflow_store.open_store(root).client
    sent = client.get_run(worker.publish(str(root), str(kept.folder))["run_id"]).data
    assert sent.tags["origin"] == "estimated"
    assert list(sent.metrics) == ["estimate/latency/p50_ms"]


def test_a_baseline_that_is_an_estimate_is_refused_before_any_work(root: Path) -> None:
    words = ("model=gru", "baseline=spec", "baseline.overrides=[backend=reckoning]", *QUICK)
    blocked = plan.make([load_spec(*words, root=root)], root).cells[0].blocked
    assert isinstance(blocked, Unsupported)
    assert blocked.reason == "baseline: backend=reckoning only estimates: nothing is compared with that."


@pytest.mark.slow
def test_such_a_backend_keeps_the_contract(tmp_path: Path) -> None:
    env = {**os.environ, "PYTHONPATH": os.pathsep.join((str(PLUGIN), str(REPOSITORY)))}
    words = ["--pyargs", "runner.testing.backend_contract", "-k", "reckoning", "-p", "no:cacheprovider", "-q"]
    command = [sys.executable, "-m", "pytest", *words]
    done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stdout[-3000:]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ({"source": "x", "metrics": {"latency/p50_ms": "fast"}}, "metrics.latency/p50_ms is 'fast', no number"),
        ({"metrics": {}}, "source is missing"),
        ({"source": "x", "metrics": {}}, "metrics is dict, without a figure"),
        ({"source": "x", "metrics": {"a": 1}, "layers": [{"name": "x"}]}, "layers.0.type is missing"),
    ],
)
def test_an_answer_that_cant_be_is_told_with_its_place(answer: dict[str, Any], said: str) -> None:
    with pytest.raises(StepFailed, match=said):
        estimate.checked(answer, "reckoning.session")
