"""The runner in Python: the same specs, the same runs, the same result as `--json` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner import project
from runner.spec import Spec, Sweep


def load_spec(*overrides: str, root: Path | None = None) -> Spec:
    """The checked spec of `load_spec("model=gru", "backend=openvino")`, as the command line composes it.

    Raises runner.errors.SpecError, for words that make a sweep too.
    """
    from runner import request

    _look_again()
    return request.one(root or project.root(), overrides)


def run(spec: Spec, root: Path | None = None) -> dict[str, Any]:
    """Run one spec: prepare, measure, keep the record, track it. Returns the JSON of the run as a dict.

    What can't be done ends in its `status` and `reason`, not in an exception. Raises SpecError for a bad spec.
    """
    from runner import cells, plan
    from runner.schedule.settings import INLINE
    from runner.tracking.client import Tracker

    own = root or project.root()
    home = project.home(own)
    with Tracker(home) as tracker:
        tracker.start()
        return dict(cells.perform(plan.make([spec], own), home, tracker, INLINE, fresh=True).records[0].content)


def load_sweep(*overrides: str, root: Path | None = None) -> Sweep:
    """Every cell of `load_sweep("model=gru,lstm", "backend=glob(*)")` or `load_sweep("experiment=canonical")`, checked,
    and the impossible ones with their reasons.

    Raises runner.errors.SpecError for a wrong word in any cell.
    """
    from runner import request

    _look_again()
    return request.cells(root or project.root(), overrides)


def run_sweep(
    sweep: Sweep, root: Path | None = None, *, schedule: str = "local", fresh: bool = False
) -> dict[str, Any]:
    """Run a sweep as one plan, or go on with it. Returns the JSON of the sweep as a dict.

    `schedule` is an option of conf/schedule. Cells that were measured before are not measured again unless `fresh`.
    Raises SpecError for a bad input file, or where no cell is possible here.
    """
    from runner import cells, options, plan
    from runner.report import swept
    from runner.spec import choice
    from runner.tracking.client import Tracker

    own = root or project.root()
    home = project.home(own)
    how = choice("schedule", options.values("schedule", schedule, own)).settings
    with Tracker(home) as tracker:
        tracker.start()
        made = plan.of_sweep(sweep, own)
        name = cells.sweep_name([cell.candidate.spec for cell in made.cells])
        return swept.document(name, made, cells.perform(made, home, tracker, how, sweep=name, fresh=fresh))


def _look_again() -> None:
    """A notebook lives long, and files are edited meanwhile."""
    from runner import options, study

    options.forget()
    study.read.cache_clear()
