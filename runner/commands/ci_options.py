"""`--fail-if`, `--junit` and `--github-summary`: what a build asks of a command that shows measurements."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core.errors import SpecError
from runner.core.foreign_text import visible

if TYPE_CHECKING:
    from runner.report.ci_gate import Check, Condition
    from runner.results.comparison import Comparison

FAILED = 1  # the exit code of a --fail-if that held
SUMMARY = "GITHUB_STEP_SUMMARY"  # GitHub's variable: the file that a step appends its summary to


@dataclass(frozen=True)
class Gate:
    """What was asked: conditions, the file for JUnit's XML, the file for the job's summary."""

    conditions: tuple[Condition, ...] = ()
    junit: Path | None = None
    summary: Path | None = None


@dataclass(frozen=True)
class Checked:
    """What was compared (None: two records, or nothing was asked), and what became of each condition."""

    comparison: Comparison | None
    checks: tuple[Check, ...]

    def as_json(self) -> dict[str, Any]:
        """`{"checks", "failed"}` for a document; nothing where nothing was checked."""
        from runner.report import ci_gate

        return ci_gate.as_json(self.checks) if self.checks else {}


def add(arguments: argparse.ArgumentParser) -> None:
    """The options, for `read`."""
    arguments.add_argument(
        "--fail-if",
        action="append",
        default=[],
        metavar="C",
        help="exit with 1 where a row has it so: 'speedup_low<0.97'; may be given several times",
    )
    arguments.add_argument("--junit", type=Path, metavar="FILE", help="write the conditions as JUnit XML")
    arguments.add_argument(
        "--github-summary", action="store_true", help=f"append table and conditions to ${SUMMARY}, as GitHub shows them"
    )


def read(options: argparse.Namespace, home: Path) -> Gate:
    """What was asked, checked before any work. Raises SpecError."""
    if not (options.fail_if or options.junit or options.github_summary):
        return Gate()
    from runner.core import output_paths
    from runner.report import ci_gate

    if options.junit and not options.fail_if:
        raise SpecError("--junit without --fail-if: nothing is checked.", "Add --fail-if 'speedup_high<0.97'.")
    if options.junit:
        output_paths.check(options.junit, home, "--junit")
    summary = os.environ.get(SUMMARY) if options.github_summary else None
    if options.github_summary and not summary:
        raise SpecError(f"--github-summary: {SUMMARY} is not set.", "Use it in a step of a GitHub workflow, or --md.")
    return Gate(tuple(map(ci_gate.parse, options.fail_if)), options.junit, Path(summary) if summary else None)


def checked(gate: Gate, compared: Callable[[], Comparison]) -> Checked:
    """The conditions on every row of what was `compared`, which is asked for only where something was asked."""
    if gate == Gate():
        return Checked(None, ())
    from runner.report import ci_gate

    found = compared()
    return Checked(found, tuple(ci_gate.check(gate.conditions, ci_gate.of_rows(found.rows))))


def conclude(gate: Gate, found: Checked, *, document: bool) -> int:
    """Write the files, print a line a condition; the exit code. The lines go to standard error where standard output
    is one `document`."""
    if gate == Gate():
        return 0
    from runner.report import ci_gate
    from runner.report.views import job_summary, junit

    if gate.junit:
        gate.junit.write_bytes(junit.document(found.checks))
    if gate.summary:
        with gate.summary.open("a", encoding="utf-8") as file:
            file.write(job_summary.text(found.comparison, found.checks))
    for line in ci_gate.lines(found.checks):
        print(visible(line), file=sys.stderr if document else sys.stdout)
    return FAILED if ci_gate.failed(found.checks) else 0
