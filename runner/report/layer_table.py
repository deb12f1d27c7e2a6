"""The tables of `layers.json`: the candidate's layers, and beside them the baseline's where it has a profile; of each
side what every layer asks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from runner.results.condition_labels import NOTHING
from runner.results.formatting import number

Sides = Mapping[str, Mapping[str, Any]]  # role -> its profile
WHOLE = {"sum": "sum_ns", "under the profiler": "run_ns", "as measured": "measured_ns"}
RECKONED = ("sum",)  # what of it an estimate has
REST = "in no layer"  # of a run under the profiler
ASKS = ("", "type", "precision", "calls", "time, ms", "share", "MFLOP", "moved, kB", "of the roofline", "nodes")
CSV = (
    "side", "layer", "type", "precision", "place", "calls", "time_ns", "share", "flops", "bytes", "bound_ns",
    "efficiency_roofline", "nodes", "absent",
)  # fmt: skip
EMPTY = (NOTHING, NOTHING)  # of a side without that layer


def columns(found: Mapping[str, Any]) -> tuple[str, ...]:
    """The heads: few and short, so that two sides fit a terminal. Times are medians or means, as each profiler keeps
    them."""
    each = ((role, f"{side['statistic']} ms (share)") for role, side in sides_of(found).items())
    return ("", *(head for heads in each for head in heads))


def rows(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Each layer, the candidate's longest first, in one row with the baseline's of that name; then each side's sum
    beside what a run took under the profiler, and without it."""
    sides = sides_of(found)
    layers = [{one["name"]: one for one in side["layers"]} for side in sides.values()]
    for name in dict.fromkeys(name for each in layers for name in each):
        named = [(side, each.get(name)) for side, each in zip(sides.values(), layers, strict=True)]
        yield _row(name, [_layer(one, side) if one else EMPTY for side, one in named])
    if sides:
        for name, key in WHOLE.items() if "measured_ns" in found else [(name, WHOLE[name]) for name in RECKONED]:
            yield _row(name, [_whole(side, key) for side in sides.values()])
            if key == "run_ns":
                yield _row(REST, [_rest(side) for side in sides.values()])


def absent(found: Mapping[str, Any]) -> Iterator[str]:
    """Why the baseline's layers are not shown, where they were asked for."""
    if reason := found.get("baseline", {}).get("reason"):
        yield f"no layers of the baseline: {reason}"


def of_side(side: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """Each layer of one side with what it asks for, under the heads ASKS; nothing of a profile that doesn't say it."""
    if not any("flops" in one or "bytes" in one for one in side["layers"]):
        return
    for one in side["layers"]:
        amounts = (_amount(one, "flops", 1e6), _amount(one, "bytes", 1e3), _share(one))
        what = (one["type"], one["precision"], str(one["calls"]), _time(one, side), f"{100 * one['share']:.1f} %")
        yield (one["name"], *what, *amounts, ", ".join(one.get("nodes", ())) or NOTHING)


def _amount(one: Mapping[str, Any], key: str, unit: float) -> str:
    return number(one[key] / unit) if key in one else NOTHING


def efficiency(one: Mapping[str, Any]) -> float | None:
    """A layer's share of the roofline; None where there is no bound, or no time that can be told from none."""
    return one["bound_ns"] / one["ns"] if one.get("bound_ns") is not None and one["ns"] else None


def _share(one: Mapping[str, Any]) -> str:
    share = efficiency(one)
    return NOTHING if share is None else f"{100 * share:.1f} %"


def unknown(found: Mapping[str, Any]) -> Iterator[str]:
    """What isn't known of some layers, and why: each reason once, with how many it is of."""
    for role, side in sides_of(found).items():
        reasons: dict[tuple[str, str], int] = {}
        for one in side["layers"]:
            for what, why in one.get("absent", {}).items():
                reasons[UNKNOWN[what], why] = reasons.get((UNKNOWN[what], why), 0) + 1
        yield from (f"{what} of {count} of the {role}'s layers: {why}" for (what, why), count in reasons.items())


UNKNOWN = {"flops": "operations", "bytes": "bytes", "bound_ns": "share of the roofline"}


def lines(found: Mapping[str, Any]) -> Iterator[Sequence[Any]]:
    """A line a layer of each side, under the heads CSV; None where a figure isn't known. An estimate's has a place in
    place of a precision."""
    for role, side in sides_of(found).items():
        for one in side["layers"]:
            known = [one.get(key) for key in ("flops", "bytes", "bound_ns")]
            absent = "; ".join(f"{what}: {why}" for what, why in one.get("absent", {}).items())
            plain = [one.get(key) for key in ("name", "type", "precision", "place", "calls", "ns", "share")]
            yield role, *plain, *known, efficiency(one), " ".join(one.get("nodes", ())), absent


def sides_of(found: Mapping[str, Any]) -> Sides:
    """By role; empty where there is no profile."""
    baseline = found.get("baseline", {})
    return ({"candidate": found} if found else {}) | ({"baseline": baseline} if "layers" in baseline else {})


def _row(name: str, cells: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    return (name, *(cell for side in cells for cell in side))


def _layer(one: Mapping[str, Any], side: Mapping[str, Any]) -> tuple[str, ...]:
    if "place" in one:
        return _reckoned(one)
    calls = f" ×{one['calls']}" if one["calls"] != 1 else ""
    return f"{one['type']} {one['precision']}{calls}", f"{_time(one, side)} ({100 * one['share']:.1f} %)"


def _time(one: Mapping[str, Any], side: Mapping[str, Any]) -> str:
    """In ms; what is below the profiler's resolution is less than that."""
    least = side.get("resolution_ns", 0.0)
    return number(one["ns"] / 1e6) if one["ns"] or not least else f"<{number(least / 1e6)}"


def _rest(side: Mapping[str, Any]) -> tuple[str, ...]:
    """Of a run under the profiler what no layer took; below 0 where layers ran side by side, or one's mean is odd."""
    rest = side["run_ns"] - side["sum_ns"]
    sign = "-" if rest < 0 else ""
    of = f" ({100 * rest / side['measured_ns']:.0f} %)" if side["measured_ns"] else ""
    return "", f"{sign}{number(abs(rest) / 1e6)}{of}"


def _reckoned(one: Mapping[str, Any]) -> tuple[str, ...]:
    """Of an estimate: where a layer runs, and its time there, where that is known."""
    calls = f" ×{one['calls']}" if one["calls"] != 1 else ""
    time = "not reckoned" if one["ns"] is None else f"{number(one['ns'] / 1e6)} ({100 * one['share']:.1f} %)"
    return f"{one['type']} on the {one['place']}{calls}", time


def _whole(side: Mapping[str, Any], key: str) -> tuple[str, ...]:
    of = f" ({100 * side[key] / side['measured_ns']:.0f} %)" if side.get("measured_ns") else ""
    return f"{len(side['layers'])} layers" if key == "sum_ns" else "", f"{number(side[key] / 1e6)}{of}"
