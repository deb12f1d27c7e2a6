"""Files that are built already, by whole commands: those of docs/prebuilt.md."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import openvino

from tests import documents
from tests.conftest import REPOSITORY, Command
from tests.models import onnx_files

PAGE = (REPOSITORY / "docs" / "prebuilt.md").read_text()
SHORT = ("measure=quick", "measure.min_pairs=2", "measure.max_pairs=2", "measure.min_seconds=0.01", "data.samples=4")


def test_the_commands_of_the_page_measure(command: Command, tmp_path: Path) -> None:
    prepare(tmp_path)
    (lines,) = documents.blocks("docs/prebuilt.md", "tests/test_prebuilt.py")
    for line in lines:
        ended = command(*shlex.split(line)[3:], *SHORT)
        assert ended.code == 0, ended.err
    alone, compared, new, old = (
        json.loads(path.read_text()) for path in sorted((tmp_path / "records").glob("*/record.json"))
    )
    assert alone["spec"]["precision"]["name"] == "as_built"
    assert alone["comparison"] is None
    assert alone["effective"]["candidate"]["settings"]["inference_precision"] == "f32"
    assert (
        compared["comparison"]["baseline"]["label"] == "onnxruntime as_built (ran fp32) (model.path new.onnx→old.onnx)"
    )
    scores = {one["spec"]["model"]["path"]: one["metrics"]["quality/mae"] for one in (new, old)}
    assert scores == {"new.onnx": 0, "old.onnx": 1}
    assert new["unavailable"]["fidelity/sqnr_db"] == "no outputs of the float model are known"


def prepare(folder: Path) -> None:
    """new.onnx (with what it answers in x.npz), old.onnx, which is off by 1, and my.xml."""
    onnx_files.lookup_and_add(folder / "new.onnx", [1, 3], [1, 4])
    model = onnx.load(folder / "new.onnx")
    model.graph.initializer.append(onnx.numpy_helper.from_array(np.float32(1), "one"))
    model.graph.node[-1].output[0] = "less"
    model.graph.node.append(onnx.helper.make_node("Add", ["less", "one"], ["y"]))
    onnx.save(model, folder / "old.onnx")
    openvino.save_model(openvino.Core().read_model(str(folder / "new.onnx")), str(folder / "my.xml"))
    draw = np.random.default_rng(0)
    given = {"ids": draw.integers(0, 5, (4, 3)), "x": draw.normal(size=(4, 4)).astype(np.float32)}
    session = onnxruntime.InferenceSession(str(folder / "new.onnx"))
    rows = [session.run(None, {name: array[row : row + 1] for name, array in given.items()})[0] for row in range(4)]
    np.savez(folder / "x.npz", **given, y=np.concatenate(rows))
