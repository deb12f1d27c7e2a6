"""`layers.json` beside a record: where each side's time went, as its runtime's profiler said, or what reckoned it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.core.errors import SpecError
from runner.core.foreign_text import tree
from runner.core.forms import by_name, each, either, fields, maybe, number, one_of, text
from runner.measure.layer_profile import ABSENT as ABSENT
from runner.measure.layer_profile import FILE as FILE
from runner.results import record_shape
from runner.results.untrusted_json import Untrusted, json_tree

TIME, COUNT = number(0), number(1, whole=True)
AMOUNT = number(0, whole=True)
# What older versions wrote none of: whence a layer is, what it asks for, and why that isn't known.
ASKS = {"nodes": each(text), "flops": AMOUNT, "bytes": AMOUNT, "bound_ns": TIME, "absent": by_name(text)}
LAYER = fields({"name": text, "type": text, "precision": text, "ns": TIME, "calls": COUNT, "share": number(0, 1)}, ASKS)
SIDE = {
    "version": text, "iterations": COUNT, "statistic": one_of("median", "mean"), "sum_ns": TIME, "run_ns": TIME,
    "measured_ns": TIME, "layers": each(LAYER),
}  # fmt: skip
RESOLUTION = {"resolution_ns": TIME}  # older versions wrote none
BASELINE = either("reason", fields({"reason": text}), fields(SIDE, RESOLUTION))  # or why it has none
SCHEMA = number(1, 1, whole=True)
PROFILED = fields({"schema": SCHEMA, **SIDE}, {"baseline": BASELINE, **RESOLUTION})
# Of an estimate, or another tool: what runs at a `place` of which nothing is told has no time.
RECKONED = fields(
    {"name": text, "type": text, "place": text, "ns": maybe(TIME), "calls": COUNT, "share": maybe(number(0, 1))}
)
ESTIMATE = fields(
    {
        "schema": SCHEMA,
        "version": text,
        "statistic": one_of("estimate", "mean"),
        "sum_ns": TIME,
        "layers": each(RECKONED),
    }
)
FORM = either("measured_ns", PROFILED, ESTIMATE)


def check(content: Mapping[str, Any]) -> None:
    """Raises Untrusted, which names the first key that is not as tables need it."""
    fault = FORM(content, ())
    if fault:
        raise Untrusted(record_shape.unusable(fault))


def read(folder: Path) -> Mapping[str, Any]:
    """The content of `layers.json` in a record's folder; empty where there is none. Raises SpecError where it is
    damaged."""
    file = folder / FILE
    if not file.is_file():
        return {}
    try:
        found = json_tree(file.read_bytes())
        check(found)
    except Untrusted as error:
        raise SpecError(f"{file}: {error}.", "Remove it: the page is then without it.") from error
    return dict(tree(found))
