"""The runner in Python: the same words, the same runs, the same records as on the command line."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING, overload

from runner.api.results import (
    BestResult,
    ComparisonResult,
    RecordDiffResult,
    ReproductionResult,
    RunResult,
    SweepResult,
)
from runner.core import project_paths
from runner.core.errors import SpecError
from runner.spec.schema import Spec, Sweep

if TYPE_CHECKING:
    from runner.execution.run_plan import Ran
    from runner.planning.graph import Plan
    from runner.sweeps.request import Request
    from runner.tracking.client import Tracker


def load_spec(*words: str, root: Path | None = None) -> Spec:
    """The checked spec of `load_spec("model=gru", "backend=openvino")`, as the command line composes it; runs nothing.

    `root` is the project's folder; by default it is looked for upwards from the working folder. Raises SpecError, for
    words that make a sweep too.
    """
    from runner.sweeps import request

    _look_again()
    return request.one(root or project_paths.root(), words)


def load_sweep(*words: str, root: Path | None = None) -> Sweep:
    """Every cell of `load_sweep("model=gru,lstm", "backend=glob(*)")` or `load_sweep("experiment=canonical")`, checked,
    and the impossible ones with their reasons; runs nothing.

    Raises SpecError for a wrong word in any cell.
    """
    from runner.sweeps import request

    _look_again()
    return request.cells(root or project_paths.root(), words)


def run(*words: str, root: Path | None = None) -> RunResult:
    """Run one spec, such as `run("model=gru", "backend=openvino")`: prepare, measure, keep the record, track it.

    What can't be done ends in the result's `status` and `reason`, not in an exception. Raises SpecError for bad words.
    """
    from runner.planning import plan
    from runner.sweeps import request

    own = root or project_paths.root()
    _look_again()
    with _tracker(own) as tracker:
        asked = request.single(own, words)
        ran = _ran(plan.make([asked.spec], own), own, tracker, asked, fresh=True)
        return RunResult.of(ran.records[0])


def sweep(*words: str, root: Path | None = None, fresh: bool = False) -> SweepResult:
    """Run a sweep as one plan, or go on with it: `sweep("model=gru,lstm", "precision=fp32,int8")`,
    `sweep("experiment=canonical")`.

    Cells that were measured before are not measured again unless `fresh`. Raises SpecError for a wrong word in any
    cell, for a bad input file, and where no cell is possible here.
    """
    from runner.execution import run_plan
    from runner.planning import plan
    from runner.report.views import sweep_to_mlflow
    from runner.sweeps import request

    own = root or project_paths.root()
    _look_again()
    with _tracker(own) as tracker:
        asked = request.read(own, words, multirun=True)
        made = plan.of_sweep(asked.sweep, own)
        name = run_plan.sweep_name([cell.candidate.spec for cell in made.cells])
        ran = _ran(made, own, tracker, asked, sweep=name, fresh=fresh)
        problem = sweep_to_mlflow.send(tracker, name, ran.records, asked.tracking.texts)
        if problem:
            warnings.warn(problem, stacklevel=2)
        return SweepResult.of(name, made, ran, project_paths.home(own))


@overload
def compare(
    *,
    sweep: str | None = None,
    baseline: str | None = None,
    sort: str | None = None,
    max_loss: str | None = None,
    by: str | None = None,
    root: Path | None = None,
) -> ComparisonResult: ...
@overload
def compare(candidate: str | Path, against: str | Path, /, *, root: Path | None = None) -> RecordDiffResult: ...
def compare(
    candidate: str | Path | None = None,
    against: str | Path | None = None,
    /,
    *,
    sweep: str | None = None,
    baseline: str | None = None,
    sort: str | None = None,
    max_loss: str | None = None,
    by: str | None = None,
    root: Path | None = None,
) -> ComparisonResult | RecordDiffResult:
    """The latest measurement of every spec, best first in each group, as the command `compare` shows it; of two
    records, `compare(candidate, against)`, these side by side: record_ids, or files made by `export`.

    `sweep` is a sweep's name; `baseline` a record_id or a label such as `onnxruntime fp32`; `sort` a metric. With
    `max_loss` (`1%`, or an amount in the metric's unit) one row is recommended, `by` latency, throughput, size or
    energy. Records that can't be read are left out with a warning. Raises SpecError for an unknown name, and where
    nothing was measured.
    """
    from runner.results import project_comparison

    home = project_paths.home(root or project_paths.root())
    if candidate is not None:
        if against is None:
            raise SpecError(
                f"compare: {candidate} alone, two records expected.", "compare(CANDIDATE, BASELINE), or none."
            )
        return RecordDiffResult(project_comparison.two(home, str(candidate), str(against)))
    return ComparisonResult(project_comparison.read(home, warnings.warn, sweep, baseline, sort, max_loss, by))


def best(
    *words: str,
    max_loss: str = "1%",
    by: str = "latency",
    limit_s: float = 3600.0,
    fresh: bool = False,
    root: Path | None = None,
) -> BestResult:
    """The best configuration of a model, found by a race: `best("model=gru", "backend=onnxruntime,openvino")`.

    Words are those of a sweep; what they don't say of backends, precisions and threads is tried. `max_loss` is the
    quality that may be lost (`1%`, an amount in the metric's unit, or `any`), `by` latency, throughput, size or energy.
    The race goes on from its finished groups unless `fresh`, and ends undecided after `limit_s` seconds. Raises
    SpecError for wrong words, Unavailable where no energy can be read, and what keeps the default from being measured.
    """
    from runner.execution.racing.best import raced
    from runner.execution.racing.command import Command, How
    from runner.report.views import progress
    from runner.results import row_cost

    own = root or project_paths.root()
    _look_again()
    if by not in row_cost.BY:
        raise SpecError(f"best(by={by!r}): a race is by {', '.join(row_cost.BY)}.", "Choose one of these.")
    how = How(by, max_loss, limit_s, fresh)
    with _tracker(own) as tracker:
        return BestResult(raced(Command(words, how, own, tracker, progress.on_stderr())))


def reproduce(record: str | Path, *words: str, root: Path | None = None) -> ReproductionResult:
    """Measure a record's spec again here, and say whether its result holds; `record` is a record_id, or a file made by
    `export`. `words` are what a record isn't followed in: `reproduce("for-anna.zip", "model.path=mine.onnx")`.

    Raises SpecError for a record that was edited or has no baseline, and for wrong words; Unavailable, Unsupported or
    StepFailed where nothing can be measured.
    """
    from runner.execution import measure_again
    from runner.report.views import progress

    _look_again()
    again = measure_again.measure_again(str(record), words, root or project_paths.root(), progress.on_stderr())
    return ReproductionResult(again.found, RunResult.of(again.here))


def _tracker(own: Path) -> Tracker:
    from runner.tracking.client import Tracker

    tracker = Tracker(project_paths.home(own))
    tracker.start()  # MLflow's import takes longer than composing and planning
    return tracker


def _ran(made: Plan, own: Path, tracker: Tracker, asked: Request, sweep: str = "", fresh: bool = False) -> Ran:
    from runner.execution import run_plan
    from runner.report.views import progress

    home = project_paths.home(own)
    return run_plan.run(
        made,
        home,
        tracker,
        asked.schedule,
        progress.on_stderr(),
        sweep=sweep,
        fresh=fresh,
        tracking=asked.tracking,
    )


def _look_again() -> None:
    """A notebook lives long, and files are edited meanwhile."""
    from runner.spec import options
    from runner.sweeps import experiment_file

    options.forget()
    experiment_file.read.cache_clear()
