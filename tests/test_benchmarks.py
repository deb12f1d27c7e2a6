"""The scripts of `benchmarks/` fit the runner as it is: each imports, and what they put in a part's place fits."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks import engine
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


def test_the_page_names_every_script() -> None:
    page = (REPOSITORY / "docs" / "benchmarks.md").read_text(encoding="utf-8")

    named = re.findall(r"^python benchmarks/(\w+\.py)", page, re.MULTILINE)
    assert sorted(named) == sorted(path.name for path in HOME.glob("*.py"))
