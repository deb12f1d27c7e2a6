"""What a command line asks for is read once, and answered the same for every command."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import SpecError
from runner.spec import words
from runner.spec.schedule import INLINE
from runner.sweeps import request


def test_words_of_one_spec_ask_for_it_and_say_how_it_is_run(tmp_path: Path) -> None:
    asked = request.read(tmp_path, ["model=gru", "seed=7", "schedule=inline"])
    assert (asked.spec.model.name, asked.spec.seed, asked.schedule, asked.sweeps) == ("gru", 7, INLINE, False)
    assert asked.spec == request.one(tmp_path, ["model=gru", "seed=7"])


def test_words_of_several_ask_for_a_sweep_whose_cells_bear_what_tells_them_apart(tmp_path: Path) -> None:
    asked = request.read(tmp_path, ["model=gru", "seed=1,2", "schedule=inline"], multirun=True)
    assert [title for title, _ in asked.sweep.cells] == ["seed=1", "seed=2"]
    assert (asked.schedule, asked.sweeps) == (INLINE, True)


def test_an_experiment_that_sweeps_is_a_sweep_without_being_called_one(tmp_path: Path) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "mine.yaml").write_text("# Mine\nsweep: {axes: {seed: [1, 2]}}\n")
    assert len(request.read(tmp_path, ["experiment=mine"]).sweep.cells) == 2
    with pytest.raises(SpecError, match="experiment=mine: a sweep, not one spec"):
        request.one(tmp_path, ["experiment=mine"])


def test_several_values_are_refused_where_no_sweep_was_asked_for(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="seed=1,2: several values make a sweep"):
        request.read(tmp_path, ["seed=1,2"])


def test_the_words_of_one_spec_are_parsed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []
    parse = words.parse
    monkeypatch.setattr(words, "parse", lambda word: parsed.append(word) or parse(word))
    request.read(tmp_path, ["model=gru", "seed=7"])
    assert parsed == ["model=gru", "seed=7"]
