"""What an ONNX graph says of itself, and how samples are fed to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper

from runner.errors import StepFailed


def describe(values: Any) -> list[dict[str, Any]]:
    """`[{name, shape, dtype}]` of graph inputs or outputs; symbolic dimensions as strings, unknown ones as `?`."""
    return [{"name": v.name, "shape": dims(v), "dtype": dtype(v)} for v in values]


def dims(value: onnx.ValueInfoProto) -> list[int | str]:
    """The dimensions of a tensor."""
    found = value.type.tensor_type.shape.dim
    return [d.dim_value if d.HasField("dim_value") else d.dim_param or "?" for d in found]


def dtype(value: onnx.ValueInfoProto) -> str:
    """The tensor's element type by numpy's name."""
    return str(onnx.helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type))


def inputs(model: onnx.ModelProto) -> list[onnx.ValueInfoProto]:
    """The graph's inputs without those that an initializer fills (ONNX IR 3)."""
    filled = {tensor.name for tensor in model.graph.initializer}
    return [value for value in model.graph.input if value.name not in filled]


def parameters(model: onnx.ModelProto) -> tuple[int, int]:
    """(all, non-zero) numbers in floating-point initializers."""
    weights = [numpy_helper.to_array(t) for t in model.graph.initializer if t.data_type in FLOATS]
    return sum(w.size for w in weights), sum(int(np.count_nonzero(w)) for w in weights)


FLOATS = (
    onnx.TensorProto.FLOAT,
    onnx.TensorProto.DOUBLE,
    onnx.TensorProto.FLOAT16,
    onnx.TensorProto.BFLOAT16,
)


def is_batched(model: onnx.ModelProto) -> bool:
    """True where the first axis of every input is symbolic, the batch; otherwise a run takes whole inputs."""
    return all(dims(value)[:1] == ["batch"] for value in inputs(model))


def feeds(model: onnx.ModelProto, arrays: Mapping[str, Any], batch: int) -> Iterator[dict[str, NDArray[Any]]]:
    """Inputs of successive runs over all samples (first axis of `arrays`, or of what slices like one): `batch` rows
    where the model is batched, otherwise one sample, which has the whole shape of the input."""
    samples = len(next(iter(arrays.values())))
    if not is_batched(model):
        batch = 1
    for start in range(0, samples, batch):
        rows = {name: array[start : start + batch] for name, array in arrays.items()}
        yield rows if is_batched(model) else {name: np.asarray(array[0]) for name, array in rows.items()}


def outputs_of_float(model: onnx.ModelProto, arrays: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """`{output: array}` over all samples by ONNX Runtime with its graph optimisations off; samples first.

    Raises StepFailed where ONNX Runtime can't load or run the model.
    """
    import onnxruntime as ort  # type: ignore[import-untyped]

    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 3
    names = [value.name for value in model.graph.output]
    try:
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        runs = [session.run(names, feed) for feed in feeds(model, arrays, 32)]
    except Exception as error:  # ONNX Runtime's exceptions share no base class of their own
        raise StepFailed(
            f"ONNX Runtime can't run the model: {first_line(error)}", "Mend the model, or give it other inputs."
        ) from error
    parts = {name: [run[position] for run in runs] for position, name in enumerate(names)}
    if not is_batched(model):
        return {name: np.stack(outputs) for name, outputs in parts.items()}
    samples = len(next(iter(arrays.values())))
    return {name: _joined(name, outputs, samples) for name, outputs in parts.items()}


def _joined(name: str, outputs: list[NDArray[Any]], samples: int) -> NDArray[Any]:
    if sum(len(output) if output.ndim else 0 for output in outputs) != samples:
        raise StepFailed(
            f"Output {name} has not one row a sample, so the batch can't stay free.",
            "Give numbers instead of `batch` in model.shapes.",
        )
    return np.concatenate(outputs)


def first_line(error: BaseException) -> str:
    """The first line of a library's message, shortened."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines or [type(error).__name__])[0][:300]
