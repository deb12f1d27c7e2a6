"""What a run and a sweep print last: the table, and the commands to repeat it, compare it and open it."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path

from runner.core import advice
from runner.core.foreign_text import line
from runner.report import three_answers
from runner.report.views import answers_view, layout, run_summary, table
from runner.results.comparison import Comparison
from runner.results.records import Record

WIDTH = 120  # of text that no terminal limits


def print_run(record: Record, arguments: Sequence[str], log: Path) -> None:
    """One record: its table where it was measured, else what happened; then the next commands."""
    layout.show(run_summary.renderable(record.result), WIDTH)
    _print_next(record.folder, log, arguments, "")


def print_sweep(name: str, found: Comparison, kept: Path, arguments: Sequence[str], log: Path) -> None:
    """All cells of a sweep, best first; what they answer. `kept`: the folder of their records."""
    table.show(found)
    for answer in three_answers.of(found):
        layout.show(answers_view.renderable(answer), WIDTH)
    _print_next(kept, log, ["-m", *arguments], f" --sweep {name}")


def _print_next(kept: Path, log: Path, arguments: Sequence[str], sweep: str) -> None:
    command = advice.program()
    repeat = " ".join([command, *(shlex.quote(word) for word in arguments)])
    rows = {
        "kept": line(str(kept)),
        "log": line(str(log)),
        "repeat": line(repeat, longest=len(repeat)),
        "compare": f"{command} compare{sweep}",
        "open": f"{command} ui",
    }
    print("", *(f"{name:<8} {text}" for name, text in rows.items()), sep="\n")
