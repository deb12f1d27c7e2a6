"""The code in a key: what a step runs changes it, nothing else does."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner import closure, plan, sources


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A package `keyed` with a step that imports a helper inside a function."""
    home = tmp_path / "keyed"
    home.mkdir()
    (home / "__init__.py").write_text("")
    (home / "step.py").write_text(
        '"""Doc."""\n\n\ndef run():\n    from keyed import helper\n\n    return helper.one()\n'
    )
    (home / "helper.py").write_text("def one():\n    return 1\n")
    (home / "unrelated.py").write_text("x = 1\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    yield home
    for name in [name for name in sys.modules if name.split(".")[0] == "keyed"]:
        del sys.modules[name]


def code_of(package: Path) -> str:
    importlib.invalidate_caches()
    for function in (closure.code, closure._file, sources.read):
        function.cache_clear()
    return closure.code(("keyed.step",))


def test_the_closure_follows_imports_inside_functions(package: Path) -> None:
    assert list(closure.closure(["keyed.step"])) == ["keyed", "keyed.helper", "keyed.step"]


def test_a_changed_helper_changes_the_key(package: Path) -> None:
    before = code_of(package)
    (package / "helper.py").write_text("def one():\n    return 2\n")
    assert code_of(package) != before


@pytest.mark.parametrize("text", ['"""Other words."""\n\n\n', "# a comment\n\n"])
def test_words_change_nothing(package: Path, text: str) -> None:
    before = code_of(package)
    body = (package / "step.py").read_text().split("\n\n\n", 1)[1]
    (package / "step.py").write_text(text + body)
    assert code_of(package) == before


def test_a_module_that_is_not_imported_changes_nothing(package: Path) -> None:
    before = code_of(package)
    (package / "unrelated.py").write_text("x = 2\n")
    assert code_of(package) == before


def test_a_step_of_ours_reaches_what_it_imports_and_not_the_command_line() -> None:
    found = closure.closure(["runner.steps.train", "runner.models.gru"])
    assert "runner.models._recurrent" in found
    assert "runner.steps._fit" in found
    assert not [name for name in found if name.startswith(("runner.commands", "runner.tracking", "runner.compose"))]


def test_a_process_that_lives_on_sees_edits_when_it_looks_again(package: Path) -> None:
    before = code_of(package)
    closure.look_again()
    assert closure.code(("keyed.step",)) == before
    (package / "helper.py").write_text("def one():\n    return 2\n")
    assert closure.code(("keyed.step",)) == before  # one plan has one answer
    closure.look_again()
    assert closure.code(("keyed.step",)) != before


def test_a_plan_looks_again(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_of(package)
    (package / "helper.py").write_text("def one():\n    return 2\n")
    plan.make([], package)
    assert closure.code(("keyed.step",)) != before
