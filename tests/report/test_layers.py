"""Time by layer on a page, in an export, and as the documents tell people to ask for it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.core.errors import SpecError
from runner.report import report_model
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


def test_of_a_baseline_without_a_profile_the_page_says_why(tmp_path: Path) -> None:
    why = "backend=torch can't time its layers."
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
    quick = ("train=smoke", "measure=quick", "measure.budget_s=1") if "model=" in line else ()
    return command(*line.split()[3:], *quick)


@pytest.mark.slow
def test_every_command_of_the_page_works(command: Command, tmp_path: Path) -> None:
    (tmp_path / "runner.toml").touch()
    (lines,) = documents.blocks("docs/reports.md", "tests/report/test_layers.py")
    done = [run(command, line) for line in lines]
    assert [one.code for one in done] == [0, 0], done[0].err
    assert "under the profiler" in done[1].out
    refused = run(command, "python -m runner model=gru baseline=none profile=layers backend=torch")
    assert refused.code == 4
    assert "profile=layers: backend=torch can't time its layers." in refused.out
