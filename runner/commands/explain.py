"""`python -m runner explain A [B]`: where two records differ in time, by layers, and why."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands import console
from runner.commands.cli_parser import parser
from runner.core import durable_files, output_paths, project_paths

if TYPE_CHECKING:
    from runner.results.explanation import Explanation


def main(argv: list[str]) -> int:
    """Print the explanation, or write it as HTML and say where."""
    from runner.report import explanation_page
    from runner.report.views import console_footer, explanation_view, layout

    options = _options(argv)
    project = project_paths.root()
    root = project_paths.home(project)
    page = explanation_page.collect(_explained(options.record, options.other, root), project)
    if options.html:
        output_paths.check(options.html, root, "--html")
        durable_files.write_text(options.html, explanation_view.html(page))
    if options.json:
        console.document(explanation_page.as_json(page))
    elif options.html:
        console.say(f"written  {options.html}")
    else:
        layout.show(explanation_view.renderable(page), console_footer.WIDTH)
    return 0


def _explained(name: str, other: str | None, root: Path) -> Explanation:
    from runner.results import calibration, explanation, find_record, record_diff

    with ExitStack() as stack:
        record = stack.enter_context(find_record.called(name, root))
        if other is None:
            return explanation.of_one(record)
        baseline = stack.enter_context(find_record.called(other, root))
        return explanation.of_two(record_diff.beside(record, baseline, calibration.noise_floors(root)))


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser("explain", "Where two records differ in time, by groups of layers, and the reasons that show.")
    what = "a record_id, a file made by `export`, or a record's title such as 'gru int8 onnxruntime'"
    arguments.add_argument("record", metavar="A", help=what)
    arguments.add_argument(
        "other", nargs="?", metavar="B", help="what it is held against; without it the baseline of A's own record"
    )
    arguments.add_argument("--html", type=Path, metavar="FILE", help="write one self-contained HTML file")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    return arguments.parse_args(argv)
