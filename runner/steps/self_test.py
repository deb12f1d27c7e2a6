"""Whether a backend works here at all: it compiles and runs a tiny model, or, where it compiles in several stages, its
library is imported. Called in a worker by `doctor`."""

from __future__ import annotations

import importlib
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from runner.backends import loading
from runner.core import installed, registry
from runner.core.job import Job
from runner.core.setting_rules import build
from runner.hardware import detect
from runner.worker import session_loader

# A network of our own for backends that read checkpoints, and the data that it is for.
NETWORK = {"name": "gru", "settings": {"layers": 1, "hidden": 4, "window": 8, "horizon": 2}}
FEATURES = {"features": ["x"]}
ROWS = 4


def probe(backend: str, settings: dict[str, Any], folder: str) -> dict[str, Any]:
    """Compiles a tiny fp32 model in `folder`, runs it and compares it with numpy or torch.

    Returns `version`, `import_seconds`, `compile_seconds`, and where it runs here `max_abs_error`; of a backend with
    several stages, of which some may run elsewhere, the first two alone. Raises whatever the backend raises.
    """
    started = time.perf_counter()
    module = registry.module("backend", backend)
    importlib.import_module(f"{module}.compile")
    imported = time.perf_counter()
    root, declared = Path(folder), loading.backend(backend)
    if len(declared.stages_of(build(declared.settings, settings, "backend"))) > 1:
        return {"version": installed.version(declared.distributions[0]), "import_seconds": imported - started}
    make = {"onnx": _graph, "checkpoint": _checkpoint}[declared.accepts[0]]
    for name in ("model", "data", "out", "scratch"):
        (root / name).mkdir()
    inputs, expected = make(root)
    meta = _compile(root, backend, settings)
    compiled = time.perf_counter()
    found = {
        "version": meta["version"],
        "import_seconds": imported - started,
        "compile_seconds": compiled - imported,
    }
    if not declared.opens_here():
        return found
    session = session_loader.load(f"{module}.session", str(root / "out"), settings)
    return {**found, "max_abs_error": _error(session.run(session.bind(inputs))[0], expected)}


def _compile(root: Path, backend: str, settings: dict[str, Any]) -> dict[str, Any]:
    from runner.steps import compile as step

    chosen: Any = build(loading.backend(backend).settings, settings, "backend")
    tuned_to = loading.ask(backend, "tuned_to", chosen, detect.described())
    asked = {"backend": backend, "settings": settings, "batch": 1, "precision": "fp32", "tuned_to": tuned_to}
    asked["model"] = NETWORK
    inputs = {"model": root / "model", "data": root / "data"}
    return step.run(Job(asked, inputs, root / "out", root / "scratch"))


def _graph(root: Path) -> tuple[Mapping[str, Any], Any]:
    """y = relu(x·w) as ONNX; returns (one input by name, the output that numpy gives)."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((ROWS, 8), np.float32), rng.standard_normal((8, 3), np.float32)
    nodes = [helper.make_node("MatMul", ["x", "w"], ["h"]), helper.make_node("Relu", ["h"], ["y"])]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 8])]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 3])]
    graph = helper.make_graph(nodes, "tiny", inputs, outputs, [numpy_helper.from_array(w, "w")])
    # IR 8 goes with opset 17: the default is onnx's newest, which older runtimes refuse.
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, root / "model" / "model.onnx")
    np.savez(root / "data" / "calibration.npz", **{"in/x": x})  # type: ignore[arg-type]
    return {"x": x[:1]}, np.maximum(x[:1] @ w, 0)


def _checkpoint(root: Path) -> tuple[Mapping[str, Any], Any]:
    """A tiny GRU's checkpoint; returns (one input by name, the output that torch gives)."""
    import numpy as np
    import torch

    from runner.data import arrays
    from runner.models import checkpoint

    network = checkpoint.build(NETWORK, FEATURES).eval()
    checkpoint.save(network, root / "model")
    x = np.random.default_rng(0).standard_normal((ROWS, 8, 1), np.float32)
    arrays.write(arrays.Dataset({"calibration": {"in/x": x}}, FEATURES), root / "data")
    with torch.no_grad():
        return {"x": x[:1]}, network(torch.from_numpy(x[:1])).numpy()


def _error(found: Any, expected: Any) -> float:
    from runner.core.errors import StepFailed

    error = float(abs(found - expected).max())
    if not error <= 1e-4:
        raise StepFailed(f"a tiny model's output is off by {error:.3g}", "Install another version of its library.")
    return error
