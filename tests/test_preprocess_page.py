"""docs/preprocess.md: its commands, by whole runs."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from runner.__main__ import main
from runner.results import records
from tests import documents
from tests.conftest import QUICK, Command

TINY = ("precision=fp32", "model.width=0.1", "model.input_size=16", "train.epochs=1")


def commands(how: str) -> list[list[str]]:
    """The words after `python -m runner` of what the page runs, or plans."""
    found = documents.blocks("docs/preprocess.md", "tests/test_preprocess_page.py", how)
    return [shlex.split(line)[3:] for lines in found for line in lines]


def test_fused_is_compared_with_separate_and_answers_alike(command: Command, tmp_path: Path) -> None:
    (words,) = commands("run")
    ended = command(*words, *QUICK, *TINY)
    assert ended.code == 0, ended.err
    (found,) = (record.result for record in records.read_all(tmp_path))
    assert found.baseline
    assert found.baseline.label == "onnxruntime fp32 (preprocess=separate)"
    assert found.metrics["quality/accuracy"] == found.baseline.metrics["quality/accuracy"]
    assert found.metrics["fidelity/max_abs_error"] < 1e-3
    assert found.baseline.metrics["fidelity/max_abs_error"] < 1e-3
    assert found.ran("baseline").settings["preprocess"].startswith("numpy ")


@pytest.mark.parametrize("words", commands("planned"))
def test_a_sweep_of_the_page_can_be_done(words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["plan", *words]) == 0
