"""Stage `tune`: ways to lay out each kernel are built here, timed on the device, and the best kept in a database."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
import types
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import onnx
import tvm
from tvm.ir.utils import derived_object

from runner.backends import compile_checks
from runner.backends.tvm import MODEL, RECORDS, TUNED_ON, WORKLOADS, importer, schedule, targets
from runner.backends.tvm.trial import Trials, arguments_of
from runner.core.errors import StepFailed
from runner.core.foreign_text import brief
from runner.core.job import Job
from runner.graphs import onnx_graph

A_ROUND = 4  # trials of one kernel at a time: each kernel has its first before any result is in the database
FAILED_S = 1e9  # from which on a time stands for a trial without one


def tune(job: Job) -> dict[str, Any]:
    """Writes the graph as it came and the database of its kernels. One that a kill left half filled is gone on with.

    Meta: `trials`, `best_us` of each kernel by its number there, `tuned_on` (the devices that timed them), and a
    warning where the time was up before. Raises StepFailed where no trial could be timed, and what keeps the device
    from it.
    """
    settings = job.settings["settings"]
    wanted, budget_s = settings["tuning"]["trials"], settings["tuning"]["budget_s"]
    database = job.scratch / "database"
    database.mkdir(exist_ok=True)
    for name in (WORKLOADS, RECORDS):
        _drop_torn(database / name)
    clock = _Clock(job, wanted, budget_s, len(_lines(database / RECORDS)))
    if clock.done < wanted:
        _search(job, database, clock)
    if clock.up:
        _drop_untried(database / RECORDS)
    for name in (WORKLOADS, RECORDS, TUNED_ON):
        shutil.copyfile(database / name, job.out / name)
    for file in (job.inputs["model"]).glob(f"{MODEL}*"):
        shutil.copyfile(file, job.out / file.name)
    tried = clock.done
    notes = [f"tuning: the time was up after {tried} of {wanted} trials (budget {budget_s:g} s)"] if clock.up else []
    best, devices = _best(_lines(database / RECORDS)), json.loads((database / TUNED_ON).read_text())
    return {"trials": tried, "best_us": best, "tuned_on": devices, "warnings": notes}


class _Clock:
    """How far the trials are, and whether the time is up."""

    def __init__(self, job: Job, wanted: int, budget_s: float, done: int) -> None:
        self.job, self.wanted, self.done, self.before = job, wanted, done, done
        self.end = time.monotonic() + budget_s
        self.up = False

    def over(self) -> bool:
        """Whether the time is up before all trials were done; never before the first."""
        late = time.monotonic() > self.end
        self.up = self.up or (late and self.before < self.done < self.wanted)
        return self.up

    def tell(self, where: str) -> None:
        """One more trial was done."""
        self.done += 1
        self.job.progress(min(self.done, self.wanted), self.wanted, f"tries layouts of kernels on {where}")


def _legal(job: Job) -> Any:
    """The module whose kernels are tuned: the same that `compile` looks up in the database."""
    model = onnx.load(job.inputs["model"] / MODEL)
    taken = onnx_graph.describe(onnx_graph.inputs(model))
    feed = compile_checks.drawn_feed(job.inputs["data"], taken, job.settings["batch"])
    module = importer.module_of(model, {name: array.shape for name, array in feed.items()})
    return schedule.prepared(module, job.settings["settings"]["schedule"])[0]


def _search(job: Job, database: Path, clock: _Clock) -> None:
    """Tries until the trials are done or the time is up; each result is in the database at once. Raises as `tune`."""
    settings, folder = job.settings["settings"], Path(tempfile.mkdtemp(dir=job.scratch))
    trials = Trials(job.device, settings["threads"], folder / "log")
    try:
        _noted(database / TUNED_ON, trials.where)
        _tried(job, database, clock, trials, folder)
        if not _best(_lines(database / RECORDS)) and clock.done:
            shutil.rmtree(database)  # the next command tries anew
            raise _no_time(clock.done, trials)
    finally:
        trials.close()
        shutil.rmtree(folder)


def _tried(job: Job, database: Path, clock: _Clock, trials: Trials, folder: Path) -> None:
    # TVM registers hardware's own instructions when it tunes: 20 s, and none of them is in what is tried here.
    sys.modules.setdefault("tvm.s_tir.tensor_intrin", types.ModuleType("tvm.s_tir.tensor_intrin"))
    from tvm.s_tir import meta_schedule

    settings = job.settings["settings"]
    chosen = targets.chosen(settings["target"], job.settings["tuned_to"])
    target = tvm.target.Target({**chosen, "num-cores": settings["threads"]})
    parts = _parts(meta_schedule, _Build(folder, targets.linker(chosen)), trials, clock)
    with target:
        legal = tvm.transform.Sequential(schedule.legal_passes(target))(_legal(job))
    try:
        meta_schedule.relax_integration.tune_relax(
            mod=legal,
            params={},
            target=target,
            work_dir=str(database),
            max_trials_global=clock.wanted - clock.done,
            num_trials_per_iter=A_ROUND,
            builder=parts["builder"],
            runner=parts["runner"],
            cost_model="random",
            strategy="replay-trace",
            space=meta_schedule.space_generator.PostOrderApply(
                sch_rules="llvm", postprocs="llvm", mutator_probs="llvm"
            ),
            measure_callbacks=[meta_schedule.measure_callback.AddToDatabase(), parts["watch"]],
            seed=clock.done,
        )
    except RuntimeError:  # TVM's own, of whatever ours raise
        if trials.lost is not None:
            raise trials.lost from None
        if not clock.up:
            raise


def _noted(file: Path, device: str) -> None:
    """The device among those that timed trials of a database."""
    known = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else []
    file.write_text(json.dumps(sorted({*known, device})), encoding="utf-8")


def _no_time(tried: int, trials: Trials) -> StepFailed:
    reason = f"tuning: none of {tried} trials could be timed on {trials.where}; the last: {trials.failed}"
    return StepFailed(reason, "Does its TVM have the version of the one here? Without trials: backend.tuning.trials=0")


@dataclass(frozen=True)
class _Build:
    """Where candidates' libraries are built, and how they are linked (`targets.linker`)."""

    folder: Path
    linker: Mapping[str, Any]


