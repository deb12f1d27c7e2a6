"""What DVC shows of a record."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from runner.commands import dvc_figures
from runner.results.records import Record
from tests.report.fixtures import measured, spec

CELLS = ("gru-fp32-onnxruntime", "gru-int8-onnxruntime")


def record(folder: Path = Path("nowhere"), **changes: Any) -> Record:
    content = measured("20261121T090100-00000001", spec(precision="int8"), spec(), "", 1.25)
    return Record(folder, {**content, **changes})


RAN_FP32 = {"candidate": {"precision": {"LSTM": {"fp32": 1}}, "quantized": {"LSTM": [0, 1]}}}


def test_figures_name_the_precision_that_ran_and_the_baseline() -> None:
    told = dvc_figures.measured(record(effective=RAN_FP32))

    assert (told["precision"], told["baseline"]) == ("int8 (ran fp32)", "onnxruntime fp32")
    assert dvc_figures.measured(record(comparison=None))["baseline"] == "none"


def test_a_row_has_the_median_the_speedup_and_the_quality() -> None:
    metrics = {"latency/p50_ms": 0.8, "latency/p99_ms": 2.0, "vs_baseline/speedup": 1.25, "quality/mae_ppm": 0.3}
    quality = {"metric": "mae_ppm", "samples": 100}

    assert dvc_figures.table(record(metrics=metrics, quality=quality)) == {
        "p50_ms": 0.8,
        "speedup": 1.25,
        "mae_ppm": 0.3,
    }


def test_a_row_says_what_ran_where_that_is_not_what_was_asked_for() -> None:
    assert dvc_figures.table(record(effective=RAN_FP32))["precision"] == "int8 (ran fp32)"
    assert "precision" not in dvc_figures.table(record())


def test_an_estimate_is_named_one() -> None:
    told = dvc_figures.table(
        record(metrics={"estimate/latency/p50_ms": 3.5}, origin="estimated", estimated={"source": "Vela"})
    )

    assert told == {"estimated_p50_ms": 3.5}


def test_a_cell_without_figures_has_its_status_alone() -> None:
    assert dvc_figures.table(record(status="unavailable", reason="no such library")) == {"status": "unavailable"}


def test_a_distribution_pools_the_processes_of_each_side(tmp_path: Path) -> None:
    sides = {"candidate/0": [1e6, 2e6], "candidate/1": [3e6], "baseline/0": [4e6]}
    np.savez(tmp_path / "samples.npz", **{name: np.array(ns) for name, ns in sides.items()})

    dvc_figures.write(record(tmp_path), tmp_path, CELLS[1])

    rows = (tmp_path / "pipeline/benchmark" / CELLS[1] / "latency.csv").read_text().splitlines()
    assert rows[0] == "side,percent,ms"
    assert {"candidate,0,1.000000", "candidate,50,2.000000", "candidate,100,3.000000", "baseline,50,4.000000"} <= {
        *rows
    }


def test_speedups_are_those_of_the_grids_cells_that_were_compared(tmp_path: Path) -> None:
    for cell, speedup in zip((*CELLS, "no-more-there"), ({}, {"vs_baseline/speedup": 1.2}, {}), strict=True):
        file = dvc_figures.files(tmp_path, cell)[0]
        file.parent.mkdir(parents=True)
        file.write_text(json.dumps({"baseline": "fp32", **speedup}))

    file = dvc_figures.speedups(tmp_path, [*CELLS, "gru-fp16-onnxruntime"])

    assert file.read_text().splitlines() == ["cell,speedup,low,high,baseline", "gru-int8-onnxruntime,1.2,,,fp32"]
