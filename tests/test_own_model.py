"""What docs/own-model.md says of models, metrics and networks of one's own, by whole commands."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import helper, numpy_helper

from tests import documents
from tests.conftest import QUICK, REPOSITORY, Command

PAGE = (REPOSITORY / "docs" / "own-model.md").read_text()
FINISHED, METRIC, NETWORK = documents.blocks("docs/own-model.md", "tests/test_own_model.py")


def block(kind: str, number: int = 0) -> str:
    return str(re.findall(rf"```{kind}\n(.*?)```", PAGE, re.DOTALL)[number])


def records(command: Command, folder: Path, lines: list[str], **env: str) -> list[dict[str, Any]]:
    """The records that the page's commands leave."""
    for line in lines:
        ended = command(*shlex.split(line)[3:], *QUICK, env=env)
        assert ended.code == 0, ended.err
    return [json.loads(path.read_text()) for path in sorted((folder / "records").glob("*/record.json"))]


def prepare(folder: Path) -> None:
    """my.onnx, y = x @ w with a free first axis, and my.npz with 32 samples and what is expected: y + 0.5."""
    draw = np.random.default_rng(0)
    w, x = draw.normal(size=(16, 4)).astype(np.float32), draw.normal(size=(32, 16)).astype(np.float32)
    values = [helper.make_tensor_value_info(name, 1, ["n", size]) for name, size in (("x", 16), ("y", 4))]
    node = helper.make_node("MatMul", ["x", "w"], ["y"])
    graph = helper.make_graph([node], "own", values[:1], values[1:], [numpy_helper.from_array(w, "w")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), folder / "my.onnx")
    np.savez(folder / "my.npz", x=x, y=x @ w + 0.5)


@pytest.mark.slow
def test_a_file_and_an_archive_are_enough(command: Command, tmp_path: Path) -> None:
    prepare(tmp_path)
    plain, int8 = records(command, tmp_path, FINISHED)
    assert "export: sizes are those of model.inputs=my.npz: x [1, 16]" in plain["warnings"]
    said = "calibrated on 8 of the 32 rows of model.inputs, which aren't measured"
    assert any(said in text for text in int8["warnings"])
    assert int8["metrics"]["quality/mae"] == pytest.approx(0.5, abs=0.1)


@pytest.mark.slow
def test_a_metric_of_ones_own_runs_in_a_process_of_its_own(command: Command, tmp_path: Path) -> None:
    prepare(tmp_path)
    noted = '    open("ran", "w").write(" ".join(sys.orig_argv))\n    return'
    (tmp_path / "metrics.py").write_text("import sys\n" + block("python").replace("    return", noted))
    record, each = records(command, tmp_path, [f"{line} precision=int8_dynamic" for line in METRIC])
    assert record["metrics"]["quality/worst"] == pytest.approx(0.5, abs=0.1)
    for one in (record["quality"]["vs_baseline"], record["quality"]["vs_float"]):
        assert (one["low"], one["method"]) == (None, "worst answers one number, not one a sample")
    found = each["quality"]["vs_float"]
    assert found["low"] <= found["difference"] <= found["high"]
    assert each["quality"]["metric"] == "error_mm"
    assert "metrics.py" in record["input_files"].values()
    assert " runner.worker --name metric" in (tmp_path / "ran").read_text()


@pytest.mark.slow
def test_a_network_of_ones_own_is_an_option_as_any_other(command: Command, tmp_path: Path) -> None:
    package = tmp_path / "site" / "my_mlp"
    (package / "conf" / "model").mkdir(parents=True)
    (package / "__init__.py").write_text(block("python", 1))
    (package / "conf" / "model" / "mlp.yaml").write_text(block("yaml"))
    installed = tmp_path / "site" / "my_mlp-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: my-mlp\nVersion: 1.0\n")
    name, module = re.findall(r'"runner.models"\]\n(\w+) = "(\w+)"', block("toml", 1))[0]
    (installed / "entry_points.txt").write_text(f"[runner.models]\n{name} = {module}\n")
    (record,) = records(command, tmp_path, NETWORK, PYTHONPATH=str(package.parent))
    assert record["status"] == "ok"
    assert record["spec"]["model"] == {"name": "mlp", "hidden": 16, "window": 52, "horizon": 12}
