"""`python -m runner new backend NAME`: a backend of your own, as a package that runs. Overwrites nothing."""

from __future__ import annotations

import keyword
from collections.abc import Mapping
from pathlib import Path

from runner.commands.cli_parser import parser
from runner.commands.console import document, say
from runner.core import project_paths
from runner.core.advice import shell
from runner.core.errors import SpecError

TEMPLATE = Path(__file__).with_name("backend_package")


def main(argv: list[str]) -> int:
    """Write the package of a backend into a folder of its own, below this one by default."""
    arguments = parser("new", "A backend of your own: a package that measures as it stands, to change file by file.")
    arguments.add_argument("what", choices=("backend",))
    arguments.add_argument("name", metavar="NAME", help="as in backend=NAME: small letters, digits and _")
    arguments.add_argument("--folder", type=Path, help="where the package goes; default: NAME-backend in this folder")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    chosen = arguments.parse_args(argv)
    check(chosen.name)
    folder = chosen.folder or Path(distribution(chosen.name))
    files = write(chosen.name, folder)
    steps = next_steps(chosen.name, folder)
    if chosen.json:
        document({"schema": 1, "folder": str(folder.resolve()), "files": files, "next": steps})
        return 0
    say("\n".join(f"made     {folder / name}" for name in files))
    say("\n".join(f"{'' if number else 'next':<8} {step}" for number, step in enumerate(steps)))
    return 0


def check(name: str) -> None:
    """Raises SpecError where no backend can be called so, or one is."""
    from runner.spec import options

    if not (name.isidentifier() and name.isascii() and name == name.lower()) or keyword.iskeyword(name):
        raise SpecError(f"new backend {name}: not a backend's name.", "Small letters, digits and _: mynpu, npu_2")
    if name in options.names("backend", project_paths.root()):
        raise SpecError(f"new backend {name}: there is a backend of that name.", "Choose another name.")


def distribution(name: str) -> str:
    """What the package is installed as."""
    return f"{name.replace('_', '-')}-backend"


def files(name: str) -> Mapping[str, str]:
    """The package's files: `{path: text}`."""
    own = {"@NAME@": name, "@PACKAGE@": f"{name}_backend", "@DISTRIBUTION@": distribution(name)}
    found: dict[str, str] = {}
    for path in sorted(TEMPLATE.rglob("*.txt")):
        text = path.read_text(encoding="utf-8")
        for placeholder, value in own.items():
            text = text.replace(placeholder, value)
        place = path.relative_to(TEMPLATE).as_posix().removesuffix(".txt")
        found[place.replace("package/", f"{name}_backend/", 1).replace("NAME.yaml", f"{name}.yaml")] = text
    return found


def write(name: str, folder: Path) -> list[str]:
    """Write the package; its files' names. Raises SpecError where something is there already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SpecError(
            f"new backend {name}: {folder} is there already.", "Remove it, or name another: --folder FOLDER"
        )
    made = files(name)
    for place, text in made.items():
        target = folder / place
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    return [*made]


def next_steps(name: str, folder: Path) -> list[str]:
    """What to type: it is installed, keeps the contract, measures."""
    place = str(folder) if folder.is_absolute() else f"./{folder}"
    return [
        shell("pip", "install", "-e", place),
        shell("python", "-m", "pytest", "--pyargs", "runner.testing.backend_contract", "-k", name),
        shell("python", "-m", "runner", f"backend={name}", "model=gru"),
    ]
