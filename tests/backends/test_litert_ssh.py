"""A `.tflite` that is built already, on a device over ssh: a real sshd, and this machine behind it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed here")

from runner.results import records
from tests import sshd
from tests.backends import tflite_files
from tests.conftest import QUICK, Command


@sshd.needed
@pytest.mark.slow
@pytest.mark.parametrize("api", ["interpreter", "compiled_model"])
def test_it_is_measured_there_by_either_interface(api: str, command: Command, tmp_path: Path) -> None:
    tflite_files.dense(tmp_path / "my.tflite", np.ones((2, 3), np.float32), [1, 3])
    (tmp_path / "sshd").mkdir()
    with sshd.serving(tmp_path / "sshd") as server:
        words = ["model=file", "model.path=my.tflite", "data.samples=4", "backend=litert", f"backend.api={api}"]
        short = [word for word in QUICK if word.startswith("measure")]
        ended = command(*words, *short, *server.words(), env={"PATH": server.path})
    assert ended.code == 0, ended.err
    (kept,) = records.read_all(tmp_path)
    assert (kept.result.status, kept.result.spec["hardware"]["host"]) == ("ok", "device")
    assert kept.result.metrics["latency/p50_ms"] > 0
    assert kept.result.ran("candidate").settings.get("api", "interpreter") == api
