"""What a profile of layers costs, and whether its layers add up, of each backend that has one.

`python benchmarks/profile_cost.py [--rounds 5] [--iterations 200] [--backend onnxruntime openvino]`

In each round a process of its own makes a profile, and before and after it half as many unprofiled runs each. Printed
are the medians over the rounds of wall time of the profile / of the unprofiled runs, and of the sum of all layers / the
time of an unprofiled run, both of the profile's own statistic. Exit code 1 where the first is above 2, or the second
further than 10 % from 1.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from statistics import fmean, median
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from runner.backends import loading
from runner.core import project_paths, registry
from runner.data import arrays
from runner.spec import options
from runner.testing import models
from runner.testing.cases import Case
from runner.testing.models import Compiled

COST, SUM, SIZE_MS = 2.0, 0.10, 1.0
CHANNELS = (32, 64, 128, 128, 256, 256, 256)
TOKENS, WIDTH, BLOCKS = 32, 256, 4

Net = tuple[list[Any], list[Any], list[int]]  # nodes, weights, sizes of an input's row


def convolutions() -> Net:
    """Depthwise and pointwise convolutions, each with its activation, as a MobileNet has them."""
    nodes, held, last, before = [], [], "x", 3
    for number, width in enumerate(CHANNELS):
        for kind, shape, more in (
            ("d", (before, 1, 3, 3), {"group": before, "pads": [1] * 4, "strides": [1 + number % 2] * 2}),
            ("p", (width, before, 1, 1), {}),
        ):
            name = f"{kind}{number}"
            held.append(_weights(f"w{name}", shape))
            nodes += [_node("Conv", [last, f"w{name}"], name, **more), _node("Relu", [name], f"r{name}")]
            last = f"r{name}"
        before = width
    return [*nodes, _node("GlobalAveragePool", [last], "y")], held, [3, 80, 80]


def products() -> Net:
    """Products of matrices with an activation between, as a transformer's feed-forward blocks have them."""
    nodes, held, last = [], [], "x"
    for number in range(BLOCKS):
        up, down = f"u{number}", f"d{number}"
        held += [_weights(f"w{up}", (WIDTH, 4 * WIDTH)), _weights(f"w{down}", (4 * WIDTH, WIDTH))]
        nodes += [_node("MatMul", [last, f"w{up}"], up), _node("Relu", [up], f"r{up}")]
        nodes += [_node("MatMul", [f"r{up}", f"w{down}"], down), _node("Add", [down, last], f"s{number}")]
        last = f"s{number}"
    return [*nodes, _node("Identity", [last], "y")], held, [TOKENS, WIDTH]


NETS: dict[str, Callable[[], Net]] = {"convolutions": convolutions, "products": products}


def _node(op: str, taken: list[str], name: str, **attributes: Any) -> Any:
    from onnx import helper

    return helper.make_node(op, taken, [name], name=f"node_{name}", **attributes)


def _weights(name: str, shape: tuple[int, ...]) -> Any:
    from onnx import numpy_helper

    values = np.random.default_rng(len(name)).normal(0, 1 / np.sqrt(np.prod(shape[1:])), size=shape)
    return numpy_helper.from_array(values.astype(np.float32), name)


def case(folder: Path, net: Net) -> Case:
    """The net with its data, as the steps before a compile leave them."""
    import onnx
    from onnx import TensorProto, helper

    nodes, held, row = net
    for part in ("graph", "data"):
        (folder / part).mkdir(parents=True)
    sizes: dict[str, list[Any] | None] = {"x": ["batch", *row], "y": None}
    ports = [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in sizes.items()]
    graph = helper.make_graph(nodes, "net", ports[:1], ports[1:], held)
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "graph/model.onnx"
    )
    x = np.random.default_rng(0).standard_normal((4, *row)).astype(np.float32)
    split = {"in/x": x, "target": np.zeros(len(x), np.float32)}
    about = {"task": "tensors", "shapes": {"x": ["batch", *row]}}
    arrays.write(arrays.Dataset({"test": split, "calibration": split}, about), folder / "data")
    return Case(folder, np.zeros(0), np.zeros(0))


def rounds(made: Compiled, backend: str, iterations: int, count: int) -> list[tuple[float, float, float]]:
    """Of each round (cost, sum, ms of an unprofiled run), each in a process of its own."""
    asked = (str(made.out), str(made.data), f"{registry.module('backend', backend)}.session", made.settings, iterations)
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        return [pool.apply(one_round, asked) for _ in range(count)]


def one_round(
    folder: str, data: str, module: str, settings: dict[str, Any], iterations: int
) -> tuple[float, float, float]:
    """In the process that holds the runtime."""
    opened = import_module(module)
    session, profiled = opened.open_session(folder, settings), opened.open_profiled(folder, settings)
    feed = {one["name"]: np.load(Path(data) / "test.npz")[f"in/{one['name']}"][:1] for one in session.inputs}
    bound, watched = session.bind(feed), profiled.bind(feed)
    _times(session, bound, iterations // 5)
    ns = _times(session, bound, iterations // 2)
    start = time.perf_counter_ns()
    found = profiled.profile(watched, iterations)
    spent = time.perf_counter_ns() - start
    ns += _times(session, bound, iterations - iterations // 2)
    usual = median(ns) if found["statistic"] == "median" else fmean(ns)
    return spent / sum(ns), sum(layer["ns"] for layer in found["layers"]) / usual, median(ns) / 1e6


def _times(session: Any, bound: Any, count: int) -> list[int]:
    """ns of each of so many runs."""
    found = []
    for _ in range(count):
        start = time.perf_counter_ns()
        session.run(bound)
        found.append(time.perf_counter_ns() - start)
    return found


def main() -> int:
    arguments = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--iterations", type=int, default=200)
    arguments.add_argument("--backend", nargs="+", default=[name for name in backends() if _profiles(name)])
    chosen, missed = arguments.parse_args(), False
    with tempfile.TemporaryDirectory() as home:
        for name, net in NETS.items():
            made = case(Path(home) / name, net())
            for backend in chosen.backend:
                compiled = models.compiled(Path(home) / f"{name}-made", backend, made)
                found = rounds(compiled, backend, chosen.iterations, chosen.rounds)
                cost, share, ms = (median(column) for column in zip(*found, strict=True))
                kept = cost <= COST and abs(share - 1) <= SUM and ms >= SIZE_MS
                missed = missed or not kept
                said = f"a profile costs {cost:.2f} × the runs, its layers sum to {share:.3f} × a run"
                print(f"{name} {backend} ({ms:.2f} ms): {said}{'' if kept else '  MISSED'}", flush=True)
    return 1 if missed else 0


def backends() -> list[str]:
    """All that there are."""
    return options.names("backend", project_paths.root())


def _profiles(backend: str) -> bool:
    declared = loading.backend(backend)
    return declared.capabilities.profile and "onnx" in declared.accepts


if __name__ == "__main__":
    sys.exit(main())
