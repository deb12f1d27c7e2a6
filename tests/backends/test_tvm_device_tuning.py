"""TVM's tuning for a device over ssh: built here, timed there, whatever a kernel does and however the command ends."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("tvm", reason="apache-tvm is not installed here")

import tvm

from runner.backends.tvm import RECORDS, TUNED_ON, trial
from runner.backends.tvm.trial import Trials
from runner.core.errors import WorkerLost
from runner.planning import plan
from runner.planning.graph import Node
from runner.spec.hardware import Ssh as HardwareSsh
from runner.sweeps import request
from runner.transport import devices, lent
from runner.transport.device import HERE
from runner.transport.ssh import Ssh
from runner.transport.ssh_connection import Address
from runner.worker import process
from tests import sshd
from tests.backends.conftest import Case
from tests.backends.test_tvm_tuning import tuned
from tests.sshd import Sshd

pytestmark = sshd.needed
ARGUMENTS = [("float32", (64,)), ("float32", (64,))]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd.serving(tmp_path_factory.mktemp("sshd")) as found, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", found.path)
        yield found


Planned = Callable[..., Node]


@pytest.fixture
def planned(server: Sshd, tmp_path: Path) -> Iterator[Planned]:
    """`planned(*words)` is the step `tune` of a gru with these words."""

    def made(*words: str) -> Node:
        spec = request.one(tmp_path, ["model=gru", "backend=tvm", "backend.tuning.trials=4", "baseline=none", *words])
        found = plan.make([spec], tmp_path)
        return found.nodes[found.cells[0].candidate.keys["tune"]]

    yield made
    devices.device_of(HardwareSsh("device", None, None, None, sys.executable)).close()
    devices._ssh.cache_clear()


def test_tuning_holds_the_device_and_devices_of_one_kind_share_what_it_finds(server: Sshd, planned: Planned) -> None:
    here, there = planned(), planned(*server.words())
    assert [list(one.place.alone_on()) for one in (here, there)] == [["local"], ["ssh:device"]]
    assert [one.place.endpoint().name for one in (here, there)] == ["local", "local"]
    assert here.place.lent() is None
    assert (there.place.lent() or {})["host"] == "device"
    assert here.key == there.key


def test_without_tvm_on_the_device_or_without_the_device_nothing_is_tried(
    server: Sshd, planned: Planned, monkeypatch: pytest.MonkeyPatch
) -> None:
    unreached = planned("hardware=ssh", "hardware.host=127.0.0.1", "hardware.port=1").blocked
    monkeypatch.setattr(process, "lacking", lambda modules: ["tvm"])
    monkeypatch.setattr(Ssh, "call", lambda self, module, function, **given: HERE.call(module, function, **given))
    bare = planned(*server.words()).blocked
    assert unreached and unreached.status == "unavailable" and "can't be reached" in unreached.reason
    assert bare and bare.status == "unavailable" and "has no tvm, which backend=tvm needs there" in bare.reason


@pytest.fixture
def device(server: Sshd) -> Iterator[Ssh]:
    found = Ssh(Address("device"), sys.executable)
    yield found
    found.close()


def lines(folder: Path) -> list[str]:
    """The trials that a kill would leave."""
    return (folder / "scratch/database" / RECORDS).read_text().splitlines(keepends=True)


def test_trials_are_timed_there_and_what_a_kill_left_is_gone_on_with(
    server: Sshd, device: Ssh, cases: dict[str, Case], tmp_path: Path
) -> None:
    there: list[int] = []
    said = tuned(
        tmp_path, cases["conv"], 4, progress=lambda *_: there.append(len(server.connected())), device=lent.of(device)
    )
    assert max(there) == 2  # the worker and its guard
    assert said["tuned_on"] == json.loads((tmp_path / "out4" / TUNED_ON).read_text()) == ["ssh:device"]
    first = lines(tmp_path)
    (tmp_path / "scratch/database" / RECORDS).write_text("".join(first)[:-20])  # killed while it wrote the last line
    said = tuned(tmp_path, cases["conv"], 6, device=lent.of(device))
    assert said["trials"] == len(lines(tmp_path)) == 6
    assert lines(tmp_path)[:3] == first[:3]
    assert server.connected() == []


def test_a_connection_that_is_lost_ends_tuning_and_keeps_its_trials(
    server: Sshd, device: Ssh, cases: dict[str, Case], tmp_path: Path
) -> None:
    def cut(done: int, *_: Any) -> None:
        if done > 24:
            for session in server.sessions():
                session.kill()

    with pytest.raises(WorkerLost, match="ssh:device: the connection was lost"):
        tuned(tmp_path, cases["conv"], 40, progress=cut, device=lent.of(device))
    assert 4 <= len(lines(tmp_path)) < 40
    assert all(json.loads(line)[1][1][0] < 1 for line in lines(tmp_path))


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A whole library of one kernel: the sum of a vector and 1."""
    x = tvm.te.placeholder((64,), name="x")
    y = tvm.te.compute((64,), lambda i: x[i] + 1.0)
    module = tvm.IRModule({"main": tvm.te.create_prim_func([x, y])})
    path = tmp_path_factory.mktemp("kernel") / "kernel.so"
    tvm.compile(module, target="llvm").export_library(str(path))
    return path


@pytest.fixture
def trials(device: Ssh, tmp_path: Path) -> Iterator[Trials]:
    made = Trials(lent.of(device), 1, tmp_path / "log")
    yield made
    made.close()


def crashing(folder: Path, code: str) -> Path:
    """A library that does this when it is loaded."""
    (folder / "crash.c").write_text(
        f"#include <stdlib.h>\n#include <unistd.h>\n__attribute__((constructor)) void crash(void) {{ {code} }}\n"
    )
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", folder / "crash.so", folder / "crash.c"], check=True)
    return folder / "crash.so"


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("abort();", "killed by SIGABRT"),
        ("*(volatile int *)0 = 1;", "killed by SIGSEGV"),
        ("__builtin_trap();", "killed by SIGILL"),
        ("sleep(60);", "took longer than 1 s"),
    ],
)
def test_a_kernel_that_crashes_or_hangs_there_ends_no_trial_but_its_own(
    code: str, said: str, trials: Trials, server: Sshd, kernel: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(trials.timed(str(kernel), ARGUMENTS), list)
    monkeypatch.setattr(trial, "SECONDS", 1.0)
    assert said in trials.timed(str(crashing(tmp_path, code)), [])
    monkeypatch.undo()
    assert isinstance(trials.timed(str(kernel), ARGUMENTS), list)
    assert list(server.cache.glob(".kernel-*")) == []


def test_a_damaged_kernel_ends_no_trial_but_its_own(trials: Trials, kernel: Path, tmp_path: Path) -> None:
    whole, damaged = kernel.read_bytes(), tmp_path / "damaged.so"
    damaged.write_bytes(whole[: len(whole) // 2])
    assert "it is cut off" in trials.timed(str(damaged), ARGUMENTS)
    for start in range(0, len(whole), len(whole) // 4):
        damaged.write_bytes(
            whole[:start] + bytes(byte ^ 0xFF for byte in whole[start : start + 256]) + whole[start + 256 :]
        )
        trials.timed(str(damaged), ARGUMENTS)  # a time or why there is none
    assert isinstance(trials.timed(str(kernel), ARGUMENTS), list)
