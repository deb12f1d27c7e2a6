"""`python -m runner compare`: what was measured, best first."""

from __future__ import annotations

import argparse
import json

from runner import project, records
from runner.commands.arguments import parser


def main(argv: list[str]) -> int:
    """Print the comparison of the latest record of every spec, or of one sweep."""
    options = _options(argv)
    from runner.report import comparison, table

    every = records.read_all(project.root())
    found = comparison.compare(every, options.sweep, options.baseline, options.sort)
    if options.form == "json":
        print(json.dumps(table.as_json(found), indent=1, ensure_ascii=False))
    elif options.form == "csv":
        print(table.as_csv(found), end="")
    elif options.form == "md":
        print(table.markdown(found), end="")
    else:
        table.show(found)
    return 0


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser("compare", "The latest measurement of every spec, best first.")
    arguments.add_argument("--sweep", metavar="S", help="the records of one sweep")
    arguments.add_argument(
        "--baseline", metavar="R", help="a record_id, or a baseline's label such as 'onnxruntime fp32'"
    )
    arguments.add_argument(
        "--sort", metavar="M", default="vs_baseline/speedup", help="any metric (default %(default)s)"
    )
    form = arguments.add_mutually_exclusive_group()
    for name in ("json", "csv", "md"):
        form.add_argument(
            f"--{name}", dest="form", action="store_const", const=name, help=f"as {name} on standard output"
        )
    return arguments.parse_args(argv)
