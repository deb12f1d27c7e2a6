"""Where things lie: the project root, its `conf/`, and the `conf/` and `experiments/` that the package carries."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from runner.core import registry
from runner.core.errors import SpecError

MARKERS = ("runner.toml", "dvc.yaml")
RELIED_ON = (*MARKERS, "conf", "experiments", "artifacts", "records", "pipeline", "params.yaml", ".toolchains")
EXPERIMENTS = Path(".dvc", "tmp", "exps")  # where DVC copies a project to for `dvc exp run --queue` and `--temp`


def root(start: Path | None = None) -> Path:
    """The nearest folder from `start` upwards that holds `runner.toml` or `dvc.yaml`, else `start` itself.

    Raises SpecError where somebody else could have made a project of it, or laid something into it.
    """
    here = (start or Path.cwd()).resolve()
    marked = (one for one in (here, *here.parents) if any((one / marker).is_file() for marker in MARKERS))
    found = next(marked, here)
    _check_owners(found, here)
    return found


def _check_owners(project: Path, here: Path) -> None:
    """A project's files name what is run, and its artifacts are. Who works in somebody's project has chosen so; nobody
    chooses a marker above the folder that he works in, or what others laid into one to which all may write (/tmp)."""
    found, ours = project.stat(), {0, os.getuid(), here.stat().st_uid}
    everybodys = found.st_mode & stat.S_ISVTX and found.st_mode & stat.S_IWOTH
    looked_at = RELIED_ON if everybodys else () if project == here else (".", *MARKERS)
    there = [project / name for name in looked_at if os.path.lexists(project / name)]
    odd = next((path for path in there if path.lstat().st_uid not in ours), None)
    if odd:
        chosen = "" if everybodys else f"If you trust it, work there: cd {shlex.quote(str(project))} Or make"
        raise SpecError(
            f"{odd} is somebody else's, and would be a part of the project {project}.",
            f"{chosen or 'Make'} one of your own: mkdir mine && touch mine/runner.toml && cd mine",
        )


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
    """What travels with the package: `conf`, `experiments`, `dvc.yaml`, `plots` (in a checkout beside `runner/`)."""
    package = Path(__file__).resolve().parents[1]
    inside = package / name
    return inside if inside.exists() else package.parent / name


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
