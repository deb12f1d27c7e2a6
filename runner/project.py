"""Where things lie: the project root, its `conf/`, and the `conf/` and `experiments/` that the package carries."""

from __future__ import annotations

from pathlib import Path

MARKERS = ("runner.toml", "dvc.yaml")


def root(start: Path | None = None) -> Path:
    """The nearest folder from `start` upwards that holds `runner.toml` or `dvc.yaml`, else `start` itself."""
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if any((folder / marker).is_file() for marker in MARKERS):
            return folder
    return here


def shipped(name: str) -> Path:
    """A folder that travels with the package: `conf` or `experiments` (in a checkout they lie beside `runner/`)."""
    package = Path(__file__).resolve().parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


def conf_folders(project: Path) -> list[Path]:
    """Where an option's YAML is looked for, first match first: the project's own `conf/`, then the shipped one."""
    own = project / "conf"
    folders = [own, shipped("conf")] if own.is_dir() else [shipped("conf")]
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
