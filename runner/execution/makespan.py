"""How long a command took beside the shortest time that its work allows, and where the time went."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from runner.execution.device_locks import LOCAL
from runner.execution.time_accounting import Timeline
from runner.planning.graph import Cell, Node, Plan

ON = ("preparing", "measuring", "waiting", "tracking")  # what time is spent on; the rest is overhead


@dataclass(frozen=True)
class Measuring:
    """How long a cell was measured (s), and on which device."""

    device: str
    seconds: float


@dataclass(frozen=True)
class Bound:
    """No order of the same work is shorter than any of these (seconds, of the work as it went):

    `critical_path_s`: the longest chain of steps, with the measuring of its cell. `work_s`: all steps shared out evenly
    over `cores`, and the measuring on this machine, which has all of its cores to itself. `measuring_s`: the device
    that measures longest.
    """

    critical_path_s: float
    work_s: float
    measuring_s: float
    cores: int

    @property
    def seconds(self) -> float:
        return max(self.critical_path_s, self.work_s, self.measuring_s)


def bound(plan: Plan, steps: Mapping[str, float], cells: Mapping[str, Measuring], cores: int) -> Bound:
    """From the seconds of the steps that were made (by key) and of the cells that were measured (by spec key)."""
    ends: dict[str, float] = {}
    for node in plan.nodes.values():
        ends[node.key] = steps.get(node.key, 0.0) + max((ends[key] for key in node.inputs.values()), default=0.0)
    devices: dict[str, float] = defaultdict(float)
    paths = [0.0]
    for cell in plan.cells:
        measured = cells.get(cell.candidate.spec.key, Measuring(LOCAL, 0.0))
        devices[measured.device] += measured.seconds
        paths.append(measured.seconds + max((ends[key] for key in _keys(cell)), default=0.0))
    work = sum(steps.values()) / cores + devices[LOCAL]
    return Bound(max(paths), work, max(devices.values(), default=0.0), cores)


def _keys(cell: Cell) -> list[str]:
    return [key for chain in cell.chains for key in chain.keys.values()]


def summary(
    timeline: Timeline, plan: Plan, cells: Mapping[str, Measuring], seconds: float, cores: int
) -> dict[str, Any]:
    """The `schedule` of a sweep's JSON: `makespan_s` beside its `bound_s`, what it was `spent` on, counts of `steps`,
    and `retries`: how often a step (by name) was begun again because the process that ran it died."""
    least = bound(plan, _made(timeline, plan), cells, cores)
    spent = {f"{on}_s": timeline.spent[on] for on in ON}
    overhead = max(0.0, seconds - sum(spent.values()))
    return {
        "cores": cores,
        "makespan_s": seconds,
        "bound_s": least.seconds,
        "ratio": seconds / least.seconds if least.seconds else None,
        "bound": {key: getattr(least, key) for key in ("critical_path_s", "work_s", "measuring_s")},
        "spent": {**spent, "overhead_s": overhead},
        "steps": dict(Counter(timeline.spans[node.id].state for node in _ended(timeline, plan))),
        "retries": {node.id: again for node in _ended(timeline, plan) if (again := timeline.begun[node.id] - 1) > 0},
    }


def _ended(timeline: Timeline, plan: Plan) -> list[Node]:
    return [node for node in plan.nodes.values() if node.id in timeline.spans]


def _made(timeline: Timeline, plan: Plan) -> dict[str, float]:
    """Seconds of the steps that ran, by key: what was there already or was skipped took none."""
    spans = {node.key: timeline.spans[node.id] for node in _ended(timeline, plan)}
    return {key: span.seconds for key, span in spans.items() if span.state not in ("there", "skipped")}
