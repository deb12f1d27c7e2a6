"""A metric of the user's own is a function in a file, read by the runner and run by a worker."""

from pathlib import Path

import numpy as np
import pytest

from runner.core import hashing
from runner.core.errors import SpecError, StepFailed
from runner.data import own_metric

SOURCE = """
import os
def worst(outputs, expected):
    return abs(outputs["y"] - expected["y"]).max()
def wrong(outputs, expected):
    return outputs["z"]
def nothing(outputs, expected):
    return float("nan")
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text(SOURCE)
    np.savez(tmp_path / "test.npz", **{"in/x": np.zeros(2), "expected/y": np.array([1.0, 2.0])})
    (tmp_path / "meta.json").write_text('{"outputs": ["y"]}')
    np.savez(tmp_path / "predicted.npz", **{"out/renamed": np.array([[1.0], [2.5]])})
    return tmp_path


def scored(function: str, folder: Path) -> dict[str, float]:
    digest = hashing.file_hash(Path("m.py"))
    return own_metric.scored(f"m.py:{function}", digest, str(folder), str(folder / "predicted.npz"))


def test_it_is_given_outputs_in_the_names_and_shapes_of_what_is_expected(file: Path) -> None:
    assert scored("worst", file) == {"worst": 0.5}


@pytest.mark.parametrize(
    ("function", "said"),
    [("wrong", "model.metric=m.py:wrong: KeyError: 'z'"), ("nothing", "model.metric=m.py:nothing: it answered nan.")],
)
def test_what_it_raises_is_one_line(function: str, said: str, file: Path) -> None:
    with pytest.raises(StepFailed) as caught:
        scored(function, file)
    assert caught.value.reason == said


def test_only_the_file_that_was_planned_with_is_run(file: Path) -> None:
    digest = hashing.file_hash(Path("m.py"))
    Path("m.py").write_text(SOURCE + "#")
    with pytest.raises(StepFailed, match=r"m\.py was edited while this ran"):
        own_metric.scored("m.py:worst", digest, str(file), str(file / "predicted.npz"))


def test_the_file_is_read_and_not_run(file: Path) -> None:
    Path("m.py").write_text("raise SystemExit\ndef worst(outputs, expected): ...")
    assert own_metric.file("m.py:worst") == "m.py"


@pytest.mark.parametrize(
    ("metric", "source", "said"),
    [
        ("m.py:worse", "", r"model\.metric=m\.py:worse: m\.py defines no worse\. Did you mean worst\?"),
        ("no.py:worst", "", r"model\.metric=no\.py: no such file"),
        ("m.py:worst", "def", r"model\.metric=m\.py: no Python"),
    ],
)
def test_a_wrong_file_is_said_before_any_work(metric: str, source: str, said: str, file: Path) -> None:
    if source:
        Path("m.py").write_text(source)
    with pytest.raises(SpecError, match=said):
        own_metric.file(metric)
