"""What a file of others must hold beyond the form of a record of this project's own, where it says anything."""

from __future__ import annotations

from typing import Any

from runner.core.foreign_text import tree
from runner.core.forms import Form, anything, by_name, fields, maybe, number, string, text
from runner.results import record_shape
from runner.results.record_form import AXES, CONDITIONS, COUNT, PROBABILITY, SHARE, TEXTS, VERDICT
from runner.results.untrusted_json import Untrusted, yaml_tree

LONGEST_NAME = string(200)
FOREIGN = fields(
    {
        "schema": number(whole=True),
        "record_id": string(pattern=r"[0-9]{8}T[0-9]{6}-[0-9a-f]{8}"),
        "date": string(pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,15}(Z|[+-][0-9]{2}:[0-9]{2})"),
        "spec": fields({}, {axis: fields({"name": LONGEST_NAME}) for axis in AXES}),
        "conditions": CONDITIONS,
        "environment": by_name(anything),
    }
)
SEEN = fields({key: number() for key in ("min", "mean", "max")})
PROFILE = fields(
    {"samples": COUNT},
    {
        "missed": COUNT,
        "interval_ms": fields({}, {"asked": maybe(number()), "achieved": maybe(number())}),
        "signals": by_name(SEEN),
        "absent": TEXTS,
        "sides": by_name(fields({}, {"in_bursts": by_name(SEEN)})),
    },
)
CORRECTION = fields(
    {
        "verdict": VERDICT, "alone": VERDICT, "p_value": PROBABILITY, "alpha": SHARE,
        "comparisons": number(1, whole=True), "family": text,
    }
)  # fmt: skip


def check_record(content: dict[str, Any]) -> None:
    """Raises Untrusted, which names the first key that is not as pages and tables need it."""
    _check(FOREIGN, content)
    wrong = record_shape.fault(content)
    if wrong:
        raise Untrusted(wrong)


def profile(data: bytes) -> dict[str, Any]:
    """The content of a `profile_report.yaml`, its characters harmless on a terminal. Raises Untrusted."""
    report = yaml_tree(data)
    _check(PROFILE, report)
    return dict(tree(report))


def check_correction(correction: dict[str, Any]) -> None:
    """The same of a `correction.json`."""
    _check(CORRECTION, correction)


def _check(form: Form, content: Any) -> None:
    fault = form(content, ())
    if fault:
        raise Untrusted(record_shape.unusable(fault))
