"""The house stands: no room imports one above it, and nothing is imported in a circle."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import runner
from tests.conftest import REPOSITORY

HOUSE = Path(runner.__file__).parent
# From the ground up: each line is one floor with its rooms; a room is a module with all below it. The first that fits
# a module is its own, so what stands in a room but lower comes in `APART`.
FLOORS = (
    ("core",),
    ("contract",),
    ("hardware",),
    ("preprocessing",),
    ("worker",),
    ("sessions",),
    ("artifacts",),
    ("spec",),
    ("sweeps",),
    ("transport",),
    ("telemetry",),
    ("tensors",),
    ("graphs",),
    ("data",),
    ("models", "compression"),
    ("backends",),
    ("steps",),
    ("planning",),
    ("racing",),
    ("measure",),
    ("charts",),
    ("results",),
    ("pictures",),
    ("tracking",),
    ("execution",),
    ("report",),
    ("views",),
    ("api",),
    ("commands",),
    ("__main__",),
    ("testing",),
)
# What lies in a room's folder but stands on a floor of its own: a declaration is read wherever settings are, a session
# travels; of what a report says nothing knows how it is shown.
APART = {
    "backends.contract": "contract",
    "backends.loading": "contract",
    "backends.*.session": "sessions",
    "report.views": "views",
    "report.views.*": "views",
}
HEIGHT = {room: height for height, floor in enumerate(FLOORS) for room in floor}


def room(module: str) -> str:
    apart = next((own for pattern, own in APART.items() if fnmatchcase(module, pattern)), None)
    return apart or ("sessions" if module in carried() else module.partition(".")[0])


@cache
def carried() -> set[str]:
    """What a session uses of its own backend's folder travels with it."""
    imports, found = read(HOUSE), set[str]()
    todo = [module for module in imports if fnmatchcase(module, "backends.*.session")]
    while todo:
        module = todo.pop()
        own = {used for used in imports[module] if used.startswith(f"{module.rpartition('.')[0]}.")}
        todo += own - found
        found |= own
    return found


def names(tree: ast.AST, module: str, is_package: bool) -> Iterator[str]:
    """All that is imported, as absolute names; of `from a import b` both `a.b` and `a`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            up = node.level - is_package
            parents = f"runner.{module}".split(".")[: -up or None] if node.level else []
            start = ".".join([*parents, *([node.module] if node.module else [])])
            yield from (f"{start}.{alias.name}" for alias in node.names)
            yield start


def module_of(name: str, known: Mapping[str, Path]) -> str | None:
    """The module of ours that a name is; None of what is somebody else's, or no module but something in one."""
    module = name.removeprefix("runner.")
    return module if name.startswith("runner.") and module in known else None


def read(house: Path) -> dict[str, set[str]]:
    """`{module: modules of ours that it imports}`, in functions and for types too; names without `runner.`."""
    files = {".".join(file.relative_to(house).with_suffix("").parts): file for file in sorted(house.rglob("*.py"))}
    known = {name.removesuffix(".__init__"): file for name, file in files.items() if name != "__init__"}
    found = {}
    for module, file in known.items():
        used = [module_of(name, known) for name in names(ast.parse(file.read_text()), module, file.stem == "__init__")]
        # `from a import b` with `b` a module doesn't say that anything of `a` itself is used.
        whole = {one for one in used if one and one != module}
        found[module] = {one for one in whole if not any(other.startswith(f"{one}.") for other in whole)}
    return found


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    return read(HOUSE)


def upward(imports: Mapping[str, set[str]]) -> list[str]:
    return [
        f"{module} imports {used}"
        for module, every in imports.items()
        for used in sorted(every)
        if HEIGHT[room(used)] > HEIGHT[room(module)]
    ]


def circle(imports: Mapping[str, set[str]]) -> list[str]:
    try:
        TopologicalSorter(imports).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_every_module_stands_on_a_floor(imports: Mapping[str, set[str]]) -> None:
    assert {room(module) for module in imports} == set(HEIGHT)


def test_no_room_imports_one_above_it(imports: Mapping[str, set[str]]) -> None:
    assert upward(imports) == []


def test_no_modules_import_each_other(imports: Mapping[str, set[str]]) -> None:
    assert circle(imports) == []


def test_no_rooms_import_each_other(imports: Mapping[str, set[str]]) -> None:
    rooms: dict[str, set[str]] = {name: set() for name in HEIGHT}
    for module, every in imports.items():
        rooms[room(module)] |= {room(used) for used in every} - {room(module)}
    assert circle(rooms) == []


def test_the_architecture_names_every_room_from_the_ground_up() -> None:
    text = (REPOSITORY / "docs" / "architecture.md").read_text(encoding="utf-8")
    table = text.partition("From the ground up:")[2].partition("\n## ")[0]
    first = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    told = [name for cell in first for name in re.findall(r"`([^`]+?)(?:\.py|/)`", cell)]
    rooms = list(dict.fromkeys(room(name.replace("/", ".")) for name in told))
    assert rooms == [name for floor in FLOORS for name in floor if name != "sessions"]


def test_every_file_that_a_page_names_is_there() -> None:
    pages = [*(REPOSITORY / "docs").glob("*.md"), REPOSITORY / "README.md"]
    files = {
        name for page in pages for name in re.findall(r"`([a-z_]+/[a-z_/]+\.py)`", page.read_text(encoding="utf-8"))
    }
    own = {"runner/models/mynet.py"}  # the reader's
    assert [name for name in files - own if not any((place / name).exists() for place in (HOUSE, REPOSITORY))] == []


@pytest.mark.parametrize(
    "line",
    [
        "from runner.report import summary",
        "def late():\n    import runner.report.summary",
        "from ..report import summary",
    ],
)
def test_an_import_of_a_higher_room_is_found_wherever_it_stands(line: str, tmp_path: Path) -> None:
    for file, text in {"core/errors.py": line, "report/summary.py": ""}.items():
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(text)
    assert upward(read(tmp_path)) == ["core.errors imports report.summary"]


def test_a_circle_for_types_alone_is_found(tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "one.py").write_text("from runner.core import two")
    (tmp_path / "core" / "two.py").write_text("if TYPE_CHECKING:\n    from runner.core.one import Thing")
    assert set(circle(read(tmp_path))) == {"core.one", "core.two"}
