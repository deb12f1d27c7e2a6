"""Toolchains that tests need: installed once for this checkout, before the first test, where a chosen one needs them.

A test says so by `@pytest.mark.toolchain("litert")`; one of the contract by its backend.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from runner.backends import loading
from runner.core import project_paths
from runner.core.errors import RunnerError, SpecError
from runner.transport import toolchains

MARK = "toolchain"
COMPILES = {"compile_case", "shared"}  # fixtures of tests that compile


def mark(items: Sequence[pytest.Item]) -> None:
    """Tests of the contract that compile have the mark, too."""
    for item in items:
        for name in _of_backend(item):
            item.add_marker(getattr(pytest.mark, MARK)(name))


def install(items: Sequence[pytest.Item], root: Path) -> None:
    """Make those that `items` need, in the project that the tests run in; other processes of xdist wait meanwhile.

    Raises UsageError with pip's words where one can't be made.
    """
    project = project_paths.home(project_paths.root(root))
    for name in sorted({one.args[0] for item in items for one in item.iter_markers(MARK)}):
        try:
            toolchains.install(project, name, lambda text: None)
        except RunnerError as error:
            advice = f"{error.next_step} Or leave out what needs it: -m 'not {MARK}'"
            raise pytest.UsageError(f"{error.reason} {advice}") from error


def _of_backend(item: pytest.Item) -> Iterator[str]:
    """The toolchains in which a backend's stages run, of a test that compiles by it."""
    about = getattr(item, "callspec", None)
    if about is None or not COMPILES & {*getattr(item, "fixturenames", ())}:
        return
    try:
        stages = loading.backend(about.params["name"]).stages if "name" in about.params else ()
    except SpecError:  # a declaration that is wrong on purpose
        return
    yield from sorted({stage.toolchain for stage in stages if stage.toolchain})
