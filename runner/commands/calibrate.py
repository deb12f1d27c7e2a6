"""`python -m runner calibrate [overrides]`: a device's noise floor, from a spec measured against itself."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.commands import how_much
from runner.commands.cli_parser import parser
from runner.commands.console import say
from runner.core import project_paths
from runner.core.errors import BY_STATUS, SpecError, StepFailed
from runner.results import calibration, naming
from runner.results.calibration import Calibration
from runner.results.record_schema import Result

if TYPE_CHECKING:
    from runner.core.progress import Reporter
    from runner.spec.schema import Spec

PAIRS = 40
SET_HERE = ("baseline", "measure")


def main(argv: list[str]) -> int:
    """Measure a spec against itself and keep the noise floor that follows."""
    chosen = _options(argv)
    from runner.spec import hardware
    from runner.sweeps import request
    from runner.transport import devices

    root = project_paths.root()
    spec = request.one(root, chosen.override)
    where = hardware.called(spec.hardware.settings)
    if chosen.show:
        identity = str(devices.device_of(spec.hardware.settings).hardware()["identity"])
        return _show(project_paths.home(root), identity, where, chosen.json)
    with how_much.reporting(chosen, project_paths.home(root), ["calibrate", *argv]) as (reporter, _):
        found = calibrate(root, spec, chosen.override, chosen.pairs, reporter)
    if chosen.json:
        json.dump({"schema": 1, **found.as_dict(), "age_days": 0}, sys.stdout, indent=1)
        print()
    else:
        say(text(found, where))
        say(f"kept     {calibration.path(project_paths.home(root), found.identity)}")
    return 0


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser(
        "calibrate", "The noise floor of this machine (or of hardware=…): a spec is measured against itself."
    )
    arguments.add_argument("override", nargs="*", help="the spec, as of a run: model=gru backend.threads=2 …")
    arguments.add_argument("--pairs", type=int, default=PAIRS, help="pairs of fresh processes (default %(default)s)")
    arguments.add_argument("--show", action="store_true", help="print the calibration that counts; measures nothing")
    arguments.add_argument("--json", action="store_true", help="one JSON document on standard output")
    how_much.add(arguments)
    chosen = arguments.parse_intermixed_args(argv)
    how_much.check(chosen)
    if chosen.pairs < 10:
        raise SpecError(f"--pairs {chosen.pairs}: too few to know the noise.", "At least 10; 40 take about a minute.")
    for word in chosen.override:
        axis = word.lstrip("+~").partition("=")[0].partition(".")[0]
        if axis in SET_HERE:
            raise SpecError(f"{word}: calibrate sets {axis} itself.", "Leave it out; --pairs says how much.")
    return chosen


def calibrate(root: Path, usual: Spec, overrides: list[str], pairs: int, reporter: Reporter) -> Calibration:
    """Run the A/A of the spec `usual`, which `overrides` say, as a run of its own (it leaves a record), and append the
    calibration that follows from it; `reporter` is told how it gets on.

    Raises what keeps a spec from being measured.
    """
    from runner.execution import run_plan
    from runner.planning import plan
    from runner.spec.schedule import INLINE
    from runner.sweeps import request
    from runner.tracking.client import Tracker

    exact = ["baseline=self", f"measure.min_pairs={pairs}", f"measure.max_pairs={pairs}", "measure.budget_s=3600"]
    asked = request.single(root, [*overrides, *exact])
    home = project_paths.home(root)
    with Tracker(home) as tracker:
        tracker.start()
        made = plan.make([asked.spec], root)
        ran = run_plan.run(made, home, tracker, INLINE, reporter, fresh=True, tracking=asked.tracking)
    result = ran.records[0].result
    if result.status != "ok":
        _raise(result)
    return _keep(home, result, usual.measure.settings)


def _raise(result: Result) -> None:
    raise BY_STATUS.get(result.status, StepFailed)(f"calibrate: {result.reason}", result.next_step)


def _keep(root: Path, result: Result, settings: Any) -> Calibration:
    import numpy as np

    machine, found = result.environment, result.comparison
    assert found and machine.identity  # measured here, against itself
    identity = (machine.identity, result.date, naming.title(result), result.record_id)
    made = calibration.from_pairs(np.log(found.by_pair), settings, *identity)
    calibration.add(root, made, machine.hardware)
    return made


def _show(root: Path, identity: str, where: str, as_json: bool) -> int:
    found = calibration.latest(root, identity)
    if as_json:
        known = {**found.as_dict(), "age_days": found.age_days()} if found else {"identity": identity, "floor": None}
        json.dump({"schema": 1, **known}, sys.stdout, indent=1)
        print()
    else:
        say(text(found, where) if found else f"not calibrated: {where} ({identity}). python -m runner calibrate")
    return 0


def text(found: Calibration, where: str = "this machine") -> str:
    """For people; `where` names the device that was calibrated."""
    return (
        f"noise floor {100 * found.floor:.2f} %: smaller differences are not called one on {where}\n"
        f"against itself {found.ratio:.4f}× [{found.low:.4f}, {found.high:.4f}], a pair scatters by "
        f"{100 * found.spread:.2f} % ({found.title})\n"
        f"{calibration.source(found, where=where)}"
    )
