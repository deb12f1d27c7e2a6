"""`python -m runner reproduce RECORD [KEY=VALUE …] [--json]`: a stranger's result measured again, here."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands import console
from runner.commands.cli_parser import parser
from runner.core import project_paths
from runner.core.errors import BY_STATUS

if TYPE_CHECKING:
    from runner.results.records import Record
    from runner.results.reproduction import Reproduction

NOT_HELD = 1  # the exit code where it doesn't hold, or can't be told


def main(argv: list[str]) -> int:
    """Measure a record's spec again, and say in one line whether its result holds. Returns the exit code: 0 where it
    does, 1 where it doesn't or can't be told, that of a run where nothing could be measured."""
    options = _options(argv)
    root = project_paths.root()
    home = project_paths.home(root)
    from runner.results import calibration, find_record, reproduction

    with find_record.opened(options.record, home) as there:
        reproduction.check(there)
        here = _measured_again(there, options.words, root, home)
        if here.result.status != "ok":
            raise BY_STATUS[here.result.status](f"Can't be told: {here.result.reason}", here.result.next_step)
        found = reproduction.compared(here.result, there.result, calibration.noise_floors(home))
    _show(found, here, options.json)
    return 0 if found.answer == "holds here" else NOT_HELD


def _measured_again(there: Record, typed: Sequence[str], root: Path, home: Path) -> Record:
    """The new record of a record's own spec. Nothing runs before its files are known to be the same."""
    from runner.execution import run_plan
    from runner.planning import plan
    from runner.report.views import progress
    from runner.results import reproduction
    from runner.spec import record_words
    from runner.spec.schedule import INLINE
    from runner.sweeps import request
    from runner.tracking.client import Tracker

    spec = request.one(root, record_words.again(there.result.spec, typed, root))
    with Tracker(home) as tracker:
        tracker.start()
        made = plan.make([spec], root)
        reproduction.check_files(there.result, made.input_files)
        return run_plan.run(made, home, tracker, INLINE, progress.on_stderr(), fresh=True).records[0]


def _show(found: Reproduction, here: Record, as_json: bool) -> None:
    if as_json:
        console.document({"schema": 1, "record_id": here.result.record_id, **asdict(found)})
        return
    console.say(found.text)
    for what, mine, theirs in found.differences:
        console.say(f"  {what}: {mine} here, {theirs} there")
    console.say(f"kept  {here.folder}")


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser("reproduce", "A record's spec measured again here: does its ratio to the baseline hold?")
    arguments.add_argument("record", metavar="RECORD", help="a record_id, or a file made by `export`")
    arguments.add_argument(
        "words", nargs="*", metavar="KEY=VALUE", help="what a record isn't followed in: model.path=…"
    )
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    return arguments.parse_intermixed_args(argv)
