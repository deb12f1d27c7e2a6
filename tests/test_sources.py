"""What a source says is parsed once, and read from its memory until its bytes change."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner import sources

MODULE = Path("step.py")
TEXT = "from keyed import helper\nimport json, keyed.other\n"


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A memory of its own, and a step in a fresh folder."""
    file = tmp_path / "__pycache__" / "sources.json"
    monkeypatch.setattr(sources, "_memory", lambda: file)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.chdir(tmp_path)
    MODULE.write_text(TEXT)
    anew()
    yield file
    anew()


def anew() -> None:
    """As in a fresh process."""
    sources.read.cache_clear()
    sources._known.cache_clear()
    sources._new.clear()


def no_parsing(*given: object) -> None:
    raise AssertionError("parsed again")


def test_imports_of_the_same_package_are_named_and_no_others(memory: Path) -> None:
    assert sources.read("keyed.step", MODULE).imports == ["keyed", "keyed.helper", "keyed.other"]


def test_relative_imports_start_at_the_module_s_package(memory: Path) -> None:
    MODULE.write_text("from .. import up\nfrom .beside import one\n")
    assert sources.read("a.b.step", MODULE).imports == ["a", "a.b.beside", "a.b.beside.one", "a.up"]


def test_a_fresh_process_parses_nothing_that_was_parsed_before(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = sources.read("keyed.step", MODULE)
    sources.keep()
    anew()
    monkeypatch.setattr(sources, "_parsed", no_parsing)
    assert sources.read("keyed.step", MODULE) == first


def test_changed_bytes_are_parsed(memory: Path) -> None:
    first = sources.read("keyed.step", MODULE)
    sources.keep()
    anew()
    MODULE.write_text(TEXT + "x = 1\n")
    assert sources.read("keyed.step", MODULE).fingerprint != first.fingerprint


def test_a_memory_that_was_cut_short_is_made_anew(memory: Path) -> None:
    first = sources.read("keyed.step", MODULE)
    sources.keep()
    memory.write_bytes(memory.read_bytes()[:-9])
    anew()
    assert sources.read("keyed.step", MODULE) == first
    sources.keep()
    assert len(json.loads(memory.read_text())) == 1


def test_a_folder_that_cannot_be_written_is_left_alone(memory: Path) -> None:
    memory.parent.write_text("a file where the folder should be")
    sources.read("keyed.step", MODULE)
    sources.keep()
    assert memory.parent.is_file()


def test_a_full_memory_starts_over_with_what_is_new(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sources, "MOST", 1)
    sources.read("keyed.step", MODULE)
    sources.keep()
    sources.read("keyed.other", MODULE)
    sources.keep()
    assert len(json.loads(memory.read_text())) == 1
