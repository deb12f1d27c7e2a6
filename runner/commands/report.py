"""`python -m runner report [RECORD | --sweep S] [--html FILE] [--png FOLDER] [--json]`: one page."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands import choice_options, console
from runner.commands.cli_parser import parser
from runner.core import output_paths, project_paths
from runner.core.advice import shell
from runner.core.errors import SpecError

if TYPE_CHECKING:
    from runner.charts import Chart
    from runner.report.report_model import Page


def main(argv: list[str]) -> int:
    """Print the page, or write it as HTML, or its pictures, and say where."""
    options = _options(argv)
    root = project_paths.home(project_paths.root())
    return _sweep(options, root) if options.sweep is not None else _one(options, root)


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser(
        "report", "One comparison on one page: ratio, verdict, distributions, conditions, what is missing; or a sweep."
    )
    arguments.add_argument(
        "record",
        nargs="?",
        metavar="RECORD",
        help="a record_id, or a file made by `export`; default: the newest record",
    )
    arguments.add_argument("--sweep", metavar="S", help="a sweep instead: its pictures, table and conditions")
    arguments.add_argument("--html", type=Path, metavar="FILE", help="write one self-contained HTML file")
    arguments.add_argument("--png", type=Path, metavar="FOLDER", help="write the record's pictures there, as PNG files")
    arguments.add_argument(
        "--layers-csv", action="store_true", help="its layers as csv on standard output (profile=layers)"
    )
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    choice_options.add(arguments)
    options = arguments.parse_args(argv)
    for what, given in (("RECORD", options.record), ("--png", options.png), ("--layers-csv", options.layers_csv)):
        if options.sweep is not None and given:
            raise SpecError(f"--sweep {options.sweep}: {what} belongs to the page of one record.", "Leave one out.")
    if options.sweep is None and (options.max_loss, options.by) != (None, None):
        raise SpecError("--max-loss and --by belong to a sweep's page.", "Add --sweep S, or use compare --max-loss.")
    return options


def _sweep(options: argparse.Namespace, root: Path) -> int:
    """A sweep's table, or its page."""
    from runner.report import sweep_page
    from runner.report.views import table
    from runner.results import project_comparison

    found = project_comparison.read(root, console.warn, options.sweep, max_loss=options.max_loss, by=options.by)
    written = []
    if options.html:
        from runner.report.views import sweep_html

        output_paths.check(options.html, root, "--html")
        written.append(_write(options.html, sweep_html.render(sweep_page.collect(found)).encode()))
    if options.json:
        console.document(table.as_json(found))
    elif written:
        _say(written)
    else:
        table.show(found)
        console.say(f"\npage     python -m runner report {shell('--sweep', options.sweep)} --html sweep.html")
    return 0


def _one(options: argparse.Namespace, root: Path) -> int:
    """A record's page."""
    from runner.pictures import record_pictures
    from runner.report import report_model
    from runner.report.views import console_footer, layout, terminal
    from runner.results import find_record, multiple_comparisons, records

    every = records.readable(root, console.warn)
    with ExitStack() as stack:
        record = (
            stack.enter_context(find_record.opened(options.record, root))
            if options.record
            else find_record.latest(every)
        )
        found = report_model.collect(record, multiple_comparisons.of_record(record, every))
        drawn = record_pictures.of_record(record) if options.png else {}
    written = _as_png(drawn, options.png, root) if options.png else []
    if options.html:
        written.append(_as_html(found, options.html, root))
    if options.layers_csv:
        print(_layers(found), end="")
    elif options.json:
        console.document(report_model.as_json(found))
    elif written:
        _say(written)
    else:
        layout.show(terminal.renderable(found), console_footer.WIDTH)
    return 0


def _layers(found: Page) -> str:
    """A line a layer. Raises SpecError where nobody asked for a profile, or there was none."""
    from runner.report import layer_table
    from runner.report.views import spreadsheet

    if not found.layers:
        advice = "Measure it with one: profile=layers."
        raise SpecError(f"--layers-csv: {found.result.record_id} has no profile of layers.", advice)
    return spreadsheet.written(layer_table.CSV, layer_table.lines(found.layers))


def _say(written: Sequence[Path]) -> None:
    console.say("\n".join(f"written  {file}" for file in written))


def _as_html(found: Page, file: Path, root: Path) -> Path:
    """The file written."""
    from runner.report.views import html

    output_paths.check(file, root, "--html")
    return _write(file, html.render(found).encode())


def _as_png(drawn: Mapping[str, Chart], folder: Path, root: Path) -> list[Path]:
    """The files written. Raises SpecError where there is nothing to draw, or the folder is none to write to."""
    from runner.charts import png

    if not drawn:
        raise SpecError("--png: the record has neither samples nor a profile to draw.", "See it without --png.")
    files = {folder / f"{name}.png": chart for name, chart in drawn.items()}
    for file in files:
        output_paths.check(file, root, "--png")
    return [_write(file, png.document(chart)) for file, chart in files.items()]


def _write(file: Path, data: bytes) -> Path:
    """`file`, written beside its place, then renamed: a kill leaves no half file."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    return file
