"""What a source says is parsed once, and read from its memory until its bytes change."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runner.artifacts import source_fingerprint

MODULE = Path("step.py")
TEXT = "from keyed import helper\nimport json, keyed.other\n"


@pytest.fixture
def memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A memory of its own, and a step in a fresh folder."""
    file = tmp_path / "__pycache__" / "sources.json"
    monkeypatch.setattr(source_fingerprint, "_memory", lambda: file)
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.chdir(tmp_path)
    MODULE.write_text(TEXT)
    anew()
    yield file
    anew()


def anew() -> None:
    """As in a fresh process."""
    source_fingerprint.read.cache_clear()
    source_fingerprint._known.cache_clear()
    source_fingerprint._new.clear()


def no_parsing(*given: object) -> None:
    raise AssertionError("parsed again")


def test_imports_of_the_same_package_are_named_and_no_others(memory: Path) -> None:
    assert source_fingerprint.read("keyed.step", MODULE).imports == ["keyed", "keyed.helper", "keyed.other"]


def test_relative_imports_start_at_the_module_s_package(memory: Path) -> None:
    MODULE.write_text("from .. import up\nfrom .beside import one\n")
    assert source_fingerprint.read("a.b.step", MODULE).imports == ["a", "a.b.beside", "a.b.beside.one", "a.up"]


def test_a_fresh_process_parses_nothing_that_was_parsed_before(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = source_fingerprint.read("keyed.step", MODULE)
    source_fingerprint.keep()
    anew()
    monkeypatch.setattr(source_fingerprint, "_parsed", no_parsing)
    assert source_fingerprint.read("keyed.step", MODULE) == first


def test_changed_bytes_are_parsed(memory: Path) -> None:
    first = source_fingerprint.read("keyed.step", MODULE)
    source_fingerprint.keep()
    anew()
    MODULE.write_text(TEXT + "x = 1\n")
    assert source_fingerprint.read("keyed.step", MODULE).fingerprint != first.fingerprint


def test_a_memory_that_was_cut_short_is_made_anew(memory: Path) -> None:
    first = source_fingerprint.read("keyed.step", MODULE)
    source_fingerprint.keep()
    memory.write_bytes(memory.read_bytes()[:-9])
    anew()
    assert source_fingerprint.read("keyed.step", MODULE) == first
    source_fingerprint.keep()
    assert len(json.loads(memory.read_text())) == 1


def test_a_folder_that_cannot_be_written_is_left_alone(memory: Path) -> None:
    memory.parent.write_text("a file where the folder should be")
    source_fingerprint.read("keyed.step", MODULE)
    source_fingerprint.keep()
    assert memory.parent.is_file()


def test_a_full_memory_starts_over_with_what_is_new(memory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_fingerprint, "MOST", 1)
    source_fingerprint.read("keyed.step", MODULE)
    source_fingerprint.keep()
    source_fingerprint.read("keyed.other", MODULE)
    source_fingerprint.keep()
    assert len(json.loads(memory.read_text())) == 1
