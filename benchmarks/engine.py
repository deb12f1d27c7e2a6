"""What the runner takes for a cell where there is nothing to do, beside Hydra's basic launcher; and an unchanged sweep.

`python benchmarks/engine.py [--cells 1000] [--jobs 40] [--again 48] [--rounds N]`. Each round times

- a sweep of so many cells whose steps do nothing (one step of its own each, after one that all share), measured in no
  time: composed, planned, each step run in a worker and sealed in the store, each record written; by `schedule=local`
  and by `schedule=inline`. Without tracking, and without a compile's fresh process, whose time stands beside it;
- Hydra's basic launcher on jobs that do nothing, with the same configuration.

Then a real sweep of 48 cells (small models, a few seconds each) is made once, and the same command is timed again.
Prints medians and, last, whether the targets are reached; exit code 1 where one is missed.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr
from io import StringIO
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support.no_tracker import NoTracker
from benchmarks.support.timed import alternated, row, verdict, wall
from runner.core import hashing
from runner.core.errors import RunnerError
from runner.execution import record_builder, run_plan
from runner.execution.record_identity import Origin
from runner.planning import plan
from runner.planning.graph import Cell, Chain, Node, Plan
from runner.planning.requirements import Outcome
from runner.report.views import progress
from runner.results import records
from runner.results.records import Record
from runner.spec.schedule import INLINE, Schedule, Settings
from runner.spec.schema import Sweep
from runner.sweeps import request
from runner.transport.local import open_worker

CELL_SECONDS = 0.020
AGAIN_SECONDS = 5.0
COMMON = ("model=gru", "precision=fp32", "baseline=none")
SMALL = (
    "train=smoke", "data=mackey_glass", "data.rows=500", "measure=quick", "measure.min_pairs=2", "measure.max_pairs=2",
    "measure.min_seconds=0.01", "baseline=none",
)  # fmt: skip
JOB = """
import hydra

@hydra.main(version_base="1.3", config_path={conf!r}, config_name="config")
def main(config):
    pass

main()
"""


def measured_in_no_time(
    cell: Cell, outcomes: Mapping[str, Outcome], root: Path, quiet: Any, origin: Origin, display: Any
) -> Record:
    """Stands in for `record_builder.measured`: a record without figures."""
    content = record_builder.unmeasured(cell, RunnerError(""), outcomes, origin)
    return records.write(root, {**content, "status": "ok"})


def without_work(specs: Sweep, root: Path) -> Plan:
    """A plan of the specs whose steps do nothing: one that all share, and one of each cell's own."""
    shared = _node("data", "shared", {}, root)
    own = [_node("export", str(number), {"data": shared.key}, root) for number in range(len(specs.cells))]
    made = [
        Cell(Chain(spec, {"data": shared.key, "export": one.key}), None, "none")
        for (_, spec), one in zip(specs.cells, own, strict=True)
    ]
    return Plan({one.key: one for one in (shared, *own)}, made)


def _node(step: str, title: str, inputs: Mapping[str, str], root: Path) -> Node:
    return Node(
        step, title, "benchmarks.support.no_op", {"title": title}, inputs, {}, hashing.digest([step, title, str(root)])
    )


def swept(count: int, schedule: Schedule) -> float:
    """Seconds a cell of a sweep that does nothing."""
    with tempfile.TemporaryDirectory() as folder, redirect_stderr(StringIO()):
        root = Path(folder)
        start = time.monotonic()
        specs = request.cells(root, [*COMMON, f"seed=range({count})"])
        plan.of_sweep(specs, root)  # its steps are not the ones that are run, but its time counts
        made, told = without_work(specs, root), progress.on_stderr()
        ran = run_plan.run(made, root, NoTracker(), schedule, told, sweep="s")  # type: ignore[arg-type]
        seconds = time.monotonic() - start
        states = {record.content["status"] for record in ran.records}
        if states != {"ok"} or len(ran.records) != count:
            raise RuntimeError(f"{len(ran.records)} records, {states}: {ran.records[0].content['reason']}")
    return seconds / count


