"""Commands really find what tests have trained beforehand, else the suite would only be slower and say nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.artifacts import store
from tests import trained
from tests.conftest import QUICK


@pytest.mark.usefixtures("already_trained")
@pytest.mark.parametrize("words", [trained.WORDS, ("model=gru", "model.hidden=4", "backend=openvino", *QUICK)])
def test_a_command_finds_sound_artifacts(tmp_path: Path, words: tuple[str, ...]) -> None:
    warned: list[str] = []
    for step, key in trained.keys(tmp_path, words).items():
        assert store.sound(tmp_path, step, key, warned.append) is not None
    assert warned == []
