"""`python -m runner bisect model=… --from 1.18 --to 1.31`: the release of a runtime in which a model became slower, or
wrong."""

from __future__ import annotations

import argparse
from math import ceil, log2
from typing import TYPE_CHECKING

from runner.commands import console, how_much
from runner.commands.cli_parser import parser
from runner.core import project_paths
from runner.core.errors import SpecError

if TYPE_CHECKING:
    from pathlib import Path

    from runner.results.bisection import Asked, Found

UNTOLD = 1  # the exit code where it can't be told


def main(argv: list[str]) -> int:
    """Search, and say which release it was. Returns the exit code: 0 where that is known, or nothing happened; 1 where
    it can't be told."""
    chosen = _options(argv)
    from runner.execution import bisect_releases

    bisect_releases.check_words(chosen.override)
    root = project_paths.root()
    runtime, releases = _releases(root, chosen)
    with how_much.reporting(chosen, project_paths.home(root), ["bisect", *argv]) as (reporter, _):
        most = ceil(log2(len(releases) - 1)) + 2
        reporter.say(
            f"{len(releases)} releases of {runtime}, {releases[0]} to {releases[-1]}: about {most} comparisons"
        )
        found = bisect_releases.bisect(
            root, chosen.override, releases, chosen.install, reporter, lambda one: reporter.say(_line(one))
        )
    if chosen.json:
        console.document({**found.document(), "runtime": runtime, "releases": releases})
    else:
        _show(found, runtime)
    return UNTOLD if found.verdict == "undecided" else 0


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser("bisect", "The release of a backend's runtime in which a model became slower, or wrong.")
    arguments.add_argument("override", nargs="*", help="the spec, as of a run: model=gru backend=onnxruntime …")
    arguments.add_argument("--from", dest="low", metavar="RELEASE", help="the oldest release: 1.18, or 1.18.1")
    arguments.add_argument("--to", dest="high", metavar="RELEASE", help="the newest release: 1.31")
    arguments.add_argument("--versions", metavar="A,B,C", help="these releases alone, oldest first; asks no index")
    arguments.add_argument("--install", action="store_true", help="install each release that is needed and isn't here")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    how_much.add(arguments)
    chosen = arguments.parse_intermixed_args(argv)
    how_much.check(chosen)
    if (chosen.versions is None) == (chosen.low is None and chosen.high is None):
        raise SpecError("bisect: --from and --to, or --versions: one of both.", "For instance --from 1.18 --to 1.31")
    if chosen.versions is None and None in (chosen.low, chosen.high):
        raise SpecError("bisect: --from and --to belong together.", "For instance --from 1.18 --to 1.31")
    return chosen


def _releases(root: Path, chosen: argparse.Namespace) -> tuple[str, list[str]]:
    """The runtime's distribution, and its releases to search, oldest first."""
    from runner.backends import loading
    from runner.results import bisection
    from runner.sweeps import request
    from runner.transport import releases

    runtime = loading.backend(request.one(root, chosen.override).backend.name).runtime
    if chosen.versions is None:
        return runtime, bisection.between(releases.offered(runtime), chosen.low, chosen.high)
    named = [one.strip() for one in chosen.versions.split(",")]
    for one in named:
        releases.parsed(f"{runtime}{releases.EQUALS}{one}")
    return runtime, bisection.in_order(named)


def _line(one: Asked) -> str:
    beside = f" against {one.against}" if one.against else ""
    return f"{one.release}{beside}: {one.answer.kind}: {one.answer.said}"


def _show(found: Found, runtime: str) -> None:
    for one in found.asked:
        console.say(_line(one))
    if found.reads_from:
        console.say(f"{runtime} {found.reads_from} is the oldest of them that runs it.")
    console.say(_answer(found, runtime))
    record = next((one.answer.record for one in reversed(found.asked) if one.answer.record), "")
    if record:
        console.say(f"look closer: python -m runner report {record}")


def _answer(found: Found, runtime: str) -> str:
    happened = {"slower": "slower since", "wrong": "wrong since", "refused": "refused since"}
    if found.verdict == "none":
        return f"nothing happened: {found.said}"
    if found.verdict == "undecided":
        return f"can't be told: {found.said}"
    if found.between:
        which = ", ".join([*found.between, found.bad])
        return f"{happened[found.verdict]} one of {runtime} {which} ({found.good} is good): {found.said}"
    return f"{happened[found.verdict]} {runtime} {found.bad} ({found.good} is good): {found.said}"