def launched(jobs: int, folder: Path) -> float:
    """Seconds a job of Hydra's basic launcher: what further ones add to the first."""
    script = folder / "job.py"
    script.write_text(JOB.format(conf=str(Path(__file__).parents[1] / "conf")))
    words = [
        "hydra/sweeper=basic",
        "hydra/launcher=basic",
        "hydra/hydra_logging=disabled",
        "hydra/job_logging=disabled",
        f"hydra.sweep.dir={folder}/out",
        "hydra.sweep.subdir=${hydra.job.num}",
    ]
    times = [
        wall([sys.executable, str(script), "-m", f"seed={','.join(map(str, range(count)))}", *words], folder)
        for count in (jobs, 1)
    ]
    return (times[0] - times[1]) / (jobs - 1)


def fresh_worker(folder: Path) -> float:
    """Seconds to start and end a worker that does nothing: what each compile has to itself."""
    start = time.monotonic()
    with open_worker(folder / "log", name="nothing") as worker:
        worker.ask("memory", timeout=60)
    return time.monotonic() - start


def again(count: int, rounds: int) -> list[float]:
    """Seconds of an unchanged sweep, after it was made once."""
    words = ["-m", "model=gru,lstm", "precision=fp32,int8_dynamic", "backend=onnxruntime,openvino"]
    hidden = ",".join(str(4 + number) for number in range(count // 8))
    command = [sys.executable, "-m", "runner", *words, f"model.hidden={hidden}", *SMALL]
    with tempfile.TemporaryDirectory() as folder:
        first = wall(command, Path(folder))
        print(f"the sweep of {count // 8 * 8} cells, made and measured once: {first:.1f} s", flush=True)
        before = len(list(Path(folder).glob("records/*/record.json")))
        found = [wall(command, Path(folder)) for _ in range(rounds)]
        if len(list(Path(folder).glob("records/*/record.json"))) != before:
            raise RuntimeError("an unchanged sweep measured again")
    return found


@contextmanager
def prepared() -> Iterator[Path]:
    """Workers find the step that does nothing; nothing is measured or locked."""
    os.environ["PYTHONPATH"] = os.pathsep.join(
        filter(None, [os.environ.get("PYTHONPATH"), str(Path(__file__).parents[1])])
    )
    before, record_builder.measured = record_builder.measured, measured_in_no_time
    try:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)
    finally:
        record_builder.measured = before


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=1000, help="cells of the sweep that does nothing (1000)")
    parser.add_argument("--jobs", type=int, default=40, help="jobs of Hydra's basic launcher (40)")
    parser.add_argument("--again", type=int, default=48, help="cells of the real sweep that is run again (48; 0: none)")
    parser.add_argument("--rounds", type=int, default=3, help="alternated rounds (3)")
    chosen = parser.parse_args()
    with prepared() as folder:
        found = alternated(
            {
                "a cell, schedule=local": lambda: swept(chosen.cells, Settings(None, None, 3, {}, False)),
                "a cell, schedule=inline": lambda: swept(chosen.cells, INLINE),
                "a job of Hydra's basic launcher": lambda: launched(chosen.jobs, folder),
                "a worker that does nothing": lambda: fresh_worker(folder),
            },
            chosen.rounds,
        )
    ours = found["a cell, schedule=local"]
    for name, seconds in found.items():
        print(row(name, seconds, beside=ours if "Hydra" in name else None))
    reached = [verdict(f"{chosen.cells} cells that do nothing, each", ours, CELL_SECONDS)]
    if chosen.again:
        seconds = again(chosen.again, chosen.rounds)
        print(row("the same sweep again", seconds))
        reached.append(verdict(f"an unchanged sweep of {chosen.again} cells again", seconds, AGAIN_SECONDS))
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
