"""`python -m runner.worker`: JSON requests on standard input, JSON answers on standard output.

What follows on the command line (`--name …`) is for process listings."""

from __future__ import annotations

import os
import sys

from runner.worker import handlers, json_lines, process, usage_reports


def main() -> None:
    usage_reports.off()
    process.die_with_parent()
    process.ignore_interrupts()
    source, sink = process.keep_protocol_apart()
    handlers.serve(json_lines.Channel(source, sink))
    sys.stdout.flush()
    # Everything is answered: a runtime that crashes while it is torn down has no say any more.
    os._exit(0)


if __name__ == "__main__":
    main()
