"""`python -m runner best model=… [--max-loss L] [--by F]`: the best configuration of a model, found by a race."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from runner.commands import console, how_much
from runner.commands.cli_parser import parser
from runner.core import output_paths, project_paths
from runner.core.errors import SpecError

if TYPE_CHECKING:
    from runner.results.best_result import Best, BestEstimate

UNDECIDED = 5


def main(argv: list[str]) -> int:
    """Race, and print the answer; 5 where time was up before there was one."""
    options = _options(argv)
    root = project_paths.root()
    home = project_paths.home(root)
    if options.html:
        output_paths.check(options.html, home, "--html")
    found = _raced(options, root, ["best", *argv])
    _print(found, options)
    return 0 if getattr(found, "in_time", True) else UNDECIDED


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser(
        "best",
        "The best configuration of a model over backends, precisions, threads and their own settings, by racing.",
    )
    arguments.add_argument(
        "override", nargs="*", help="words as of a sweep: model=gru backend=onnxruntime,openvino precision=fp32,int8"
    )
    arguments.add_argument(
        "--max-loss",
        default=None,
        metavar="L",
        help="quality that may be lost: '1%%' of the float model's (default), 0.01 in the metric's unit, or any",
    )
    arguments.add_argument(
        "--by", default=None, metavar="F", help="latency (default), throughput, size, energy or estimate"
    )
    arguments.add_argument(
        "--limit-s", type=float, default=None, metavar="S", help="seconds after which it ends undecided (default 3600)"
    )
    arguments.add_argument("--fresh", action="store_true", help="race anew, whatever was raced before")
    arguments.add_argument(
        "--html", type=Path, metavar="FILE", help="write the answer and its picture as one HTML file"
    )
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    how_much.add(arguments)
    options = arguments.parse_intermixed_args(argv)
    how_much.check(options)
    if not options.override:
        raise SpecError("best: no word says of which model.", "For instance: python -m runner best model=gru")
    if options.limit_s is not None and not options.limit_s > 0:
        raise SpecError(f"--limit-s {options.limit_s:g}: seconds above 0 expected.", "For instance: --limit-s 600")
    return options


def _raced(options: argparse.Namespace, root: Path, argv: list[str]) -> Best | BestEstimate:
    from runner.execution.racing.best import best
    from runner.execution.racing.command import Command, How
    from runner.tracking.client import Tracker

    home = project_paths.home(root)
    given = {name: getattr(options, name) for name in ("by", "max_loss", "limit_s")}
    how = How(fresh=options.fresh, **{name: value for name, value in given.items() if value is not None})
    with Tracker(home) as tracker, how_much.reporting(options, home, argv) as (reporter, _):
        tracker.start()
        return best(Command(options.override, how, root, tracker, reporter))


def _print(found: Best | BestEstimate, options: argparse.Namespace) -> None:
    from runner.report.views import best_text, layout
    from runner.results import best_result

    if options.html:
        from runner.report.views import best_html

        options.html.write_bytes(best_html.render(found).encode())
    if options.json:
        console.document(best_result.as_json(found))
    else:
        layout.show(best_text.renderable(found), best_text.WIDTH)
        if options.html:
            console.say(f"page     {options.html}")
