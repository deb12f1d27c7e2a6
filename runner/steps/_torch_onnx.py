"""From a network of ours to ONNX."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from torch import nn

from runner.core.errors import StepFailed
from runner.core.job import Job
from runner.data import arrays
from runner.graphs import onnx_graph
from runner.models import checkpoint

OPSET = 17  # parsed by ONNX Runtime, OpenVINO, TVM, TensorRT 8.6 and Hailo's compiler alike
TOLERANCE = 1e-3  # of the outputs' largest magnitude
STATES = {"LSTM": (5, 6), "GRU": (5,), "RNN": (5,)}  # positions of the initial states among a node's inputs


def export(job: Job) -> dict[str, Any]:
    """`model.onnx` and `reference.npz`: the outputs of torch on the whole test split."""
    data = job.inputs["data"]
    network = checkpoint.load(job.inputs["model"], job.settings["model"], arrays.read_meta(data))
    x = arrays.read(data, "test")["in/x"]
    model = _clean(_exported(network, x[:2], job.out / "model.onnx"))
    onnx.checker.check_model(model, full_check=True)
    model = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
    onnx.save(model, job.out / "model.onnx")
    reference = _torch_outputs(network, x)
    arrays.write_reference(job.out, {"y": reference})
    params, nonzero = onnx_graph.parameters(model)
    return {
        "inputs": onnx_graph.describe(onnx_graph.inputs(model)),
        "outputs": onnx_graph.describe(model.graph.output),
        "opset": OPSET,
        "params": params,
        "nonzero_params": nonzero,
        "max_abs_error": _max_abs_error(job.out / "model.onnx", x, reference),
    }


def _exported(network: nn.Module, x: NDArray[Any], file: Path) -> onnx.ModelProto:
    """By torch's tracing exporter: it keeps LSTM and GRU as one node each."""
    with warnings.catch_warnings():
        # It warns of its age, and that initial states fix the batch, which `_clean` mends and the comparison proves.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            network,
            (torch.from_numpy(x),),
            file,
            dynamo=False,
            opset_version=OPSET,
            input_names=["x"],
            output_names=["y"],
            dynamic_axes={"x": {0: "batch"}, "y": {0: "batch"}},
        )
    return onnx.load(file)


def _clean(model: onnx.ModelProto) -> onnx.ModelProto:
    """Without the zero initial states that torch spells out, and what computed them: absent means zero in ONNX."""
    for node in model.graph.node:
        for position in STATES.get(node.op_type, ()):
            if len(node.input) > position:
                node.input[position] = ""
        while node.input and not node.input[-1]:
            node.input.pop()
    _drop_unused(model.graph)
    return model


def _drop_unused(graph: onnx.GraphProto) -> None:
    used = {value.name for value in graph.output}
    kept = []
    for node in reversed(graph.node):
        if used & set(node.output):
            used |= set(node.input)
            kept.append(node)
    weights = [tensor for tensor in graph.initializer if tensor.name in used]
    for field, values in (("node", kept[::-1]), ("initializer", weights)):
        graph.ClearField(field)
        getattr(graph, field).extend(values)
    graph.ClearField("value_info")


def _torch_outputs(network: nn.Module, x: NDArray[Any]) -> NDArray[Any]:
    with torch.no_grad():
        parts = [network(part) for part in torch.from_numpy(x).split(256)]  # type: ignore[no-untyped-call]
    outputs: NDArray[Any] = torch.cat(parts).numpy()
    return outputs


def _max_abs_error(file: Path, x: NDArray[Any], reference: NDArray[Any]) -> float:
    """Against torch, on real inputs, at batch 1 and 3."""
    import onnxruntime as ort  # type: ignore[import-untyped]

    session = ort.InferenceSession(file, providers=["CPUExecutionProvider"])
    errors = [0.0]
    for batch in (1, 3):
        for start in range(0, min(len(x), 48) - batch + 1, batch):
            (y,) = session.run(["y"], {"x": x[start : start + batch]})
            errors.append(float(np.abs(y - reference[start : start + batch]).max()))
    if not max(errors) <= TOLERANCE * float(np.abs(reference).max()):
        raise StepFailed(
            f"The exported ONNX file differs from the torch network by {max(errors):.3g}.",
            "Report this: the export of this model is wrong.",
        )
    return max(errors)
