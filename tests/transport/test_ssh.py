"""Workers on a device over ssh: a real sshd, and this machine behind it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from runner.core.errors import OddAnswer, RunnerError, SpecError, StepFailed, StepTimeout, Unavailable, WorkerLost
from runner.transport import blobs
from runner.transport.endpoint import WorkerOptions
from runner.transport.local import Worker
from runner.transport.ssh import Ssh
from runner.transport.ssh_connection import Address
from tests import sshd
from tests.sshd import Sshd
from tests.transport.test_local import ROOT, call, gone

pytestmark = sshd.needed
ODD = ROOT / "tests" / "worker"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    with sshd.serving(tmp_path_factory.mktemp("sshd")) as found:
        yield found


@pytest.fixture(autouse=True)
def _ssh_finds_it(server: Sshd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", server.path)
    monkeypatch.syspath_prepend(str(ODD))


@pytest.fixture
def device() -> Iterator[Ssh]:
    found = Ssh(Address("device"), sys.executable)
    yield found
    found.close()


def opened(device: Ssh, folder: Path, threads: int | None = None) -> Worker:
    return device.open_worker(folder / "worker.log", WorkerOptions("the cell", threads, modules=("odd_code",)))


def ask(worker: Worker, function: str, **arguments: Any) -> Any:
    return worker.ask("call", timeout=30, module="os", function=function, arguments=arguments)


def test_of_two_hosts_one_has_the_device_until_its_connection_ends(device: Ssh) -> None:
    other = Ssh(Address("device"), sys.executable)
    alone = "runner.worker.device_lock"
    assert device.call(alone, "acquire", about={"host": "one"}) is None
    assert other.call(alone, "acquire", about={"host": "two"}) == {"host": "one"}
    device.close()
    try:
        deadline = time.monotonic() + 30
        while other.call(alone, "acquire", about={"host": "two"}) is not None:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        other.call(alone, "release")
    finally:
        other.close()


# --- workers ---


def test_a_worker_answers_and_imports_what_travelled_and_no_more(device: Ssh, tmp_path: Path) -> None:
    with opened(device, tmp_path) as worker:
        assert call(worker, "numbers", count=3) == [0, 1, 2]
        with pytest.raises(StepFailed, match=r"the cell on ssh:device: ModuleNotFoundError: .*runner\.plan"):
            worker.ask("call", timeout=30, module="runner.planning.plan", function="make")


def test_an_answer_larger_than_a_pipe_arrives_whole(device: Ssh, tmp_path: Path) -> None:
    with opened(device, tmp_path) as worker:
        assert call(worker, "numbers", count=200_000) == list(range(200_000))


def test_threads_are_told_to_the_libraries_that_read_them_at_import(device: Ssh, tmp_path: Path) -> None:
    with opened(device, tmp_path, threads=3) as worker:
        assert call(worker, "environment", name="OMP_NUM_THREADS") == "3"


def test_of_the_logins_environment_a_worker_gets_what_is_on_the_list(device: Ssh, tmp_path: Path) -> None:
    with opened(device, tmp_path) as worker:
        assert call(worker, "environment", name="SSH_CONNECTION") is None  # every login has it
        assert call(worker, "environment", name="XDG_CACHE_HOME")


def test_what_a_library_prints_comes_to_the_log_here(device: Ssh, tmp_path: Path) -> None:
    with opened(device, tmp_path) as worker:
        assert call(worker, "print_everywhere", text="hi") == "printed"
    assert sorted(worker.log.read_text().splitlines()) == ["hi c stderr", "hi c stdout", "hi python"]


def test_a_segfault_is_told_with_its_signal_and_the_last_words(device: Ssh, tmp_path: Path) -> None:
    with opened(device, tmp_path) as worker, pytest.raises(StepFailed) as error:
        call(worker, "crash", last_words="licence not found")
    assert "the cell on ssh:device: the worker was killed by SIGSEGV while it did `call`" in error.value.reason
    assert error.value.reason.endswith("Its last words: licence not found")


def test_an_exit_without_an_answer_is_told_with_its_code(device: Ssh, tmp_path: Path) -> None:
    with opened(device, tmp_path) as worker, pytest.raises(StepFailed, match="with exit code 7"):
        call(worker, "leave", code=7)


def test_a_late_answer_ends_the_worker_there_and_what_it_started(device: Ssh, tmp_path: Path) -> None:
    with opened(device, tmp_path) as worker:
        there, child = ask(worker, "getpid"), call(worker, "start_orphan")
        with pytest.raises(StepTimeout):
            call(worker, "sleep", timeout=0.2, seconds=600)
    assert gone(there)
    assert gone(child)


def test_closing_a_worker_ends_it_there_and_what_it_started(device: Ssh, tmp_path: Path) -> None:
    worker = opened(device, tmp_path)
    pids = [ask(worker, "getpid"), ask(worker, "getppid"), call(worker, "start_session")]
    worker.close()
    assert [gone(pid) for pid in pids] == [True] * 3


def test_a_memory_limit_is_refused_as_nobody_would_watch_it(device: Ssh, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"limits\.memory_mb=500.*ssh:device is not watched"):
        device.open_worker(tmp_path / "log", WorkerOptions("w", memory_mb=500))


# --- the device ---


def test_it_says_what_it_is(device: Ssh) -> None:
    from runner.hardware import detect

    here = detect.described()
    assert device.hardware()["identity"] == here["identity"]
    assert device.cpus() == sorted(os.sched_getaffinity(0))


def test_it_says_how_it_fares(device: Ssh) -> None:
    pids = device.pids([])
    seen = device.call("runner.measure.conditions", "read", ours=pids, everybody=True)
    assert seen["memory_available_mb"] > 0
    assert not set(map(str, pids)) & set(seen["processes"])
    assert psutil.Process(pids[0]).ppid() == pids[1]


# --- files ---


def entries(server: Sshd) -> set[tuple[str, int]]:
    return {(path.name, path.stat().st_ino) for path in server.cache.iterdir()}


def test_files_travel_once(server: Sshd, device: Ssh, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "artifact"
    (folder / "weights").mkdir(parents=True)
    (folder / "model.onnx").write_bytes(os.urandom(3_000_000))
    (folder / "weights" / "a.bin").write_bytes(b"weights")
    (folder / "artifact.json").write_text('{"created": "now"}')
    first = [device.put(folder), device.put(folder / "model.onnx")]
    assert Path(first[0], "weights/a.bin").read_bytes() == b"weights"
    assert Path(first[1]).read_bytes() == (folder / "model.onnx").read_bytes()
    assert not Path(first[0], "artifact.json").exists()

    there = entries(server)
    device.close()
    monkeypatch.setattr(blobs, "send", None)  # nothing is sent any more
    assert [device.put(folder), device.put(folder / "model.onnx")] == first
    assert entries(server) == there


def test_a_file_that_was_damaged_there_is_sent_again(device: Ssh, tmp_path: Path) -> None:
    file = tmp_path / "rows.npz"
    file.write_bytes(b"rows")
    there = Path(device.put(file))
    there.write_bytes(b"rowz")
    device.close()
    assert Path(device.put(file)).read_bytes() == b"rows"


def test_a_changed_file_is_another_one(device: Ssh, tmp_path: Path) -> None:
    file = tmp_path / "rows.npz"
    file.write_bytes(b"one")
    first = device.put(file)
    file.write_bytes(b"another")
    assert Path(device.put(file)).read_bytes() == b"another"
    assert Path(first).read_bytes() == b"one"


def test_an_output_comes_back_and_is_removed_there(server: Sshd, device: Ssh, tmp_path: Path) -> None:
    with device.output(tmp_path / "predicted.npz", 100_000) as there:
        np.savez(there, **{"out/y": np.arange(3)})  # type: ignore[arg-type]
    with np.load(tmp_path / "predicted.npz") as found:
        assert found["out/y"].tolist() == [0, 1, 2]
    assert [path.name for path in server.cache.iterdir() if path.is_file()] == []


def test_an_output_that_was_not_written_is_told(device: Ssh, tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"ssh:device: .*No such file"), device.output(tmp_path / "y.npz", 1000):
        pass


def test_a_folder_leaves_nothing_there(server: Sshd, device: Ssh, tmp_path: Path) -> None:
    device.put(tmp_path)
    device.hardware()
    before = entries(server)
    with device.folder(tmp_path / "empty", 100_000):
        pass
    with pytest.raises(OddAnswer), device.folder(tmp_path / "large", 1000):
        pass
    with pytest.raises(ZeroDivisionError), device.folder(tmp_path / "no", 100_000):
        raise ZeroDivisionError
    assert entries(server) == before


def test_a_folder_that_is_too_large_is_refused(device: Ssh, tmp_path: Path) -> None:
    with pytest.raises(OddAnswer, match="it is longer than 1000 bytes"), device.folder(tmp_path / "y", 1000) as there:
        (Path(there) / "large").write_bytes(b"0" * 100_000)
    assert list(tmp_path.iterdir()) == []


# --- what goes wrong ---


def refused(device: Ssh) -> RunnerError:
    with pytest.raises(RunnerError) as error:
        device.hardware()
    device.close()
    return error.value


def test_a_wrong_port_is_told(server: Sshd) -> None:
    error = refused(Ssh(Address("127.0.0.1", port=1), "python3"))
    assert isinstance(error, Unavailable)
    assert error.reason.startswith("ssh:127.0.0.1:1: it can't be reached (ssh: connect to host 127.0.0.1 port 1: ")
    assert "ssh -p 1 127.0.0.1" in error.next_step


def test_a_wrong_key_is_told(server: Sshd) -> None:
    stranger = str(server.folder / "stranger")
    error = refused(Ssh(Address("127.0.0.1", port=server.port, identity=stranger), "python3"))
    assert isinstance(error, Unavailable)
    assert "none of the keys that were offered lets this user in" in error.reason
    assert "Permission denied" in error.reason


def test_a_key_that_is_no_file_is_a_wrong_spec() -> None:
    error = refused(Ssh(Address("device", identity="/no/such/key"), "python3"))
    assert isinstance(error, SpecError)
    assert error.reason == "hardware.identity=/no/such/key: no such file."


def test_an_unknown_host_key_is_not_accepted(server: Sshd) -> None:
    error = refused(Ssh(Address("unknown", identity=str(server.key)), "python3"))
    assert isinstance(error, Unavailable)
    assert "its host key is not the one that is known here, or none is" in error.reason
    assert "look at the key: ssh" in error.next_step


def test_a_host_that_nobody_knows_is_told() -> None:
    error = refused(Ssh(Address("no-such-host.invalid"), "python3"))
    assert "ssh:no-such-host.invalid: no host of that name is known" in error.reason


def test_no_ssh_here_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    error = refused(Ssh(Address("device"), "python3"))
    assert (error.reason, error.next_step) == (
        "hardware=ssh: there is no `ssh` program here.",
        "sudo apt install openssh-client",
    )


def test_no_such_interpreter_there_is_told() -> None:
    error = refused(Ssh(Address("device"), "/opt/none/bin/python"))
    assert isinstance(error, Unavailable)
    assert error.reason.startswith("ssh:device: it has no interpreter `/opt/none/bin/python`")
    assert "hardware.python=…" in error.next_step


def test_an_interpreter_that_is_too_old_is_told(tmp_path: Path) -> None:
    # Any Python runs START; this one says that it is 3.7.
    old = "import sys; sys.version_info = (3, 7, 9, 'final', 0); exec(sys.argv.pop(1))"
    python = sshd.interpreter(tmp_path, f'shift; exec {sys.executable} -c "{old}" "$@"')
    error = refused(Ssh(Address("device"), str(python)))
    assert isinstance(error, Unavailable)
    assert error.reason == f"ssh:device: its `{python}` is Python 3.7; the oldest that does is Python 3.8."


def test_a_login_shell_that_prints_is_told(tmp_path: Path) -> None:
    python = sshd.interpreter(tmp_path, f'echo "Welcome to pi"; exec {sys.executable} "$@"')
    error = refused(Ssh(Address("device"), str(python)))
    assert error.reason == "ssh:device: its login shell prints `Welcome to pi` before any command."


def test_a_connection_that_is_lost_is_one_clear_line_and_nothing_runs_on(
    server: Sshd, device: Ssh, tmp_path: Path
) -> None:
    with opened(device, tmp_path) as worker:
        pids = [ask(worker, "getpid"), ask(worker, "getppid"), call(worker, "start_orphan"), *device.pids([])]
        for session in server.sessions():
            session.send_signal(signal.SIGKILL)
        with pytest.raises(WorkerLost) as error:
            call(worker, "sleep", seconds=600)
    assert error.value.reason == "ssh:device: the connection was lost while its worker did `call`."
    assert [gone(pid) for pid in pids] == [True] * len(pids)


def test_after_a_lost_connection_the_next_question_opens_another(server: Sshd, device: Ssh) -> None:
    device.hardware()
    for session in server.sessions():
        session.send_signal(signal.SIGKILL)
    with suppress(WorkerLost):  # or it has seen the loss already
        device.pids([])
    assert device.call("runner.worker.process", "allowed") == device.cpus()


def test_a_runner_that_is_killed_leaves_nothing_there(server: Sshd, tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from runner.transport.ssh import Ssh; "
        "from runner.transport.endpoint import WorkerOptions; from runner.transport.ssh_connection import Address\n"
        "device, options = Ssh(Address('device'), sys.executable), WorkerOptions('w', modules=('odd_code',))\n"
        f"log = Path({str(tmp_path / 'log')!r})\n"
        "w = device.open_worker(log, options)\n"
        "ask = lambda f, **a: w.ask('call', timeout=600, module='odd_code', function=f, arguments=a)\n"
        "print(*device.pids([w]), ask('start_orphan'), flush=True)\n"
        "ask('sleep', seconds=600)"
    )
    env = {**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ODD)])}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, env=env) as command:
        assert command.stdout is not None
        pids = [int(word) for word in command.stdout.readline().split()]
        command.kill()
    assert len(pids) == 5
    assert [gone(pid) for pid in pids] == [True] * 5
