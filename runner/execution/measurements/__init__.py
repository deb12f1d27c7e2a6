"""What a cell leaves: a benchmark on its device, with the course of a long load and a profile of layers where they are
asked for, the figures of a runtime's own tool, or an estimate.

Each kind is a module here that fulfils `protocol.Measurement`.
"""

from __future__ import annotations

from runner.execution.measurements import benchmark, by_tool, estimate, profile, sustained
from runner.execution.measurements.protocol import Measurement
from runner.planning.graph import Cell
from runner.planning.support import estimated, tool_of
from runner.spec.schema import Spec


def kinds_of(cell: Cell) -> tuple[Measurement, ...]:
    """The kinds of measurement that a cell leaves, in their order."""
    spec = cell.candidate.spec
    kinds = (*_figures(spec), profile)
    return kinds[:-1] if spec.profile.name == "none" else kinds


def _figures(spec: Spec) -> tuple[Measurement, ...]:
    if estimated(spec):
        return (estimate,)
    if tool_of(spec):
        return (by_tool,)
    return (benchmark, sustained) if spec.scenario.name == "sustained" else (benchmark,)
