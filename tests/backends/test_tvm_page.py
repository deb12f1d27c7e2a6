"""The commands of docs/backends/tvm.md, as they are typed there."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

pytest.importorskip("tvm", reason="apache-tvm is not installed here")

from tests import documents
from tests.conftest import Command

SHORT = ("measure=quick", "measure.min_pairs=2", "measure.max_pairs=2", "measure.min_seconds=0.01")


def test_the_commands_of_the_page_measure(command: Command, tmp_path: Path) -> None:
    (lines,) = documents.blocks("docs/backends/tvm.md", "tests/backends/test_tvm_page.py")
    for line in lines:
        ended = command(*shlex.split(line)[3:], *SHORT, "model.window=8", "baseline=none")
        assert ended.code == 0, ended.err
    records = [json.loads(path.read_text()) for path in (tmp_path / "records").glob("*/record.json")]
    schedules = {record["effective"]["candidate"]["settings"]["schedule"] for record in records}
    assert schedules == {"default", "generic"}
    assert {record["effective"]["candidate"]["settings"]["tuned"] for record in records} == {True, False}
    assert {record["status"] for record in records} == {"ok"}
