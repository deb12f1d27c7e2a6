"""The form of a record's content: all that pages, tables, comparisons and sweeps rely on, wherever it is from.

More may be there: a newer version's record is read by an older one. What an older version's lacks may be missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from runner.core.forms import (
    anything,
    both,
    by_name,
    each,
    either,
    empty_or,
    fields,
    flag,
    maybe,
    number,
    one_of,
    such_that,
    text,
)

STATUSES = ("ok", "unsupported", "unavailable", "failed", "timeout")
AXES = ("model", "data", "preprocess", "compression", "precision", "backend", "hardware", "scenario")
IMPORTED, ESTIMATED = "imported", "estimated"  # the origins of a record that is no measurement of ours
LEAST_AXES = ("model", "precision", "backend")  # a table names a row by these
SPREAD = ("min", "median", "max")


def _is_date(value: Any) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value.replace("Z", "+00:00")).tzinfo is not None
    except ValueError:
        return False


def _ordered(value: Mapping[str, Any]) -> bool:
    """A ratio lies within its interval."""
    low, high = value.get("low"), value.get("high")
    return low is None or high is None or low <= value["ratio"] <= high


def _spreads(conditions: Mapping[str, Any]) -> bool:
    """What has a least, a middle and a largest value has numbers for them."""
    spreads = [one for one in conditions.values() if isinstance(one, Mapping) and set(SPREAD) <= set(one)]
    return all(number()(one[key], ()) is None for one in spreads for key in SPREAD)


TEXTS, NUMBERS, FLAGS = by_name(text), by_name(number()), each(text)
MAPPING = maybe(by_name(anything))
POSITIVE, NOT_NEGATIVE = number(0, open_=True), number(0)
COUNT, AT_LEAST_ONE = number(0, whole=True), number(1, whole=True)
SHARE, PROBABILITY = number(0, 1, open_=True), number(0, 1)
VERDICT = one_of("faster", "slower", "same", "ambiguous")
OPTION = fields({"name": text})
BATCHES = fields({}, {"batch": AT_LEAST_ONE})
SPEC = both(
    fields(dict.fromkeys(LEAST_AXES, OPTION), dict.fromkeys(AXES, OPTION)),
    fields({}, {"baseline": OPTION, "scenario": BATCHES}),
)
SOURCE = fields({"source": text}, {"incomplete": text})  # of such a record
MEASURE = fields(
    {"confidence": SHARE},
    {
        "verdict_confidence": SHARE, "equivalence": POSITIVE, "floor": NOT_NEGATIVE, "target": NOT_NEGATIVE,
        "budget_s": NOT_NEGATIVE, "max_pairs": COUNT,
    },
)  # fmt: skip
ENDS = {"low": maybe(POSITIVE), "high": maybe(POSITIVE)}
RANGE = both(fields({"ratio": POSITIVE}, ENDS), such_that(_ordered))
WITHOUT_FLAGGED = fields(
    {"ratio": maybe(POSITIVE), "verdict": maybe(VERDICT), "pairs": COUNT, **ENDS,
     "flagged": each(fields({"pair": COUNT, "reasons": FLAGS}))},
)  # fmt: skip
BASELINE = fields({"label": text, "spec": SPEC}, {"keys": TEXTS, "metrics": NUMBERS, "hardware": MAPPING})
COMPARISON = both(
    fields(
        {"baseline": BASELINE, "ratio": POSITIVE, "verdict": VERDICT, "pairs": AT_LEAST_ONE, "kind": text},
        {
            **ENDS, "stopped_by": maybe(text), "confidence": maybe(SHARE), "p_value": maybe(PROBABILITY),
            "floor": maybe(fields({"value": NOT_NEGATIVE, "source": text})), "verdict_interval": maybe(RANGE),
            "without_flagged": maybe(WITHOUT_FLAGGED), "by_pair": maybe(each(POSITIVE)),
            "by_block_ms": maybe(by_name(each(POSITIVE))),
        },
    ),
    such_that(_ordered),
)  # fmt: skip
OF_DEVICE = both(
    fields({}, {"pairs": each(fields({"pair": COUNT}, {"flags": FLAGS})), "absent": TEXTS, "governor": maybe(text)}),
    such_that(_spreads),
)
CONDITIONS = both(OF_DEVICE, fields({}, {"baseline": OF_DEVICE}))
EFFECTIVE = fields(
    {},
    {
        "settings": by_name(anything), "precision": by_name(by_name(number(whole=True))),
        "quantized": by_name(each(number(whole=True), 2, 2)), "fallback": by_name(number(whole=True)),
    },
)  # fmt: skip
DIFFERENCE = fields(
    {"difference": maybe(number()), "low": maybe(number()), "high": maybe(number()), "verdict": text, "method": text},
    {"p_value": PROBABILITY},
)
COMPARED = either("reason", fields({"reason": text}), DIFFERENCE)  # or why there is no difference
QUALITY = fields(
    {"metric": text, "samples": COUNT}, {"confidence": SHARE, "vs_baseline": COMPARED, "vs_float": COMPARED}
)
ENVIRONMENT = fields({}, {"python": maybe(text), "packages": by_name(maybe(text)), "hardware": MAPPING})
FAR_OUT = fields({"count": COUNT, "of": COUNT})
OUTLIERS = empty_or(fields({"rule": text}, dict.fromkeys(("pairs", "candidate", "baseline"), FAR_OUT)))
KNOWN = {"flops": maybe(COUNT), "bytes": maybe(COUNT), "not_counted": FLAGS}
BOUND = fields(
    {**KNOWN, "bound_ms": NOT_NEGATIVE, "compute_ms": NOT_NEGATIVE, "memory_ms": NOT_NEGATIVE,
     "limit": one_of("compute", "memory"), "precision": text, "source": text},
)  # fmt: skip
ROOFLINE = either("reason", fields({**KNOWN, "reason": text}), BOUND)  # or why there is no bound
COURSE = {"seconds": POSITIVE, "p50_ms": POSITIVE}
SUSTAINED = fields(
    {
        "windows": fields({"t_s": each(NOT_NEGATIVE, 1), "p50_ms": each(POSITIVE, 1), "iterations": each(COUNT),
                           "signals": by_name(each(maybe(number())))}),
        "first": fields(COURSE),
        "steady": both(fields({**COURSE, "ratio": POSITIVE, **ENDS}), such_that(_ordered)),
        "change": maybe(both(fields({"at_s": NOT_NEGATIVE, "ratio": POSITIVE, **ENDS}), such_that(_ordered))),
        "throttled": FLAGS,
    },
)  # fmt: skip
DEPENDENCIES = fields(
    {}, {"address": maybe(text), "machine_id": maybe(text), "variables": MAPPING, "versions": MAPPING}
)

RECORD = fields(
    {
        "record_id": text, "date": such_that(_is_date), "status": one_of(*STATUSES), "spec": SPEC, "spec_key": text,
        "metrics": NUMBERS,
    },
    {
        "comparison": maybe(COMPARISON), "keys": maybe(TEXTS), "sweep": maybe(text), "reason": maybe(text),
        "next_step": maybe(text), "origin": maybe(one_of("", IMPORTED, ESTIMATED)),
        "comparisons": maybe(COUNT), "unavailable": maybe(TEXTS), "notes": maybe(TEXTS),
        "effective": maybe(by_name(EFFECTIVE)), "conditions": maybe(CONDITIONS), "warnings": maybe(FLAGS),
        "checks": maybe(by_name(by_name(fields({"status": text, "reason": text})))),
        "outliers": maybe(OUTLIERS), "roofline": maybe(by_name(ROOFLINE)),
        "validity": maybe(fields({"verdict": text, "reason": text})), "environment": maybe(ENVIRONMENT),
        "timing": maybe(fields({}, {"benchmark_s": maybe(POSITIVE)})),
        "quality": maybe(empty_or(QUALITY)),
        "sustained": maybe(by_name(SUSTAINED)), IMPORTED: MAPPING, ESTIMATED: MAPPING,
        "tracking": maybe(fields({}, {"tags": TEXTS, "models": flag})),
        "retries": maybe(by_name(COUNT)), "input_files": maybe(TEXTS),
        "measurement_key": maybe(text),
        "measurement": maybe(fields({}, {"candidate": maybe(DEPENDENCIES), "baseline": maybe(DEPENDENCIES)})),
    },
)  # fmt: skip
