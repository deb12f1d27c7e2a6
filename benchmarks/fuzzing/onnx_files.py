"""ONNX files, sound ones and broken ones, through planning, their export and their data.

A sound file that ONNX Runtime runs must be taken; a broken one is refused in words.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.fuzzing import judge, odd, steps

OPERATORS = (
    "Relu", "Sigmoid", "Identity", "Softmax", "Add", "Mul", "Gemm", "ArgMax", "Shape", "NonZero", "Cast",
    "Dropout", "RandomNormalLike", "If", "Gather", "Reshape", "Sqrt", "Log", "SequenceConstruct",
    "QuantizeLinear", "Conv", "Made.By:Vendor", "NoSuchOperator", "Loop", "Local:Twice", "LSTM", "Constant",
    "SplitToSequence", "Where", "MatMul", "TopK",
)  # fmt: skip
TWICE, WEIGHTED = ("Add", "Mul", "Gather", "Reshape"), ("Gemm", "Conv", "QuantizeLinear", "MatMul", "LSTM", "TopK")
TYPES = (1, 1, 1, 1, 6, 7, 9, 10, 11, 16, 8, 2, 3, 14, 22, 0, 99, 17, 20, 23)
DIMS = (1, 1, 2, 3, 8, 0, -1, "batch", "n", "", None, 2**40, 2**62)


def case(seed: int, folder: Path) -> judge.Case:
    """One file; its sizes are given half the time."""
    draw = random.Random(f"onnx/{seed}")
    model = _model(draw)
    data = model.SerializeToString()
    broken = draw.random() < 0.3
    (folder / "x.onnx").write_bytes(odd.mangled(draw, data) if broken else data)
    words = ["model=onnx", "model.path=x.onnx", "baseline=none", "data.samples=4", "data.calibration=2",
             f"precision={draw.choice(('fp32', 'fp32', 'int8', 'fp16', 'int8_dynamic'))}"]  # fmt: skip
    words += (
        ["model.shapes.x=" + draw.choice(("[1,8]", "[batch,8]", "[0]", "[]", "[1,'8']", "[a]", "[1,2,3,4]", "5"))]
        if draw.random() < 0.5
        else []
    )
    return judge.Case(lambda: _imported(words, folder), ["plan", *words])


def _imported(words: Sequence[str], folder: Path) -> str:
    steps.made(words, folder, ("export", "data", "quantize"))
    return ""


def _model(draw: random.Random) -> Any:
    from onnx import helper

    graph = _graph(draw)
    opset = draw.choice((7, 8, 9, 11, 12, 13, 17, 17, 18, 21, 21, 21, 99, 0))
    domains = [helper.make_opsetid("", opset)] + ([helper.make_opsetid("Made.By", 1)] if draw.random() < 0.2 else [])
    if any(node.domain == "Local" for node in graph.node):
        domains.append(helper.make_opsetid("Local", 1))
        model = helper.make_model(graph, opset_imports=domains, functions=[_twice(opset)])
    else:
        model = helper.make_model(graph, opset_imports=domains)
    if draw.random() < 0.1:
        helper.set_model_props(model, {draw.choice(odd.NAMES): draw.choice(odd.VALUES)})
    model.ir_version = draw.choice((3, 4, 7, 8, 8, 8, 9, 10, 10, 10, 10, 99, 0))
    return model


def _graph(draw: random.Random) -> Any:
    from onnx import helper

    name = draw.choice(odd.NAMES) if draw.random() < 0.3 else "x"
    shape = [1, 8] if draw.random() < 0.5 else [draw.choice(DIMS) for _ in range(draw.randrange(4))]
    kind = draw.choice(TYPES) if draw.random() < 0.4 else 1
    inputs = [helper.make_tensor_value_info(name, kind, shape)] if draw.random() < 0.95 else []
    nodes, last = [], name
    if draw.random() < 0.15:
        inputs.append(helper.make_tensor_value_info(draw.choice(odd.NAMES), draw.choice(TYPES), shape))
    for number in range(draw.randrange(4)):
        nodes.append(_node(draw, last, f"t{number}"))
        last = f"t{number}"
    outputs = [helper.make_tensor_value_info(last, draw.choice((kind, 1, 7)), None if draw.random() < 0.5 else shape)]
    outputs += outputs if draw.random() < 0.05 else []
    held = [helper.make_tensor("w", 1, [8, 8], [0.5] * 64), helper.make_tensor("rounds", 7, [], [3])]
    if draw.random() < 0.1:
        held.append(_elsewhere(draw))
    if draw.random() < 0.1:  # a weight that is an input, too, as before IR 4
        inputs.append(helper.make_tensor_value_info("w", 1, [8, 8]))
    if draw.random() < 0.05:
        held.append(held[0])
    if draw.random() < 0.1:
        held.append(_odd_weight(draw))
    if nodes and draw.random() < 0.05:  # a circle, or a value made twice
        draw.choice(nodes).input[:1] = [last] if draw.random() < 0.5 else ["nowhere"]
        nodes += nodes[:1] if draw.random() < 0.5 else []
    return helper.make_graph(nodes, "g", inputs, outputs, held, doc_string=draw.choice(("", "", "\x1b[31m")))


def _node(draw: random.Random, source: str, target: str) -> Any:
    from onnx import helper

    domain, _, kind = draw.choice(OPERATORS).rpartition(":")
    inputs = [source, source] if kind in TWICE else [source, "w"] if kind in WEIGHTED else [source]
    if kind == "Loop":
        return _loop(source, target)
    every: dict[str, dict[str, Any]] = {
        "Constant": {"value_float": 1.0},
        "LSTM": {"hidden_size": draw.choice((8, 0, -1))},
        "Cast": {"to": draw.choice((1, 7, 9, 10, 8, 99))},
        "ArgMax": {"axis": draw.choice((-1, 0, 9))},
    }
    attributes = _branches(source, target) if kind == "If" else every.get(kind, {})
    name = draw.choice(odd.NAMES) if draw.random() < 0.2 else ""
    return helper.make_node(kind, inputs, [target], domain=domain, name=name, **attributes)


def _branches(source: str, target: str) -> dict[str, Any]:
    """Both branches hand `source` through."""
    from onnx import TensorProto, helper

    node = helper.make_node("Identity", [source], [f"{target}b"])
    branch = helper.make_graph([node], "b", [], [helper.make_tensor_value_info(f"{target}b", TensorProto.FLOAT, None)])
    return {"then_branch": branch, "else_branch": branch}


def _loop(source: str, target: str) -> Any:
    """A loop of three rounds that hands `source` on, by names of the outer graph."""
    from onnx import TensorProto, helper

    said = [helper.make_tensor_value_info(name, kind, []) for name, kind in (("i", 7), ("go", 9), ("on", 9))]
    out = helper.make_tensor_value_info(f"{target}l", TensorProto.FLOAT, None)
    nodes = [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", [source], [f"{target}l"])]
    body = helper.make_graph(nodes, "l", said[:2], [said[2], out])
    return helper.make_node("Loop", ["rounds", ""], [target], body=body)


def _twice(opset: int) -> Any:
    """A function of the file's own."""
    from onnx import helper

    nodes = [helper.make_node("Add", ["a", "a"], ["b"])]
    return helper.make_function("Local", "Twice", ["a"], ["b"], nodes, [helper.make_opsetid("", opset)])


def _odd_weight(draw: random.Random) -> Any:
    """A weight whose bytes are none of its shape, of a type of few bits, or a text."""
    import onnx

    dims = draw.choice(([2], [], [0], [-1], [2**40], [2, 2**62]))
    kind = draw.choice((1, 8, 10, 16, 17, 21, 22, 23, 99))
    return onnx.TensorProto(name=draw.choice(odd.NAMES), data_type=kind, dims=dims, raw_data=b"\0" * draw.randrange(9))


def _elsewhere(draw: random.Random) -> Any:
    """A weight in a file of its own, which isn't there, or leads out of the folder."""
    import onnx

    tensor = onnx.TensorProto(name="e", data_type=1, dims=[2], data_location=onnx.TensorProto.EXTERNAL)
    for key, value in (
        ("location", draw.choice(("w.bin", "../w.bin", "/etc/passwd", "", "a\nb"))),
        ("offset", draw.choice(("0", "-1", "x"))),
    ):
        tensor.external_data.add(key=key, value=value)
    return tensor
