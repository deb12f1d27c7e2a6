"""`python -m runner export [RECORD] [-o FILE] [--json]`: one record as one file, for a colleague's `compare`."""

from __future__ import annotations

from pathlib import Path

from runner.commands import console
from runner.commands.cli_parser import parser
from runner.core import project_paths
from runner.core.advice import shell


def main(argv: list[str]) -> int:
    """Write the file and say where."""
    arguments = parser("export", "One record as one portable file: spec, samples, conditions, environment, metrics.")
    arguments.add_argument("record", nargs="?", metavar="RECORD", help="a record_id; default: the newest record")
    arguments.add_argument("-o", dest="out", type=Path, metavar="FILE", help="default: RECORD.runner.zip, here")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = arguments.parse_args(argv)
    from runner.core import output_paths
    from runner.results import archive, find_record, multiple_comparisons, records

    root = project_paths.home(project_paths.root())
    every = records.readable(root, console.warn)
    record = find_record.by_id(options.record, root) if options.record else find_record.latest(every)
    record_id = record.folder.name
    file = options.out or Path(f"{record_id}{archive.SUFFIX}")
    output_paths.check(file, root, "-o")
    archive.write(record, file, multiple_comparisons.of_record(record, every))
    if options.json:
        document = {"schema": 1, "record_id": record_id, "file": str(file), "bytes": file.stat().st_size}
        console.document(document)
    else:
        again = shell("python", "-m", "runner", "compare", "RECORD", str(file))
        console.say(f"{file}  {file.stat().st_size / 1e6:.2f} MB\ncompare  {again}")
    return 0
