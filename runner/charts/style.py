"""What each kind of mark looks like: once for pages, SVG files and PNG files."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

SERIES = ("#1f77b4", "#ff7f0e", "#2ca02c", "#d62728", "#9467bd", "#8c564b", "#e377c2", "#7f7f7f", "#bcbd22", "#17becf")
# On white paper. A page has variables of these names, for dark screens too.
COLOURS = {
    "paper": "#ffffff", "ink": "#1b1d21", "muted": "#5c6370", "line": "#dfe1e5", "candidate": "#1f6fb4",
    "baseline": "#c25a00", "bad": "#c2293a", "good": "#1a7f37", "unsure": "#8a6100",
    **{f"series{number}": colour for number, colour in enumerate(SERIES)},
}  # fmt: skip
SIZE = 12  # of texts, px
FAMILY = "system-ui,sans-serif"


@dataclass(frozen=True)
class Style:
    """Colours are names of COLOURS; widths and `dash` in px; `opacity` is the fill's, or of what has none the
    stroke's."""

    stroke: str = ""
    fill: str = ""
    width: float = 1.0
    opacity: float = 1.0
    dash: tuple[int, ...] = ()
    size: int = SIZE
    bold: bool = False


def _of_role(role: str) -> dict[str, Style]:
    return {
        f"area {role}": Style(role, role, 1.2, opacity=0.3),
        f"quartiles {role}": Style(role, width=5, opacity=0.55),
        f"median {role}": Style(role, width=2),
        f"process {role}": Style(role),
        f"box {role}": Style(role, role, opacity=0.75),
        f"dot {role}": Style(fill=role),
        f"name {role}": Style(fill=role, bold=True),
    }


def _of_verdict(verdict: str, colour: str) -> dict[str, Style]:
    return {
        f"span {verdict}": Style(colour, width=2),
        f"dot {verdict}": Style(fill=colour),
        f"name {verdict}": Style(fill=colour),
    }


STYLES = {
    "paper": Style(fill="paper"),
    "title": Style(fill="ink", size=16, bold=True),
    "finding": Style(fill="ink", size=13),
    "heading": Style(fill="ink", size=13),
    "label": Style(fill="muted"),
    "grid": Style("line"),
    "middle": Style("ink", width=1.3),
    **_of_role("candidate"),
    **_of_role("baseline"),
    "interval": Style(fill="candidate", opacity=0.16),
    "one": Style("ink", width=1.3),
    "estimate": Style("candidate", width=1.5, dash=(6, 4)),
    "pair": Style("paper", "candidate"),
    "flagged": Style("bad", width=2.4),
    **{f"signal s{number}": Style(f"series{number}", width=1.3) for number in range(len(SERIES))},
    **{f"key s{number}": Style(fill=f"series{number}") for number in range(len(SERIES))},
    **{f"box s{number}": Style("paper", f"series{number}", opacity=0.55) for number in range(len(SERIES))},
    **{f"dot s{number}": Style(fill=f"series{number}") for number in range(len(SERIES))},
    "whole": Style("line", "line", opacity=0.6),
    "front": Style("ink", dash=(5, 3)),
    "rank": Style(fill="ink", bold=True),
    "row": Style(fill="ink"),
    **_of_verdict("faster", "good"),
    **_of_verdict("slower", "bad"),
    **_of_verdict("same", "ink"),
    **_of_verdict("ambiguous", "unsure"),
}


def on_paper(name: str) -> str:
    """A colour as a file has it."""
    return COLOURS[name]


def on_page(name: str) -> str:
    """A colour as a page sets it, for light, dark and paper; as a file has it where it doesn't."""
    return f"var(--{name},{COLOURS[name]})"


def rules(colour: Callable[[str], str]) -> str:
    """The style sheet of pictures; `colour` is `on_paper` or `on_page`."""
    return "\n".join([f"svg text{{font:{SIZE}px {FAMILY}}}", *(_rule(kind, colour) for kind in STYLES)])


def _rule(kind: str, colour: Callable[[str], str]) -> str:
    return f"svg .{kind.replace(' ', '.')}{{{';'.join(_set(STYLES[kind], colour))}}}"


def _set(one: Style, colour: Callable[[str], str]) -> Iterator[str]:
    yield f"fill:{colour(one.fill) if one.fill else 'none'}"
    if one.stroke:
        yield f"stroke:{colour(one.stroke)}"
    if one.width != 1.0:
        yield f"stroke-width:{one.width:g}"
    if one.opacity != 1.0:
        yield f"{'fill' if one.fill else 'stroke'}-opacity:{one.opacity:g}"
    if one.dash:
        yield f"stroke-dasharray:{' '.join(map(str, one.dash))}"
    if one.size != SIZE:
        yield f"font-size:{one.size}px"
    if one.bold:
        yield "font-weight:600"
