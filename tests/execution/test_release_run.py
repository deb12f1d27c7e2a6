"""Two releases of ONNX Runtime side by side, by whole commands (docs/versions.md)."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import onnx
import pytest

from tests import documents
from tests.conftest import Command
from tests.models import onnx_files
from tests.releases import BOTH, NEW, OLD, lend

SHORT = ("measure=quick", "measure.min_pairs=2", "measure.max_pairs=2", "measure.min_seconds=0.01", "data.samples=4")
MODEL = ("model=onnx", "model.path=my.onnx", "precision=fp32")

pytestmark = pytest.mark.slow


@pytest.fixture
def project(tmp_path: Path, pytestconfig: pytest.Config) -> Path:
    """A project with both releases, and `my.onnx`, which both read."""
    lend(tmp_path, pytestconfig, *BOTH)
    onnx_files.one_node(tmp_path / "my.onnx", "Relu", [1, 16], [1, 16])
    return tmp_path


def records(project: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_text()) for path in sorted((project / "records").glob("*/record.json"))]


@pytest.mark.timeout(600)
def test_two_releases_are_paired_and_the_record_says_which_ran(project: Path, command: Command) -> None:
    baseline = ("baseline=spec", f"baseline.overrides=[toolchain.version={NEW}]")
    ended = command(*MODEL, *SHORT, f"toolchain.version={OLD}", *baseline, "--json")
    assert ended.code == 0, ended.err
    record = ended.json
    assert record["title"] == f"onnx fp32 onnxruntime {OLD}"
    ran = {role: one["settings"]["version"] for role, one in record["effective"].items()}
    assert ran == {"candidate": OLD, "baseline": NEW}
    assert (record["comparison"]["kind"], record["comparison"]["pairs"]) == ("paired", 2)
    assert record["comparison"]["baseline"]["label"] == f"onnxruntime {NEW} fp32"
    cpus = {one["settings"]["pinned_to_cpus"][0] for one in record["effective"].values()}
    assert len(cpus) == 1
    there = {role: record["measurement"][role]["versions"]["onnxruntime"].split()[0] for role in ran}
    assert there == ran


@pytest.mark.timeout(600)
def test_a_file_that_is_too_new_for_a_release_is_unsupported_there(project: Path, command: Command) -> None:
    model = onnx.load(project / "my.onnx")
    model.opset_import[0].version = 22
    onnx.save(model, project / "my.onnx")
    sweep = command("-m", *MODEL, *SHORT, f"toolchain.version={OLD},{NEW},0.1.0", "baseline=none")
    assert sweep.code == 0, sweep.err
    ended = {one["spec"]["toolchain"]["version"]: one["status"] for one in records(project)}
    assert ended == {OLD: "unsupported", NEW: "ok", "0.1.0": "unavailable"}
    (refused,) = (one["reason"] for one in records(project) if one["status"] == "unsupported")
    assert "Current official support for domain ai.onnx is till opset 21" in refused


@pytest.mark.timeout(600)
def test_bisect_searches_from_the_first_release_that_runs_the_file(project: Path, command: Command) -> None:
    model = onnx.load(project / "my.onnx")
    model.opset_import[0].version = 22
    onnx.save(model, project / "my.onnx")
    ended = command("bisect", *MODEL, *SHORT, "--versions", f"{OLD},{NEW}", "--json")
    assert (ended.code, ended.json["verdict"], ended.json["reads_from"]) == (0, "none", NEW), ended.err
    assert [(one["release"], one["answer"]["kind"]) for one in ended.json["asked"]] == [(OLD, "refused"), (NEW, "good")]
    assert records(project) == []  # nothing had to be measured


@pytest.mark.timeout(600)
def test_bisect_compares_the_ends_and_measures_nothing_twice(project: Path, command: Command) -> None:
    words = ("bisect", *MODEL, *SHORT, "--versions", f"{OLD},{NEW}", "--json")
    first, again = command(*words), command(*words)
    (compared,) = (one for one in first.json["asked"] if one["against"])
    assert (compared["release"], compared["against"]) == (NEW, OLD)
    assert first.json["verdict"] == {"good": "none", "slower": "slower"}.get(compared["answer"]["kind"], "undecided")
    assert first.code == int(first.json["verdict"] == "undecided"), first.err
    assert again.json == first.json
    (record,) = records(project)
    assert compared["answer"]["record"] == record["record_id"]


@pytest.mark.timeout(600)
def test_the_commands_of_the_page(project: Path, command: Command) -> None:
    blocks = documents.blocks("docs/versions.md", "tests/execution/test_release_run.py")
    for line in (line for block in blocks for line in block):
        ended = command(*shlex.split(line)[3:], *([] if " toolchain " in line else SHORT))
        assert ended.code in ((0, 1) if " bisect " in line else (0,)), ended.err  # two pairs may tell nothing apart
