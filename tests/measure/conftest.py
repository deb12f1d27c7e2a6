"""A small real model with its data, as the steps before a benchmark leave them."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from runner.core import project_paths, setting_rules
from runner.measure.pairs import Side
from runner.measure.settings import Settings
from runner.spec import options

OPTIONS = options.values("backend", "onnxruntime", project_paths.root())
CONF = Path(__file__).parents[2] / "conf/measure"
ZONE = "sys/class/powercap/intel-rapl:0"
WATTS = 10.0

MakeSettings = Callable[..., Settings]


@pytest.fixture(autouse=True)
def _workers_find_the_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`compiled/` (an MLP 32 → 128 → 4), `data/` (a classification test split of 50 rows), `reference.npz`."""
    root = tmp_path_factory.mktemp("artifacts")
    random = np.random.default_rng(0)
    layers = [random.normal(size=shape).astype(np.float32) for shape in ((32, 128), (128, 4))]
    (root / "compiled").mkdir()
    onnx.save(_mlp(*layers), root / "compiled/model.onnx")
    x = random.normal(size=(50, 32)).astype(np.float32)
    y = onnxruntime.InferenceSession(root / "compiled/model.onnx").run(None, {"x": x})[0]
    (root / "data").mkdir()
    labels = y.argmax(axis=1)
    labels[:5] = (labels[:5] + 1) % 4  # right in 45 of 50
    np.savez(root / "data/test.npz", **{"in/x": x, "target": labels})
    meta = {"task": "classify", "metric": "accuracy", "unit": "", "scale": None}
    (root / "data/meta.json").write_text(json.dumps(meta))
    np.savez(root / "reference.npz", **{"out/y": y})
    return root


def _mlp(first: Any, second: Any) -> onnx.ModelProto:
    graph = helper.make_graph(
        [
            helper.make_node("MatMul", ["x", "w1"], ["h"]),
            helper.make_node("Relu", ["h"], ["r"]),
            helper.make_node("MatMul", ["r", "w2"], ["y"]),
        ],
        "mlp",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["batch", 32])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["batch", 4])],
        [numpy_helper.from_array(first, "w1"), numpy_helper.from_array(second, "w2")],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)


@pytest.fixture(scope="session")
def side(artifacts: Path) -> Side:
    """The plain ONNX Runtime side of that model."""
    return Side(
        label="mlp",
        session="runner.backends.onnxruntime.session",
        folder=artifacts / "compiled",
        options=OPTIONS,
        data=artifacts / "data",
        reference=artifacts / "reference.npz",
    )


@pytest.fixture(scope="session")
def slower(side: Side) -> Callable[[float], Side]:
    """The same model, each run made longer by a share of its own time."""
    return lambda share: dataclasses.replace(
        side, label=f"mlp + {share:.0%}", session="sessions", options={**OPTIONS, "spin": share}
    )


@pytest.fixture
def measure() -> MakeSettings:
    """A shipped option of `measure` with changes."""

    def make(name: str = "quick", **changes: Any) -> Settings:
        values = yaml.safe_load((CONF / f"{name}.yaml").read_text())
        del values["name"]
        return setting_rules.build(Settings, {**values, **changes}, "measure")

    return make


@pytest.fixture
def powered(tmp_path: Path) -> Iterator[Path]:
    """A root with this machine's /proc and one RAPL package that takes WATTS."""
    root = tmp_path / "root"
    zone = root / ZONE
    zone.mkdir(parents=True)
    (root / "proc").symlink_to("/proc")
    (zone / "name").write_text("package-0\n")
    (zone / "max_energy_range_uj").write_text("262143328850\n")
    (zone / "energy_uj").write_text("0\n")
    stop = threading.Event()
    counting = threading.Thread(target=_count, args=(zone, stop))
    counting.start()
    yield root
    stop.set()
    counting.join()


def _count(zone: Path, stop: threading.Event) -> None:
    while not stop.wait(0.002):
        (zone / "draft").write_text(f"{int(time.monotonic() * WATTS * 1e6)}\n")
        (zone / "draft").rename(zone / "energy_uj")
