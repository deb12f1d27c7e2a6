"""A user's files are copied for a step, and are what its key says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner.core import hashing
from runner.core.errors import SpecError, StepFailed
from runner.execution import given_artifacts


def settings(*paths: Path) -> dict[str, Any]:
    files = {str(path): hashing.file_hash(path) for path in paths}
    return {"model": {"path": str(paths[0])}, "files": files, "other": ["path", 3]}


def test_the_copy_is_used_and_gone_afterwards(tmp_path: Path) -> None:
    file = tmp_path / "model.onnx"
    file.write_text("weights")
    with given_artifacts.copied(settings(file), tmp_path / "scratch", "export m") as found:
        copy = Path(found.settings["model"]["path"])
        assert copy.read_text() == "weights"
        assert copy.is_relative_to(tmp_path / "scratch")
        assert list(found.settings["files"]) == [str(copy)]
        assert found.settings["other"] == ["path", 3]
        file.write_text("saved again")
        assert copy.read_text() == "weights"
    assert not copy.exists()


def test_weights_lie_beside_the_model_as_they_did(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    model, weights = tmp_path / "model.onnx", tmp_path / "deep" / "w.bin"
    weights.parent.mkdir()
    (tmp_path / "blobs" / "abc").write_text("weights")
    weights.symlink_to(tmp_path / "blobs" / "abc")  # as a cache of downloads has them
    model.write_text("model")
    with given_artifacts.copied(settings(model, weights), tmp_path / "scratch", "export m") as found:
        copy = Path(found.settings["model"]["path"])
        assert (copy.parent / "deep" / "w.bin").read_text() == "weights"


def test_a_file_that_was_saved_again_fails_the_step(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("1")
    wanted = settings(file)
    file.write_text("2")
    with pytest.raises(StepFailed, match=f"data csv: {file} was changed since this command was planned"):
        given_artifacts.copied(wanted, tmp_path / "scratch", "data csv").__enter__()
    file.unlink()
    with pytest.raises(StepFailed, match=f"data csv: {file} has disappeared"):
        given_artifacts.copied(wanted, tmp_path / "scratch", "data csv").__enter__()
    assert not list((tmp_path / "scratch").iterdir())


def test_what_is_said_names_the_users_file(tmp_path: Path) -> None:
    file = tmp_path / "data.csv"
    file.write_text("1")
    with (
        pytest.raises(SpecError) as error,
        given_artifacts.copied(settings(file), tmp_path / "scratch", "data csv") as found,
    ):
        copy = found.settings["model"]["path"]
        assert found.named({"warnings": [f"{copy}: odd", 3]}) == {"warnings": [f"{file}: odd", 3]}
        raise SpecError(f"{copy}, line 2: no number.", f"Mend {copy}.")
    assert (error.value.reason, error.value.next_step) == (f"{file}, line 2: no number.", f"Mend {file}.")


def test_a_step_without_files_gets_its_settings(tmp_path: Path) -> None:
    with given_artifacts.copied({"seed": 1}, tmp_path / "scratch", "train m") as found:
        assert found.settings == {"seed": 1}
