"""What the telemetry sampler does to the measured median: the same model with and without it, in pairs.

`python benchmarks/sampler_effect.py [--pairs 40] [--threads 1 2] [--priority idle|nice|normal] [--interval-ms 100]`

A pair is a fresh process of one model whose turns are compared: the sampler watches it throughout, samples in one turn
and is stopped (SIGSTOP) in the next. Turns are longer than the sampler's interval; a sample that fell due meanwhile is
taken as soon as the sampler goes on, so that the sampled turns hold at least as many samples as any benchmark's. Two
processes would bring in what differs between processes, which is not the sampler's doing. With as many threads as
processors no processor is free for the sampler.
Printed: the ratio of medians with / without, its paired 95 % interval. Exit code 1 where its upper end reaches 1 %.
"""

from __future__ import annotations

import argparse
import itertools
import math
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from runner.core import project_paths
from runner.measure.statistics import Interval, hodges_lehmann
from runner.spec import options as choices
from runner.spec.telemetry import Settings
from runner.telemetry import time_series
from runner.telemetry.sampler import Sampler, sampling
from runner.transport.local import Worker, open_worker

LIMIT = 0.01
TURN_S = 0.2
TURNS = 6  # of the process, with the sampler and without in turn
ROLE = "candidate"
SIZES = (256, 512, 512, 64)  # an MLP of about 0.1 ms


def model(folder: Path) -> Path:
    """`model.onnx`, and `test.npz` with 64 different inputs."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    random = np.random.default_rng(0)
    shapes = list(itertools.pairwise(SIZES))
    weights = [random.normal(0, 0.05, size=shape).astype(np.float32) for shape in shapes]
    names = ["x", *(f"h{number}" for number in range(1, len(weights))), "y"]
    nodes = [
        helper.make_node("MatMul", [names[number], f"w{number}"], [names[number + 1]]) for number in range(len(weights))
    ]
    first, last = (
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", size])]
        for name, size in (("x", SIZES[0]), ("y", SIZES[-1]))
    )
    stored = [numpy_helper.from_array(weight, f"w{number}") for number, weight in enumerate(weights)]
    graph = helper.make_graph(nodes, "mlp", first, last, stored)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9), folder / "model.onnx"
    )
    x = random.normal(size=(64, SIZES[0])).astype(np.float32)
    np.savez(folder / "test.npz", **{"in/x": x})  # type: ignore[arg-type]
    return folder


def opened(folder: Path, role: str, threads: int) -> Worker:
    """A fresh process with the model loaded and warm."""
    worker = open_worker(folder / f"{role}.log", name=role, threads=threads)
    options = {**choices.values("backend", "onnxruntime", project_paths.root()), "threads": threads}
    load: dict[str, Any] = {"session": "runner.backends.onnxruntime.session", "folder": folder, "options": options}
    worker.ask("load", timeout=60, **load, inputs=folder / "test.npz", batch=8, samples=8, seed=0)
    return worker


def pair(folder: Path, sampler: Sampler, threads: int, number: int) -> float:
    """log(median with the sampler / median without): the median over neighbouring turns."""
    with opened(folder, ROLE, threads) as worker:
        if threads == 1:  # as benchmarks do (measure.pin=same)
            allowed = sorted(os.sched_getaffinity(0))
            cpus = {"cpus": [allowed[number // 2 % len(allowed)]]}
            worker.ask("call", timeout=60, module="runner.worker.process", function="pin", arguments=cpus)
        sampler.watch(ROLE, worker.pid)
        warm = worker.ask("warmup", timeout=60, iterations=50, seconds=0.1)
        size = max(1, math.ceil(TURN_S * warm["iterations"] / warm["seconds"]))
        logs = [turn(worker, sampler, size, (index + number) % 2 == 0) for index in range(TURNS)]
        os.kill(sampler.process.pid, signal.SIGCONT)
    steps = np.diff(logs) * np.where((np.arange(TURNS - 1) + number) % 2 == 0, -1, 1)
    return float(np.median(steps))


def turn(worker: Worker, sampler: Sampler, size: int, sampled: bool) -> float:
    """log of the median of `size` iterations in ns."""
    os.kill(sampler.process.pid, signal.SIGCONT if sampled else signal.SIGSTOP)
    return math.log(float(np.median(worker.ask("burst", timeout=60, iterations=size)["ns"])))


def effect(folder: Path, pairs: int, threads: int, settings: Settings, priority: str) -> tuple[Interval, str]:
    """(interval of the log ratio, what the sampler did meanwhile)."""
    with sampling(folder, settings, [ROLE], priority=priority) as sampler:
        assert sampler is not None and not sampler.problem, "the sampler did not start"
        ratios = [pair(folder, sampler, threads, number) for number in range(pairs)]
        sampler.stop()
        assert not sampler.problem, sampler.problem
        found = time_series.read(sampler.file)
    cost = time_series.spread(found.signals["sampler_cpu_percent"])
    assert cost is not None
    return hodges_lehmann(ratios), f"{len(found.t_ns)} samples, sampler at {cost['mean']:.1f} % of one processor"


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--threads", type=int, nargs="+", default=sorted({1, len(os.sched_getaffinity(0))}))
    parser.add_argument("--priority", choices=("idle", "nice", "normal"), default="idle")
    parser.add_argument("--interval-ms", type=int, default=100)
    arguments = parser.parse_args(argv)
    settings, reached = Settings(arguments.interval_ms, 0.0), True
    with tempfile.TemporaryDirectory() as folder:
        model(Path(folder))
        for threads in arguments.threads:
            found, seen = effect(Path(folder), arguments.pairs, threads, settings, arguments.priority)
            low, middle, high = (100 * math.expm1(x) for x in (found.low, found.estimate, found.high))
            reached &= high < 100 * LIMIT
            how = f"{threads} thread(s), {arguments.priority}, {arguments.interval_ms} ms, {arguments.pairs} pairs"
            print(f"{how}: median {middle:+.2f} % [{low:+.2f}, {high:+.2f}] with the sampler; {seen}", flush=True)
    print(f"upper end of the interval < {LIMIT:.0%}, over at least 40 pairs: {'reached' if reached else 'missed'}")
    if arguments.pairs < 40:
        print(f"{arguments.pairs} pairs are too few to say so")
    return 0 if reached and arguments.pairs >= 40 else 1


if __name__ == "__main__":
    sys.exit(main())
