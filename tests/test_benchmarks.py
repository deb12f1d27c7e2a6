"""The scripts of `benchmarks/` fit the runner as it is: each imports, and what they put in a part's place fits."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from benchmarks import engine
from benchmarks.support import best_table
from benchmarks.verdicts import workloads
from runner.spec.schedule import INLINE
from tests.conftest import REPOSITORY

HOME = REPOSITORY / "benchmarks"
ANSWERS = HOME / "fuzzing" / "liar.py"  # it reads requests as soon as it starts


@pytest.mark.parametrize(
    "script", sorted(path for path in HOME.rglob("[!_]*.py") if path != ANSWERS), ids=lambda path: path.stem
)
def test_a_script_imports(script: Path) -> None:
    import_module(".".join(script.relative_to(REPOSITORY).with_suffix("").parts))


@pytest.mark.slow
def test_cells_that_do_nothing_are_planned_run_and_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    with engine.prepared():
        assert engine.swept(2, INLINE) > 0


@pytest.mark.slow
def test_a_workload_of_live_comparisons_is_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(workloads, "PROJECT", tmp_path)

    spec, side = workloads.prepared(("gru-onnxruntime-1",))["gru-onnxruntime-1"]

    assert (spec.backend.name, side.threads) == ("onnxruntime", 1)
    assert workloads.spinning(side, 0.03).label == "gru-onnxruntime-1 + 3%"


def raced(name: str, backend: str, threads: int, relative: list[float] | None) -> dict[str, Any]:
    return {"name": name, "words": [f"backend={backend}"], "threads": threads, "relative": relative}


def test_a_row_of_best_s_table_is_over_its_own_runtime_in_fp32() -> None:
    int8 = raced("tvm int8", "tvm", 2, [1.0, 1.0, 1.0])
    fp32 = raced("tvm fp32", "tvm", 1, [2.0, 1.6, 2.5])
    other = raced("torch fp32", "torch", 1, [4.0, 3.2, 5.0])
    assert best_table.own_defaults({"raced": [int8, fp32, other]}) == {("tvm", 1): fp32, ("torch", 1): other}
    assert best_table.over(int8, fp32) == pytest.approx({"ratio": 2.0, "low": 1.6, "high": 2.5})
    assert best_table.over(other, other) == {"ratio": 1.0, "low": 1.0, "high": 1.0}
    _, first, *_ = best_table.rows({"raced": [int8, fp32, other]})
    assert first.split() == ["tvm", "int8", "2.000×", "[1.600,", "2.500]", "–"]


def test_the_page_names_every_script() -> None:
    page = (REPOSITORY / "docs" / "benchmarks.md").read_text(encoding="utf-8")

    named = re.findall(r"^python benchmarks/(\w+\.py)", page, re.MULTILINE)
    assert sorted(named) == sorted(path.name for path in HOME.glob("*.py"))


def test_the_model_beside_litert_benchmark_opens_with_what_a_session_asks_for(tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed here")
    from benchmarks import litert_benchmark
    from runner.backends.litert.session import open_session

    litert_benchmark.prepare(tmp_path)
    assert [one["shape"] for one in open_session(str(tmp_path / "out"), litert_benchmark.OPTIONS).inputs] == [[16, 512]]
