"""Where things of a project lie, in a copy of DVC's too."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core import project_paths


@pytest.fixture(autouse=True)
def not_in_dvc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_ROOT", raising=False)


def copied(owner: Path, below: str = "exps/tmp1", inside: str = ".") -> Path:
    """A copy of DVC's of the Git repository `owner`; the project is the folder `inside` it."""
    copy = owner / ".dvc" / "tmp" / below
    for repository in (owner, copy):
        (repository / ".git").mkdir(parents=True)
        (repository / inside).mkdir(exist_ok=True)
    return copy / inside


@pytest.mark.parametrize("below", ["exps/tmp1", "exps/standalone/tmp1"])
def test_of_a_queued_or_temporary_experiment_it_lies_in_the_project(tmp_path: Path, below: str) -> None:
    assert project_paths.home(copied(tmp_path / "owner", below)) == tmp_path / "owner"


def test_a_project_inside_a_repository_is_found_inside_the_copy_of_it(tmp_path: Path) -> None:
    assert project_paths.home(copied(tmp_path / "owner", inside="edge")) == tmp_path / "owner" / "edge"


def test_copies_on_another_disk_are_told_by_dvc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    disk, owner = tmp_path / "disk", tmp_path / "owner"
    (disk / "tmp1" / ".git").mkdir(parents=True)
    (owner / ".git").mkdir(parents=True)
    (owner / ".dvc" / "tmp").mkdir(parents=True)
    (owner / ".dvc" / "tmp" / "exps").symlink_to(disk)
    monkeypatch.setenv("DVC_ROOT", str(owner))
    assert project_paths.home(disk / "tmp1") == owner


def test_elsewhere_it_lies_in_the_project_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))  # `dvc repro` names the project that it is in
    assert project_paths.home(tmp_path) == tmp_path
    (tmp_path / ".dvc" / "tmp" / "exps").mkdir(parents=True)
    assert project_paths.home(tmp_path) == tmp_path
    assert project_paths.home(tmp_path / "notes") == tmp_path / "notes"
