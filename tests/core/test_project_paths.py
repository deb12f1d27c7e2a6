"""Where things of a project lie, in a copy of DVC's too."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.core import project_paths
from runner.core.errors import SpecError


@pytest.fixture(autouse=True)
def not_in_dvc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DVC_ROOT", raising=False)


def test_the_nearest_folder_with_a_marker_is_the_root(tmp_path: Path) -> None:
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    (tmp_path / "runner.toml").touch()
    assert project_paths.root(below) == tmp_path
    (tmp_path / "a" / "dvc.yaml").touch()
    assert project_paths.root(below) == tmp_path / "a"


@pytest.fixture
def below(tmp_path: Path) -> Path:
    """A folder of ours in a project."""
    (tmp_path / "runner.toml").touch()
    (tmp_path / "below").mkdir()
    return tmp_path / "below"


given_away = pytest.mark.skipif(os.getuid() != 0, reason="only root gives a file away")


@given_away
@pytest.mark.parametrize("name", [".", "runner.toml"])
def test_what_somebody_else_laid_above_makes_no_project(below: Path, name: str) -> None:
    os.chown(below.parent / name, 65534, -1)
    with pytest.raises(SpecError, match="is somebody else's, and would be a part of the project"):
        project_paths.root(below)
    (below / "runner.toml").touch()
    assert project_paths.root(below) == below


@given_away
def test_who_works_in_somebodys_project_has_chosen_so(below: Path) -> None:
    for path in (below.parent, below.parent / "runner.toml", below):
        os.chown(path, 65534, -1)
    assert project_paths.root(below) == project_paths.root(below.parent) == below.parent


@given_away
@pytest.mark.parametrize("name", ["conf", "artifacts", ".toolchains"])
def test_where_everybody_writes_what_others_laid_there_is_no_part_of_a_project(below: Path, name: str) -> None:
    below.parent.chmod(0o1777)
    (below.parent / name).mkdir()
    assert project_paths.root(below.parent) == below.parent
    os.chown(below.parent / name, 65534, -1)
    for start in (below, below.parent):
        with pytest.raises(SpecError, match=f"{name} is somebody else's"):
            project_paths.root(start)


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
