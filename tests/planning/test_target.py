"""The machine that a model is compiled for, as planning needs it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from runner.backends.tvm import cross
from runner.core.errors import Unavailable, Unsupported
from runner.hardware import detect
from runner.planning import graph, plan, target
from runner.planning.place import Place
from runner.planning.target import Target
from runner.sweeps import request
from runner.worker import process

PI = {**detect.described(), "cpu": "Arm Cortex-A76", "isa": ["asimd", "dotprod"], "logical_cores": 4}
SSH = ("model=gru", "precision=fp32", "hardware=ssh", "hardware.host=pi")


def on(found: Target, monkeypatch: pytest.MonkeyPatch) -> None:
    """The device at the other end is `found`, and lacks nothing."""
    monkeypatch.setattr(target, "target_of", lambda settings: found if hasattr(settings, "host") else target.here())
    monkeypatch.setattr(target, "lacking", lambda *about: None)


def planned(folder: Path, *words: str) -> graph.Plan:
    return plan.make([request.one(folder, [*SSH, *words])], folder)


def test_what_is_tuned_to_another_kind_of_machine_is_unsupported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(Target("ssh:pi", PI), monkeypatch)
    made = planned(tmp_path, "baseline=none")
    error = graph.blocked(made.cells[0], made)
    assert isinstance(error, Unsupported)
    assert "tuned to the machine that compiles, which is of another kind than ssh:pi (Arm Cortex-A76)" in error.reason
    assert error.next_step == "What suits any machine: backend.graph_optimization=extended"


def test_what_suits_any_machine_is_compiled_here_and_so_is_its_baseline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(Target("ssh:pi", PI), monkeypatch)
    made = planned(tmp_path, "backend.graph_optimization=extended", "precision=int8_dynamic")
    assert graph.blocked(made.cells[0], made) is None
    baseline = made.cells[0].baseline
    assert baseline is not None
    assert baseline.spec.backend.settings.graph_optimization == "extended"
    assert baseline.spec.hardware == made.cells[0].candidate.spec.hardware


def test_a_compile_is_tuned_to_the_device_and_shared_where_it_is_of_this_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(Target("ssh:pi", detect.described()), monkeypatch)
    there = planned(tmp_path, "baseline=none").cells[0].candidate.keys["compile"]
    here = plan.make([request.one(tmp_path, [*SSH[:2], "baseline=none"])], tmp_path).cells[0].candidate.keys["compile"]
    assert there == here


def test_its_cores_are_the_devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on(Target("ssh:pi", {**PI, "usable_cores": 1}), monkeypatch)
    with pytest.raises(Exception, match=r"backend\.threads=2: ssh:pi has 1 usable core"):
        planned(tmp_path, "backend.threads=2")


def test_a_limit_of_memory_that_it_doesnt_hold_to_is_told_before_any_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(Target("ssh:pi", PI), monkeypatch)
    error = planned(tmp_path, "limits.memory_mb=500").cells[0].blocked
    assert isinstance(error, Unavailable)
    assert error.reason == "limits.memory_mb=500: the memory of a worker on ssh:pi is not watched."
    assert planned(tmp_path).cells[0].blocked is None


def test_a_device_that_can_t_be_reached_blocks_its_cells_and_no_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on(Target("ssh:pi", {}, Unavailable("ssh:pi: it can't be reached.", "Switch it on.")), monkeypatch)
    made = planned(tmp_path)
    assert graph.blocked(made.cells[0], made) is made.cells[0].blocked
    assert isinstance(made.cells[0].blocked, Unavailable)
    assert all(node.blocked is None for node in made.nodes.values())


def test_what_a_session_imports_is_read_from_its_source() -> None:
    assert target.imported("runner.backends.onnxruntime.session") == ("numpy", "onnxruntime")
    assert target.imported("runner.backends.torch.session") == ("torch",)
    assert target.imported("runner.backends.litert.session") == ("ai_edge_litert|tflite_runtime",)


def test_of_modules_that_a_session_tries_one_is_enough() -> None:
    assert process.lacking(["no_such|json", "no_such|nor_such", "json"]) == ["no_such|nor_such"]
    wanted = target.without(Target("ssh:pi", {}), "litert", SimpleNamespace(python="python3"), ["one|other"])
    assert "has no one or other, which backend=litert needs there." in str(wanted)
    assert "pip install one" in str(wanted) and "other" not in str(wanted).splitlines()[1]


def test_what_compiles_for_other_machines_is_built_here_and_proven_on_the_device(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tvm", reason="apache-tvm is not installed here")
    on(Target("ssh:pi", {**PI, "machine": "aarch64"}), monkeypatch)
    monkeypatch.setattr(Place, "versions", lambda self, distributions: dict.fromkeys(distributions, "1.0"))
    monkeypatch.setattr(cross, "missing", lambda machine: None)
    made = planned(tmp_path, "backend=tvm", "baseline=none")
    assert graph.blocked(made.cells[0], made) is None
    compiled, proof = (made.nodes[made.cells[0].candidate.keys[step]] for step in ("compile", "verify"))
    assert compiled.place.device is None
    assert compiled.settings["tuned_to"] == {"machine": "aarch64", "cpu": "Arm Cortex-A76", "isa": ["asimd", "dotprod"]}
    assert proof.place.device.host == "pi"
