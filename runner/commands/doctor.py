"""`python -m runner doctor [--json]`: what this machine can do, and how to get what it can't."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence

from runner.commands.cli_parser import parser
from runner.core.errors import Unavailable
from runner.execution import doctor
from runner.execution.doctor import Check

STYLE = {"pass": "green", "fail": "bold red", "skip": "yellow"}


def main(argv: list[str]) -> int:
    """Examine and print. 0, or 3 where no backend works."""
    arguments = parser("doctor", "What this machine can do: backends, sensors, tools.")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    as_json = arguments.parse_args(argv).json
    checks = doctor.examine()
    if as_json:
        print(json.dumps(document(checks), indent=1))
    else:
        show(checks)
    return 0 if any_backend(checks) else Unavailable.exit_code


def any_backend(checks: Sequence[Check]) -> bool:
    """Whether at least one backend compiles and runs."""
    return any(check.name.startswith("backend ") and check.status == "pass" for check in checks)


def document(checks: Sequence[Check]) -> dict[str, object]:
    """`{"schema", "checks", "hardware"}`."""
    from runner.hardware import detect

    plain = [dataclasses.asdict(check) for check in checks]
    return {"schema": 1, "checks": plain, "hardware": detect.detect().as_dict()}


def show(checks: Sequence[Check]) -> None:
    """One row a check; the next step stands below what is missing."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from runner.core.advice import as_typed
    from runner.core.foreign_text import line
    from runner.report.views.layout import text

    table = Table(box=None, show_header=False, pad_edge=False)
    for check in checks:
        said = text(check.detail)
        if check.next_step:
            said.append(f"\n→ {as_typed(line(check.next_step))}", style="dim")
        table.add_row(Text(check.status, style=STYLE[check.status]), check.name, said)
    Console().print(table)
