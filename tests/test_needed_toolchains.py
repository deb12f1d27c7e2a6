"""Tests that need a toolchain say so, and where it can't be installed the session ends with pip's words."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runner.core.errors import Unavailable
from runner.transport import toolchains
from tests import needed_toolchains


class Item(SimpleNamespace):
    """A collected test: its backend, and its marks."""

    def add_marker(self, mark: Any) -> None:
        self.marks.append(mark.mark)

    def iter_markers(self, name: str) -> list[Any]:
        return [one for one in self.marks if one.name == name]


def compiling(backend: str) -> Any:
    about = SimpleNamespace(params={"name": backend})
    return Item(callspec=about, fixturenames=["name", "compile_case"], marks=[])


def test_a_test_of_the_contract_that_compiles_needs_the_toolchains_of_its_backend() -> None:
    items = [compiling(name) for name in ("litert", "ethos_u85", "onnxruntime")]
    needed_toolchains.mark(items)
    named = [[mark.args for mark in one.iter_markers("toolchain")] for one in items]
    assert named == [[("litert",)], [("litert",)], []]


def test_each_is_installed_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    made: list[str] = []
    monkeypatch.setattr(toolchains, "install", lambda project, name, tell: made.append(name))
    items = [compiling("litert"), compiling("ethos_u55")]
    needed_toolchains.mark(items)
    needed_toolchains.install(items, tmp_path)
    assert made == ["litert"]


def test_one_that_cant_be_installed_ends_the_session_with_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def fails(*about: object) -> None:
        raise Unavailable("The toolchain can't be installed: no network.", "Type it again.")

    monkeypatch.setattr(toolchains, "install", fails)
    items = [compiling("litert")]
    needed_toolchains.mark(items)
    with pytest.raises(pytest.UsageError, match=r"no network\. Type it again\. Or leave out .*: -m 'not toolchain'"):
        needed_toolchains.install(items, tmp_path)
