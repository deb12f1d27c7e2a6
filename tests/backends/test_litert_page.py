"""The commands of docs/backends/litert.md, as they are typed there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed here")

from runner.core import project_paths
from runner.transport import toolchains
from tests import documents
from tests.backends import tflite_files
from tests.conftest import QUICK, REPOSITORY, Command
from tests.models import onnx_files

PAGE = (REPOSITORY / "docs/backends/litert.md").read_text()
SHORT = ("measure=quick", "measure.min_pairs=2", "measure.max_pairs=2", "measure.min_seconds=0.01")


def records(project: Path) -> list[dict[str, object]]:
    return [json.loads(path.read_text()) for path in sorted((project / "records").glob("*/record.json"))]


def test_a_built_file_runs_as_it_is(command: Command, tmp_path: Path) -> None:
    weight = np.arange(6, dtype=np.float32).reshape(2, 3)
    tflite_files.dense(tmp_path / "my.tflite", weight, [-1, 3])
    (lines,) = documents.blocks("docs/backends/litert.md", "tests/backends/test_litert_page.py")
    for line in lines:
        ended = command(*shlex.split(line)[3:], *SHORT, "data.samples=4", "profile=layers")
        assert ended.code == 0, ended.err
        assert "not measured: backend=litert can't time its layers. (profile/layers)" in ended.out
    told = [record["effective"]["candidate"]["settings"] for record in records(tmp_path)]  # type: ignore[index]
    both = {"FULLY_CONNECTED": 1, "RELU": 1}
    assert [one.get("nodes") for one in told] == [{"xnnpack": both}, {"built in": both}, None]
    assert (told[2]["api"], told[2]["fully_accelerated"]) == ("compiled_model", True)


def test_its_toolchain_is_installed_by_the_words_of_the_page() -> None:
    assert toolchains.how_to_install("litert") in PAGE


@pytest.mark.slow
@pytest.mark.toolchain("litert")
def test_networks_and_graphs_are_converted(command: Command, tmp_path: Path) -> None:
    here = project_paths.home(project_paths.root(REPOSITORY))
    (tmp_path / ".toolchains").symlink_to(here / ".toolchains")
    onnx_files.one_node(tmp_path / "my.onnx", "Softmax", [1, 4], [1, 4])
    (block,) = re.findall(r"<!-- run with the toolchain by \S+ -->\n```sh\n(.*?)```", PAGE, re.DOTALL)
    for line in block.splitlines():
        own = ("data.samples=4",) if "model=onnx" in line else (*QUICK, "model.hidden=8", "model.window=8")
        ended = command(*shlex.split(line)[3:], *own, *SHORT)
        assert ended.code == 0, ended.err
    assert [record["status"] for record in records(tmp_path)] == ["ok", "ok"]
