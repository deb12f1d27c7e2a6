"""The store: nothing half-written is found, the first writer wins, damage is seen."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from runner import store
from runner.errors import StepFailed

KEY = "ab" * 32


def sealed(root: Path, text: str = "weights") -> store.Artifact:
    content: dict[str, Any] = {"step": "train", "key": KEY, "meta": {"epochs": 3}}
    with store.draft(root, "train", KEY) as folder:
        (folder / "model.pt").write_text(text)
        return store.finish(root, folder, content)


def test_a_sealed_artifact_is_found_by_its_key(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    found = store.find(tmp_path, "train", KEY)
    assert found == made
    assert made.folder == tmp_path / "artifacts" / "train" / KEY[:16]
    assert made.meta == {"epochs": 3}
    assert list(made.content["files"]) == ["model.pt"]


def test_a_draft_that_fails_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), store.draft(tmp_path, "train", KEY) as folder:
        (folder / "model.pt").write_text("half")
        raise RuntimeError
    assert store.find(tmp_path, "train", KEY) is None
    assert list((tmp_path / "artifacts" / "train").iterdir()) == []


def test_the_first_writer_wins(tmp_path: Path) -> None:
    first = sealed(tmp_path, "first")
    second = sealed(tmp_path, "second")
    assert second.folder == first.folder
    assert (second.folder / "model.pt").read_text() == "first"


def test_the_same_first_digits_are_not_the_same_key(tmp_path: Path) -> None:
    sealed(tmp_path)
    assert store.find(tmp_path, "train", KEY[:16] + "0" * 48) is None


def test_a_changed_file_is_damage(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    (made.folder / "model.pt").write_text("weighTs")
    assert store.damage(made) == f"{made.folder / 'model.pt'} was changed after it was written (its hash differs)"


def test_a_damaged_artifact_is_set_aside_and_said(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    (made.folder / "model.pt").unlink()
    said: list[str] = []
    assert store.sound(tmp_path, "train", KEY, said.append) is None
    assert "model.pt is missing" in said[0]
    assert len(list((tmp_path / "artifacts" / ".damaged").iterdir())) == 1


def test_what_dvc_pulled_is_found_too(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    shutil.copytree(made.folder, tmp_path / "pipeline" / "train" / "gru")
    shutil.rmtree(tmp_path / "artifacts")
    found = store.find(tmp_path, "train", KEY)
    assert found is not None
    assert found.folder == tmp_path / "pipeline" / "train" / "gru"


def test_what_dvc_owns_is_never_set_aside(tmp_path: Path) -> None:
    made = sealed(tmp_path)
    shutil.copytree(made.folder, tmp_path / "pipeline" / "train" / "gru")
    shutil.rmtree(tmp_path / "artifacts")
    (tmp_path / "pipeline" / "train" / "gru" / "model.pt").write_text("other")
    with pytest.raises(StepFailed) as caught:
        store.sound(tmp_path, "train", KEY, print)
    assert caught.value.next_step == "Restore it: dvc checkout, or dvc pull."


def test_scratch_goes_when_the_artifact_is_there(tmp_path: Path) -> None:
    folder = store.scratch(tmp_path, "train", KEY)
    assert folder.is_dir()
    sealed(tmp_path)
    assert not folder.exists()
