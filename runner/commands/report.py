"""`python -m runner report [RECORD] [--html FILE] [--png FOLDER] [--json]`: one comparison on one page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands import console
from runner.commands.cli_parser import parser
from runner.core import project_paths

if TYPE_CHECKING:
    from runner.charts import Chart
    from runner.report.report_model import Page


def main(argv: list[str]) -> int:
    """Print the page, or write it as HTML, or its pictures, and say where."""
    arguments = parser(
        "report", "One comparison on one page: ratio, verdict, distributions, conditions, what is missing."
    )
    arguments.add_argument(
        "record",
        nargs="?",
        metavar="RECORD",
        help="a record_id, or a file made by `export`; default: the newest record",
    )
    arguments.add_argument("--html", type=Path, metavar="FILE", help="write one self-contained HTML file")
    arguments.add_argument("--png", type=Path, metavar="FOLDER", help="write the record's pictures there, as PNG files")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = arguments.parse_args(argv)
    from runner.pictures import record_pictures
    from runner.report import report_model
    from runner.report.views import console_footer, layout, terminal
    from runner.results import find_record, multiple_comparisons, records

    root = project_paths.home(project_paths.root())
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
    if options.json:
        console.document(report_model.as_json(found))
    elif options.html or options.png:
        console.say("\n".join(f"written  {file}" for file in written))
    else:
        layout.show(terminal.renderable(found), console_footer.WIDTH)
    return 0


def _as_html(found: Page, file: Path, root: Path) -> Path:
    """The file written."""
    from runner.core import output_paths
    from runner.report.views import html

    output_paths.check(file, root, "--html")
    _write(file, html.render(found).encode())
    return file


def _as_png(drawn: Mapping[str, Chart], folder: Path, root: Path) -> list[Path]:
    """The files written. Raises SpecError where there is nothing to draw, or the folder is none to write to."""
    from runner.charts import png
    from runner.core import output_paths
    from runner.core.errors import SpecError

    if not drawn:
        raise SpecError("--png: the record has neither samples nor a profile to draw.", "See it without --png.")
    files = {folder / f"{name}.png": chart for name, chart in drawn.items()}
    for file in files:
        output_paths.check(file, root, "--png")
    for file, chart in files.items():
        _write(file, png.document(chart))
    return list(files)


def _write(file: Path, data: bytes) -> None:
    """Beside its place, then renamed: a kill leaves no half file."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_bytes(data)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
