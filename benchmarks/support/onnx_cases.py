"""ONNX's own node cases: a bare session's outputs and ours, `model=onnx`, both on the case's file and inputs."""

from __future__ import annotations

import ctypes
import importlib
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort  # type: ignore[import-untyped,unused-ignore]
from onnx import TensorProto, numpy_helper

from runner.core import project_paths, setting_rules
from runner.core.errors import RunnerError, Unsupported
from runner.core.job import Job
from runner.models import onnx as user_onnx
from runner.spec import options
from runner.worker import handlers, predictions

Values = dict[str, Any]
BACKEND = {name: options.values("backend", name, project_paths.root()) for name in ("onnxruntime", "openvino")}
OPTIONS: Values = {"path": None, "shapes": {}, "inputs": None, "metric": "none", "output": None, "calibration": None}
TOLERANCE = {"float16": 2e-3, "bfloat16": 2e-2}  # of the largest value; the rest 1e-5: sums in another order


@cache
def cases() -> dict[str, Any]:
    """All cases with data by name (`model`, `data_sets`); those of onnx's own wheel, which holds no files."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from onnx.backend.test.case.node import collect_testcases

        return {case.name: case for case in collect_testcases(None) if case.data_sets}


def judged(name: str, backend: str) -> dict[str, str]:
    """`bare`: `ran` or `refused`; `ours`: `equal`, `other`, `exit 4`, `exit 2`, `exit 5` or `a bug`."""
    ort.set_default_logger_severity(4)
    case = cases()[name]
    given = dict(zip((value.name for value in case.model.graph.input), case.data_sets[0][0], strict=False))
    given = {key: value for key, value in given.items() if value is not None}
    judge = {"onnxruntime": bare_outputs, "openvino": bare_openvino}[backend]
    expected, bare = _tried(lambda: judge(case.model, given))
    again, _ = _tried(lambda: judge(case.model, given, runs=5))
    with tempfile.TemporaryDirectory() as folder:
        found, ours = _tried(lambda: our_outputs(case.model, given, Path(folder), backend))
    random = expected is not None and bool(_difference(expected, again))
    reason = ours or (_difference(expected, found, random) if expected is not None else "")
    ending = ours.partition(":")[0] if ours else "other" if reason else "equal"
    return {"name": name, "bare": "refused" if bare else "ran", "ours": ending, "reason": reason, "said": bare}


def _tried(work: Callable[[], Values]) -> tuple[Values | None, str]:
    try:
        return work(), ""
    except Unsupported as error:
        return None, f"exit 4: {error.reason}"
    except RunnerError as error:
        return None, f"exit {error.exit_code}: {error.reason}"
    except Exception as error:
        return None, f"a bug: {type(error).__name__}: {' '.join(str(error).split())[:300]}"


# --- bare ---


def bare_outputs(model: onnx.ModelProto, given: Values, runs: int = 1) -> Values:
    """`{output: values in a row}` of the last of `runs` of a session with ONNX Runtime's own defaults on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    if not any(_own_type(value.type) for value in (*model.graph.input, *model.graph.output)):
        found = [session.run(names, _plain(given)) for _ in range(runs)]
        return dict(zip(names, map(_flat, found[-1]), strict=True))
    fed = {name: _ort_value(value, model, name) for name, value in given.items()}
    return dict(zip(names, [_flat(_numpy(one)) for one in session.run_with_ort_values(names, fed)], strict=True))


def _plain(given: Values) -> Values:
    return {name: value if isinstance(value, list) else _array(value) for name, value in given.items()}


def _own_type(kind: onnx.TypeProto) -> bool:
    """A type that numpy lacks."""
    number = kind.tensor_type.elem_type
    return number > TensorProto.DOUBLE and number not in (TensorProto.UINT32, TensorProto.UINT64, TensorProto.COMPLEX64)


def _ort_value(value: Any, model: onnx.ModelProto, name: str) -> Any:
    number = next(i.type.tensor_type.elem_type for i in model.graph.input if i.name == name)
    if number <= TensorProto.DOUBLE or number in (TensorProto.UINT32, TensorProto.UINT64):
        return ort.OrtValue.ortvalue_from_numpy(_array(value))
    tensor = value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value))
    shape = tuple(tensor.dims)
    memory = np.zeros(shape, np.uint16 if number == TensorProto.BFLOAT16 else np.uint8)
    raw = np.frombuffer(_raw(tensor), np.uint8)
    memory.reshape(-1).view(np.uint8)[: len(raw)] = raw
    return ort.OrtValue.ortvalue_from_numpy_with_onnx_type(memory, number)


