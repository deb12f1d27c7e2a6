"""`python -m runner export [RECORD] [-o FILE] [--json]`: one record as one file, for a colleague's `compare`."""

from __future__ import annotations

import json
from pathlib import Path

from runner import project
from runner.advice import shell
from runner.commands.arguments import parser
from runner.commands.said import say, warn


def main(argv: list[str]) -> int:
    """Write the file and say where."""
    arguments = parser("export", "One record as one portable file: spec, samples, conditions, environment, metrics.")
    arguments.add_argument("record", nargs="?", metavar="RECORD", help="a record_id; default: the newest record")
    arguments.add_argument("-o", dest="out", type=Path, metavar="FILE", help="default: RECORD.runner.zip, here")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    options = arguments.parse_args(argv)
    from runner import outputs, records
    from runner.portable import archive, locate
    from runner.report import corrected

    root = project.home(project.root())
    every = records.readable(root, warn)
    record = locate.by_id(options.record, root) if options.record else locate.latest(every)
    record_id = record.folder.name
    file = options.out or Path(f"{record_id}{archive.SUFFIX}")
    outputs.check(file, root, "-o")
    archive.write(record, file, corrected.of_record(record, every))
    if options.json:
        document = {"schema": 1, "record_id": record_id, "file": str(file), "bytes": file.stat().st_size}
        print(json.dumps(document, indent=1))
    else:
        again = shell("python", "-m", "runner", "compare", "RECORD", str(file))
        say(f"{file}  {file.stat().st_size / 1e6:.2f} MB\ncompare  {again}")
    return 0
