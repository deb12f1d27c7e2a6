"""A machine's peaks, measured in a worker on it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from runner.measure.roofline import Peaks
from runner.transport.device import Device
from runner.transport.endpoint import WorkerOptions
from runner.worker import machine_peaks

MODULE = machine_peaks.__name__
SETS = tuple(1 << power for power in (18, 20, 22, 24, 26, 28))  # bytes: from a level-2 cache to memory
SHARE = 8  # of the machine's memory that the largest set may take: one in so many
LIMIT_S = 120.0
MB = 1 << 20


def measured(device: Device, threads: int, folder: Path, date: str) -> Peaks:
    """Of the device, with so many threads; logs go to `folder`. Raises what a worker raises."""
    hardware = device.hardware()
    options = WorkerOptions(f"peaks of {device.name}", threads, modules=(MODULE,))
    arguments = {"threads": threads, "products": products(), "sets": sets(hardware)}
    with device.open_worker(folder / f"peaks-{threads}.log", options) as worker:
        if threads == 1 and (cpus := device.cpus()):  # as a pair of one thread is
            _ask(worker, "runner.worker.process", "pin", cpus=list(cpus[:1]))
        found: Mapping[str, Any] = _ask(worker, MODULE, "measured", **arguments)
    speeds = tuple((int(size), float(speed)) for size, speed in found["bytes_per_s"])
    return Peaks(date, str(hardware["identity"]), threads, found["flops_per_s"], found["by"], speeds)


def of_threads(device: Device, counts: Iterable[int], folder: Path, date: str) -> list[Peaks]:
    """`measured` with each of these numbers of threads: more are no slower than fewer were, as a part of them may
    rest."""
    found: list[Peaks] = []
    for threads in sorted(set(counts)):
        one = measured(device, threads, folder, date)
        found.append(one.no_less_than(found[-1]) if found else one)
    return found


def _ask(worker: Any, module: str, function: str, **arguments: Any) -> Any:
    return worker.ask("call", timeout=LIMIT_S, module=module, function=function, arguments=arguments)


def sets(hardware: Mapping[str, Any]) -> list[int]:
    """Those of SETS that the machine's memory has room for; the smallest always."""
    room = min(filter(None, (hardware.get("memory_mb"), hardware.get("memory_limit_mb"))), default=0) * MB / SHARE
    return [size for size in SETS if size <= max(room, SETS[0])]


def products() -> dict[str, str]:
    """`{precision: graph}` for `machine_peaks.measured`: a node writes the constants, so that it takes few bytes."""
    return {"fp32": _product("MatMul", "FLOAT", 1.0), "int8": _product("MatMulInteger", "INT8", 1)}


def _product(op: str, kind: str, value: float) -> str:
    from onnx import TensorProto, helper

    side = machine_peaks.SIDE
    constant = helper.make_tensor("one", TensorProto.DataType.Value(kind), [1], [value])
    taken = TensorProto.UINT8 if kind == "INT8" else TensorProto.FLOAT
    given = TensorProto.INT32 if kind == "INT8" else TensorProto.FLOAT
    graph = helper.make_graph(
        [
            helper.make_node("ConstantOfShape", ["sizes"], ["w"], value=constant),
            helper.make_node(op, ["x", "w"], ["y"]),
        ],
        "product",
        [helper.make_tensor_value_info("x", taken, [side, side])],
        [helper.make_tensor_value_info("y", given, [side, side])],
        [helper.make_tensor("sizes", TensorProto.INT64, [2], [side, side])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7)
    return base64.b64encode(model.SerializeToString()).decode()
