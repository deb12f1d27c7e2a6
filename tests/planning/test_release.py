"""`toolchain.version`: a release of a runtime as a choice like any other."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from runner.backends import loading
from runner.backends.contract import Release
from runner.core import installed
from runner.core.errors import Impossible
from runner.planning import graph, measurement_key, plan
from runner.planning.graph import Cell, Plan
from runner.spec import record_words
from runner.sweeps import request
from runner.transport import releases, toolchains
from runner.transport.toolchains import Toolchain

MODEL = ("model=gru", "precision=fp32")
OLD, NEW = "toolchain.version=1.18.0", "toolchain.version=1.22.0"
INSTALL = "toolchain.install=true"


def planned(root: Path, *words: str) -> Plan:
    return plan.make([request.one(root, [*MODEL, *words])], root)


def cell(root: Path, *words: str) -> Cell:
    return planned(root, *words).cells[0]


def test_one_that_is_not_there_makes_its_cell_unavailable_with_the_command(tmp_path: Path) -> None:
    made = planned(tmp_path, OLD)
    error = graph.blocked(made.cells[0], made)
    assert error is not None
    assert (error.status, error.reason) == ("unavailable", "onnxruntime==1.18.0 is not installed here.")
    assert error.next_step == "python -m runner toolchain install onnxruntime==1.18.0"


def test_two_releases_share_the_graph_and_compile_it_each_in_its_own_environment(tmp_path: Path) -> None:
    old, new, ours = (cell(tmp_path, *words).candidate for words in ((OLD, INSTALL), (NEW, INSTALL), ()))
    assert old.keys["export"] == new.keys["export"] == ours.keys["export"]
    assert len({old.keys["compile"], new.keys["compile"], ours.keys["compile"]}) == 3
    assert len({old.keys["verify"], new.keys["verify"], ours.keys["verify"]}) == 3
    nodes = planned(tmp_path, OLD, INSTALL).nodes
    for step in ("compile", "verify"):
        node = nodes[old.keys[step]]
        assert (node.tools, node.place.toolchain) == ({"onnxruntime": "1.18.0"}, old.release)
    assert old.release is not None
    assert old.release.python == str(tmp_path / ".toolchains/onnxruntime-1.18.0/bin/python")
    assert old.release.installed_as == "onnxruntime==1.18.0"


def beside(monkeypatch: pytest.MonkeyPatch, *distributions: str) -> None:
    """From now on a release of ONNX Runtime has these beside it."""
    changed = replace(loading.backend("onnxruntime"), release=Release(beside=distributions))
    usual = loading.backend
    monkeypatch.setattr(releases.loading, "backend", lambda name: changed if name == "onnxruntime" else usual(name))


def an_environment(project: Path) -> None:
    """Of ONNX Runtime 1.18.0, as it is made now; nothing is in it."""
    release = toolchains.on_demand(project, "onnxruntime==1.18.0")
    python = project / ".toolchains" / release.folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    (project / ".toolchains" / "onnxruntime-1.18.0").symlink_to(release.folder)


def test_one_that_was_made_of_something_else_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    an_environment(tmp_path)
    before = planned(tmp_path, OLD)
    assert graph.blocked(before.cells[0], before) is None
    beside(monkeypatch, "onnx", "more")
    made = planned(tmp_path, OLD)
    error = graph.blocked(made.cells[0], made)
    assert error is not None
    assert error.reason == "onnxruntime==1.18.0 is outdated: it was made of something else, or by another Python."
    assert error.next_step == "python -m runner toolchain install onnxruntime==1.18.0"
    assert toolchains.listed(tmp_path)["onnxruntime==1.18.0"] == "outdated"


def test_one_that_was_made_of_something_else_is_made_anew_where_that_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_environment(tmp_path)
    release = cell(tmp_path, OLD, INSTALL).candidate.release
    assert release is not None
    assert not release.to_be_made
    beside(monkeypatch, "onnx", "more")
    release = cell(tmp_path, OLD, INSTALL).candidate.release
    assert release is not None
    assert release.to_be_made


def test_what_lies_beside_a_release_is_in_the_keys_of_what_it_compiles(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = cell(tmp_path, OLD, INSTALL).candidate.keys
    beside(monkeypatch, "onnx", "more")
    now = cell(tmp_path, OLD, INSTALL).candidate.keys
    assert {step for step, key in now.items() if key != before[step]} == {"compile", "verify"}


def test_its_session_runs_there_and_is_paired_with_what_is_installed_here(tmp_path: Path) -> None:
    found = cell(tmp_path, OLD, INSTALL)
    assert found.baseline is not None
    there, here = found.candidate.device, found.baseline.device
    assert (there.name, here.name) == ("local", "local")
    assert there.libraries().name == f"python:{tmp_path}/.toolchains/onnxruntime-1.18.0/bin/python"
    assert found.candidate.spec.title == "gru fp32 onnxruntime 1.18.0"
    assert found.label == "onnxruntime fp32 (as installed)"


def test_another_release_is_a_baseline(tmp_path: Path) -> None:
    found = cell(tmp_path, OLD, INSTALL, "baseline=spec", f"baseline.overrides=[{NEW}]")
    assert found.label == "onnxruntime 1.22.0 fp32"
    assert found.baseline is not None
    assert found.baseline.spec.toolchain.version == "1.22.0"


def test_the_release_of_one_backend_is_none_of_anothers(tmp_path: Path) -> None:
    found = cell(tmp_path, OLD, INSTALL, "baseline=spec", "baseline.overrides=[backend=openvino]")
    assert found.baseline is not None
    assert found.baseline.spec.toolchain.version is None


def test_what_was_measured_with_another_release_is_measured_anew(tmp_path: Path) -> None:
    asked = []

    def ask(settings: object, release: Toolchain | None, distributions: list[str]) -> dict[str, str]:
        asked.append(release and release.installed_as)
        return {"address": "local", "release": str(release)}

    found = cell(tmp_path, OLD, INSTALL)
    (parts,) = measurement_key.parts_of_all([found], ask).values()
    assert asked == ["onnxruntime==1.18.0", None]
    assert parts["candidate"]["release"] != parts["baseline"]["release"]


def test_releases_are_installed_on_this_machine_alone(tmp_path: Path) -> None:
    with pytest.raises(Impossible) as error:
        request.one(tmp_path, [*MODEL, OLD, "hardware=ssh", "hardware.host=pi"])
    assert error.value.reason == (
        "toolchain.version=1.18.0 with hardware=ssh: releases are installed on this machine alone."
    )


def test_a_record_is_measured_again_with_its_release(tmp_path: Path) -> None:
    spec = request.one(tmp_path, [*MODEL, OLD])
    words = record_words.again(spec.plain(), [], tmp_path)
    assert request.one(tmp_path, words).toolchain.version == "1.18.0"


def test_the_installed_runtime_need_not_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(installed, "version", lambda name: None if name == "openvino" else "1.0")
    made = planned(tmp_path, "backend=openvino", "toolchain.version=2025.1.0", INSTALL, "baseline=none")
    assert graph.blocked(made.cells[0], made) is None
