"""What the model asks of its machine, and the least time that takes: reckoned, beside the time that was measured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from runner.results.condition_labels import NOTHING
from runner.results.formatting import number
from runner.results.record_schema import ROLES, Result, Roofline

P50 = "latency/p50_ms"
SHARE = "efficiency/roofline"


def rows(result: Result) -> Iterator[tuple[str, ...]]:
    """A cell a side; nothing of a record that says nothing of it."""
    sides = [result.roofline[role] for role in ROLES if role in result.roofline]
    if not any(side.flops is not None for side in sides):
        return
    for name, cell in CELLS.items():
        yield name, *map(cell, sides)
    if any(side.bound_ms is not None for side in sides):
        yield "measured median", *_of_metrics(result, len(sides), P50, lambda value: f"{number(value)} ms")
        yield "share of the roofline", *_of_metrics(result, len(sides), SHARE, lambda value: f"{100 * value:.1f} %")


def _of_metrics(result: Result, count: int, name: str, shown: Callable[[float], str]) -> Sequence[str]:
    metrics = [result.metrics, *([result.baseline.metrics] if result.baseline else [])][:count]
    return [shown(one[name]) if name in one else NOTHING for one in metrics]


def _flops(one: Roofline) -> str:
    if one.flops is None:
        return f"not known: {one.reason}"
    missing = f"; without {', '.join(one.not_counted)}" if one.not_counted else ""
    return f"{number(one.flops / 1e6)} MFLOP{missing}"


def _bytes(one: Roofline) -> str:
    return NOTHING if one.bytes is None else f"{number(one.bytes / 1e6)} MB"


def _intensity(one: Roofline) -> str:
    return NOTHING if one.flops is None or not one.bytes else f"{number(one.flops / one.bytes)} FLOP a byte"


def _compute(one: Roofline) -> str:
    return NOTHING if one.compute_ms is None else f"{number(one.compute_ms)} ms in {one.precision}"


def _memory(one: Roofline) -> str:
    return NOTHING if one.memory_ms is None else f"{number(one.memory_ms)} ms"


def _bound(one: Roofline) -> str:
    if one.bound_ms is None:
        return one.reason
    return f"{number(one.bound_ms)} ms ({one.limit}; {one.source})"


CELLS: dict[str, Callable[[Roofline], str]] = {
    "operations (a multiply-add is 2)": _flops,
    "bytes: weights once, inputs, outputs": _bytes,
    "operations a byte": _intensity,
    "reckoned: arithmetic takes at least": _compute,
    "reckoned: moving takes at least": _memory,
    "reckoned: the least time": _bound,
}
