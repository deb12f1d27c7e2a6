"""What nothing else beats in everything at once: the rows of a comparison that no other beats in cost and quality."""

from __future__ import annotations

import json
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from runner.core.hashing import canonical
from runner.measure import metric_direction
from runner.measure.metric_direction import higher_is_better
from runner.results import groups, naming, row_cost
from runner.results.row_cost import LATENCY
from runner.results.rows import Row
from runner.spec import labels


@dataclass(frozen=True)
class Front:
    """Rows that one front compares, in their order: scored by one `metric` on one data set, measured in one scenario on
    one machine, whatever their model and batch. `about` tells them from other fronts' (empty for the only one); `best`
    are the record_ids of those that none beats, the cheapest first."""

    about: str
    metric: str
    rows: tuple[Row, ...]
    best: tuple[str, ...]


def fronts(rows: Sequence[Row], by: str = LATENCY) -> tuple[Front, ...]:
    """The fronts of cost (`row_cost.value_of`) and quality, both by their estimates. What has no such figure is on
    none; what should not be chosen (`unfit`) is among the rows and never among the best."""
    scored = [row for row in rows if row.measured and row.result.measured]
    scored = [row for row in scored if _metric(row) and row_cost.value_of(row, by) is not None]
    return tuple(_front(words, members, by) for words, members in apart(scored, _comparable))


def unfit(row: Row) -> str:
    """Why a measured row should not be chosen, however fast it is: a check failed, or nothing in it ran in the
    precision that it is called by; empty where neither."""
    if row.unfit:
        return row.unfit
    named = naming.misnamed(row.result)
    return f"it is called by a precision that nothing ran in: {named}" if named else ""


def _front(about: str, rows: Sequence[Row], by: str) -> Front:
    metric = _metric(rows[0])
    sign = -1 if higher_is_better(metric) else 1
    costs = {row.result.record_id: row_cost.value_of(row, by) for row in rows}
    fit = sorted((row for row in rows if not unfit(row)), key=lambda row: costs[row.result.record_id] or 0.0)
    on = front([(costs[row.result.record_id] or 0.0, sign * row.metrics[metric]) for row in fit])
    best = tuple(row.result.record_id for row, there in zip(fit, on, strict=True) if there)
    return Front(about, metric, tuple(rows), best)


def _metric(row: Row) -> str:
    """The metric of the row's first quality; empty without one, and where its name doesn't tell what is better."""
    names = [name for name in row.metrics if name.startswith("quality/") and not name.startswith("quality/naive_")]
    known = names and metric_direction.known(names[0].removeprefix("quality/")) is not None
    return names[0] if known else ""


def _comparable(row: Row) -> dict[str, Any]:
    """What rows of one front have in common."""
    spec = row.result.spec
    scenario = spec.get("scenario", {}).get("name", "")
    return {"data": spec.get("data", {}), "scenario": scenario, "metric": _metric(row), **groups.machine(row)}


def apart(rows: Sequence[Row], key: Any) -> list[tuple[str, list[Row]]]:
    """The rows by `key(row)`, a mapping in JSON types, under words that tell these apart; empty words for the only
    one."""
    kinds: dict[str, list[Row]] = {}
    for row in rows:
        kinds.setdefault(canonical(key(row)), []).append(row)
    flat: list[Mapping[str, str]] = [dict(labels.flatten(json.loads(kind))) for kind in kinds]
    differing = labels.distinguishing(flat)
    words = [", ".join(f"{name} {one[name]}" for name in differing if one.get(name)) for one in flat]
    return list(zip(words, kinds.values(), strict=True))


def front(costs: Sequence[tuple[float, ...]]) -> tuple[bool, ...]:
    """Whether each of `costs` (of whose figures less is better) is on the Pareto front: none is as good in all and
    better in one. Those that are the same in all are on it together."""
    found: list[tuple[float, ...]] = []
    for cost in sorted(set(costs)):  # what beats one comes before it
        if not any(all(map(operator.le, other, cost)) for other in found):
            found.append(cost)
    on = set(found)
    return tuple(cost in on for cost in costs)
