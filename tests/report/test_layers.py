"""Time by layer on a page, in an export, and as the documents tell people to ask for it."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner import load_spec
from runner.charts import Lines
from runner.commands import report
from runner.core.errors import SpecError
from runner.pictures import layers as pictured
from runner.pictures import record_pictures
from runner.planning import support
from runner.planning.draft import Draft
from runner.report import layer_table, report_model
from runner.report.views import html, layout
from runner.results import archive, layers, records
from tests import documents
from tests.conftest import Command, Ended
from tests.report import pages

CONTENT = {
    "schema": 1,
    "version": "1.31.1",
    "iterations": 100,
    "statistic": "median",
    "sum_ns": 40_000.0,
    "run_ns": 60_000.0,
    "measured_ns": 50_000.0,
    "layers": [
        {"name": "gru", "type": "GRU", "precision": "fp32", "ns": 30_000.0, "calls": 1, "share": 0.75},
        {"name": "head", "type": "Gemm", "precision": "int8", "ns": 10_000.0, "calls": 2, "share": 0.25},
    ],
}


def written(root: Path, of: dict[str, Any]) -> records.Record:
    """A record with that `layers.json`."""
    root.mkdir(parents=True, exist_ok=True)
    np.savez(root / "s.npz", **{"candidate/0": np.array([1000, 1100]), "baseline/0": np.array([1000, 1100])})
    (root / "l.json").write_text(json.dumps(of))
    return records.write(root, pages.content(), {"samples.npz": root / "s.npz", "layers.json": root / "l.json"})


def test_the_page_has_each_layer_and_what_their_sum_is_of_the_measured_time(tmp_path: Path) -> None:
    page = report_model.collect(written(tmp_path, CONTENT))
    (section,) = [one for one in page.sections if one.title == report_model.LAYERS]
    assert section.columns == ("", "candidate", "median ms (share)")
    assert section.rows == (
        ("gru", "GRU fp32", "0.0300 (75.0 %)"),
        ("head", "Gemm int8 ×2", "0.0100 (25.0 %)"),
        ("sum", "2 layers", "0.0400 (80 %)"),
        ("under the profiler", "", "0.0600 (120 %)"),
        ("in no layer", "", "0.0200 (40 %)"),
        ("as measured", "", "0.0500 (100 %)"),
    )
    assert "<h2>Layers</h2>" in html.render(page)
    assert report_model.as_json(page)["layers"] == CONTENT


BASELINE = {
    "version": "2026.4",
    "iterations": 100,
    "statistic": "mean",
    "sum_ns": 25_000.0,
    "run_ns": 25_000.0,
    "measured_ns": 25_000.0,
    "resolution_ns": 2_100.0,
    "layers": [
        {"name": "x_abcd", "type": "Reorder", "precision": "conversion", "ns": 15_000.0, "calls": 1, "share": 0.6},
        {"name": "head", "type": "FullyConnected", "precision": "fp32", "ns": 10_000.0, "calls": 1, "share": 0.4},
        {"name": "relu", "type": "Eltwise", "precision": "fp32", "ns": 0.0, "calls": 1, "share": 0.0},
    ],
}


def test_both_sides_stand_side_by_side_a_layer_of_one_name_in_one_row(tmp_path: Path) -> None:
    page = report_model.collect(written(tmp_path, {**CONTENT, "baseline": BASELINE}))
    (section,) = [one for one in page.sections if one.title == report_model.LAYERS]
    assert section.columns == ("", "candidate", "median ms (share)", "baseline", "mean ms (share)")
    assert section.rows[:5] == (
        ("gru", "GRU fp32", "0.0300 (75.0 %)", "–", "–"),
        ("head", "Gemm int8 ×2", "0.0100 (25.0 %)", "FullyConnected fp32", "0.0100 (40.0 %)"),
        ("x_abcd", "–", "–", "Reorder conversion", "0.0150 (60.0 %)"),
        ("relu", "–", "–", "Eltwise fp32", "<0.00210 (0.0 %)"),
        ("sum", "2 layers", "0.0400 (80 %)", "3 layers", "0.0250 (100 %)"),
    )


def test_two_sides_fit_a_terminal_as_a_table(tmp_path: Path) -> None:
    page = report_model.collect(written(tmp_path, {**CONTENT, "baseline": BASELINE}))
    (section,) = [one for one in page.sections if one.title == report_model.LAYERS]
    wide, narrow = (layout.plain(layout.Grid(section.columns, section.rows), width) for width in (120, 80))
    assert len(wide.splitlines()) == 4 + len(section.rows)  # none wraps
    assert "head: " not in narrow  # nor is it taken apart
    assert "FullyConnected" in narrow


ASKED = {
    **CONTENT,
    "layers": [
        {
            **CONTENT["layers"][0], "nodes": ["/r/GRU"], "flops": 357_760, "bytes": 20_432, "bound_ns": 3_000.0,
            "absent": {},
        },
        {
            **CONTENT["layers"][1], "nodes": ["/head/Gemm", "/head/Add"],
            "absent": {"flops": "TopK /head/Gemm: why", "bytes": "unsaid", "bound_ns": "TopK /head/Gemm: why"},
        },
    ],
}  # fmt: skip


def test_of_each_layer_the_page_has_what_it_asks_for_and_how_near_the_machines_limit_it_is(tmp_path: Path) -> None:
    page = report_model.collect(written(tmp_path, ASKED))
    (section,) = [one for one in page.sections if one.title == "What the candidate's layers ask for"]
    assert section.columns == (
        "", "type", "precision", "calls", "time, ms", "share", "MFLOP", "moved, kB", "of the roofline", "nodes",
    )  # fmt: skip
    assert section.rows == (
        ("gru", "GRU", "fp32", "1", "0.0300", "75.0 %", "0.358", "20.4", "10.0 %", "/r/GRU"),
        ("head", "Gemm", "int8", "2", "0.0100", "25.0 %", "–", "–", "–", "/head/Gemm, /head/Add"),
    )
    assert "bytes of 1 of the candidate's layers: unsaid" in page.absent
    assert "operations of 1 of the candidate's layers: TopK /head/Gemm: why" in page.absent


def test_older_profiles_say_nothing_of_what_layers_ask_for(tmp_path: Path) -> None:
    page = report_model.collect(written(tmp_path, CONTENT))
    assert "What the candidate's layers ask for" not in [one.title for one in page.sections]


def test_layers_as_csv_have_every_figure_in_full_and_why_others_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, {**ASKED, "baseline": BASELINE})
    (tmp_path / "runner.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert report.main(["--layers-csv"]) == 0
    rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
    assert [(row["side"], row["layer"]) for row in rows] == [
        ("candidate", "gru"), ("candidate", "head"),
        ("baseline", "x_abcd"), ("baseline", "head"), ("baseline", "relu"),
    ]  # fmt: skip
    assert rows[0] == {
        "side": "candidate", "layer": "gru", "type": "GRU", "precision": "fp32", "place": "", "calls": "1",
        "time_ns": "30000.0", "share": "0.75", "flops": "357760", "bytes": "20432", "bound_ns": "3000.0",
        "efficiency_roofline": "0.1", "nodes": "/r/GRU", "absent": "",
    }  # fmt: skip
    assert (rows[1]["flops"], rows[1]["absent"]) == (
        "", "flops: TopK /head/Gemm: why; bytes: unsaid; bound_ns: TopK /head/Gemm: why",
    )  # fmt: skip


def test_an_estimates_layers_have_their_places_and_no_time_where_none_is_reckoned() -> None:
    one = {"name": "n", "type": "Softmax", "place": "CPU", "ns": None, "calls": 1, "share": None}
    found = {"schema": 1, "version": "1", "statistic": "estimate", "sum_ns": 0.0, "layers": [one]}
    (line,) = layer_table.lines(found)
    assert dict(zip(layer_table.CSV, line, strict=True)) == {
        "side": "candidate", "layer": "n", "type": "Softmax", "precision": None, "place": "CPU", "calls": 1,
        "time_ns": None, "share": None, "flops": None, "bytes": None, "bound_ns": None, "efficiency_roofline": None,
        "nodes": "", "absent": "",
    }  # fmt: skip
    assert record_pictures.of_layers(found) == {}


def test_a_record_without_a_profile_has_no_csv_and_says_what_makes_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages.write(tmp_path, pages.content())
    (tmp_path / "runner.toml").touch()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SpecError, match="has no profile of layers") as refused:
        report.main(["--layers-csv"])
    assert refused.value.next_step == "Measure it with one: profile=layers."


def test_the_picture_has_a_run_its_types_and_its_layers_as_bars_of_one_scale(tmp_path: Path) -> None:
    chart = pictured.layers({**CONTENT, "baseline": BASELINE})
    bars = {mark.told: mark.strokes[0] for mark in chart.marks if isinstance(mark, Lines) and mark.closed}
    assert [told for told in bars if told] == [
        "all layers: 0.0400 ms", "in no layer: 0.0200 ms", "GRU: 0.0300 ms", "Gemm: 0.0100 ms", "gru: 0.0300 ms",
        "head: 0.0100 ms", "all layers: 0.0250 ms", "Reorder: 0.0150 ms", "FullyConnected: 0.0100 ms",
        "Eltwise: 0 ms", "x_abcd: 0.0150 ms", "relu: 0 ms",
    ]  # fmt: skip
    (left, top), (right, _), *_ = bars["gru: 0.0300 ms"]
    whole = bars["all layers: 0.0400 ms"]
    assert right - left == pytest.approx(0.75 * (whole[1][0] - whole[0][0]))
    assert top > whole[0][1]
    assert "Where the time goes" in html.render(report_model.collect(written(tmp_path, CONTENT)))


def test_of_a_baseline_without_a_profile_the_page_says_why(tmp_path: Path) -> None:
    why = "backend=litert can't time its layers."
    page = report_model.collect(written(tmp_path, {**CONTENT, "baseline": {"reason": why}}))
    assert f"no layers of the baseline: {why}" in page.absent
    (section,) = [one for one in page.sections if one.title == report_model.LAYERS]
    assert section.columns == ("", "candidate", "median ms (share)")


def test_a_record_without_them_has_no_such_table(tmp_path: Path) -> None:
    page = report_model.collect(pages.write(tmp_path, pages.content()))
    assert page.layers == {}
    assert report_model.LAYERS not in [one.title for one in page.sections]


def test_they_are_sealed_and_travel(tmp_path: Path) -> None:
    record = written(tmp_path, CONTENT)
    archive.write(record, tmp_path / "a.zip")
    with archive.opened(tmp_path / "a.zip") as other:
        assert (other.seal, layers.read(other.folder)) == ("sealed", CONTENT)
    (record.folder / "layers.json").write_text(json.dumps({**CONTENT, "iterations": 1}))
    assert records.read(record.folder).seal == "edited"


def test_damaged_ones_are_told_with_the_file_and_the_key(tmp_path: Path) -> None:
    record = written(tmp_path, {**CONTENT, "statistic": "guess"})
    with pytest.raises(SpecError, match=r"layers\.json: .*statistic"):
        layers.read(record.folder)


def run(command: Command, line: str) -> Ended:
    quick = ("model.hidden=4", "train=smoke", "measure=quick", "measure.budget_s=1") if "model=" in line else ()
    return command(*line.split()[3:], *quick)


@pytest.mark.slow
@pytest.mark.usefixtures("already_trained")
def test_every_command_of_the_page_works(command: Command, tmp_path: Path) -> None:
    (tmp_path / "runner.toml").touch()
    (lines,) = documents.blocks("docs/reports.md", "tests/report/test_layers.py")
    done = [run(command, line) for line in lines]
    assert [one.code for one in done] == [0, 0, 0], done[0].err
    assert "under the profiler" in done[1].out
    assert next(csv.DictReader(io.StringIO(done[2].out)))["side"] == "candidate"
    assert list(tmp_path.glob("records/*/layers.svg"))
    torch = run(command, "python -m runner model=gru baseline=none profile=layers backend=torch")
    assert torch.code == 0, torch.err
    assert "under the profiler" in run(command, "python -m runner report").out


def test_a_backend_that_cant_time_its_layers_is_measured_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "runner.toml").touch()
    spec = load_spec("model=gru", "backend=litert", "profile=layers", "baseline=none", root=tmp_path)
    assert support.unfit([spec], Draft(tmp_path)) is None
    assert support.unprofiled(spec) == "backend=litert can't time its layers."


def test_of_an_estimate_no_profiler_is_asked(tmp_path: Path) -> None:
    (tmp_path / "runner.toml").touch()
    spec = load_spec("model=gru", "backend=ethos_u55", "profile=layers", root=tmp_path)
    assert support.unprofiled(spec) == "backend=ethos_u55 only estimates: no profiler of ours watches it."
