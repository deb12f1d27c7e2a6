"""`python -m runner compare`: the table of what was measured; `compare A B`: two records side by side."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from runner.commands import choice_options, ci_options, console
from runner.commands.cli_parser import parser
from runner.core import project_paths
from runner.core.errors import SpecError

if TYPE_CHECKING:
    from pathlib import Path

    from runner.commands.ci_options import Gate

OF_TABLE = ("sweep", "baseline", "sort", *choice_options.NAMES)  # options that two records don't have


def main(argv: list[str]) -> int:
    """Print the comparison; 1 where a `--fail-if` holds, or could not be checked."""
    options = _options(argv)
    root = project_paths.home(project_paths.root())
    gate = ci_options.read(options, root)
    return _two(options, root, gate) if options.records else _table(options, root, gate)


def _table(options: argparse.Namespace, root: Path, gate: Gate) -> int:
    from runner.report.views import table
    from runner.results import project_comparison

    found = project_comparison.read(root, console.warn, **{name: getattr(options, name) for name in OF_TABLE})
    checked = ci_options.checked(gate, lambda: found)
    if options.form == "json":
        console.document(table.as_json(found) | checked.as_json())
    elif options.form == "csv":
        print(table.as_csv(found), end="")
    elif options.form == "md":
        print(table.markdown(found), end="")
    else:
        table.show(found)
    return ci_options.conclude(gate, checked, document=bool(options.form))


def _two(options: argparse.Namespace, root: Path, gate: Gate) -> int:
    from runner.report import ci_gate
    from runner.report.views import console_footer, layout, record_diff_table
    from runner.results import project_comparison

    _check_two(options)
    found = project_comparison.two(root, *options.records)
    checks = ci_gate.check(gate.conditions, [record_diff_table.subject(found)])
    checked = ci_options.Checked(None, tuple(checks))
    if options.form == "json":
        console.document(record_diff_table.as_json(found) | checked.as_json())
    else:
        layout.show(record_diff_table.renderable(found), console_footer.WIDTH)
    return ci_options.conclude(gate, checked, document=bool(options.form))


def _check_two(options: argparse.Namespace) -> None:
    if len(options.records) != 2:
        raise SpecError(f"compare {options.records[0]}: two records expected.", "compare CANDIDATE BASELINE, or none.")
    given = [f"--{name.replace('_', '-')}" for name in OF_TABLE if getattr(options, name) is not None]
    if given or options.form in ("csv", "md"):
        flag = given[0] if given else f"--{options.form}"
        raise SpecError(f"{flag} belongs to the table of all records.", "Leave it out, or name no records.")


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser("compare", "The latest measurement of every spec, best first; or two records side by side.")
    arguments.add_argument(
        "records", nargs="*", metavar="RECORD", help="candidate and baseline: record_ids, or files made by `export`"
    )
    arguments.add_argument("--sweep", metavar="S", help="the records of one sweep")
    arguments.add_argument(
        "--baseline", metavar="R", help="a record_id, or a baseline's label such as 'onnxruntime fp32'"
    )
    arguments.add_argument("--sort", metavar="M", help="any metric (default vs_baseline/speedup)")
    choice_options.add(arguments)
    ci_options.add(arguments)
    form = arguments.add_mutually_exclusive_group()
    for flag in ("--json", "--csv", "--md"):
        name = flag.lstrip("-")
        form.add_argument(flag, dest="form", action="store_const", const=name, help=f"as {name} on standard output")
    return arguments.parse_args(argv)