def _parts(meta_schedule: Any, build: _Build, trials: Trials, clock: _Clock) -> dict[str, Any]:
    """What MetaSchedule is given: a builder and a runner of our own, and who watches."""

    @derived_object  # type: ignore[untyped-decorator,unused-ignore]
    class Builder(meta_schedule.builder.PyBuilder):  # type: ignore[misc,unused-ignore]
        def build(self, inputs: Any) -> Any:
            return [_built(meta_schedule, build, one, clock) for one in inputs]

    @derived_object  # type: ignore[untyped-decorator,unused-ignore]
    class Found(meta_schedule.runner.PyRunnerFuture):  # type: ignore[misc,unused-ignore]
        def __init__(self, found: Any) -> None:
            super().__init__()
            self.found = found

        def done(self) -> bool:
            return True

        def result(self) -> Any:
            failed = isinstance(self.found, str)
            return meta_schedule.runner.RunnerResult(None if failed else self.found, self.found if failed else None)

    @derived_object  # type: ignore[untyped-decorator,unused-ignore]
    class Runner(meta_schedule.runner.PyRunner):  # type: ignore[misc,unused-ignore]
        def run(self, inputs: Any) -> Any:
            return [Found(self.timed(one)) for one in inputs]

        def timed(self, given: Any) -> list[float] | str:
            clock.tell(trials.where)
            return trials.timed(given.artifact_path, arguments_of(given.args_info))

    @derived_object  # type: ignore[untyped-decorator,unused-ignore]
    class Watch(meta_schedule.measure_callback.PyMeasureCallback):  # type: ignore[misc,unused-ignore]
        def apply(self, scheduler: Any, task: int, candidates: Any, builds: Any, runs: Any) -> None:
            for one in builds:
                if one.artifact_path is not None:
                    Path(one.artifact_path).unlink(missing_ok=True)
            if clock.over():
                raise TimeoutError("the time for tuning is up")

    return {"builder": Builder(), "runner": Runner(), "watch": Watch()}


def _built(meta_schedule: Any, build: _Build, given: Any, clock: _Clock) -> Any:
    """One candidate's library, or why there is none."""
    if clock.over():
        return meta_schedule.builder.BuilderResult(None, "the time for tuning is up")
    path = str(build.folder / f"{time.monotonic_ns()}.so")
    try:
        tvm.compile(given.mod, target=given.target).export_library(path, **build.linker)
    except Exception as error:  # TVM's own share no base class
        return meta_schedule.builder.BuilderResult(None, brief(str(error)))
    return meta_schedule.builder.BuilderResult(path, None)


def _lines(records: Path) -> list[str]:
    return records.read_text(encoding="utf-8").splitlines() if records.is_file() else []


def _drop_torn(file: Path) -> None:
    """A last line that a kill left without its end, which TVM would fail at."""
    content = file.read_text(encoding="utf-8") if file.is_file() else ""
    if content and not content.endswith("\n"):
        file.write_text(content[: content.rfind("\n") + 1], encoding="utf-8")


def _drop_untried(records: Path) -> None:
    """What has no time is not counted as tried by whoever goes on with the database."""
    timed = [line for line in _lines(records) if max(json.loads(line)[1][1] or [FAILED_S]) < FAILED_S]
    records.write_text("".join(f"{line}\n" for line in timed), encoding="utf-8")


def _best(lines: list[str]) -> dict[str, float]:
    """`{number of a kernel in the database: the microseconds of its best trial}`."""
    best: dict[str, float] = {}
    for line in lines:
        kernel, (_, seconds, *_) = json.loads(line)
        if seconds and max(seconds) < FAILED_S:
            us = 1e6 * sum(seconds) / len(seconds)
            best[str(kernel)] = round(min(us, best.get(str(kernel), us)), 3)
    return best
