"""A release of LiteRT beside the one that is installed here (docs/versions.md)."""

from __future__ import annotations

import shlex
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed here")

from tests import documents
from tests.backends import tflite_files
from tests.conftest import Command
from tests.execution.test_release_run import SHORT
from tests.releases import lend

RELEASE = "2.1.0"


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_built_file_is_paired_with_what_is_installed_here(
    tmp_path: Path, pytestconfig: pytest.Config, command: Command
) -> None:
    lend(tmp_path, pytestconfig, f"ai-edge-litert=={RELEASE}")
    tflite_files.dense(tmp_path / "my.tflite", np.eye(4, dtype=np.float32), [1, 4])
    ((line,),) = documents.blocks("docs/versions.md", "tests/execution/test_litert_release.py")
    ended = command(*shlex.split(line)[3:], *SHORT, "--json")
    assert ended.code == 0, ended.err
    ran = {role: one["settings"]["version"] for role, one in ended.json["effective"].items()}
    assert ran["candidate"] == RELEASE != ran["baseline"]
    assert ended.json["comparison"]["kind"] == "paired"
