"""A step's key: SHA-256 of everything that its output depends on.

The settings, the inputs' keys, the code of the step's import closure (syntax trees without docstrings, so that a
comment changes nothing), the versions of the tools, and the machine where the output is tuned to one.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterable, Mapping
from functools import cache
from importlib import metadata, util
from pathlib import Path
from typing import Any


def digest(content: Any) -> str:
    """SHA-256 (hex) of JSON content, the same for the same content whatever the order of its keys."""
    return digest_of(canonical(content))


def canonical(content: Any) -> str:
    """JSON content as one text, the same for the same content whatever the order of its keys."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"), default=_plain)


def joined(texts: Mapping[str, str]) -> str:
    """`canonical` of a mapping, from the canonical text of each of its values."""
    return "{" + ",".join(f"{json.dumps(name)}:{texts[name]}" for name in sorted(texts)) + "}"


def digest_of(text: str) -> str:
    """`digest` of content, from its canonical text."""
    return hashlib.sha256(text.encode()).hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() if hasattr(hashlib, "file_digest") else _hash(file)


def _hash(file: Any) -> str:
    total = hashlib.sha256()
    while chunk := file.read(1 << 20):
        total.update(chunk)
    return total.hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} in a key")


@cache
def version(distribution: str) -> str | None:
    """The installed version of a distribution, or None."""
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None


def versions(distributions: Iterable[str]) -> dict[str, str | None]:
    """`{distribution: version or None}`."""
    return {name: version(name) for name in distributions}


@cache
def code(modules: tuple[str, ...]) -> str:
    """A hash of the import closure of `modules` inside their own packages (ours, or a plug-in's)."""
    return digest({name: _fingerprint(path) for name, path in closure(modules).items()})


def closure(modules: Iterable[str]) -> dict[str, Path]:
    """`{module: file}` of `modules`, the packages they lie in and all that they import from the same packages,
    inside functions too."""
    found: dict[str, Path] = {}
    todo = [part for name in modules for part in _with_parents(name)]
    while todo:
        name = todo.pop()
        path = _source(name)
        # runner/__init__.py only opens a lazy door to the API: following it would put every room into every key.
        if name in found or path is None or name == "runner":
            continue
        found[name] = path
        todo.extend(part for used in _imports(name, path) for part in _with_parents(used))
    return dict(sorted(found.items()))


def _with_parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[: n + 1]) for n in range(len(parts))]


@cache
def _source(name: str) -> Path | None:
    """A module's file, or None; only the top package is looked up, as find_spec would import a submodule's parents."""
    top, *rest = name.split(".")
    spec = util.find_spec(top)
    if spec is None:
        return None
    if not rest:
        return Path(spec.origin) if spec.origin and spec.origin.endswith(".py") else None
    bases = [Path(folder, *rest) for folder in spec.submodule_search_locations or ()]
    files = [file for base in bases for file in (base / "__init__.py", base.with_suffix(".py"))]
    return next((file for file in files if file.is_file()), None)


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


@cache
def _imports(name: str, path: Path) -> list[str]:
    """Modules of the same top-level package that a module's source names, `from x import y` giving x and x.y."""
    top = name.split(".")[0]
    used: list[str] = []
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.Import):
            used += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, name, path)
            used += [base, *(f"{base}.{alias.name}" for alias in node.names)]
    return [module for module in used if module.split(".")[0] == top and _source(module)]


def _absolute(node: ast.ImportFrom, name: str, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    base = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*base, node.module] if node.module else base)


@cache
def _fingerprint(path: Path) -> str:
    tree = _tree(path)
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
            _drop_docstring(node)
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _drop_docstring(node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    first = node.body[0] if node.body else None
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str):
        node.body = node.body[1:]
