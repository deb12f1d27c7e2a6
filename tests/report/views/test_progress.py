"""The display: plain lines for a log, all items for a terminal, and nothing that is drawn without being told."""

from __future__ import annotations

import io
import re
import time

import pytest
from rich.console import Console

from runner.report.views import progress
from runner.report.views.progress import Item, OnConsole

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
    with OnConsole(console).display(ITEMS) as display:
        display.begin("train-1")
        display.end("train-1", "done", 3.14, "")
        display.end("measure-1", "there", 0.0, "")
    assert written(console) == "train gru …\ntrain gru: done (3.1 s)\nmeasure gru: already there\n"


def test_lines_say_why_something_failed() -> None:
    console = plain()
    with OnConsole(console).display(ITEMS) as display:
        display.end("train-1", "failed", 0.0, "no space [left]")
        display.warn("a [bold]word[/bold]")
    assert written(console) == "train gru: failed: no space [left]\nwarning: a [bold]word[/bold]\n"


def test_lines_tell_each_quarter_once() -> None:
    console = plain()
    with OnConsole(console).display(ITEMS) as display:
        display.begin("train-1")
        for epoch in range(1, 101):
            display.update("train-1", epoch, 100, f"loss {epoch}")
    assert written(console) == (
        "train gru …\ntrain gru: 25/100 loss 25\ntrain gru: 50/100 loss 50\ntrain gru: 75/100 loss 75\n"
    )


def test_lines_are_never_wrapped() -> None:
    console = plain()
    with OnConsole(console).display(ITEMS) as display:
        display.end("train-1", "failed", 0.0, "x" * 200)
    assert written(console) == f"train gru: failed: {'x' * 200}\n"


def test_time_left_is_told_once_there_is_a_pace(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    console = plain()
    with OnConsole(console).display(ITEMS) as display:
        display.begin("train-1")
        now[0] += 10
        display.update("train-1", 1, 4, "loss 1")
    assert written(console).splitlines()[-1] == "train gru: 1/4 loss 1, about 30 s left"


def test_a_terminal_shows_every_item_with_its_state() -> None:
    console = terminal()
    with OnConsole(console).display(ITEMS) as display:
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
    with OnConsole(console).display(ITEMS[:1]) as display:
        display.end("train-1", state, seconds, reason)
    assert row in " ".join(written(console).split())


def test_a_terminal_is_still_while_nobody_tells_it_anything() -> None:
    console = terminal()
    with OnConsole(console).display(ITEMS) as display:
        display.begin("measure-1")
        before = written(console)
        time.sleep(0.5)  # rich's own refresh would come four times a second
        assert written(console) == before
        display.update("measure-1", 1, 8, "1.02×")
        assert written(console) != before


# --- a sweep of many cells on a small terminal ---


def many(count: int) -> list[tuple[str, str]]:
    return [(f"measure-{number}", f"measure gru fp32 onnxruntime (model.hidden={number})") for number in range(count)]


class Tall(Console):
    """A terminal of 24 lines and 80 columns."""

    def __init__(self) -> None:
        super().__init__(file=io.StringIO(), force_terminal=True, width=80, height=24, color_system=None)


def frame(console: Console) -> list[str]:
    """What stands on the terminal after everything that was written, line by line."""
    lines: list[str] = [""]
    at = 0
    for part in re.split(r"(\x1b\[[0-9;?]*[A-Za-z]|\r|\n)", written(console)):
        if part == "\n":
            at += 1
            lines += [""] * (at + 1 - len(lines))
        elif part == "\x1b[1A":
            at -= 1
        elif part == "\x1b[2K":
            lines[at] = ""
        elif not part.startswith("\x1b") and part != "\r":
            lines[at] += part
    return [one.rstrip() for one in lines if one.strip()]


def test_what_runs_stays_in_24_lines_wherever_it_stands_in_a_long_plan() -> None:
    console = Tall()
    with OnConsole(console).display(many(200)) as display:
        for number in range(150):
            display.begin(f"measure-{number}")
            display.end(f"measure-{number}", "done", 1.0, "")
        display.begin("measure-150")
        display.update("measure-150", 3, 8, "1.02×")
        rows = frame(console)
    assert len(rows) <= 23
    assert "▸ measure gru fp32 onnxruntime (model.hidden=150) 3/8 1.02×" in rows
    assert "✓ measure gru fp32 onnxruntime (model.hidden=149) 1.0 s" in rows
    assert "· measure gru fp32 onnxruntime (model.hidden=151)" in rows
    assert rows[-1] == "  and 178 more: 139 done, 39 waiting"


def test_all_that_run_at_once_are_shown_and_the_latest_of_more_than_fit() -> None:
    items = [Item(str(number), "runs" if number % 2 else "waits", started=float(number)) for number in range(100)]
    shown, rest = progress.fitting(items, 12)
    assert [one.title for one in shown] == [str(number) for number in range(79, 100, 2)]
    assert len(shown) + len(rest) == 100


def test_a_short_plan_is_shown_whole() -> None:
    items = [Item(str(number)) for number in range(23)]
    assert progress.fitting(items, 23) == (items, [])


def test_no_row_is_longer_than_the_terminal_is_wide() -> None:
    console = Tall()
    with OnConsole(console).display([("measure-1", "measure " + "x" * 200), ("measure-2", "measure gru")]) as display:
        display.begin("measure-1")
        display.update("measure-1", 3, 8, "1.02× [1.00, 1.04], about 12 s left")
        rows = frame(console)
    assert rows == [f"▸ measure {'x' * 29}… 3/8 1.02× [1.00, 1.04], about 12 s left", "· measure gru"]
    assert max(map(len, rows)) <= 80


def test_why_something_failed_is_said_whole_above_the_rows() -> None:
    console = Tall()
    with OnConsole(console).display(many(40)) as display:
        display.end("measure-0", "failed", 0.0, "a long reason " * 10)
        rows = " ".join(frame(console))
    assert f"measure gru fp32 onnxruntime (model.hidden=0): failed: {'a long reason ' * 10}".strip() in rows
