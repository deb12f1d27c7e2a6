"""A page for a terminal: the finding, both distributions as bars of text, every pair, the tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from rich.console import Group, RenderableType
from rich.padding import Padding

from runner.pictures.processes import Distribution, PairLine, counted
from runner.report.report_model import (
    DIFFERS,
    EFFECTIVE,
    KEYS,
    OF_LAYERS,
    PROVENANCE,
    SETTINGS,
    TELEMETRY,
    Page,
    Section,
)
from runner.report.views.layout import COLOURS, Grid, text
from runner.results.formatting import number

ON_A_LINE = 6  # pairs: 72 columns
BARS = " ▁▂▃▄▅▆▇█"
ELSEWHERE = (EFFECTIVE, KEYS, PROVENANCE, *OF_LAYERS.values())
SIDES = {"candidate": "blue", "baseline": "dark_orange"}


def renderable(page: Page) -> RenderableType:
    """The whole page."""
    return Group(*_parts(page))


def _parts(page: Page) -> Iterator[RenderableType]:
    yield text(page.heading, style="bold")
    compared = page.result.comparison
    yield text(page.finding, style=COLOURS[compared.verdict] if compared else "bold")
    for one in filter(None, [page.result.next_step, page.stopped, *page.asides]):
        yield Padding(text(one), (0, 0, 0, 2))
    yield from (text(f"warning: {one}", style="yellow") for one in page.warnings)
    if page.distributions:
        yield from _distributions(page.distributions)
    if any(line.ratio for line in page.pairs):
        yield from _pairs(page.pairs)
    yield from _list("To be surer", page.surer)
    for section in map(_shortened, page.sections):
        if section.rows:
            yield _title(section.title)
            yield _table(section)
    yield from _list("Not measured", page.absent)
    yield from _list("Provenance", _provenance(page))
    pictures = "; pictures: --html FILE" if page.pictures else ""
    yield text("")
    yield text(f"All settings, keys and versions: --html FILE, or --json{pictures}.")
    if page.layers:
        yield text("Each layer's nodes, operations, bytes and share of the roofline: --html FILE, or --layers-csv.")


def _shortened(section: Section) -> Section:
    """Of the settings what differs; what has a place of its own, or only the other forms show, without rows."""
    if section.title in ELSEWHERE:
        return replace(section, rows=())
    if section.title == TELEMETRY:
        return replace(section, rows=tuple(row for row in section.rows if row[-1]))
    if section.title != SETTINGS:
        return section
    differing = tuple(row for row in section.rows if row[0].startswith(DIFFERS))
    return Section("What differs", section.columns, tuple((row[0][len(DIFFERS) :], *row[1:]) for row in differing))


def _provenance(page: Page) -> list[str]:
    found = [section for section in page.sections if section.title == PROVENANCE]
    shown = [f"{row[0]} {row[1]}" for section in found for row in section.rows if not row[0].endswith("machine: isa")]
    return [" · ".join(shown)] if shown else []


def _distributions(sides: Sequence[Distribution]) -> Iterator[RenderableType]:
    yield _title("How long an inference took")
    most = max(max(one.shares) for one in sides) or 1.0
    for one in sides:
        first, middle, third = map(number, one.quartiles_ms)
        beyond = f", {100 * one.beyond:.1f} % beyond the axis" if one.beyond > 0.0005 else ""
        yield text(f"  {bars(one.shares, most)}", style=SIDES[one.role])
        yield text(f"  {one.label}: median {middle} ms, quartiles {first} to {third} ms{beyond}")
    edges = sides[0].edges_ms
    yield text(f"  axis from {number(edges[0])} to {number(edges[-1])} ms, log scale")
    yield text(f"  {counted(sides)}; every one is in samples.npz")


def bars(shares: Sequence[float], most: float) -> str:
    """One character a bin, its height the share of `most`; a bin with anything in it shows."""
    levels = len(BARS) - 1
    return "".join(BARS[max(1, round(levels * share / most))] if share > 0 else " " for share in shares)


def _pairs(pairs: Sequence[PairLine]) -> Iterator[RenderableType]:
    yield _title("Speed-up in each pair")
    cells = [f"{line.number:>4} {line.speedup:>6}{'!' if line.flags else ' '}" for line in pairs]
    for start in range(0, len(cells), ON_A_LINE):
        yield text("".join(cells[start : start + ON_A_LINE]).rstrip())
    for line in pairs:
        if line.flags:
            yield text(f"  ! pair {line.number}: {'; '.join(line.flags)}", style="yellow")


def _list(title: str, lines: Iterable[str]) -> Iterator[RenderableType]:
    shown = [Padding(text(line), (0, 0, 0, 2)) for line in lines]
    if shown:
        yield _title(title)
        yield from shown


def _title(words: str) -> Padding:
    return Padding(text(words, style="bold"), (1, 0, 0, 0))


def _table(section: Section) -> Grid:
    return Grid(section.columns, section.rows)
