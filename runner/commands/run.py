"""`python -m runner …`: one spec, or with `-m` (or an experiment that sweeps) every combination."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.commands import ci_options, how_much
from runner.commands.ci_options import Gate
from runner.commands.cli_parser import parser
from runner.core import project_paths as projects
from runner.core.disk_errors import room
from runner.core.errors import SpecError, nearest
from runner.spec import slips
from runner.spec.schema import AXES
from runner.tracking.client import Tracker

if TYPE_CHECKING:
    from runner.core.progress import Reporter
    from runner.execution.run_plan import Ran
    from runner.planning.graph import Plan
    from runner.results.comparison import Comparison
    from runner.sweeps.request import Request

FLAGS = ("--json", "--fresh", "--strict")
FAILED = ("failed", "timeout")


# Flags of Hydra's that start from other configs than ours.
OTHER_ROOTS = ("--config-name", "--config-path", "--config-dir", "--experimental-rerun")


@dataclass
class Command:
    """One command: a spec, or a sweep. What it makes lies in `home` (`project.home`)."""

    home: Path
    tracker: Tracker
    words: Sequence[str]
    reporter: Reporter
    log: Path
    json: bool = False
    fresh: bool = False
    strict: bool = False
    gate: Gate = field(default_factory=Gate)
    started: float = field(default_factory=time.monotonic)

    def one(self, asked: Request, made: Plan) -> int:
        """One spec; returns the exit code."""
        from runner.execution import run_plan

        ran = run_plan.run(
            made, self.home, self.tracker, asked.schedule, self.reporter, fresh=True, tracking=asked.tracking
        )
        record = ran.records[0]
        checked = ci_options.checked(self.gate, self._comparison(ran))
        if self.json:
            _print_json({**record.content, **checked.as_json()})
        else:
            from runner.report.views import console_footer

            console_footer.print_run(record, self.words, self.log)
        failed = ci_options.conclude(self.gate, checked, document=self.json)
        return exit_code(record.result.status) or failed

    def sweep(self, asked: Request, made: Plan) -> int:
        """Every cell composed and validated before any work; one plan; one table. Returns the exit code."""
        from runner.execution import run_plan
        from runner.report import plan_summary

        name = run_plan.sweep_name([cell.candidate.spec for cell in made.cells])
        for text in (f"sweep {name}", *plan_summary.lines(made, self.home)):
            self.reporter.say(text)
        ran = run_plan.run(
            made,
            self.home,
            self.tracker,
            asked.schedule,
            self.reporter,
            sweep=name,
            fresh=self.fresh,
            started=self.started,
            tracking=asked.tracking,
        )
        compared = self._comparison(ran)
        checked = ci_options.checked(self.gate, compared)
        if self.json:
            from runner.report import sweep_json

            _print_json(sweep_json.document(name, made, ran, compared()) | checked.as_json())
        else:
            from runner.report import makespan
            from runner.report.views import console_footer

            console_footer.print_sweep(name, compared(), self.home / "records", self.words, self.log)
            print(makespan.text(ran.schedule))
        self._send_page(name, ran, asked)
        failed = ci_options.conclude(self.gate, checked, document=self.json)
        return sweep_code([record.result.status for record in ran.records], self.strict) or failed

    def _send_page(self, name: str, ran: Ran, asked: Request) -> None:
        """To MLflow, once the answer is there."""
        from runner.report.views import sweep_to_mlflow

        sys.stdout.flush()
        problem = sweep_to_mlflow.send(self.tracker, name, ran.records, asked.tracking.texts)
        if problem:
            self.reporter.say(f"warning: {problem}")

    def _comparison(self, ran: Ran) -> Callable[[], Comparison]:
        """What was measured, as `compare` shows it; found when it is first asked for, and once."""

        def found() -> Comparison:
            from runner.results import project_comparison  # not every command compares

            return project_comparison.of_these(ran.records, self.home)

        return cache(found)


def main(argv: list[str]) -> int:
    """Compose, then run; returns the exit code."""
    flags = _flags(argv)
    root = projects.root()
    home = projects.home(root)
    slips.check(flags.override, root)
    gate = ci_options.read(flags, home)
    with Tracker(home) as tracker:
        tracker.start()  # MLflow's import takes longer than Hydra's, composing and planning: all at once
        from runner.planning import plan
        from runner.sweeps import request

        if flags.cfg:
            print(request.config(root, flags.override, resolve=flags.resolve))
            return 0
        asked = request.read(root, flags.override, multirun=flags.multirun)
        with room(home):
            made = plan.of_sweep(asked.sweep, root) if asked.sweeps else plan.make([asked.spec], root)
            with how_much.reporting(flags, home, argv) as (reporter, log):  # what can't be planned leaves no file
                how = (flags.json, flags.fresh, flags.strict, gate)
                command = Command(home, tracker, flags.override, reporter, log, *how)
                return command.sweep(asked, made) if asked.sweeps else command.one(asked, made)


def _flags(argv: Sequence[str]) -> argparse.Namespace:
    """The flags of a run, and its words. Raises SpecError for an unknown one."""
    arguments = parser("", "One spec, or with -m a sweep.")
    arguments.add_argument("override", nargs="*")
    arguments.add_argument("-m", "--multirun", action="store_true")
    arguments.add_argument("--cfg", "-c", choices=["job"])
    arguments.add_argument("--resolve", action="store_true")
    ci_options.add(arguments)
    how_much.add(arguments)
    for flag in FLAGS:
        arguments.add_argument(flag, action="store_true")
    flags, unknown = arguments.parse_known_intermixed_args(argv)
    if unknown:
        raise _unknown_flag(unknown[0], [*arguments._option_string_actions])
    if not flags.override and not flags.cfg:
        raise SpecError("No word says what to measure.", "For instance: python -m runner model=gru backend=openvino")
    how_much.check(flags)
    if flags.cfg and flags.multirun:
        raise SpecError("--cfg: it prints one spec, and a sweep has many.", "Leave -m out.")
    return flags


def _unknown_flag(flag: str, known: Sequence[str]) -> SpecError:
    name = flag.partition("=")[0]
    if name in OTHER_ROOTS:
        return SpecError(
            f"{name}: every spec starts from conf/config.yaml, and there is no other.",
            "Options of your own lie in conf/<axis>/NAME.yaml, a whole experiment in experiments/NAME.yaml.",
        )
    if name.lstrip("-") in AXES:
        return SpecError(f"{flag}: no such flag.", f"An axis is set with = alone: {name.lstrip('-')}=OPTION")
    if flag == "-V":
        return SpecError(f"{flag}: no such flag.", "Type: python -m runner --version")
    return SpecError(f"{flag}: no such flag.{nearest(flag, known)}", "See python -m runner --help.")


def exit_code(status: str) -> int:
    """The exit code of one run."""
    return {"ok": 0, "unavailable": 3, "unsupported": 4}.get(status, 5)


def sweep_code(statuses: Sequence[str], strict: bool) -> int:
    """The exit code of a sweep: 5 where a cell failed; with `--strict` unavailable and unsupported cells count."""
    if any(status in FAILED for status in statuses):
        return 5
    return max((exit_code(status) for status in statuses), default=0) if strict else 0


def _print_json(content: Mapping[str, Any]) -> None:
    json.dump(content, sys.stdout, indent=1)
    print()
