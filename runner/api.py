"""The runner in Python: the same specs, the same runs, the same result as `--json` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.core import project_paths
from runner.spec.schema import Spec, Sweep


def load_spec(*overrides: str, root: Path | None = None) -> Spec:
    """The checked spec of `load_spec("model=gru", "backend=openvino")`, as the command line composes it.

    Raises runner.core.errors.SpecError, for words that make a sweep too.
    """
    from runner.sweeps import request

    _look_again()
    return request.one(root or project_paths.root(), overrides)


def run(spec: Spec, root: Path | None = None) -> dict[str, Any]:
    """Run one spec: prepare, measure, keep the record, track it. Returns the JSON of the run as a dict.

    What can't be done ends in its `status` and `reason`, not in an exception. Raises SpecError for a bad spec.
    """
    from runner.execution import run_plan
    from runner.planning import plan
    from runner.report.views import progress
    from runner.spec.schedule import INLINE
    from runner.tracking.client import Tracker

    own = root or project_paths.root()
    home = project_paths.home(own)
    with Tracker(home) as tracker:
        tracker.start()
        ran = run_plan.run(plan.make([spec], own), home, tracker, INLINE, progress.on_stderr(), fresh=True)
        return dict(ran.records[0].content)


def load_sweep(*overrides: str, root: Path | None = None) -> Sweep:
    """Every cell of `load_sweep("model=gru,lstm", "backend=glob(*)")` or `load_sweep("experiment=canonical")`, checked,
    and the impossible ones with their reasons.

    Raises runner.core.errors.SpecError for a wrong word in any cell.
    """
    from runner.sweeps import request

    _look_again()
    return request.cells(root or project_paths.root(), overrides)


def run_sweep(
    sweep: Sweep, root: Path | None = None, *, schedule: str = "local", fresh: bool = False
) -> dict[str, Any]:
    """Run a sweep as one plan, or go on with it. Returns the JSON of the sweep as a dict.

    `schedule` is an option of conf/schedule. Cells that were measured before are not measured again unless `fresh`.
    Raises SpecError for a bad input file, or where no cell is possible here.
    """
    from runner.execution import run_plan
    from runner.planning import plan
    from runner.report import sweep_json
    from runner.report.views import progress
    from runner.spec import options
    from runner.spec.schema import choice
    from runner.tracking.client import Tracker

    own = root or project_paths.root()
    home = project_paths.home(own)
    how = choice("schedule", options.values("schedule", schedule, own)).settings
    with Tracker(home) as tracker:
        tracker.start()
        made = plan.of_sweep(sweep, own)
        name = run_plan.sweep_name([cell.candidate.spec for cell in made.cells])
        ran = run_plan.run(made, home, tracker, how, progress.on_stderr(), sweep=name, fresh=fresh)
        return sweep_json.document(name, made, ran)


def _look_again() -> None:
    """A notebook lives long, and files are edited meanwhile."""
    from runner.spec import options
    from runner.sweeps import experiment_file

    options.forget()
    experiment_file.read.cache_clear()
