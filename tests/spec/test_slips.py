"""A misspelt option is told in the words of the whole check, and before anything heavy is imported."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from runner.core.errors import SpecError
from runner.spec import overrides, slips

TOLD = "backend=onnxrutime: no such backend. Did you mean onnxruntime?"


def test_it_is_told_in_the_words_of_the_whole_check(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as whole:
        overrides.check(overrides.parse(["backend=onnxrutime"]), tmp_path, sweeps=False)
    with pytest.raises(SpecError) as early:
        slips.check(["model=gru", "backend=onnxrutime"], tmp_path)
    assert str(early.value) == str(whole.value)
    assert early.value.reason == TOLD


@pytest.mark.parametrize(
    "word",
    [
        "backend=onnxruntime",
        "schedule=local",
        "model=mine",  # the project's own
        "seed=one",  # what else is wrong is left to the whole check
        "modle=gru",
        "model=null",
        "backend=openvno,torch",
        "backend.threads=two",
        "+backend=openvno",
        "backend",
    ],
)
def test_every_other_word_is_left_to_it(word: str, tmp_path: Path) -> None:
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "mine.yaml").write_text("name: mine\n")
    slips.check([word], tmp_path)


@pytest.mark.parametrize("command", [[], ["plan"]])
def test_hydra_is_not_imported_for_it(command: list[str], tmp_path: Path) -> None:
    typed = [sys.executable, "-X", "importtime", "-m", "runner", *command, "backend=onnxrutime"]
    done = subprocess.run(typed, cwd=tmp_path, capture_output=True, text=True)
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines() if line.startswith("import time:")}
    assert done.returncode == 2 and TOLD in done.stderr
    assert not imported & {"hydra", "omegaconf", "numpy", "antlr4"}
