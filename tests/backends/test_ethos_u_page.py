"""The commands of docs/backends/ethos_u.md, as they are typed there, and what their records say."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest

from runner.core import project_paths
from runner.results import layers, records
from runner.results.record_schema import Estimated
from tests import documents
from tests.conftest import QUICK, REPOSITORY, Command

PAGE, TEST = "docs/backends/ethos_u.md", "tests/backends/test_ethos_u_page.py"
SMALL = ("model.hidden=8", "model.window=8")


@pytest.mark.slow
@pytest.mark.toolchain("litert")
@pytest.mark.toolchain("tosa")
def test_its_commands_leave_estimates_whose_settings_are_named(command: Command, tmp_path: Path) -> None:
    (tmp_path / ".toolchains").symlink_to(project_paths.home(project_paths.root(REPOSITORY)) / ".toolchains")
    (lines,) = documents.blocks(PAGE, TEST, "run with the toolchain")
    for line in lines:
        words = shlex.split(line)[3:]
        ended = command(*words, *QUICK, *(SMALL if "model=gru" in words else ()))
        assert ended.code == 0, ended.err
    found = sorted(records.read_all(tmp_path), key=lambda one: one.result.date)
    sources = [one.result.provenance for one in found]
    assert sources == [
        Estimated(f"Vela 5.2.0 ({named})")
        for named in (
            "ethos-u55-128, Ethos_U55_High_End_Embedded, Shared_Sram, optimised for performance",
            "ethos-u65-512, Ethos_U65_High_End, Dedicated_Sram_384KB, optimised for size",
        )
    ]
    assert all(name.startswith("estimate/") for one in found for name in one.result.metrics)
    assert layers.read(found[0].folder)["statistic"] == "estimate"
    assert [one.result.checks["candidate"]["tosa"].status for one in found] == ["passed", "passed"]
    keys = [one.result.keys for one in found]
    assert keys[0]["convert"] == keys[1]["convert"] and keys[0]["compile"] != keys[1]["compile"]


@pytest.mark.slow
@pytest.mark.toolchain("litert")
def test_an_integer_file_is_compiled_and_reckoned_as_it_is(command: Command, tmp_path: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed here")
    from tests.backends import tflite_files

    (tmp_path / ".toolchains").symlink_to(project_paths.home(project_paths.root(REPOSITORY)) / ".toolchains")
    tflite_files.integers(tmp_path / "my.tflite")
    (ini,) = (text for kind, text in documents.steps(PAGE) if kind == "ini")
    (tmp_path / "my.ini").write_text(ini)
    for (line,) in documents.blocks(PAGE, TEST, "run on an integer file"):
        ended = command(*shlex.split(line)[3:], "data.samples=4")
        assert ended.code == 0, ended.err
    usual, own = sorted(records.read_all(tmp_path), key=lambda one: one.result.date)
    assert own.result.provenance == Estimated(
        "Vela 5.2.0 (ethos-u55-128, My_Board, Weights_In_Flash, of my.ini, optimised for performance)"
    )
    assert usual.result.effective["candidate"].precision == {"SUB": {"int8": 1}}
    seconds = [one.result.metrics["estimate/latency/p50_ms"] for one in (usual, own)]
    assert seconds[1] / seconds[0] == pytest.approx(500 / 400, rel=0.3)
    assert usual.result.keys["take"] == own.result.keys["take"]


def test_the_experiment_names_each_generation(command: Command) -> None:
    planned = command("plan", "experiment=ethos_u", "--json")
    told = json.dumps(planned.json)
    assert all(f"ethos_u{generation}" in told for generation in (55, 65, 85))
