"""The code in a key: what a step runs changes it, nothing else does."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.artifacts import code_closure, source_fingerprint
from runner.core import setting_rules
from runner.planning import plan


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
    for function in (code_closure.code, code_closure._file, source_fingerprint.read):
        function.cache_clear()
    return code_closure.code(("keyed.step",))


def test_the_closure_follows_imports_inside_functions(package: Path) -> None:
    assert list(code_closure.closure(["keyed.step"])) == ["keyed", "keyed.helper", "keyed.step"]


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


@pytest.mark.parametrize(
    ("said", "now", "same"),
    [
        ('raise ValueError("odd")', 'raise ValueError(f"{x} is no size", "Give another.")', True),
        ('raise Unsupported("odd")', 'raise Unsupported("never", next_step="Give another.")', True),
        ('return Unsupported("odd")', 'return Unsupported("never" if x else "not today")', True),
        ('raise ValueError("odd")', 'raise KeyError("odd")', False),
        ('raise ValueError("odd")', 'raise ValueError("odd", x)', False),
        ('return ValueError("odd")', 'return ValueError("never")', False),
        ('return dict(warnings=["odd"])', 'return dict(warnings=["never"])', False),
    ],
)
def test_the_words_of_an_error_are_no_code_and_its_type_and_values_are(
    package: Path, said: str, now: str, same: bool
) -> None:
    text = "from runner.core.errors import Unsupported\n\n\ndef one(x):\n    {}\n"
    (package / "helper.py").write_text(text.format(said))
    before = code_of(package)
    (package / "helper.py").write_text(text.format(now))
    assert (code_of(package) == before) == same


def test_the_help_of_a_setting_is_no_code_and_its_range_is(package: Path) -> None:
    text = "from runner.core.setting_rules import setting\n\nsize: int = setting({})\n"
    (package / "helper.py").write_text(text.format('"how many", low=1'))
    before = code_of(package)
    (package / "helper.py").write_text(text.format('"how many are drawn", low=1, unit="samples"'))
    assert code_of(package) == before
    (package / "helper.py").write_text(text.format('"how many", low=2'))
    assert code_of(package) != before


@pytest.mark.parametrize(
    ("said", "instead", "same"),
    [("no such key.", "unknown key.", True), ("float(value) if ok", "float(value) + 1 if ok", False)],
)
def test_a_reworded_message_of_settings_makes_no_step_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str, instead: str, same: bool
) -> None:
    before = code_closure.code(("runner.steps.train",))
    source = Path(setting_rules.__file__)
    edited = tmp_path / source.name
    edited.write_text(source.read_text().replace(said, instead))
    assert edited.read_text() != source.read_text()
    file = code_closure._file
    monkeypatch.setattr(code_closure, "_file", lambda name: edited if name == setting_rules.__name__ else file(name))
    assert (code_closure.code.__wrapped__(("runner.steps.train",)) == before) == same


def test_what_errors_there_are_makes_no_step_again(monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_closure.code(("runner.steps.train",))
    read = source_fingerprint.read

    def edited(name: str, path: Path) -> source_fingerprint.Source:
        found = read(name, path)
        return found._replace(fingerprint="another") if name in code_closure.CONTRACT else found

    monkeypatch.setattr(source_fingerprint, "read", edited)
    assert code_closure.code.__wrapped__(("runner.steps.train",)) == before


def test_a_module_that_is_not_imported_changes_nothing(package: Path) -> None:
    before = code_of(package)
    (package / "unrelated.py").write_text("x = 2\n")
    assert code_of(package) == before


def test_a_step_of_ours_reaches_what_it_imports_and_not_the_command_line() -> None:
    found = code_closure.closure(["runner.steps.train", "runner.models.gru"])
    assert "runner.models._recurrent" in found
    assert "runner.steps._fit" in found
    assert not [
        name for name in found if name.startswith(("runner.commands", "runner.tracking", "runner.spec.hydra_compose"))
    ]


def test_a_process_that_lives_on_sees_edits_when_it_looks_again(package: Path) -> None:
    before = code_of(package)
    code_closure.look_again()
    assert code_closure.code(("keyed.step",)) == before
    (package / "helper.py").write_text("def one():\n    return 2\n")
    assert code_closure.code(("keyed.step",)) == before  # one plan has one answer
    code_closure.look_again()
    assert code_closure.code(("keyed.step",)) != before


def test_a_plan_looks_again(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = code_of(package)
    (package / "helper.py").write_text("def one():\n    return 2\n")
    plan.make([], package)
    assert code_closure.code(("keyed.step",)) != before
