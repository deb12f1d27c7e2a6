"""What every endpoint does: the same tests here, and over ssh."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest

from runner.artifacts import code_closure
from runner.core.errors import StepFailed
from runner.transport.device import HERE
from runner.transport.endpoint import Endpoint
from runner.transport.ssh import Ssh
from runner.transport.ssh_connection import Address
from tests import sshd
from tests.transport.test_local import ROOT

MOST = 10_000_000
CODE = ("odd_code",)


@pytest.fixture(scope="module", params=["here", pytest.param("ssh", marks=sshd.needed)])
def endpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT / "tests" / "worker"))
        patch.setenv("PYTHONPATH", str(ROOT / "tests" / "worker"))
        if request.param == "here":
            yield HERE
            return
        with sshd.serving(tmp_path_factory.mktemp("sshd")) as server:
            patch.setenv("PATH", server.path)
            device = Ssh(Address("device"), sys.executable)
            yield device
            device.close()


@pytest.fixture
def out(tmp_path: Path) -> Path:
    (tmp_path / "out").mkdir()
    return tmp_path / "out"


def step(endpoint: Endpoint, tmp_path: Path, there: str, data: Path) -> None:
    """A worker's step reads a folder that was put there, and fills `there`."""
    with endpoint.scratch(tmp_path) as scratch, endpoint.open_worker(tmp_path / "log", name="s", modules=CODE) as one:
        about = {"settings": {"asked": 1}, "inputs": {"data": endpoint.put(data)}, "out": there, "scratch": scratch}
        one.ask("step", timeout=60, module="odd_code", **about)


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
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "log", "out"]


def test_folders_in_a_folder_come_back(endpoint: Endpoint, out: Path, data: Path) -> None:
    with endpoint.folder(out, MOST) as there:
        arguments = {"src": endpoint.put(data), "dst": there, "dirs_exist_ok": True}
        endpoint.call("shutil", "copytree", **arguments)
    assert (out / "deep" / "weights").read_bytes() == b"\0\1"


def test_nothing_comes_back_where_the_block_fails(endpoint: Endpoint, tmp_path: Path, out: Path, data: Path) -> None:
    with pytest.raises(StepFailed, match="no"), endpoint.folder(out, MOST) as there:
        step(endpoint, tmp_path, there, data)
        raise StepFailed("no", "")
    assert list(out.iterdir()) == []


def test_versions_are_those_that_are_there(endpoint: Endpoint) -> None:
    assert endpoint.versions(["numpy", "no-such-thing"]) == {
        "numpy": metadata.version("numpy"),
        "no-such-thing": None,
    }


def test_the_code_that_a_worker_runs_is_known(endpoint: Endpoint, tmp_path: Path) -> None:
    with endpoint.open_worker(tmp_path / "log", name="c", modules=CODE) as one:
        assert endpoint.code(one, CODE) == code_closure.code(CODE)
