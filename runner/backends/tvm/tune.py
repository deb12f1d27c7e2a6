"""Stage `tune`: ways to lay out each kernel are tried on this machine, and the best are kept in a database."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import time
import types
from pathlib import Path
from typing import Any

import onnx
import tvm
from tvm.ir.utils import derived_object

from runner.backends import compile_checks
from runner.backends.tvm import MODEL, RECORDS, WORKLOADS, importer, schedule, targets
from runner.backends.tvm.trial import Trials, arguments_of
from runner.core.foreign_text import brief
from runner.core.job import Job
from runner.graphs import onnx_graph

A_ROUND = 4  # trials of one kernel at a time: each kernel has its first before any result is in the database
FAILED_S = 1e9  # from which on a time stands for a trial without one


def tune(job: Job) -> dict[str, Any]:
    """Writes the graph as it came and the database of its kernels. One that a kill left half filled is gone on with.

    Meta: `trials`, `best_us` of each kernel by its number there, and a warning where the time was up before.
    """
    settings = job.settings["settings"]
    wanted, budget_s = settings["tuning"]["trials"], settings["tuning"]["budget_s"]
    database = job.scratch / "database"
    database.mkdir(exist_ok=True)
    for name in (WORKLOADS, RECORDS):
        _drop_torn(database / name)
    clock = _Clock(job, wanted, budget_s, len(_lines(database / RECORDS)))
    if clock.done < wanted:
        chosen = targets.chosen(settings["target"], job.settings["tuned_to"])
        target = tvm.target.Target({**chosen, "num-cores": settings["threads"]})
        _search(_legal(job), target, database, clock, settings["threads"])
    if clock.up:
        _drop_untried(database / RECORDS)
    for name in (WORKLOADS, RECORDS):
        shutil.copyfile(database / name, job.out / name)
    for file in (job.inputs["model"]).glob(f"{MODEL}*"):
        shutil.copyfile(file, job.out / file.name)
    tried = clock.done
    notes = [f"tuning: the time was up after {tried} of {wanted} trials (budget {budget_s:g} s)"] if clock.up else []
    return {"trials": tried, "best_us": _best(_lines(database / RECORDS)), "warnings": notes}


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

    def tell(self) -> None:
        """One more trial was done."""
        self.done += 1
        self.job.progress(min(self.done, self.wanted), self.wanted, "tries layouts of kernels")


def _legal(job: Job) -> Any:
    """The module whose kernels are tuned: the same that `compile` looks up in the database."""
    model = onnx.load(job.inputs["model"] / MODEL)
    taken = onnx_graph.describe(onnx_graph.inputs(model))
    feed = compile_checks.drawn_feed(job.inputs["data"], taken, job.settings["batch"])
    module = importer.module_of(model, {name: array.shape for name, array in feed.items()})
    return schedule.prepared(module, job.settings["settings"]["schedule"])[0]


def _search(module: Any, target: Any, database: Path, clock: _Clock, threads: int) -> None:
    """Tries until the trials are done or the time is up; each result is in the database at once."""
    # TVM registers hardware's own instructions when it tunes: 20 s, and none of them is in what is tried here.
    sys.modules.setdefault("tvm.s_tir.tensor_intrin", types.ModuleType("tvm.s_tir.tensor_intrin"))
    from tvm.s_tir import meta_schedule

    folder = Path(tempfile.mkdtemp(dir=clock.job.scratch))
    trials = Trials(threads, folder / "log")
    parts = _parts(meta_schedule, folder, trials, clock)
    with target:
        legal = tvm.transform.Sequential(schedule.legal_passes(target))(module)
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
    except RuntimeError:
        if not clock.up:
            raise
    finally:
        trials.close()
        shutil.rmtree(folder)


def _parts(meta_schedule: Any, folder: Path, trials: Trials, clock: _Clock) -> dict[str, Any]:
    """What MetaSchedule is given: a builder and a runner of our own, and who watches."""

    @derived_object  # type: ignore[untyped-decorator,unused-ignore]
    class Builder(meta_schedule.builder.PyBuilder):  # type: ignore[misc,unused-ignore]
        def build(self, inputs: Any) -> Any:
            return [_built(meta_schedule, folder, one, clock) for one in inputs]

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
            clock.tell()
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


def _built(meta_schedule: Any, folder: Path, given: Any, clock: _Clock) -> Any:
    """One candidate's library, or why there is none."""
    if clock.over():
        return meta_schedule.builder.BuilderResult(None, "the time for tuning is up")
    path = str(folder / f"{time.monotonic_ns()}.so")
    try:
        tvm.compile(given.mod, target=given.target).export_library(path)
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
