"""A user's ONNX file in a newer format than the libraries here read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
import onnxruntime
import pytest

from runner.backends.onnxruntime import capabilities
from runner.graphs import onnx_format
from tests.conftest import Command
from tests.models import onnx_files


def saved(path: Path, ir: int, opset: int = 13) -> str:
    file = onnx_files.lookup_and_add(path, [1, 3], [1, 4])
    model = onnx.load(file)
    model.ir_version, model.opset_import[0].version = ir, opset
    path.write_bytes(model.SerializeToString())
    return file


def answering(**limits: int) -> Any:
    """An ONNX Runtime with these limits."""
    return lambda module, function, **asked: {"version": "1.20.1", "limits": limits}


def nobody(*question: Any, **asked: Any) -> Any:
    raise AssertionError("asked")


def test_what_every_runtime_reads_is_not_asked_about(tmp_path: Path) -> None:
    assert onnx_format.unread(saved(tmp_path / "m.onnx", 8), nobody) is None


def test_a_newer_format_that_the_runtime_reads_is_taken(tmp_path: Path) -> None:
    assert onnx_format.unread(saved(tmp_path / "m.onnx", 11), answering()) is None


def test_an_ir_version_that_onnxruntime_does_not_read(tmp_path: Path) -> None:
    path = saved(tmp_path / "m.onnx", 11)
    error = onnx_format.unread(path, answering(ir=10))
    assert error is not None
    assert error.status == "unsupported"
    assert error.reason == (
        f"model.path={path}: IR version 11, and onnxruntime 1.20.1, which is installed here, reads up to 10."
    )
    assert error.next_step.startswith("Install a newer one (pip install -U onnxruntime), or ")
    assert "m.ir_version = 10" in error.next_step


def test_an_opset_that_onnxruntime_does_not_read(tmp_path: Path) -> None:
    error = onnx_format.unread(saved(tmp_path / "m.onnx", 8, opset=22), answering(opset=21))
    assert error is not None
    assert ": opset 22, and onnxruntime 1.20.1," in error.reason
    assert "convert_version(onnx.load(…), 21)" in error.next_step


@pytest.mark.parametrize("newer", ["ir", "opset"])
def test_a_format_that_onnx_itself_does_not_know_needs_no_question(tmp_path: Path, newer: str) -> None:
    has = {"ir": 8, "opset": 13, newer: 99}
    error = onnx_format.unread(saved(tmp_path / "m.onnx", **has), nobody)
    assert error is not None
    assert f"and onnx {onnx.__version__}, which is installed here, reads up to " in error.reason


def test_onnxruntime_says_what_it_reads() -> None:
    assert capabilities.reads(8, 17) == {"version": onnxruntime.__version__, "limits": {}}
    newest = {
        "ir": capabilities.reads(99, 17)["limits"]["ir"],
        "opset": capabilities.reads(8, 99)["limits"]["opset"],
    }
    assert newest["ir"] >= onnx_format.SURE["ir"]
    assert newest["opset"] >= onnx_format.SURE["opset"]
    assert capabilities.reads(**newest)["limits"] == {}


def test_a_run_ends_as_unsupported_before_any_work(command: Command, tmp_path: Path) -> None:
    saved(tmp_path / "m.onnx", 99)
    done = command("model=onnx", "model.path=m.onnx", "precision=fp32", "--json")
    assert (done.code, done.json["status"]) == (4, "unsupported")
    assert done.json["reason"].startswith("model.path=m.onnx: IR version 99, and onnx")
    assert not [path for path in (tmp_path / "artifacts").glob("*/*") if not path.parent.name.startswith(".")]
