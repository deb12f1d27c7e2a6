"""The display: plain lines for a log, all items for a terminal, and nothing that is drawn without being told."""

from __future__ import annotations

import io
import time

import pytest
from rich.console import Console

from runner.report import progress

ITEMS = [("train-1", "train gru"), ("measure-1", "measure gru")]


def plain() -> Console:
    return Console(file=io.StringIO(), force_terminal=False, width=60)


def terminal() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=60, color_system=None, legacy_windows=False)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_lines_say_when_something_starts_and_ends() -> None:
    console = plain()
    with progress.opened(console, ITEMS) as display:
        display.begin("train-1")
        display.end("train-1", "done", 3.14, "")
        display.end("measure-1", "there", 0.0, "")
    assert written(console) == "train gru …\ntrain gru: done (3.1 s)\nmeasure gru: already there\n"


def test_lines_say_why_something_failed() -> None:
    console = plain()
    with progress.opened(console, ITEMS) as display:
        display.end("train-1", "failed", 0.0, "no space [left]")
        display.warn("a [bold]word[/bold]")
    assert written(console) == "train gru: failed: no space [left]\nwarning: a [bold]word[/bold]\n"


def test_lines_tell_each_quarter_once() -> None:
    console = plain()
    with progress.opened(console, ITEMS) as display:
        display.begin("train-1")
        for epoch in range(1, 101):
            display.update("train-1", epoch, 100, f"loss {epoch}")
    assert written(console) == (
        "train gru …\ntrain gru: 25/100 loss 25\ntrain gru: 50/100 loss 50\ntrain gru: 75/100 loss 75\n"
    )


def test_lines_are_never_wrapped() -> None:
    console = plain()
    with progress.opened(console, ITEMS) as display:
        display.end("train-1", "failed", 0.0, "x" * 200)
    assert written(console) == f"train gru: failed: {'x' * 200}\n"


def test_time_left_is_told_once_there_is_a_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    console = plain()
    with progress.opened(console, ITEMS) as display:
        display.begin("train-1")
        now[0] += 10
        display.update("train-1", 1, 4, "loss 1")
    assert written(console).splitlines()[-1] == "train gru: 1/4 loss 1, about 30 s left"


def test_a_terminal_shows_every_item_with_its_state() -> None:
    console = terminal()
    with progress.opened(console, ITEMS) as display:
        display.begin("train-1")
        display.update("train-1", 2, 4, "loss 0.5")
    last = written(console).rsplit("▸", 1)[1]
    assert last.splitlines()[0].split() == ["train", "gru", "2/4", "loss", "0.5"]
    assert last.splitlines()[1].split() == ["·", "measure", "gru"]


@pytest.mark.parametrize(
    ("state", "seconds", "reason", "row"),
    [
        ("done", 3.14, "", "✓ train gru 3.1 s"),
        ("there", 0.0, "", "✓ train gru already there"),
        ("skipped", 0.0, "no data", "– train gru no data"),
        ("failed", 0.0, "no [data]", "✗ train gru no [data]"),
        ("timeout", 0.0, "too long", "✗ train gru too long"),
    ],
)
def test_a_terminal_marks_how_an_item_ended(state: str, seconds: float, reason: str, row: str) -> None:
    console = terminal()
    with progress.opened(console, ITEMS[:1]) as display:
        display.end("train-1", state, seconds, reason)
    assert row in " ".join(written(console).split())


def test_a_terminal_is_still_while_nobody_tells_it_anything() -> None:
    console = terminal()
    with progress.opened(console, ITEMS) as display:
        display.begin("measure-1")
        before = written(console)
        time.sleep(0.5)  # rich's own refresh would come four times a second
        assert written(console) == before
        display.update("measure-1", 1, 8, "1.02×")
        assert written(console) != before
