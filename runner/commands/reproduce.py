"""`python -m runner reproduce RECORD [KEY=VALUE …] [--json]`: a stranger's result measured again, here."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from runner.commands import console, how_much
from runner.commands.cli_parser import parser
from runner.core import project_paths

if TYPE_CHECKING:
    from runner.execution.measure_again import Again

NOT_HELD = 1  # the exit code where it doesn't hold, or can't be told


def main(argv: list[str]) -> int:
    """Measure a record's spec again, and say in one line whether its result holds. Returns the exit code: 0 where it
    does, 1 where it doesn't or can't be told, that of a run where nothing could be measured."""
    options = _options(argv)
    root = project_paths.root()
    from runner.execution.measure_again import measure_again

    with how_much.reporting(options, project_paths.home(root), ["reproduce", *argv]) as (reporter, _):
        again = measure_again(options.record, options.words, root, reporter)
    _show(again, options.json)
    return 0 if again.found.holds else NOT_HELD


def _show(again: Again, as_json: bool) -> None:
    if as_json:
        console.document(again.found.document(again.here.result.record_id))
        return
    console.say(again.found.text)
    console.say(f"  {again.found.quality.text}")
    for what, mine, theirs in again.found.differences:
        console.say(f"  {what}: {mine} here, {theirs} there")
    console.say(f"kept  {again.here.folder}")


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser("reproduce", "A record's spec measured again here: does its ratio to the baseline hold?")
    arguments.add_argument("record", metavar="RECORD", help="a record_id, or a file made by `export`")
    arguments.add_argument(
        "words", nargs="*", metavar="KEY=VALUE", help="what a record isn't followed in: model.path=…"
    )
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    how_much.add(arguments)
    options = arguments.parse_intermixed_args(argv)
    how_much.check(options)
    return options