def _raw(tensor: TensorProto) -> bytes:
    raw: bytes = tensor.raw_data or numpy_helper.from_array(numpy_helper.to_array(tensor)).raw_data
    return raw


def _numpy(value: Any) -> Any:
    if not value.is_tensor() or not value.element_type() > TensorProto.DOUBLE:
        return value.numpy()
    if value.element_type() in (TensorProto.UINT32, TensorProto.UINT64):
        return value.numpy()
    shape, number = value.shape(), value.element_type()
    bits = 8 * np.dtype(onnx.helper.tensor_dtype_to_np_dtype(number)).itemsize
    bits = {"INT4": 4, "UINT4": 4, "INT2": 2, "UINT2": 2, "FLOAT4E2M1": 4}.get(TensorProto.DataType.Name(number), bits)
    size = -(-int(np.prod(shape)) * bits // 8)
    tensor = TensorProto(data_type=number, dims=shape, raw_data=ctypes.string_at(value.data_ptr(), size))
    return numpy_helper.to_array(tensor)


def bare_openvino(model: onnx.ModelProto, given: Values, runs: int = 1) -> Values:
    """The same of OpenVINO's CPU plug-in in float32 on one thread."""
    import openvino  # type: ignore[import-untyped,unused-ignore]

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "my.onnx"
        onnx.save(model, path)
        read = openvino.Core().read_model(path)
        for port in read.inputs:  # sizes that the file leaves open
            name = _port_name(port, given)
            if name in given and port.get_partial_shape().is_dynamic:
                read.reshape({port: list(_array(given[name]).shape)})
        options = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": 1}
        request = openvino.Core().compile_model(read, "CPU", options).create_infer_request()
        kept = [_openvino_tensor(port, given[_port_name(port, given)]) for port in request.model_inputs]
        for port, tensor in zip(request.model_inputs, kept, strict=True):
            request.set_tensor(port, tensor)
        for _ in range(runs):
            request.infer()
    names = [output.name for output in model.graph.output]
    ports = request.model_outputs
    return {name: np.ravel(_openvino_values(request.get_tensor(port))) for name, port in zip(names, ports, strict=True)}


def _port_name(port: Any, given: Values) -> str:
    found = next((name for name in given if name in port.get_names()), None)
    return found or (next(iter(given)) if len(given) == 1 else port.get_any_name())


def _openvino_tensor(port: Any, value: Any) -> Any:
    import openvino

    array, kind = _array(value), port.get_element_type()
    if kind.get_type_name() not in ("bf16", "f8e4m3", "f8e5m2", "f8e8m0", "f4e2m1", "u4", "i4", "u2"):
        return openvino.Tensor(np.array(array, order="C"))
    tensor = value if isinstance(value, TensorProto) else numpy_helper.from_array(np.asarray(value))
    return openvino.Tensor(np.frombuffer(_raw(tensor), np.uint8).copy(), openvino.Shape(list(array.shape)), kind)


def _openvino_values(tensor: Any) -> Any:
    number = {
        "bf16": TensorProto.BFLOAT16,
        "f8e4m3": TensorProto.FLOAT8E4M3FN,
        "f8e5m2": TensorProto.FLOAT8E5M2,
        "f8e8m0": TensorProto.FLOAT8E8M0,
        "f4e2m1": TensorProto.FLOAT4E2M1,
        "u4": TensorProto.UINT4,
        "i4": TensorProto.INT4,
        "u2": TensorProto.UINT2,
    }.get(tensor.get_element_type().get_type_name())
    if number is None:
        return np.array(tensor.data)
    raw = tensor.data.tobytes()
    return numpy_helper.to_array(TensorProto(data_type=number, dims=list(tensor.shape), raw_data=raw))


# --- ours ---


def our_outputs(model: onnx.ModelProto, given: Values, folder: Path, backend: str) -> Values:
    """The same through planning's checks, the steps, and a worker's requests, in this process."""
    onnx.save(model, folder / "my.onnx")
    chosen = {**OPTIONS, "nonfinite": "allow", "path": str(folder / "my.onnx"), "shapes": _sizes(model, given)}
    if given:
        np.savez(folder / "my.npz", **_arrays(given))
        chosen["inputs"] = str(folder / "my.npz")
    options = setting_rules.build(user_onnx.Settings, chosen, "model")
    unread = user_onnx.unread(options, _ask)
    if unread:
        raise unread
    user_onnx.problems(options)
    _step(folder, "export", {"model": {"name": "onnx", "settings": chosen}})
    needs = user_onnx.data_needs(options)
    drawing = {"samples": 1, "calibration": 1, "integers_below": 2}
    asked = {"name": "model_inputs", "settings": drawing, "needs": needs, "seed": 0}
    _step(folder, "data", asked, model=folder / "export")
    asked = {"backend": backend, "settings": BACKEND[backend], "batch": 1, "precision": "fp32"}
    meta = _step(folder, "compile", asked, model=folder / "export", data=folder / "data")
    return _measured(folder, meta["session"], BACKEND[backend])


def _ask(module: str, function: str, **arguments: Any) -> Any:
    return getattr(importlib.import_module(module), function)(**arguments)


def _step(folder: Path, step: str, asked: dict[str, Any], **inputs: Path) -> dict[str, Any]:
    out, scratch = folder / step, folder / f"{step}.scratch"
    for path in (out, scratch):
        path.mkdir()
    meta: dict[str, Any] = importlib.import_module(f"runner.steps.{step}").run(Job(asked, inputs, out, scratch))
    return meta


def _measured(folder: Path, session: str, options: dict[str, Any]) -> Values:
    """As a worker is asked: load, a burst, the probe for repeated inputs, and the test split's outputs."""
    state, test, reference = handlers.State(), str(folder / "data/test.npz"), folder / "data/reference.npz"
    load = {"session": session, "folder": str(folder / "compile"), "options": options, "inputs": test, "batch": 1}
    known = str(reference) if reference.is_file() else None

    def do(name: str, **request: Any) -> None:
        handlers.DO[name](state, request, lambda *_: None)

    do("load", **load, samples=2, seed=0, reference=known)
    do("burst", iterations=2)
    do("repeats", iterations=2, rounds=2, seed=0)
    do("predict", inputs=test, out=str(folder / "predicted.npz"))
    return {name: np.ravel(rows[0]) for name, rows in predictions.read(str(folder / "predicted.npz")).items()}


def _arrays(given: Values) -> Values:
    """The inputs as a user's file has them: samples first; a sequence's parts as `<input>/<number>`."""
    found: Values = {}
    for name, value in given.items():
        parts = {f"{name}/{i}": part for i, part in enumerate(value)} if isinstance(value, list) else {name: value}
        found |= {key: _array(part)[None] for key, part in parts.items()}
    return found


def _array(value: Any) -> Any:
    found = numpy_helper.to_array(value) if isinstance(value, TensorProto) else np.asarray(value)
    if found.dtype.kind == "O":
        return found.astype(str)
    # numpy can't read back what it writes of float8_e5m2: as its bytes.
    return found.view("V1") if str(found.dtype) == "float8_e5m2" else found


def _sizes(model: onnx.ModelProto, given: Values) -> dict[str, list[int]]:
    """Of inputs whose sizes the file doesn't have."""
    found = {}
    for value in model.graph.input:
        kind = value.type.tensor_type
        whole = kind.HasField("shape") and all(dim.HasField("dim_value") for dim in kind.shape.dim)
        if value.type.HasField("tensor_type") and value.name in given and not whole:
            found[value.name] = list(_array(given[value.name]).shape)
    return found


# --- compared ---


def _flat(value: Any) -> Any:
    """All values of an output in a row."""
    if value is None:
        return np.zeros(0)
    if isinstance(value, dict):
        return np.asarray(list(value.values()))
    if isinstance(value, list):
        return np.concatenate([_flat(one) for one in value]) if value else np.zeros(0)
    return np.ravel(value)


def _difference(expected: Values, found: Values | None, random: bool = False) -> str:
    """What is another than the bare session's, "" where nothing is; of a random model sizes alone."""
    if found is None or set(found) != set(expected):
        return f"outputs {sorted(found or ())}, not {sorted(expected)}"
    lines = [f"{name}: {line}" for name in expected if (line := _apart(expected[name], found[name], random))]
    return "; ".join(lines)


def _apart(theirs: Any, ours: Any, random: bool) -> str:
    if theirs.size != ours.size:
        return f"{ours.size} values, not {theirs.size}"
    if random:
        return ""
    if theirs.dtype.kind in "OUS":
        return "" if (theirs.astype(str) == ours.astype(str)).all() else "another text"
    share = TOLERANCE.get(str(theirs.dtype), 1e-5)
    wide = theirs.astype(np.complex128 if theirs.dtype.kind == "c" else np.float64)
    finite = np.abs(wide[np.isfinite(wide)])
    limit = share * float(finite.max()) if finite.size else 0.0
    near = np.isclose(ours.astype(wide.dtype), wide, rtol=0, atol=limit, equal_nan=True)
    return "" if near.all() else f"{int((~near).sum())} of {near.size} values differ"
