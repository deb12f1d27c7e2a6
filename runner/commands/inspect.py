"""`python -m runner inspect [RECORD] [--source] [--json]`: what was built for a record, and the code of it."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands import console
from runner.commands.cli_parser import parser
from runner.core import project_paths

if TYPE_CHECKING:
    from runner.results.records import Record


def main(argv: list[str]) -> int:
    """Print the artifacts of a record's candidate, or the code in the last one."""
    from runner.results import find_record, records

    options = _options(argv)
    root = project_paths.home(project_paths.root())
    if options.record:
        with find_record.called(options.record, root) as record:
            return _show(record, root, options)
    return _show(find_record.latest(records.readable(root, console.warn)), root, options)


def _show(record: Record, root: Path, options: argparse.Namespace) -> int:
    from runner.report import artifact_page
    from runner.report.views import artifact_view, console_footer, layout
    from runner.results import built_artifacts

    if options.source:
        console.say(built_artifacts.source(record, root).read_text(encoding="utf-8").rstrip("\n"))
        return 0
    built = built_artifacts.of_record(record, root)
    if options.json:
        console.document(artifact_page.as_json(record.folder.name, built))
    else:
        layout.show(artifact_view.renderable(record.folder.name, artifact_page.sections(built)), console_footer.WIDTH)
    return 0


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser("inspect", "What was built for a record: each step's settings, tools, files and sizes.")
    what = "a record_id, a file made by `export`, or a record's title such as 'gru fp32 tvm'; default: the newest"
    arguments.add_argument("record", nargs="?", metavar="RECORD", help=what)
    shown = arguments.add_mutually_exclusive_group()
    shown.add_argument("--source", action="store_true", help="print the code that the backend generated")
    shown.add_argument("--json", action="store_true", help="one JSON document on standard output")
    return arguments.parse_args(argv)
