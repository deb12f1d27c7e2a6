"""`python -m runner calibrate [overrides]`: a device's noise floor, from a spec measured against itself, and its peaks,
which say how far a time is from the fastest that the device allows."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.commands import console, how_much
from runner.commands.cli_parser import parser
from runner.commands.console import say
from runner.core import project_paths
from runner.core.errors import BY_STATUS, SpecError, StepFailed
from runner.results import calibration, naming
from runner.results.calibration import Calibration
from runner.results.formatting import number
from runner.results.record_schema import Result

if TYPE_CHECKING:
    from runner.core.progress import Reporter
    from runner.measure.roofline import Peaks
    from runner.spec.schema import Spec

PAIRS = 40
SET_HERE = ("baseline", "measure")


def main(argv: list[str]) -> int:
    """Measure a spec against itself and keep the noise floor that follows."""
    chosen = _options(argv)
    from runner.execution import machine_peaks
    from runner.spec import hardware
    from runner.sweeps import request
    from runner.transport import devices

    root = project_paths.root()
    spec = request.one(root, chosen.override)
    where = hardware.called(spec.hardware.settings)
    if chosen.show:
        identity = str(devices.device_of(spec.hardware.settings).hardware()["identity"])
        return _show(project_paths.home(root), identity, where, chosen.json)
    home = project_paths.home(root)
    with how_much.reporting(chosen, home, ["calibrate", *argv]) as (reporter, _):
        found = None if chosen.peaks else calibrate(root, spec, chosen.override, chosen.pairs, reporter)
        peaks = machine_peaks.measure(home, spec, reporter.say)
    if chosen.json:
        _document(found, peaks, 0)
    else:
        say("\n".join([*([text(found, where)] if found else []), *map(of_peaks, peaks)]))
        say(f"kept     {calibration.path(home, peaks[0].identity)}")
    return 0


def _document(found: Calibration | None, peaks: Sequence[Peaks], age_days: int) -> None:
    floor = {**found.as_dict(), "age_days": age_days} if found else {"identity": peaks[0].identity, "floor": None}
    console.document({"schema": 1, **floor, "peaks": [one.as_dict() for one in peaks]})


def _options(argv: list[str]) -> argparse.Namespace:
    arguments = parser(
        "calibrate", "The noise floor of this machine (or of hardware=…): a spec is measured against itself; its peaks."
    )
    arguments.add_argument("override", nargs="*", help="the spec, as of a run: model=gru backend.threads=2 …")
    arguments.add_argument("--pairs", type=int, default=PAIRS, help="pairs of fresh processes (default %(default)s)")
    arguments.add_argument(
        "--peaks", action="store_true", help="only how fast it computes and moves bytes: some seconds"
    )
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
    found, peaks = calibration.latest(root, identity), calibration.peaks(root, identity)
    if as_json:
        known = {**found.as_dict(), "age_days": found.age_days()} if found else {"identity": identity, "floor": None}
        console.document({"schema": 1, **known, "peaks": [one.as_dict() for one in peaks]})
    else:
        say(text(found, where) if found else f"not calibrated: {where} ({identity}). python -m runner calibrate")
        say("\n".join(map(of_peaks, peaks)) or f"no peaks of {where}: python -m runner calibrate --peaks")
    return 0


def text(found: Calibration, where: str = "this machine") -> str:
    """For people; `where` names the device that was calibrated."""
    return (
        f"noise floor {100 * found.floor:.2f} %: smaller differences are not called one on {where}\n"
        f"against itself {found.ratio:.4f}× [{found.low:.4f}, {found.high:.4f}], a pair scatters by "
        f"{100 * found.spread:.2f} % ({found.title})\n"
        f"{calibration.source(found, where=where)}"
    )


def of_peaks(found: Peaks) -> str:
    """`peaks    1 thread: fp32 138 GFLOP/s (onnxruntime 1.31.1); GB/s: 79.3 within 0.262 MB, 8.41 within 268 MB`."""
    computes = ", ".join(f"{kind} {number(value / 1e9)} GFLOP/s" for kind, value in found.flops_per_s.items())
    moves = ", ".join(f"{number(speed / 1e9)} within {number(size / 1e6)} MB" for size, speed in found.bytes_per_s)
    threads = f"{found.threads} thread{'s' if found.threads > 1 else ''}"
    return f"peaks    {threads}: {computes} ({', '.join(dict.fromkeys(found.by.values()))}); GB/s: {moves}"
