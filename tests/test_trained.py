"""Commands really find what tests have trained beforehand, else the suite would only be slower and say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.artifacts import store
from tests import short_project, trained
from tests.conftest import QUICK


@pytest.mark.usefixtures("already_trained")
@pytest.mark.parametrize("words", [trained.WORDS, ("model=gru", "model.hidden=4", "backend=openvino", *QUICK)])
def test_a_command_finds_sound_artifacts(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert_there(tmp_path, words)


def test_so_does_one_in_a_short_project(tmp_path: Path, short_trained_once: Path) -> None:
    trained.place(short_trained_once, short_project.make(tmp_path))
    assert_there(tmp_path, ("model=gru", "backend=openvino"))


def assert_there(project: Path, words: tuple[str, ...]) -> None:
    warned: list[str] = []
    found = trained.keys(project, words)
    assert set(found) == {*trained.STEPS}
    for step, key in found.items():
        assert store.sound(project, step, key, warned.append) is not None
    assert warned == []
