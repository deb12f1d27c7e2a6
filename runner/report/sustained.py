"""A long load in words: the steady state beside the first seconds, where it changed, what slowed it down."""

from __future__ import annotations

from collections.abc import Iterator

from runner.results.formatting import number, ratio
from runner.results.record_schema import Result, Sustained

UNITS = {"mhz": "MHz", "c": "°C", "w": "W"}


def lines(result: Result) -> Iterator[str]:
    """Of a record of `scenario=sustained`; nothing of others."""
    for role, found in result.sustained.items():
        yield from _side("" if role == "candidate" else "baseline ", found)


def _side(whose: str, found: Sustained) -> Iterator[str]:
    name, longer = f"{whose}sustained", ratio(found.ratio, found.low, found.high)
    last, first = number(found.steady_s), number(found.first_s)
    yield f"{name}: p50 {number(found.steady_ms)} ms in the last {last} s, {longer} the time of the first {first} s"
    if found.change_s is None or found.change_ratio is None:
        yield f"{name}: no change point: from no window on is it surely slower or faster"
    else:
        then = ratio(found.change_ratio, found.change_low, found.change_high)
        yield f"{name}: changed first after {number(found.change_s)} s, to {then} the time before"
    for signal, values in found.signals.items():
        if told := _from_to(signal, [one for one in values if one is not None]):
            yield f"{name}: {told}"
    yield f"{name}: {'; '.join(found.throttled) or 'no sensor reported throttling'}"


def _from_to(signal: str, read: list[float]) -> str:
    """`cpu 2800 MHz at first, 2100 at last`; empty of the slowest and the fastest CPU: the mean says enough."""
    stem, _, end = signal.rpartition("_")
    if not read or end not in UNITS or stem in ("cpu_min", "cpu_max"):
        return ""
    return f"{stem} {number(read[0])} {UNITS[end]} at first, {number(read[-1])} at last"
