"""Where things lie: the project root, its `conf/`, and the `conf/` and `experiments/` that the package carries."""

from __future__ import annotations

import os
from pathlib import Path

from runner.core import registry

MARKERS = ("runner.toml", "dvc.yaml")
EXPERIMENTS = Path(".dvc", "tmp", "exps")  # where DVC copies a project to for `dvc exp run --queue` and `--temp`


def root(start: Path | None = None) -> Path:
    """The nearest folder from `start` upwards that holds `runner.toml` or `dvc.yaml`, else `start` itself."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if any((folder / marker).is_file() for marker in MARKERS):
            return folder
    return here


def home(project: Path) -> Path:
    """Where artifacts, records and MLflow's store of `project` lie: in itself, but for the folder in which DVC runs a
    queued or temporary experiment and which it removes afterwards in the project whose experiment it is.

    Such a folder lies below that project's `.dvc/tmp/exps`; DVC says in DVC_ROOT whose it is, and so does the path.
    """
    for owner in _owners(project):
        folder = (owner / EXPERIMENTS).resolve()
        if folder in project.parents:
            # A project below the root of its Git repository: the copy has the same folders.
            inside = project.relative_to(_git_root(project))
            return _git_root(owner) / inside
    return project


def copies(project: Path) -> list[Path]:
    """The folders in which DVC runs queued or temporary experiments of `project` now, whose `home` it is."""
    inside = project.relative_to(_git_root(project))
    found = [copy / inside for folder in (project, *project.parents) for copy in (folder / EXPERIMENTS).glob("*")]
    return sorted(copy for copy in found if copy.is_dir() and home(copy) == project)


def _owners(project: Path) -> list[Path]:
    """Projects of DVC's that may have made a copy of theirs here."""
    named = os.environ.get("DVC_ROOT", "")
    above = [folder for folder in project.parents if (folder / EXPERIMENTS).is_dir()]
    return [Path(named).resolve(), *above] if named else above


def _git_root(folder: Path) -> Path:
    """The nearest folder from `folder` upwards that holds `.git`, else `folder` itself."""
    return next((one for one in (folder, *folder.parents) if (one / ".git").exists()), folder)


def shipped(name: str) -> Path:
    """A folder that travels with the package: `conf` or `experiments` (in a checkout they lie beside `runner/`)."""
    package = Path(__file__).resolve().parents[1]
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def conf_folders(project: Path) -> list[Path]:
    """Where an option's YAML is looked for, first match first: the project's own `conf/`, the shipped one, and those of
    installed packages, which add options and replace none."""
    own = project / "conf"
    folders = [*([own] if own.is_dir() else []), shipped("conf"), *registry.carried()]
    return list(dict.fromkeys(folder.resolve() for folder in folders))


def experiment_folders(project: Path) -> list[Path]:
    """Where `experiment=NAME` is looked for, first match first."""
    own = project / "experiments"
    folders = [own, shipped("experiments")] if own.is_dir() else [shipped("experiments")]
    return list(dict.fromkeys(folder.resolve() for folder in folders if folder.is_dir()))


def experiments(project: Path) -> dict[str, Path]:
    """`{name: file}` of every experiment; the first folder that has a name wins. What is no file is none."""
    found: dict[str, Path] = {}
    for folder in experiment_folders(project):
        for path in sorted(folder.glob("*.yaml")):
            if path.is_file():
                found.setdefault(path.stem, path)
    return found
