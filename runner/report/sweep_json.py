"""A finished sweep as one JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.planning.graph import Plan
from runner.report import plan_summary
from runner.results import multiple_comparisons

if TYPE_CHECKING:
    from runner.execution.run_plan import Ran


def document(name: str, made: Plan, ran: Ran) -> dict[str, Any]:
    """Every cell's record, the cells that could not be, and how the work was scheduled."""
    cells = multiple_comparisons.contents(ran.records)
    return {
        "schema": 1,
        "sweep": name,
        "cells": cells,
        "impossible": plan_summary.impossible(made),
        "schedule": ran.schedule,
    }
