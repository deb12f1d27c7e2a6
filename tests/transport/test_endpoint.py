"""What every endpoint does: this interpreter, another one, a container, ssh."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from runner.artifacts import code_closure
from runner.core.errors import StepFailed, StepTimeout
from runner.transport import container as containers
from runner.transport.container import Container
from runner.transport.device import HERE
from runner.transport.endpoint import Endpoint, WorkerOptions
from runner.transport.interpreter import Interpreter
from runner.transport.local import Worker
from runner.transport.ssh import Ssh
from runner.transport.ssh_connection import Address
from tests import other_python, real_podman, sshd
from tests.doubles import podman
from tests.transport.test_local import ROOT, call

MOST = 10_000_000
CODE = ("odd_code",)
NONE = {"no-such-thing": None}


@contextmanager
def here(folder: Path) -> Iterator[Endpoint]:
    yield HERE


@contextmanager
def ssh(folder: Path) -> Iterator[Endpoint]:
    with sshd.serving(folder) as server, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", server.path)
        device = Ssh(Address("device"), sys.executable)
        yield device
        device.close()


@contextmanager
def interpreter(folder: Path) -> Iterator[Endpoint]:
    yield Interpreter(str(other_python.with_numpy()))


@contextmanager
def container(folder: Path) -> Iterator[Endpoint]:
    yield Container("sdk", podman.IMAGE_ID, str(podman.write(folder) / "podman"))


@contextmanager
def real_container(folder: Path) -> Iterator[Endpoint]:
    name = real_podman.image()
    if name is None:
        pytest.skip("no podman that starts containers here")
    yield containers.from_image(name)


@pytest.fixture(
    scope="module",
    params=[
        here,
        pytest.param(ssh, marks=sshd.needed),
        pytest.param(interpreter, marks=other_python.needed),
        container,
        pytest.param(real_container, marks=pytest.mark.slow),
    ],
)
def endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tests" / "worker"))
        patch.setenv("PYTHONPATH", str(ROOT / "tests" / "worker"))
        with request.param(tmp_path_factory.mktemp("endpoint")) as found:
            yield found


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    (tmp_path / "scratch").mkdir()
    return tmp_path / "out"


def step(endpoint: Endpoint, tmp_path: Path, there: str, data: Path) -> None:
    """A worker's step reads a folder that was put there, and fills `there`."""
    with (
        endpoint.scratch(tmp_path / "scratch") as scratch,
        opened(endpoint, tmp_path, reads=[data], writes=[tmp_path / "out", tmp_path / "scratch"]) as worker,
    ):
        about = {"settings": {"asked": 1}, "inputs": {"data": endpoint.put(data)}, "out": there, "scratch": scratch}
        worker.ask("step", timeout=60, module="odd_code", **about)


def opened(endpoint: Endpoint, tmp_path: Path, **folders: list[Path]) -> Worker:
    return endpoint.open_worker(tmp_path / "log", WorkerOptions("the step", threads=3, modules=CODE, **folders))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    (folder / "deep").mkdir(parents=True)
    (folder / "file").write_text("content")
    (folder / "deep" / "weights").write_bytes(b"\0\1")
    return folder


def test_what_a_worker_makes_of_a_folder_that_was_put_there_comes_back(
    endpoint: Endpoint, tmp_path: Path, out: Path, data: Path
) -> None:
    with endpoint.folder(out, MOST) as there:
        step(endpoint, tmp_path, there, data)
    assert {path.name: path.read_text() for path in out.iterdir()} == {"file": "content"}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "log", "out", "scratch"]


def test_folders_in_a_folder_come_back(endpoint: Endpoint, tmp_path: Path, out: Path, data: Path) -> None:
    with endpoint.folder(out, MOST) as there, opened(endpoint, tmp_path, reads=[data], writes=[out]) as worker:
        arguments = {"src": endpoint.put(data), "dst": there, "dirs_exist_ok": True}
        worker.ask("call", timeout=60, module="shutil", function="copytree", arguments=arguments)
    assert (out / "deep" / "weights").read_bytes() == b"\0\1"


def test_nothing_comes_back_where_the_block_fails(endpoint: Endpoint, tmp_path: Path, out: Path, data: Path) -> None:
    with pytest.raises(StepFailed, match="no"), endpoint.folder(out, MOST) as there:
        step(endpoint, tmp_path, there, data)
        raise StepFailed("no", "")
    assert list(out.iterdir()) == []


def test_versions_are_those_that_are_there(endpoint: Endpoint) -> None:
    found = endpoint.versions(["numpy", "no-such-thing"])
    assert found == {"numpy": endpoint.call("importlib.metadata", "version", distribution_name="numpy"), **NONE}


def test_the_code_that_a_worker_runs_is_known(endpoint: Endpoint, tmp_path: Path) -> None:
    with opened(endpoint, tmp_path) as worker:
        assert endpoint.code(worker, CODE) == code_closure.code(CODE)


def test_threads_are_told_to_the_libraries_that_read_them_at_import(endpoint: Endpoint, tmp_path: Path) -> None:
    with opened(endpoint, tmp_path) as worker:
        assert call(worker, "environment", name="OMP_NUM_THREADS") == "3"


def test_a_crash_is_told_with_its_signal_and_the_last_words(endpoint: Endpoint, tmp_path: Path) -> None:
    with opened(endpoint, tmp_path) as worker, pytest.raises(StepFailed) as error:
        call(worker, "crash", last_words="licence not found")
    assert "the worker was killed by SIGSEGV while it did `call`" in error.value.reason
    assert error.value.reason.endswith("Its last words: licence not found")


def test_closing_a_worker_ends_it_while_it_works(endpoint: Endpoint, tmp_path: Path) -> None:
    with opened(endpoint, tmp_path) as worker, pytest.raises(StepTimeout):
        call(worker, "sleep", timeout=0.5, seconds=600)
    assert not worker.alive
