"""A finished sweep as one JSON document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.plan import Plan
from runner.report import corrected, planned

if TYPE_CHECKING:
    from runner.cells import Ran


def document(name: str, made: Plan, ran: Ran) -> dict[str, Any]:
    """Every cell's record, the cells that could not be, and how the work was scheduled."""
    cells = corrected.contents(ran.records)
    return {
        "schema": 1,
        "sweep": name,
        "cells": cells,
        "impossible": planned.impossible(made),
        "schedule": ran.schedule,
    }
