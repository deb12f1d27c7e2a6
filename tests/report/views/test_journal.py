"""A command's log, and how much of what it is told standard error shows."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from runner.core.errors import StepFailed
from runner.core.progress import Reporter
from runner.report.views import journal
from runner.report.views.journal import Both, Journal, Warnings, log_file
from runner.report.views.progress import OnConsole

ITEMS = [("train-1", "train gru")]


def happenings(reporter: Reporter) -> None:
    reporter.say("project here")
    reporter.say("warning: odd")
    with reporter.display(ITEMS) as display:
        display.begin("train-1")
        display.update("train-1", 1, 100, "loss 3")
        display.update("train-1", 0, 0, "waits")
        display.warn("slow\nfloor")
        display.end("train-1", "failed", 3.14, "no space")


def untimed(text: str) -> list[str]:
    """The lines without their seconds, which every line has."""
    lines = [re.fullmatch(r" *\d+\.\d s  (.*)", line) for line in text.splitlines()]
    return [line[1] for line in lines if line]


def test_a_journal_has_a_line_for_each_event() -> None:
    file = io.StringIO()
    happenings(Journal(file.write))
    assert untimed(file.getvalue()) == [
        "project here",
        "warning: odd",
        "train gru …",
        "train gru: 1/100 loss 3",
        "train gru: waits",
        "warning: slow floor",
        "train gru: failed (3.1 s): no space",
    ]
    assert len(untimed(file.getvalue())) == len(file.getvalue().splitlines())


def test_quiet_is_the_warnings_alone_while_the_log_has_all() -> None:
    console, file = Console(file=io.StringIO(), force_terminal=False, width=60), io.StringIO()
    happenings(Both(Warnings(OnConsole(console)), Journal(file.write)))
    assert isinstance(console.file, io.StringIO)
    assert console.file.getvalue() == "warning: odd\nwarning: slow floor\n"
    assert len(untimed(file.getvalue())) == 7


def test_a_log_begins_with_what_was_typed_and_says_what_ended_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["edge-runner"])
    with pytest.raises(StepFailed), log_file(tmp_path, ["model=gru", "data.path=a b"]) as (path, log):
        log.say("project here")
        raise StepFailed("no space")
    head, *rest = untimed(path.read_text())
    assert path.parent == tmp_path / "artifacts" / ".logs"
    assert " UTC  edge-runner model=gru 'data.path=a b'  (version " in head
    assert rest == ["project here", "ended by StepFailed: no space"]


def test_two_logs_of_one_second_are_two_files(tmp_path: Path) -> None:
    with log_file(tmp_path, []) as (first, _), log_file(tmp_path, []) as (second, _):
        assert first != second


def test_a_log_that_can_no_longer_be_written_loses_nothing_else() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        journal._append(full, "project here")
