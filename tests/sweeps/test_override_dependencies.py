"""Which parts of a spec a word can reach: more than it does is slow, less would be wrong."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runner.spec import overrides
from runner.sweeps import override_dependencies
from tests.conftest import REPOSITORY


def of(word: str, project: Path = REPOSITORY) -> set[str] | None:
    (override,) = overrides.parse([word])
    found = override_dependencies.parts_reached(override, project)
    return None if found is None else set(found)


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("model=gru", {"model", "data"}),
        ("model=file", {"model", "data", "precision", "baseline"}),
        ("backend=torch", {"backend", "hardware", "precision"}),
        ("+precision=fp16", {"precision"}),
        ("~data", {"data"}),
        ("model.hidden=8", {"model"}),
        ("model.shapes.x:0=[1,2]", {"model"}),
        ("limits={step_s: 5}", {"limits"}),
        ("seed=1", {"seed"}),
        ("schedule=inline", set()),
        ("schedule.workers=2", set()),
        ("experiment=canonical", None),
        ("model@data=gru", None),
        ("model/nested=gru", None),
    ],
)
def test_what_a_word_reaches(word: str, parts: set[str] | None) -> None:
    assert of(word) == parts


@pytest.mark.parametrize(
    "content",
    [
        "# @package _global_\nseed: 3\n",
        "defaults: [{/train@_global_.train: '${model}'}]\nname: mine\n",
        "defaults: [{override /train: smoke}]\nname: mine\n",
        "defaults: [{override /train@elsewhere: smoke}]\nname: mine\n",
        "defaults: [{/train@elsewhere: smoke}]\nname: mine\n",
        "defaults: [{optional /train@_global_.train: smoke}]\nname: mine\n",
        "defaults: [/train/smoke]\nname: mine\n",
    ],
)
def test_an_option_that_does_more_than_name_others_may_reach_all(tmp_path: Path, content: str) -> None:
    folder = tmp_path / "conf" / "scenario"
    folder.mkdir(parents=True)
    assert of("scenario=offline", tmp_path) == {"scenario"}
    (folder / "mine.yaml").write_text(content)
    assert of("scenario=offline", tmp_path) is None


def test_choosing_another_option_than_a_root_does_reaches_what_that_one_replaces(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "conf", tmp_path / "conf")
    root = tmp_path / "conf" / "config.yaml"
    root.write_text(root.read_text().replace("- model: bilstm", "- model: file"))
    assert of("model=gru", tmp_path) == {"model", "data", "precision", "baseline"}


def test_an_option_replaces_what_one_that_it_includes_does(tmp_path: Path) -> None:
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "mine.yaml").write_text("defaults: [file, _self_]\nname: file\n")
    assert of("model=mine", tmp_path) == {"model", "data", "precision", "baseline"}


def test_a_root_that_ties_axes_together_lets_every_choice_reach_all(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "conf", tmp_path / "conf")
    root = tmp_path / "conf" / "config.yaml"
    root.write_text(root.read_text().replace("- train: default", "- train: ${model}"))
    assert of("model=gru", tmp_path) is None
    assert of("model.hidden=8", tmp_path) == {"model"}
