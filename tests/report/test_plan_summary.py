"""A plan's size, and why cells of a sweep can't be, in a few lines."""

from __future__ import annotations

from pathlib import Path

from runner.planning import plan
from runner.report import plan_summary
from runner.sweeps import request


def test_the_size_of_a_plan(tmp_path: Path) -> None:
    words = ("model=gru,mobilenet_v1", "data=co2", "precision=fp32,fp32", "baseline=none")
    made = plan.of_sweep(request.cells(tmp_path, words), tmp_path)
    assert plan_summary.lines(made, tmp_path) == [
        "impossible: model=mobilenet_v1 can't use data=co2: it does classify, the data are for forecast. "
        "(model=mobilenet_v1; model=mobilenet_v1)",
        "1 cell (2 impossible, 1 said twice); 5 distinct steps: 5 to do",
    ]


def test_of_many_cells_with_one_reason_two_are_named(tmp_path: Path) -> None:
    made = plan.of_sweep(request.cells(tmp_path, ["model=gru", "seed=range(0,5)", "backend.threads=1,999"]), tmp_path)
    refused, size = plan_summary.lines(made, tmp_path)
    assert refused.endswith("(seed=0 backend.threads=999; seed=1 backend.threads=999; and 3 more)")
    assert size.startswith("5 cells (5 impossible); ")
