"""What of a graph doesn't depend on its inputs' values, computed: sizes above all, and branches that they choose."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import onnx

# Operators that ask for sizes, make values of them, or choose by them: a graph without any has nothing to be computed.
ASKING = ("Shape", "Size", "ConstantOfShape", "Range", "If", "Loop")


def asks(model: onnx.ModelProto) -> bool:
    """Whether the graph asks itself for sizes."""
    return any(node.op_type in ASKING for node in model.graph.node)


def sized(model: onnx.ModelProto, shapes: Mapping[str, Sequence[int]]) -> onnx.ModelProto:
    """A copy whose inputs have these sizes."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for value in copy.graph.input:
        for dim, size in zip(value.type.tensor_type.shape.dim, shapes.get(value.name, ()), strict=False):
            dim.dim_value = size
    copy.graph.ClearField("value_info")
    return copy


def folded(model: onnx.ModelProto) -> onnx.ModelProto:
    """The graph, all of whose inputs have fixed sizes, by ONNX Runtime's basic optimisations; as it is where ONNX
    Runtime can't do them: a branch that is never taken may not fit these sizes."""
    import onnxruntime  # type: ignore[import-untyped,unused-ignore]

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        source, made = Path(folder, "sized.onnx"), Path(folder, "folded.onnx")
        options.optimized_model_filepath = str(made)
        onnx.save(model, source)
        try:
            onnxruntime.InferenceSession(str(source), options, providers=["CPUExecutionProvider"])
        except Exception:  # ONNX Runtime's own share no base class
            return model
        return onnx.load(made)
