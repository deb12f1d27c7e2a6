"""A stage that compiles on the device: it is asked there, runs there alone, and its folder comes back."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from runner.artifacts import store
from runner.artifacts.store import Artifact
from runner.backends.contract import Request
from runner.core import registry
from runner.core.errors import StepFailed, StepTimeout
from runner.execution import device_locks, run_step
from runner.execution.step_workers import StepWorkers
from runner.planning import graph, plan
from runner.planning import target as targets
from runner.planning.graph import Node, Plan
from runner.planning.target import Target
from runner.spec.hardware import Ssh
from runner.sweeps import request
from runner.transport import devices
from runner.transport.ssh import Ssh as Reached
from tests import sshd
from tests.execution.told import LIMITS, Told
from tests.models import onnx_files
from tests.sshd import Sshd

PLUGIN = Path(__file__).parents[1] / "plugin"
FILE = "model.onnx"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd.serving(tmp_path_factory.mktemp("sshd")) as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", found.path)
        yield found
        device = devices.device_of(Ssh("device", None, None, None, sys.executable))
        assert isinstance(device, Reached)
        device.close()
        devices._ssh.cache_clear()


@pytest.fixture(autouse=True)
def _plugin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.syspath_prepend(str(PLUGIN))
    monkeypatch.setenv("PYTHONPATH", str(PLUGIN))
    asked_anew()
    yield
    asked_anew()


def asked_anew() -> None:
    for known in (registry.module, registry.registered, registry.carried):
        known.cache_clear()


def planned(project: Path, *words: str) -> Plan:
    graph_file = onnx_files.one_node(project / FILE, "Relu", [1, 4], [1, 4])
    every = ["model=onnx", f"model.path={graph_file}", "backend=elsewhere", "baseline=none", *words]
    return plan.make([request.one(project, every)], project)


def node(made: Plan, step: str) -> Node:
    return made.nodes[made.cells[0].candidate.keys[step]]


def given(project: Path) -> Artifact:
    """What the stage before made."""
    folder = project / "parsed"
    folder.mkdir()
    (folder / "artifact.json").write_text("{}")
    (folder / FILE).write_bytes((project / FILE).read_bytes())
    return Artifact(folder, {"key": "parsed", "meta": {}})


def compiled(made: Plan, project: Path, parsed: Artifact, told: Told) -> Artifact:
    with StepWorkers(project) as workers:
        return run_step.get_or_make(
            node(made, "compile"), {"model": parsed}, run_step.Workplace(workers, project, LIMITS), told
        )


@sshd.needed
def test_its_versions_and_what_it_is_tuned_to_are_the_devices(server: Sshd, tmp_path: Path) -> None:
    made = planned(tmp_path, *server.words())
    device = devices.device_of(made.cells[0].candidate.spec.hardware.settings)
    parse, compile, verify = (node(made, step) for step in ("parse", "compile", "verify"))
    assert [one.place.endpoint().name for one in (parse, compile, verify)] == ["local", "ssh:device", "ssh:device"]
    assert compile.tools == device.versions(["onnxruntime"])
    assert compile.settings["tuned_to"] == {"identity": device.hardware()["identity"]}
    assert graph.blocked(made.cells[0], made) is None


@sshd.needed
def test_its_support_asks_the_library_there(server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def said(request: Request) -> str:
        return str(request.ask("os", "getenv", key="XDG_CACHE_HOME"))  # the server's own, which this process has not

    declared = registry.load("backend", "elsewhere").BACKEND
    monkeypatch.setattr("elsewhere.BACKEND", replace(declared, support=said))
    blocked = node(planned(tmp_path, *server.words()), "compile").blocked
    assert blocked is not None
    assert blocked.reason == f"backend=elsewhere: {server.folder}/device"


@sshd.needed
def test_it_runs_there_alone_and_all_that_it_made_comes_back(server: Sshd, tmp_path: Path) -> None:
    found = compiled(planned(tmp_path, *server.words()), tmp_path, given(tmp_path), Told())
    seen = json.loads((found.folder / "seen.json").read_text())
    assert Path(seen["locks"]).is_relative_to(server.folder / "device")
    assert seen["holder"]["folder"] == str(Path.cwd())  # this command has the lock there
    assert (found.folder / FILE).read_bytes() == (tmp_path / FILE).read_bytes()
    assert found.meta["session"] == "elsewhere.session"


@sshd.needed
def test_nothing_comes_back_of_one_that_fails_there(server: Sshd, tmp_path: Path) -> None:
    made, parsed = planned(tmp_path, *server.words()), given(tmp_path)
    (parsed.folder / "fails").touch()
    with pytest.raises(StepFailed, match="no licence"):
        compiled(made, tmp_path, parsed, Told())
    assert store.find(tmp_path, "compile", node(made, "compile").key) is None
    assert list((tmp_path / "artifacts/compile").iterdir()) == []


@sshd.needed
def test_a_device_that_goes_away_in_mid_stage_fails_the_step_and_keeps_nothing(server: Sshd, tmp_path: Path) -> None:
    made, parsed, hanging = planned(tmp_path, *server.words()), given(tmp_path), tmp_path / "hanging"
    (parsed.folder / "hangs").write_text(str(hanging))
    with ThreadPoolExecutor(1) as pool, pytest.raises(StepFailed) as caught:
        compiling = pool.submit(compiled, made, tmp_path, parsed, Told())
        while not compiling.done():
            if hanging.exists():
                hanging.unlink()
                for session in server.sessions():
                    session.kill()
            time.sleep(0.1)
        compiling.result()
    assert "ssh:device" in caught.value.reason
    assert list((tmp_path / "artifacts/compile").iterdir()) == []


def test_on_this_machine_it_waits_for_whoever_measures_here(tmp_path: Path) -> None:
    made, parsed, told = planned(tmp_path), given(tmp_path), Told()
    late = replace(LIMITS, step_s=1.0)
    with (
        device_locks.locked_here("local", lambda text: None, 60),
        StepWorkers(tmp_path) as workers,
        pytest.raises(StepTimeout, match="local measures for"),
    ):
        run_step.build(
            node(made, "compile"), {"model": parsed}, run_step.Workplace(workers, tmp_path, late), told.noted
        )
    assert any("waiting until it is free" in note for note in told.notes)
    assert compiled(made, tmp_path, parsed, told).meta["session"] == "elsewhere.session"


def test_a_device_that_can_not_be_reached_blocks_it(tmp_path: Path) -> None:
    words = ["hardware=ssh", "hardware.host=no-such-host.invalid", f"hardware.python={sys.executable}"]
    made = planned(tmp_path, *words)
    error = node(made, "compile").blocked
    assert error is not None
    assert (error.status, "no-such-host.invalid" in error.reason) == ("unavailable", True)


@sshd.needed
def test_what_the_device_lacks_is_named_with_how_to_get_it_there(
    server: Sshd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    declared = registry.load("backend", "elsewhere").BACKEND
    alone = replace(declared, distributions=("no-such-npu",), stages=declared.stages[1:])
    monkeypatch.setattr("elsewhere.BACKEND", alone)
    error = node(planned(tmp_path, *server.words()), "compile").blocked
    assert error is not None
    assert error.reason == (
        f"ssh:device: its `{sys.executable}` has no no-such-npu, which backend=elsewhere needs there."
    )
    assert error.next_step == f"On the device: {sys.executable} -m pip install no-such-npu"


@pytest.mark.parametrize(("place", "status"), [("host", "unsupported"), ("device", None)])
def test_it_suits_the_device_that_it_is_compiled_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str, status: str | None
) -> None:
    declared = registry.load("backend", "elsewhere").BACKEND
    stages = (declared.stages[0], replace(declared.stages[1], place=place))
    monkeypatch.setattr("elsewhere.BACKEND", replace(declared, stages=stages))
    here = targets.here()
    monkeypatch.setattr(targets, "here", lambda: Target("local", {**here.hardware, "identity": "another"}))
    found = targets.foreign(Target("ssh:pi", here.hardware), "elsewhere", None)
    assert (found and found.status) == status
