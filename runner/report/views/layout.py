"""What a terminal is given: texts that can't act on it, and tables that are whole at any width."""

from __future__ import annotations

import io
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from runner.core.advice import as_typed
from runner.core.foreign_text import line

COLOURS = {"faster": "bold green", "slower": "bold red", "same": "bold", "ambiguous": "bold yellow"}  # of verdicts
LONGEST_WORD = 40  # of a cell that is kept whole: a path may be folded, a number never is
WORDS = re.compile(r"\[[^\[\]]*\]\S*|\S+")  # an interval is one word
BETWEEN = 3  # columns
UNLIMITED = 100_000


def text(content: str, style: str = "") -> Text:
    """One line of ours with whatever names others gave, as a terminal may show it."""
    return Text(as_typed(line(content)), style=style)


@dataclass(frozen=True)
class Grid:
    """A table: column heads, rows of as many cells, a style for each row; `right` are the heads of columns of numbers.

    Cells wrap between words where a terminal is too narrow; where not even the longest words have room side by side,
    each row becomes lines `head: cell · head: cell`. No number is ever cut.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    styles: Sequence[str] = ()
    right: Sequence[str] = ()

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        columns = [as_typed(line(name)) for name in self.columns]
        rows = [[as_typed(line(cell)) for cell in row] for row in self.rows]
        places = [[name, *(row[place] for row in rows)] for place, name in enumerate(columns)]
        widths = fitted(places, options.max_width)
        styles = [*self.styles, *[""] * (len(rows) - len(self.styles))]
        if widths is None:
            yield from _stacked(columns, rows, styles, options.max_width)
        else:
            yield _table(columns, rows, styles, widths, self.right)


def fitted(columns: Sequence[Sequence[str]], available: int) -> list[int] | None:
    """How wide each column of cells is in `available` characters: as its longest cell where all have room, at least as
    its longest word, and what is left in equal parts; None where that is too much."""
    natural = [max(map(cell_len, cells)) for cells in columns]
    longest = [max(cell_len(word) for cell in cells for word in ["", *words(cell)]) for cells in columns]
    found = [min(LONGEST_WORD, length) for length in longest]
    left = available - sum(found) - BETWEEN * len(columns) + 1
    if left < 0:
        return None
    for done, place in enumerate(sorted(range(len(found)), key=lambda place: natural[place] - found[place])):
        more = max(0, min(natural[place] - found[place], left // (len(found) - done)))
        found[place] += more
        left -= more
    return [max(1, width) for width in found]


def words(cell: str) -> list[str]:
    """What is never broken up: `[1.40, 1.46]` too."""
    return WORDS.findall(cell)


def wrapped(cell: str, width: int) -> str:
    """The cell in lines of at most `width` characters, as far as its words allow."""
    if cell_len(cell) <= width:
        return cell
    lines = [""]
    for word in words(cell):
        longer = f"{lines[-1]} {word}".strip()
        if cell_len(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return "\n".join(filter(None, lines))


def _table(
    columns: Sequence[str],
    rows: Sequence[Sequence[str]],
    styles: Sequence[str],
    widths: Sequence[int],
    right: Sequence[str],
) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_header=any(columns))
    for name, width in zip(columns, widths, strict=True):
        head, justify = Text(wrapped(name, width)), "right" if name in right else "left"
        table.add_column(head, overflow="fold", width=width, justify=justify)  # type: ignore[arg-type]
    for row, style in zip(rows, styles, strict=True):
        table.add_row(*(Text(wrapped(cell, width)) for cell, width in zip(row, widths, strict=True)), style=style)
    return table


def _stacked(
    columns: Sequence[str], rows: Sequence[Sequence[str]], styles: Sequence[str], available: int
) -> RenderResult:
    heads = [f"{name}: " if name else "" for name in columns]
    for row, style in zip(rows, styles, strict=True):
        yield Text("")
        told = [
            f"{head}{wrapped(cell, max(1, available - cell_len(head)))}"
            for head, cell in zip(heads, row, strict=True)
            if cell
        ]
        yield from (Text(one, style=style, overflow="fold") for one in _joined(told, available))
    yield Text("")


def _joined(told: Sequence[str], available: int) -> list[str]:
    """Lines `head: cell · head: cell`, as many in each as have room. A cell without a head is a line."""
    lines: list[str] = []
    for one in told:
        longer = f"{lines[-1]} · {one}" if lines else one
        if lines and ": " in lines[-1] and cell_len(longer) <= available and "\n" not in longer:
            lines[-1] = longer
        else:
            lines.append(one)
    return lines


def show(shown: RenderableType, width: int = UNLIMITED) -> None:
    """Any renderable on standard output: in colour and as wide as the terminal, else as text of `width` columns."""
    if sys.stdout.isatty():
        Console().print(shown)
    else:
        print(plain(shown, width), end="")


def plain(shown: RenderableType, width: int = UNLIMITED) -> str:
    """Any renderable as text without colour or trailing blanks."""
    out = io.StringIO()
    Console(file=out, width=width, color_system=None, legacy_windows=False).print(shown)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().splitlines())
