"""`python -m runner report [RECORD] [--html FILE] [--json]`: one comparison on one page."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path

from runner import project
from runner.commands import said
from runner.commands.arguments import parser


def main(argv: list[str]) -> int:
    """Print the page, or write it as HTML and say where."""
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
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = arguments.parse_args(argv)
    from runner import outputs, records
    from runner.portable import locate
    from runner.report import corrected, ending, html, layout, page, terminal

    root = project.home(project.root())
    every = records.readable(root, said.warn)
    with ExitStack() as stack:
        record = stack.enter_context(locate.opened(options.record, root)) if options.record else locate.latest(every)
        found = page.collect(record, corrected.of_record(record, every))
    if options.html:
        outputs.check(options.html, root, "--html")
        _write(options.html, html.render(found))
    if options.json:
        said.document(page.as_json(found))
    elif options.html:
        said.say(f"written  {options.html}")
    else:
        layout.show(terminal.renderable(found), ending.WIDTH)
    return 0


def _write(file: Path, text: str) -> None:
    """Beside its place, then renamed: a kill leaves no half page."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
