"""Conditions on which a comparison fails, for CI: `speedup_low<0.97`. Parsed, never evaluated as code."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.core.errors import SpecError, nearest
from runner.results.naming import title
from runner.results.rows import Row

OPERATORS: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le, ">=": operator.ge, "==": operator.eq, "!=": operator.ne, "<": operator.lt, ">": operator.gt,
}  # fmt: skip
CONDITION = re.compile(r"\s*([\w./-]+?)\s*(<=|>=|==|!=|<|>)\s*([-+]?[\d.]+(?:[eE][-+]?\d+)?)\s*")
EXAMPLE = "Expected is METRIC OPERATOR NUMBER, such as 'speedup_low<0.97'; operators: < <= > >= == !=."


@dataclass(frozen=True)
class Condition:
    """`metric` with or without its group (`vs_baseline/speedup_low`, `speedup_low`); `text` as the user wrote it."""

    metric: str
    operator: str
    value: float
    text: str


@dataclass(frozen=True)
class Subject:
    """What conditions are checked on: one row. `excused` says why it needn't be, `broken` why it can't be."""

    record_id: str
    name: str
    metrics: Mapping[str, float]
    excused: str = ""
    broken: str = ""


@dataclass(frozen=True)
class Check:
    """One condition on one row. `state`: `passed`, `failed` or `not checked`; `why` says it with the numbers."""

    condition: str
    record_id: str
    name: str
    state: str
    why: str


def parse(text: str) -> Condition:
    """A condition from the command line. Raises SpecError for anything but metric, operator, number."""
    match = CONDITION.fullmatch(text)
    try:
        value = float(match[3]) if match else math.nan
    except ValueError:
        value = math.nan
    if not match or not math.isfinite(value):
        raise SpecError(f"--fail-if {text!r}: not a condition.", EXAMPLE)
    return Condition(match[1], match[2], value, text.strip())


def check(conditions: Sequence[Condition], subjects: Sequence[Subject]) -> list[Check]:
    """Every condition on every subject. What should have the metric and lacks it has failed: so has a check that no
    row could take. Raises SpecError for a metric that nobody has."""
    found: list[Check] = []
    for condition in conditions:
        metrics = {name for subject in subjects if not subject.excused for name in subject.metrics}
        metric = resolve(condition.metric, metrics) if metrics else condition.metric  # of what failed all is unknown
        made = [_one(condition, metric, subject) for subject in subjects]
        if all(one.state == "not checked" for one in made):
            made.append(Check(condition.text, "", "", "failed", "no row could be checked"))
        found += made
    return found


def resolve(name: str, known: Iterable[str]) -> str:
    """The full name of a metric that may lack its group. Raises SpecError where none or several have that name."""
    names = sorted(set(known) | {"vs_baseline/speedup", "vs_baseline/speedup_low", "vs_baseline/speedup_high"})
    matches = [full for full in names if name in (full, full.partition("/")[2])]
    if len(matches) == 1:
        return matches[0]
    if matches:
        raise SpecError(f"--fail-if {name}: {' and '.join(matches)} are called so.", "Write it with its group.")
    short = [*names, *(full.partition("/")[2] for full in names)]
    raise SpecError(f"--fail-if {name}: no row has that metric.{nearest(name, short)}", f"Metrics: {', '.join(names)}.")


def _one(condition: Condition, metric: str, subject: Subject) -> Check:
    def ended(state: str, why: str) -> Check:
        return Check(condition.text, subject.record_id, subject.name, state, why)

    if subject.excused:
        return ended("not checked", subject.excused)
    if subject.broken:
        return ended("failed", subject.broken)
    if metric not in subject.metrics:
        return ended("failed", f"has no {metric}")
    value = subject.metrics[metric]
    failed = OPERATORS[condition.operator](value, condition.value)
    return ended("failed" if failed else "passed", f"{metric} is {value:.6g}")


def lines(checks: Sequence[Check]) -> list[str]:
    """One line a check, what failed last, so that it stands at the end of a log."""
    ordered = sorted(checks, key=lambda one: ("passed", "not checked", "failed").index(one.state))
    return [
        " · ".join(filter(None, [f"{one.state}: {one.condition}", one.name, one.record_id, one.why])) for one in ordered
    ]


def of_rows(rows: Iterable[Row]) -> list[Subject]:
    """The rows of a comparison as subjects.

    Excused: the baseline's own row, imported numbers, and what can't be had here (unsupported, unavailable), which a
    sweep's exit code leaves out too. A run that failed or timed out fails every check.
    """
    return [
        Subject(
            row.result.record_id,
            title(row.result),
            row.metrics,
            excused=_excuse(row),
            broken=f"{row.result.status}: {row.missing}" if row.result.status in ("failed", "timeout") else "",
        )
        for row in rows
    ]


def _excuse(row: Row) -> str:
    if row.against is not None and row.against.kind == "baseline":
        return "the baseline itself"
    status = row.result.status
    if status == "ok" and not row.result.measured:
        return row.result.mark
    return f"{status}: {row.missing}" if status in ("unsupported", "unavailable") else ""


def failed(checks: Iterable[Check]) -> bool:
    """Whether any has failed."""
    return any(one.state == "failed" for one in checks)


def as_json(checks: Sequence[Check]) -> dict[str, Any]:
    """`{"checks": […], "failed": bool}`, to be merged into a document."""
    return {"checks": [vars(one) for one in checks], "failed": failed(checks)}
