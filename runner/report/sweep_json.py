"""A finished sweep as one JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.planning.graph import Plan
from runner.report import plan_summary, three_answers
from runner.results import multiple_comparisons
from runner.results.comparison import Comparison

if TYPE_CHECKING:
    from runner.execution.run_plan import Ran


def document(name: str, made: Plan, ran: Ran, found: Comparison) -> dict[str, Any]:
    """Every cell's record, the cells that could not be, what all answer as they were `found`, and how the work was
    scheduled."""
    cells = multiple_comparisons.contents(ran.records)
    return {
        "schema": 1,
        "sweep": name,
        "cells": cells,
        "impossible": plan_summary.impossible(made),
        "answers": three_answers.as_json(found),
        "schedule": ran.schedule,
    }
