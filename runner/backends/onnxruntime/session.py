"""ONNX Runtime's session: loads a stored graph as it is and runs it."""

from __future__ import annotations

from collections import namedtuple
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime  # type: ignore[import-untyped,unused-ignore]

from runner.backends.onnxruntime import provider
from runner.errors import RunnerError, StepFailed

FILE = "model.onnx"
INTEGERS = ("int8", "uint8", "int16", "uint16", "int32", "uint32", "int64", "uint64")
DTYPES = {
    "tensor(float)": "float32",
    "tensor(float16)": "float16",
    "tensor(double)": "float64",
    "tensor(bool)": "bool",
    **{f"tensor({name})": name for name in INTEGERS},
}
LEVELS = {
    "disabled": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
}

Bound = namedtuple("Bound", ["binding", "outputs", "inputs"])


def open_session(folder: str, options: dict[str, Any]) -> Session:
    """The compiled model in `folder`; `options` are the backend's settings (threads, execution_mode, provider)."""
    return Session(Path(folder) / FILE, options)


def session_options(settings: dict[str, Any], level: str) -> Any:
    """`onnxruntime.SessionOptions` from the backend's settings and a level of graph optimisation."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = settings["threads"]
    parallel = settings["execution_mode"] == "parallel"
    modes = onnxruntime.ExecutionMode
    options.execution_mode = modes.ORT_PARALLEL if parallel else modes.ORT_SEQUENTIAL
    # 0 would mean one thread for each core.
    options.inter_op_num_threads = settings["threads"] if parallel else 1
    options.graph_optimization_level = LEVELS[level]
    options.log_severity_level = 3
    return options


def providers(wanted: str) -> list[str]:
    """The provider asked for, with the CPU's behind it. Raises Unavailable where this build has it not."""
    offered = onnxruntime.get_available_providers()
    if wanted not in offered:
        raise provider.absent(wanted, offered)
    return [wanted] if wanted == provider.EVERYWHERE else [wanted, provider.EVERYWHERE]


def load(path: Path, options: Any, wanted: str) -> Any:
    """An `onnxruntime.InferenceSession` on the provider asked for.

    Raises StepFailed where the file can't be read or run, Unavailable where the provider doesn't start
    (ONNX Runtime falls back to the CPU without an error).
    """
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=providers(wanted))
    except RunnerError:
        raise
    except Exception as error:  # ONNX Runtime's own share no base class
        raise StepFailed(
            f"onnxruntime can't load {path}: {_said(error)}",
            "If the file is damaged, remove its artifact folder and it is built again.",
        ) from error
    if wanted not in session.get_providers():
        raise provider.stopped(wanted)
    return session


def _said(error: Exception) -> str:
    """What is wrong, without the source position and C++ signature that ONNX Runtime puts before it."""
    said = " ".join(str(error).split()).rsplit("failed:", 1)[-1]
    return said.rsplit(") ", 1)[-1][-300:] if said.startswith("/") else said[:300]


class Session:
    """A loaded model; inputs and outputs are bound to memory beforehand, a run copies nothing."""

    def __init__(self, path: Path, settings: dict[str, Any]) -> None:
        session = load(path, session_options(settings, "disabled"), settings["provider"])
        self._session = session
        self.version = onnxruntime.__version__
        self.inputs = [_described(node) for node in session.get_inputs()]
        self.outputs = [_described(node) for node in session.get_outputs()]
        self._fixed = all(isinstance(size, int) for output in self.outputs for size in output["shape"])
        self.run = self._run_fixed if self._fixed else self._run_open
        self.effective = _effective(session)

    def bind(self, arrays: dict[str, Any]) -> Bound:
        """Arrays by input name, made ready; their memory is used as it is."""
        binding = self._session.io_binding()
        for name, array in arrays.items():
            binding.bind_cpu_input(name, array)
        outputs = [np.empty(output["shape"], output["dtype"]) for output in self.outputs] if self._fixed else []
        for spec, output in zip(self.outputs, outputs):  # noqa: B905 - not in Python 3.8
            binding.bind_output(spec["name"], "cpu", 0, output.dtype, output.shape, output.ctypes.data)
        for spec in self.outputs[len(outputs) :]:
            binding.bind_output(spec["name"])
        return Bound(binding, outputs, arrays)

    def _run_fixed(self, bound: Bound) -> list[Any]:
        self._session.run_with_iobinding(bound.binding)
        return bound.outputs  # type: ignore[no-any-return]

    def _run_open(self, bound: Bound) -> list[Any]:
        """For outputs whose shape depends on the data: ONNX Runtime allocates them in each run."""
        self._session.run_with_iobinding(bound.binding)
        return bound.binding.copy_outputs_to_cpu()  # type: ignore[no-any-return]

    def close(self) -> None:
        del self._session


def _described(node: Any) -> dict[str, Any]:
    return {"name": node.name, "shape": list(node.shape), "dtype": DTYPES.get(node.type, node.type)}


def _effective(session: Any) -> dict[str, Any]:
    options = session.get_session_options()
    return {
        "threads": options.intra_op_num_threads,
        "inter_op_threads": options.inter_op_num_threads,
        "execution_mode": options.execution_mode.name,
        "load_time_optimization": options.graph_optimization_level.name,
        "providers": session.get_providers(),
    }
