"""`python -m runner report [RECORD] [--html FILE] [--png FOLDER] [--json]`: one comparison on one page."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from runner import project
from runner.commands import said
from runner.commands.arguments import parser

if TYPE_CHECKING:
    from runner.report.chart import Chart


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
    from runner import outputs, records
    from runner.portable import locate
    from runner.report import corrected, ending, html, layout, page, pictures, terminal

    root = project.home(project.root())
    every = records.readable(root, said.warn)
    with ExitStack() as stack:
        record = stack.enter_context(locate.opened(options.record, root)) if options.record else locate.latest(every)
        found = page.collect(record, corrected.of_record(record, every))
        drawn = pictures.of_record(record) if options.png else {}
    written = _as_png(drawn, options.png, root) if options.png else []
    if options.html:
        outputs.check(options.html, root, "--html")
        _write(options.html, html.render(found).encode())
        written.append(options.html)
    if options.json:
        said.document(page.as_json(found))
    elif options.html or options.png:
        said.say("\n".join(f"written  {file}" for file in written))
    else:
        layout.show(terminal.renderable(found), ending.WIDTH)
    return 0


def _as_png(drawn: Mapping[str, Chart], folder: Path, root: Path) -> list[Path]:
    """The files written. Raises SpecError where there is nothing to draw, or the folder is none to write to."""
    from runner import outputs
    from runner.errors import SpecError
    from runner.report.chart import png

    if not drawn:
        raise SpecError("--png: the record has neither samples nor a profile to draw.", "See it without --png.")
    files = {folder / f"{name}.png": chart for name, chart in drawn.items()}
    for file in files:
        outputs.check(file, root, "--png")
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
