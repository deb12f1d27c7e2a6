"""What runs on a device, as one zipapp: the worker, every backend's session, and what they import inside `runner`."""

from __future__ import annotations

import sys
import tempfile
import threading
import zipfile
from collections.abc import Container, Iterable
from functools import cache
from pathlib import Path

from runner.artifacts import code_closure
from runner.core import registry
from runner.worker import orphan_reaper

FILE = "worker.pyz"
# What a device is asked to do besides a session's own module.
OURS = (
    "runner.worker.__main__",
    "runner.worker.watchdog",
    "runner.worker.device_lock",
    "runner.worker.runtime_environment",
    "runner.core.installed",
    "runner.hardware.detect",
    "runner.measure.conditions",
)
_making = threading.Lock()
MAIN = """\
import sys
from importlib import import_module

import_module("runner.worker." + {"guard": "watchdog", "worker": "__main__"}[sys.argv.pop(1)]).main()
"""


def write(folder: Path, modules: Iterable[str] = ()) -> Path:
    """`worker.pyz` in `folder`, with the import closure of `modules` too: sessions of other packages.

    The same sources give the same bytes, so that it travels once.
    """
    path = folder / FILE
    every = {
        **code_closure.closure(_all(modules)),
        "runner": Path(__file__).parents[1] / "__init__.py",
    }
    with zipfile.ZipFile(path, "w") as archive:
        for module, file in sorted(every.items()):
            _add(archive, _place(module, file), file.read_bytes())
        _add(archive, "__main__.py", MAIN.encode())
        for name, text in _entry_points(every).items():
            _add(archive, name, text.encode())
    return path


def code(modules: Iterable[str] = ()) -> str:
    """A hash of all code that `write` puts in."""
    return code_closure.code(_all(modules))


def current(modules: Iterable[str] = ()) -> Path:
    """A zipapp of this command's for this machine, made once of the same code."""
    with _making:
        return _made(tuple(modules), code(modules))


@cache
def _made(modules: tuple[str, ...], code: str) -> Path:
    return write(Path(tempfile.mkdtemp(dir=orphan_reaper.folder())), modules)


def _all(modules: Iterable[str]) -> tuple[str, ...]:
    """What travels: not the standard library, of which the other end has its own."""
    return (*OURS, *sessions(), *(one for one in modules if one.partition(".")[0] not in sys.stdlib_module_names))


def packed(modules: Iterable[str]) -> str:
    """The hash of the code of `modules` that a zipapp made in this command holds: what was edited since it was planned
    is seen."""
    code_closure.look_again()
    return code_closure.code(tuple(modules))


@cache
def sessions() -> tuple[str, ...]:
    """The sessions of our own backends."""
    folder = Path(__file__).parents[1] / "backends"
    return tuple(f"runner.backends.{path.parent.name}.session" for path in sorted(folder.glob("*/session.py")))


def _entry_points(modules: Container[str]) -> dict[str, str]:
    """What says there, as an installed package does here, which option a module of somebody else's is."""
    groups = {group: registry.entry_points(group) for group in registry.PACKAGES.values()}
    lines = [
        line
        for group, points in groups.items()
        for line in (f"[{group}]", *(f"{name} = {value}" for name, value in points.items() if value in modules))
    ]
    about = "Metadata-Version: 2.1\nName: travelled\nVersion: 0\n"
    return {"travelled-0.dist-info/METADATA": about, "travelled-0.dist-info/entry_points.txt": "\n".join(lines)}


def _place(module: str, file: Path) -> str:
    place = module.replace(".", "/")
    return f"{place}/__init__.py" if file.name == "__init__.py" else f"{place}.py"


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """Dated by zip's first day: a ZipInfo has no time of its own."""
    archive.writestr(zipfile.ZipInfo(name), content)
