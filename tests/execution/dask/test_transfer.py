"""Artifacts between stores: copied in pieces, checked, sealed; never half, never something else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runner.artifacts import store
from runner.artifacts.store import Artifact
from runner.core.errors import StepFailed
from runner.execution.dask import transfer
from runner.planning.requirements import Lost

KEY = "ab" * 32


@pytest.fixture
def artifact(tmp_path: Path) -> Artifact:
    with store.draft(tmp_path / "theirs", "export", KEY) as out:
        (out / "model.bin").write_bytes(bytes(range(256)))
        (out / "more").mkdir()
        (out / "more" / "notes").write_text("")
        return store.finish(tmp_path / "theirs", out, {"step": "export", "key": KEY, "seconds": 0.5, "meta": {}})


def reads(artifact: Artifact) -> transfer.Read:
    return lambda name: transfer.pieces(lambda name, offset: transfer.piece(artifact.folder, name, offset), name)


def test_a_copy_is_the_same_artifact(artifact: Artifact, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transfer, "PIECE", 100)
    ours = transfer.adopt(tmp_path / "ours", transfer.held(artifact), reads(artifact))
    assert ours.folder == store.place(tmp_path / "ours", "export", KEY)
    assert ours.content == artifact.content
    assert (ours.folder / "model.bin").read_bytes() == bytes(range(256))
    assert (ours.folder / "more" / "notes").read_text() == ""


def test_what_is_there_is_not_read_again(artifact: Artifact, tmp_path: Path) -> None:
    def never(name: str) -> Iterator[bytes]:
        raise AssertionError(name)

    assert transfer.adopt(tmp_path / "theirs", transfer.held(artifact), never).content == artifact.content


def test_a_file_that_came_changed_is_refused(artifact: Artifact, tmp_path: Path) -> None:
    wanted = transfer.held(artifact)
    (artifact.folder / "model.bin").write_bytes(b"else")
    with pytest.raises(Lost, match=r"model\.bin of export"):
        transfer.adopt(tmp_path / "ours", wanted, reads(artifact))
    assert not list((tmp_path / "ours" / "artifacts" / "export").iterdir())


def test_another_artifact_of_the_same_key_is_refused(artifact: Artifact, tmp_path: Path) -> None:
    with pytest.raises(Lost, match="not what was asked for"):
        transfer.adopt(tmp_path / "ours", replace(transfer.held(artifact), seal="0" * 64), reads(artifact))


def test_a_file_that_has_gone_is_lost(artifact: Artifact, tmp_path: Path) -> None:
    wanted = transfer.held(artifact)
    (artifact.folder / "model.bin").unlink()
    with pytest.raises(Lost, match=r"model\.bin is missing"):
        transfer.adopt(tmp_path / "ours", wanted, reads(artifact))


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b"])
def test_a_name_that_leads_out_of_the_folder_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match="outside of its folder"):
        transfer._inside(tmp_path, name)
