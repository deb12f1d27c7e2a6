"""A container: what it is given of this machine, and what is missing where it can't be had."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import StepFailed, Unavailable
from runner.transport import container
from runner.transport.container import Container
from runner.transport.endpoint import WorkerOptions
from tests.doubles import podman
from tests.transport.test_local import ROOT, call


@pytest.fixture
def sdk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Container:
    """The image that the double knows."""
    monkeypatch.setenv("PATH", f"{podman.write(tmp_path)}:{os.environ['PATH']}")
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "worker"))
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("LD_PRELOAD", "")
    return container.from_image("sdk")


def started(tmp_path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((tmp_path / "notes").read_text().splitlines()[-1])
    return found


def test_it_has_no_network_no_rights_and_a_root_that_is_read_only(sdk: Container, tmp_path: Path) -> None:
    with sdk.open_worker(tmp_path / "log", WorkerOptions("compile")):
        pass
    found = started(tmp_path)
    assert (found["network"], found["read_only"], found["cap_drop"], found["pull"]) == ("none", True, "ALL", "never")
    assert found["user"] == f"{os.getuid()}:{os.getgid()}"
    assert found["inside"][2:] == ["guard", "--name", "compile"]


def test_it_sees_the_steps_folders_and_the_worker_and_no_more(sdk: Container, tmp_path: Path) -> None:
    model, out = tmp_path / "a, model", tmp_path / "out"
    with sdk.open_worker(tmp_path / "log", WorkerOptions("c", reads=[model], writes=[out])) as worker:
        packed = started(tmp_path)["inside"][1] if worker.ask("memory", timeout=30) else ""
    assert started(tmp_path)["mount"] == [
        f"type=bind,source={packed},target={packed},readonly",
        f'type=bind,"source={model}","target={model}",readonly',
        f"type=bind,source={out},target={out}",
    ]


def test_of_the_environment_it_has_what_changes_numbers_or_timing(
    sdk: Container, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TVM_NUM_THREADS", "7")
    with sdk.open_worker(tmp_path / "log", WorkerOptions("c", modules=("odd_code",))) as worker:
        seen = [call(worker, "environment", name=name) for name in ("TVM_NUM_THREADS", "HOME", "AWS_SECRET_ACCESS_KEY")]
    assert seen == ["7", "/tmp", None]
    assert not [one for one in started(tmp_path)["env"] if one.startswith("LD_")]


def test_a_memory_limit_is_the_containers(sdk: Container, tmp_path: Path) -> None:
    with sdk.open_worker(tmp_path / "log", WorkerOptions("c", memory_mb=500)):
        pass
    assert (started(tmp_path)["memory"], started(tmp_path)["memory_swap"]) == ("500m", "500m")


def test_an_image_that_is_not_here_is_not_downloaded(sdk: Container, tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as error:
        container.from_image("hailo/sdk:3")
    assert error.value.reason.startswith("toolchain.image=hailo/sdk:3: podman has no such image (")
    assert error.value.next_step == "podman pull hailo/sdk:3"
    assert not (tmp_path / "notes").exists()


def test_what_runs_is_the_image_that_bore_the_name_when_it_was_asked_for(sdk: Container, tmp_path: Path) -> None:
    podman.name(tmp_path, "sha256:077")
    assert (sdk.image_id, container.from_image("sdk").image_id) == (podman.IMAGE_ID, "sha256:077")
    with pytest.raises(StepFailed, match="with exit code 2"):  # the double has the other image alone
        sdk.call("os", "getpid")


def test_without_podman_and_docker_it_is_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(Unavailable, match="no podman and no docker here"):
        container.from_image("sdk")


def test_an_exit_without_an_answer_is_told_with_its_code(sdk: Container, tmp_path: Path) -> None:
    with (
        sdk.open_worker(tmp_path / "log", WorkerOptions("c", modules=("odd_code",))) as worker,
        pytest.raises(StepFailed, match="with exit code 7"),
    ):
        call(worker, "leave", code=7)


def test_a_client_that_says_nonsense_is_told(tmp_path: Path) -> None:
    program = tmp_path / "podman"
    program.write_text("#!/bin/sh\nprintf 'no \\377\\n' >&2; exit 1\n")
    program.chmod(0o755)
    with pytest.raises(Unavailable, match="no such image"):
        container.image_id(str(program), "sdk")


def test_a_client_that_can_not_be_asked_is_told(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as error:
        container.image_id(str(tmp_path / "podman"), "sdk")
    assert (
        error.value.reason == f"toolchain.image=sdk: {tmp_path / 'podman'} can't be asked: No such file or directory."
    )
