"""docs/preprocess.md: its commands, by whole runs."""

from __future__ import annotations

import shlex
from pathlib import Path

from runner.results import records
from tests import documents
from tests.conftest import QUICK, Command

TINY = ("precision=fp32", "model.width=0.1", "model.input_size=16", "train.epochs=1")


def test_what_the_page_runs_compares_both_ways(command: Command, tmp_path: Path) -> None:
    (lines,) = documents.blocks("docs/preprocess.md", "tests/test_preprocess_page.py")
    for line in lines:
        ended = command(*shlex.split(line)[3:], *QUICK, *TINY)
        assert ended.code == 0, f"{line}\n{ended.err}"
    one, *sweep = (record.result for record in records.read_all(tmp_path))
    assert one.baseline and one.baseline.label == "onnxruntime fp32 (preprocess=separate)"
    told = {(each.spec["backend"]["name"], each.spec["preprocess"]["name"]) for each in sweep}
    assert told == {(backend, how) for backend in ("onnxruntime", "openvino") for how in ("separate", "fused")}
    assert len({round(each.metrics["quality/accuracy"], 6) for each in (one, *sweep)}) == 1
    assert all(each.metrics["fidelity/max_abs_error"] < 1e-3 for each in (one, *sweep))
