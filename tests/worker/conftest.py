"""A worker that can import `odd_code`, and a tiny model for it to load."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from runner.transport.local import Worker, open_worker

HERE = Path(__file__).parent


@pytest.fixture
def worker(tmp_path: Path) -> Iterator[Worker]:
    with open_worker(tmp_path / "worker.log", name="test", env={"PYTHONPATH": str(HERE)}) as opened:
        yield opened


@pytest.fixture
def doubled(tmp_path: Path) -> Path:
    """A folder with `model.onnx`, y = 2x on (3, 4), and `rows.npz`, seven rows of x."""
    two = numpy_helper.from_array(np.array(2, np.float32), "two")
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [3, 4]) for name in "xy"]
    graph = helper.make_graph([helper.make_node("Mul", ["x", "two"], ["y"])], "g", values[:1], values[1:], [two])
    onnx.save(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "model.onnx"
    )
    np.savez(tmp_path / "rows.npz", **{"in/x": np.arange(28, dtype=np.float32).reshape(7, 4)})
    return tmp_path
