"""The runner's own fixed cost of a run whose artifacts are all there, beside the peers' unchanged runs.

`python benchmarks/fixed_cost.py [--peers VENV]`: each run is one whole command, timed from outside. Of its wall time
this is not the runner's own: the time in which a candidate's or a baseline's worker was asked for something, that is
its process's start, imports and load, its warm-up, bursts and predictions. All the rest is: composing, planning,
checking artifacts, waiting for MLflow, scoring, statistics, closing workers, the record, its plot, MLflow, printing,
the end of the process. The processes of the next pair, which import while this one warms up and then stand still,
count from the last answer of this one on. Since MLflow is imported while workers load, what these loads take longer
than the median of the loads after it counts as the runner's own, too.

Beside it stands what a reader can compute from any record: the command's wall time − `timing.benchmark_s`.

The peers' figures are their whole runs: Olive's unchanged re-run, which takes everything from its cache and measures
nothing, and optimum-benchmark's run of the same ONNX file, with 100 iterations in one process. Ours measures each
side in six fresh processes; its whole wall time is printed, too. Exit code 1 where a median misses its target.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.support import peers as others
from benchmarks.support.timed import alternated, row, verdict, wall

LIMIT = 1.5
IMPORT = "call"  # what a process is asked before it is needed: to import its runtime
WATCHED = Path(__file__).parent / "support" / "watched.py"
SHAPES = [f"model.shapes.{name}=[1,{others.LENGTH}]" for name in others.INPUTS]
GRU = ["model=gru", "train=smoke", "measure=quick"]


Asked = tuple[str, str, float, float]  # worker, what, start, end


@dataclass(frozen=True)
class Cost:
    """Seconds of one run: `own` is the sum of the four below it."""

    whole: float
    own: float
    before: float  # the first worker was asked
    between: float  # two questions
    after: float  # the last answer
    slowed: float  # loads while MLflow was imported, beyond the later ones
    by_record: float


PARTS = ("before", "between", "after", "slowed", "by_record", "whole")


@dataclass
class Ours:
    """One spec of ours, run again and again in one project."""

    project: Path
    arguments: list[str]
    costs: list[Cost] = field(default_factory=list)

    def __call__(self) -> float:
        """Run once; the runner's own seconds."""
        asked = self.project / "asked.json"
        command = [sys.executable, str(WATCHED), str(asked), *self.arguments, "--json"]
        start = time.monotonic()
        done = subprocess.run(command, cwd=self.project, capture_output=True, text=True)
        end = time.monotonic()
        if done.returncode:
            raise RuntimeError(f"{' '.join(self.arguments)} ended with {done.returncode}:\n{done.stderr[-500:]}")
        self.costs.append(cost(start, end, json.loads(asked.read_text()), json.loads(done.stdout)["timing"]))
        return self.costs[-1].own


def cost(start: float, end: float, asked: list[Asked], timing: dict[str, float]) -> Cost:
    """From the times of the questions to workers (`support/watched.py`) and of the command as a whole."""
    measured = [one for one in asked if one[0].split()[0] in ("candidate", "baseline")]
    imported = min(ended for worker, _, _, ended in asked if worker == "tracking")
    last = max(ended for _, what, _, ended in measured if what != IMPORT)
    spans = sorted((since(one, measured), min(one[3], last)) for one in measured if one[2] < last)
    first = spans[0][0]
    before, after = first - start, end - last
    between = (last - first) - covered(spans)
    slowed = excess([one for one in measured if one[1] == "load"], imported)
    own = before + between + after + slowed
    return Cost(end - start, own, before, between, after, slowed, end - start - timing["benchmark_s"])


def since(one: Asked, measured: list[Asked]) -> float:
    """From when a question counts: the next pair's import from the last answer within it, as it stands still before."""
    _, what, began, ended = one
    answers = [end for _, other, _, end in measured if other != IMPORT and began < end < ended]
    return max(answers, default=began) if what == IMPORT else began


def covered(spans: list[tuple[float, float]]) -> float:
    """Seconds in at least one of the sorted `spans`."""
    total, until = 0.0, spans[0][0]
    for began, ended in spans:
        total += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return total


def excess(loads: list[Asked], imported: float) -> float:
    """What the loads that began before MLflow was `imported` took longer than the median of each worker's others."""
    total = 0.0
    for worker in {one[0] for one in loads}:
        own = [(began, ended - began) for name, _, began, ended in loads if name == worker]
        free = [seconds for began, seconds in own if began >= imported]
        usual = median(free) if free else min(seconds for _, seconds in own)
        total += sum(max(0.0, seconds - usual) for began, seconds in own if began < imported)
    return total


def runs(folder: Path, model: Path) -> dict[str, Ours]:
    """The main job with little training, and the model that the peers run; each ran once, so that all is there."""
    project = folder / "project"
    project.mkdir()
    (project / "runner.toml").touch()
    file = ["model=onnx", f"model.path={model}", *SHAPES, "precision=fp32", "baseline=none", "measure=quick"]
    specs = {"own cost, gru int8_dynamic": Ours(project, GRU), "own cost, the peers' file": Ours(project, file)}
    for one in specs.values():
        one()
        one.costs.clear()
    return specs


def theirs(peers: others.Peers | None, folder: Path) -> dict[str, Callable[[], float]]:
    if peers is None:
        return {}
    again: dict[str, Callable[[], float]] = {
        "olive unchanged re-run": lambda: wall(peers.olive(), folder, env=others.ENVIRONMENT),
        "optimum-benchmark run": lambda: wall(peers.optimum(), folder, env=others.ENVIRONMENT),
    }
    for one in again.values():
        one()
    return again


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    others.option(parser)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        specs = runs(folder, others.common_model(folder))
        peers = theirs(others.opened(chosen.peers, folder), folder)
        found = alternated({**specs, **peers}, chosen.rounds)
    for name, one in specs.items():
        print(row(name, found[name]))
        for part in PARTS:
            print(row(f"  {part}", [getattr(each, part) for each in one.costs]))
    same = found["own cost, the peers' file"]
    for name in peers:
        print(row(name, found[name], beside=same))
    reached = [verdict(name, found[name], LIMIT) for name in specs]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
