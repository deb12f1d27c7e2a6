"""`python -m runner init [FOLDER]`: a project of your own, with a first experiment that runs. Overwrites nothing."""

from __future__ import annotations

from pathlib import Path

from runner.commands.cli_parser import parser
from runner.commands.console import document, say
from runner.core import project_paths
from runner.core.advice import shell
from runner.core.errors import SpecError

TEMPLATE = Path(__file__).with_name("project")
# Packages are built without files of these names.
NAMED = {"gitignore": ".gitignore", "dvcignore": ".dvcignore"}


def main(argv: list[str]) -> int:
    """Write a project into a folder, this one by default; what is there already stays as it is."""
    arguments = parser("init", "A project: conf/, experiments/, dvc.yaml, params.yaml, .gitignore. Overwrites nothing.")
    arguments.add_argument(
        "folder", nargs="?", type=Path, default=Path(), metavar="FOLDER", help="default: this folder"
    )
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    chosen = arguments.parse_args(argv)
    made = write(chosen.folder)
    if chosen.json:
        document({"schema": 1, "folder": str(chosen.folder.resolve()), "files": made})
        return 0
    say("\n".join(f"{state:<8} {chosen.folder / name}" for name, state in made.items()))
    go = "" if chosen.folder.resolve() == Path.cwd() else f"{shell('cd', str(chosen.folder))}\n         "
    say(f"next     {go}python -m runner experiment=first")
    return 0


def write(folder: Path) -> dict[str, str]:
    """The project's files in `folder`: `{name: made or kept}`, where one that was there is kept.

    Raises SpecError where a file stands in a folder's place.
    """
    files = {path.relative_to(TEMPLATE): path for path in sorted(TEMPLATE.rglob("*")) if path.is_file()}
    files[Path("dvc.yaml")] = project_paths.shipped("dvc.yaml")
    files |= {Path("plots", path.name): path for path in sorted(project_paths.shipped("plots").glob("*.json"))}
    named = {name.with_name(NAMED.get(name.name, name.name)): path for name, path in files.items()}
    return {str(name): _copy(path, folder / name) for name, path in named.items()}


def _copy(source: Path, target: Path) -> str:
    """Raises SpecError."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise SpecError(f"init: {target.parent} is no folder.", "Name another folder, or move that file.") from error
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(source.read_text(encoding="utf-8"))
    except FileExistsError:
        return "kept"
    return "made"
