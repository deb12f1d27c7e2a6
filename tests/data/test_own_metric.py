"""A metric of the user's own is a function in a file, read by the runner and run by a worker."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.core import hashing, registry
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
def off(outputs, expected):
    return abs(outputs["y"] - expected["y"])
def many(outputs, expected):
    return [[1.0, 2.0, 3.0]]
"""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m.py").write_text(SOURCE)
    np.savez(tmp_path / "test.npz", **{"in/x": np.zeros(2), "expected/y": np.array([1.0, 2.0])})
    (tmp_path / "meta.json").write_text('{"outputs": ["y"]}')
    np.savez(tmp_path / "predicted.npz", **{"out/renamed": np.array([[1.0], [2.5]])})
    return tmp_path


def scored(function: str, folder: Path) -> dict[str, Any]:
    digest = hashing.file_hash(Path("m.py"))
    files = (str(folder / "predicted.npz"), str(folder / "values.npy"))
    return own_metric.scored(f"m.py:{function}", digest, str(folder), *files)


def test_it_is_given_outputs_in_the_names_and_shapes_of_what_is_expected(file: Path) -> None:
    assert scored("worst", file) == {"figure": 0.5, "rows": 2, "each": False}


def test_a_number_a_sample_is_kept_and_its_mean_is_the_figure(file: Path) -> None:
    assert scored("off", file) == {"figure": 0.25, "rows": 2, "each": True}
    assert np.load(file / "values.npy").tolist() == [0.0, 0.5]


@pytest.mark.parametrize(
    ("function", "said"),
    [
        ("wrong", "model.metric=m.py:wrong: KeyError: 'z'"),
        ("nothing", "model.metric=m.py:nothing: it answered nan."),
        ("many", "model.metric=m.py:many: it answered 1×3 numbers for 2 samples."),
    ],
)
def test_what_it_raises_is_one_line(function: str, said: str, file: Path) -> None:
    with pytest.raises(StepFailed) as caught:
        scored(function, file)
    assert caught.value.reason == said


def test_only_the_file_that_was_planned_with_is_run(file: Path) -> None:
    digest = hashing.file_hash(Path("m.py"))
    Path("m.py").write_text(SOURCE + "#")
    with pytest.raises(StepFailed, match=r"m\.py was edited while this ran"):
        own_metric.scored("m.py:worst", digest, str(file), str(file / "predicted.npz"), str(file / "values.npy"))


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


@pytest.fixture
def installed(file: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package that registers a metric, one under the name of ours, and one that it lacks."""
    package, about = file / "scores_of_mine", file / "scores_of_mine-1.0.dist-info"
    for folder in (package, about):
        folder.mkdir()
    (package / "__init__.py").write_text("raise SystemExit")
    (package / "metrics.py").write_text(SOURCE)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: scores_of_mine\nVersion: 1.0\n")
    lines = (
        f"{name} = scores_of_mine.{module}:worst" for name, module in (("far", "metrics"), ("mae", "x"), ("no", "x"))
    )
    (about / "entry_points.txt").write_text("\n".join(["[runner.metrics]", *lines]))
    monkeypatch.syspath_prepend(str(file))
    registry.registered.cache_clear()
    yield package
    registry.registered.cache_clear()


def test_a_packages_metric_is_found_by_its_name_and_not_imported(installed: Path) -> None:
    assert own_metric.resolved("far") == f"{installed / 'metrics.py'}:worst"
    assert own_metric.files("far") == (str(installed / "metrics.py"),)
    assert re.fullmatch(own_metric.allowed(), "far")


def test_a_name_of_ours_stays_ours(installed: Path) -> None:
    assert own_metric.resolved("mae") == ""


def test_an_entry_point_that_leads_nowhere_is_said(installed: Path) -> None:
    with pytest.raises(
        SpecError, match=r"model\.metric=no: its package names scores_of_mine\.x:worst, which is no file"
    ):
        own_metric.files("no")
