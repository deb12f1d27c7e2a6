"""What a backend says that it doesn't keep of the contract's tests: `contract_marks.py` in its folder."""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from runner.core import registry

Marks = tuple[Mapping[str, str], Mapping[str, str]]


def said_of(name: str) -> Marks:
    """(`NEVER`, `NOT_YET`), `{test: reason}`; nothing where it has no such file."""
    module = registry.load("backend", name)
    if not Path(str(module.__file__)).with_name("contract_marks.py").is_file():
        return {}, {}
    marks = importlib.import_module(f"{module.__name__}.contract_marks")
    return getattr(marks, "NEVER", {}), getattr(marks, "NOT_YET", {})


def lines(name: str) -> Iterator[str]:
    """Each in words: `openvino scalars go in and come out: never, …`."""
    for word, marks in zip(("never", "not yet"), said_of(name), strict=True):
        for test, reason in marks.items():
            yield f"{name} {test.removeprefix('test_').replace('_', ' ')}: {word}, {reason}"
