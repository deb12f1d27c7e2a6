"""`python -m runner import FILE [--source TEXT] [--hardware NAME --date DATE] [--json]`: numbers measured elsewhere,
marked as such."""

from __future__ import annotations

from pathlib import Path

from runner.commands import console
from runner.commands.cli_parser import parser
from runner.core import project_paths


def _about(name: str, example: str) -> str:
    return f"which {name} a text of benchmark_model's is from, such as {example}"


def main(argv: list[str]) -> int:
    """Keep one record a row: all of them, or none where a row is wrong."""
    arguments = parser("import", "Numbers measured elsewhere: kept, shown as *imported*, never compared with ours.")
    arguments.add_argument("file", type=Path, metavar="FILE", help="results.csv, .json or .txt (docs/reports.md)")
    arguments.add_argument("--source", default="", metavar="TEXT", help="where rows without a `source` are from")
    arguments.add_argument("--hardware", metavar="NAME", help=_about("hardware", "pi5"))
    arguments.add_argument("--date", metavar="DATE", help=_about("date", "2026-11-20"))
    arguments.add_argument("--model", metavar="NAME", help=_about("model", "mobilenet_v1"))
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = arguments.parse_args(argv)
    from runner.results import import_results, records

    root = project_paths.home(project_paths.root())
    told = {name: value for name in import_results.TOLD_BY_EXAMPLE if (value := getattr(options, name)) is not None}
    rows = import_results.read(options.file, options.source, told)
    kept = [records.write(root, import_results.content(row, options.file)).content["record_id"] for row in rows]
    if options.json:
        console.document({"schema": 1, "imported": kept})
    else:
        console.say(f"{len(kept)} imported into {root / 'records'}\ncompare  python -m runner compare")
    return 0
