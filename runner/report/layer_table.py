"""The table of `layers.json`: the candidate's layers, and beside them the baseline's where it has a profile."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.results.condition_labels import NOTHING
from runner.results.formatting import number

Sides = Mapping[str, Mapping[str, Any]]  # role -> its profile
WHOLE = {"sum": "sum_ns", "under the profiler": "run_ns", "as measured": "measured_ns"}
RECKONED = ("sum",)  # what of it an estimate has
EMPTY = (NOTHING, NOTHING)  # of a side without that layer


def columns(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The heads: few and short, so that two sides fit a terminal. Times are medians or means, as each profiler keeps
    them."""
    each = ((role, f"{side['statistic']} ms (share)") for role, side in _sides(found).items())
    return ("", *(head for heads in each for head in heads))


def rows(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Each layer, the candidate's longest first, in one row with the baseline's of that name; then each side's sum
    beside what a run took under the profiler, and without it."""
    sides = _sides(found)
    layers = [{one["name"]: one for one in side["layers"]} for side in sides.values()]
    for name in dict.fromkeys(name for each in layers for name in each):
        named = [(side, each.get(name)) for side, each in zip(sides.values(), layers, strict=True)]
        yield _row(name, [_layer(one, side) if one else EMPTY for side, one in named])
    if sides:
        for name, key in WHOLE.items() if "measured_ns" in found else [(name, WHOLE[name]) for name in RECKONED]:
            yield _row(name, [_whole(side, key) for side in sides.values()])


def absent(found: Mapping[str, Any]) -> Iterator[str]:
    """Why the baseline's layers are not shown, where they were asked for."""
    if reason := found.get("baseline", {}).get("reason"):
        yield f"no layers of the baseline: {reason}"


def _sides(found: Mapping[str, Any]) -> Sides:
    """By role; empty where there is no profile."""
    baseline = found.get("baseline", {})
    return ({"candidate": found} if found else {}) | ({"baseline": baseline} if "layers" in baseline else {})


def _row(name: str, cells: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return (name, *(cell for side in cells for cell in side))


def _layer(one: Mapping[str, Any], side: Mapping[str, Any]) -> tuple[str, ...]:
    if "place" in one:
        return _reckoned(one)
    least, calls = side.get("resolution_ns", 0.0), f" ×{one['calls']}" if one["calls"] != 1 else ""
    time = number(one["ns"] / 1e6) if one["ns"] or not least else f"<{number(least / 1e6)}"
    return f"{one['type']} {one['precision']}{calls}", f"{time} ({100 * one['share']:.1f} %)"


def _reckoned(one: Mapping[str, Any]) -> tuple[str, ...]:
    """Of an estimate: where a layer runs, and its time there, where that is known."""
    calls = f" ×{one['calls']}" if one["calls"] != 1 else ""
    time = "not reckoned" if one["ns"] is None else f"{number(one['ns'] / 1e6)} ({100 * one['share']:.1f} %)"
    return f"{one['type']} on the {one['place']}{calls}", time


def _whole(side: Mapping[str, Any], key: str) -> tuple[str, ...]:
    of = f" ({100 * side[key] / side['measured_ns']:.0f} %)" if side.get("measured_ns") else ""
    return f"{len(side['layers'])} layers" if key == "sum_ns" else "", f"{number(side[key] / 1e6)}{of}"
