"""What a build's page shows: the table and the conditions, in GitHub's Markdown."""

from __future__ import annotations

from collections.abc import Sequence

from runner.core.foreign_text import markdown
from runner.report import ci_gate
from runner.report.ci_gate import Check
from runner.report.views import table
from runner.results.comparison import Comparison


def text(comparison: Comparison | None, checks: Sequence[Check]) -> str:
    """The table, where there is one, and a list of what was checked."""
    shown = table.markdown(comparison) if comparison else ""
    lines = [f"- {markdown(one)}" for one in ci_gate.lines(checks)]
    return "\n".join(filter(None, [shown, "\n".join(lines)])) + "\n\n"
