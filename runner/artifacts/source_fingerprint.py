"""What a module's source says: what it imports, and a fingerprint of its syntax tree.

Parsing the files of a plan's steps takes 100 ms. What a file says depends on its bytes alone, so it is kept by their
hash, where Python keeps what it made of sources: in `__pycache__`.
"""

from __future__ import annotations

import ast
import json
import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import NamedTuple

from runner.core import hashing

MOST = 2000  # files that are kept; a checkout has a few hundred


class Source(NamedTuple):
    """`imports` are the modules of the same top-level package that the source may mean: `from x import y` gives x and
    x.y. `fingerprint` is SHA-256 (hex) of the syntax tree without what no output can hold: docstrings, the words of
    errors and the help of settings. No comment changes it."""

    imports: list[str]
    fingerprint: str


@cache
def read(name: str, path: Path) -> Source:
    """What the module `name` in the file `path` says, parsed unless these bytes were before."""
    _stamps[path] = _stamp(path)
    content = path.read_bytes()
    about = f"{name} {path.name == '__init__.py'} ".encode()  # relative imports depend on both
    key = hashing.hash_of(about + content)
    known = _known()
    if key not in known:
        known[key] = _parsed(name, path, content)
        _new.append(key)
    return Source(*known[key])


def edited() -> bool:
    """Whether a file that was read is another now, or gone."""
    return any(_stamp(path) != before for path, before in tuple(_stamps.items()))  # other threads may read more


_stamps: dict[Path, tuple[int, int, int] | None] = {}  # of the files that were read, as they were then


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def keep() -> None:
    """Write down what was parsed since the last call; nothing where the folder can't be written."""
    if not _new or sys.dont_write_bytecode:
        return
    known = _known()
    kept = known if len(known) <= MOST else {key: known[key] for key in _new}
    _new.clear()
    draft = _memory().with_name(f"{_memory().name}.{os.getpid()}")
    with suppress(OSError):  # an installation that others own: it is parsed again next time
        draft.parent.mkdir(exist_ok=True)
        draft.write_text(json.dumps(kept))
        draft.replace(_memory())


_new: list[str] = []  # keys of what was parsed and is not kept yet


@cache
def _known() -> dict[str, tuple[list[str], str]]:
    """`{hash of name and bytes: (imports, fingerprint)}` as it was kept."""
    try:
        found: dict[str, tuple[list[str], str]] = json.loads(_memory().read_bytes())
    except (OSError, ValueError):  # never kept, or cut short
        return {}
    return found


@cache
def _memory() -> Path:
    """Python's versions name syntax trees differently, and this file decides what is kept: a memory for each."""
    here = Path(__file__)
    version = hashing.file_hash(here)[:8]
    return here.parent / "__pycache__" / f"sources.{sys.implementation.cache_tag}.{version}.json"


def _parsed(name: str, path: Path, content: bytes) -> tuple[list[str], str]:
    tree = ast.parse(content, filename=str(path))
    used = _imports(tree, name, path)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            _drop_docstring(node)
    _drop_messages(tree)
    return used, hashing.digest_of(ast.dump(tree))


def _imports(tree: ast.Module, name: str, path: Path) -> list[str]:
    top = name.split(".")[0]
    used: list[str] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            used += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, name, path)
            used += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return sorted({module for module in used if module.split(".")[0] == top})


def _absolute(node: ast.ImportFrom, name: str, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    base = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


def _drop_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        node.body = node.body[1:]


def _drop_messages(tree: ast.Module) -> None:
    """Leave out the texts handed to an exception, where it is raised or is one of ours, and to a setting.

    What else it is handed stays: a handler may read it.
    """
    told = [node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise)]
    ours = _messengers(tree)
    told += [node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ours]
    for node in told:
        if isinstance(node, ast.Call):
            node.args = [one for one in node.args if not _is_text(one)]
            node.keywords = [one for one in node.keywords if not _is_text(one.value)]


def _messengers(tree: ast.Module) -> set[str]:
    """The names here of our exceptions, and of what declares a setting."""
    used = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {
        alias.asname or alias.name
        for node in used
        for alias in node.names
        if node.module == "runner.core.errors" or (node.module, alias.name) == ("runner.core.setting_rules", "setting")
    }


def _is_text(node: ast.expr) -> bool:
    """A text written there, whatever is put into it."""
    if isinstance(node, ast.Constant):
        return isinstance(node.value, str)
    if isinstance(node, ast.BinOp):
        return _is_text(node.left) or _is_text(node.right)
    if isinstance(node, ast.IfExp):
        return _is_text(node.body) and _is_text(node.orelse)
    return isinstance(node, ast.JoinedStr)
