"""Toolchains: made whole or not at all, found again, replaced, removed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from types import MappingProxyType

import pytest

from runner.core.errors import SpecError, Unavailable
from runner.transport import environments, toolchains
from runner.transport.device import HERE
from tests.doubles import podman
from tests.transport.test_local import gone


def wheel(folder: Path, version: str, name: str = "tiny", beside: Mapping[str, str] = MappingProxyType({})) -> None:
    """A distribution with one module, and files `beside` it."""
    about = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as made:
        made.writestr(f"{name}.py", f"VERSION = '{version}'\n")
        for file, text in beside.items():
            made.writestr(file, text)
        made.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        made.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        made.writestr(f"{about}/RECORD", "")


@pytest.fixture
def pinned(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `sdk.txt`, which pins a wheel beside it; the working folder has modules that end who runs them."""
    monkeypatch.chdir(tmp_path)
    for name in ("venv.py", "pip.py", "ensurepip.py"):
        (tmp_path / name).write_text("raise SystemExit('of the working folder')\n")
    folder = tmp_path / "pinned"
    folder.mkdir()
    wheel(folder, "1.0")
    pin(folder, "1.0")
    monkeypatch.setattr(toolchains, "PINNED", folder)
    return folder


def pin(folder: Path, version: str) -> None:
    (folder / "sdk.txt").write_text(f"# Of a test.\n--no-index\n--find-links {folder}\ntiny=={version}\n")


def version(project: Path) -> str:
    python = toolchains.installed(project, "sdk").python
    return subprocess.check_output([str(python), "-c", "import tiny; print(tiny.VERSION)"], text=True).strip()


@pytest.mark.slow
def test_it_is_made_found_again_replaced_and_removed(pinned: Path, tmp_path: Path) -> None:
    told: list[str] = []
    assert toolchains.install(tmp_path, "sdk", told.append) == tmp_path / ".toolchains" / "sdk"
    assert told[:2] == ["a fresh environment", "1 of 1  tiny-1.0-py3-none-any.whl"]
    assert (version(tmp_path), toolchains.state(tmp_path, "sdk")) == ("1.0", "installed")

    toolchains.install(tmp_path, "sdk", told.append)
    assert told.count("a fresh environment") == 1

    wheel(pinned, "2.0")
    pin(pinned, "2.0")
    assert toolchains.outdated(tmp_path, "sdk")
    with pytest.raises(Unavailable, match="The toolchain sdk is outdated: it was made of something else"):
        toolchains.installed(tmp_path, "sdk")
    wanted = toolchains.on_demand(tmp_path, "sdk")
    assert (wanted.to_be_made, toolchains.versions(wanted, ["tiny"])) == (True, {"tiny": "2.0"})
    toolchains.install(tmp_path, "sdk", told.append)
    assert (version(tmp_path), toolchains.outdated(tmp_path, "sdk")) == ("2.0", False)

    assert toolchains.remove(tmp_path, "sdk")
    assert not toolchains.remove(tmp_path, "sdk")
    assert [path.name for path in (tmp_path / ".toolchains").iterdir()] == [".sdk.lock"]


@pytest.mark.slow
def test_what_fails_leaves_nothing_and_says_why(pinned: Path, tmp_path: Path) -> None:
    pin(pinned, "9.9")
    with pytest.raises(Unavailable, match=r"ERROR: No matching distribution found for tiny==9\.9"):
        toolchains.install(tmp_path, "sdk", lambda text: None)
    assert toolchains.state(tmp_path, "sdk") == "not installed"
    assert [path.name for path in (tmp_path / ".toolchains").iterdir()] == [".sdk.lock"]


def test_what_a_kill_left_half_made_is_no_toolchain(pinned: Path, tmp_path: Path) -> None:
    half = tmp_path / ".toolchains" / ".sdk-0123456789ab" / "bin"
    half.mkdir(parents=True)
    (half / "python").touch()
    assert toolchains.state(tmp_path, "sdk") == "not installed"
    with pytest.raises(Unavailable) as error:
        toolchains.installed(tmp_path, "sdk")
    assert error.value.reason == "The toolchain sdk is not installed here."
    assert error.value.next_step == "python -m runner toolchain install sdk"


def test_an_unknown_one_is_a_wrong_word(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="litrt: no such toolchain"):
        toolchains.install(tmp_path, "litrt", lambda text: None)


def test_one_that_the_runner_can_not_install_has_to_be_named(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as error:
        toolchains.installed(tmp_path, "hailo")
    assert error.value.reason == "The toolchain hailo is none that the runner can install."
    assert error.value.next_step.startswith("Name where it is: toolchain.python=")


def test_the_versions_of_one_that_is_to_be_made_are_those_that_it_pins(pinned: Path, tmp_path: Path) -> None:
    wanted = toolchains.on_demand(tmp_path, "sdk")
    assert toolchains.versions(wanted, ["Tiny", "numpy"]) == {"Tiny": "1.0", "numpy": None}
    assert not (tmp_path / ".toolchains").exists()


@pytest.mark.slow
def test_it_is_made_once_for_all_that_need_it_at_once(pinned: Path, tmp_path: Path) -> None:
    wanted, told = toolchains.on_demand(tmp_path, "sdk"), SimpleQueue[str]()
    with ThreadPoolExecutor(4) as pool:
        for _ in range(4):
            pool.submit(toolchains.ready, tmp_path, wanted, told.put)
    lines = [told.get() for _ in range(told.qsize())]
    assert lines.count("toolchain sdk: a fresh environment") == 1
    assert lines.count("toolchain sdk: 1 of 1  tiny-1.0-py3-none-any.whl") == 1
    assert version(tmp_path) == "1.0"


def test_what_fails_is_tried_once_a_command_however_many_steps_need_it(
    pinned: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[Path] = []

    def no_network(folder: Path, *about: object) -> None:
        tried.append(folder)
        raise Unavailable("No network.", "Plug it in.")

    monkeypatch.setattr(environments, "make", no_network)
    toolchains.try_again()
    wanted = toolchains.on_demand(tmp_path, "sdk")
    with ThreadPoolExecutor(4) as pool:
        made = [pool.submit(toolchains.ready, tmp_path, wanted, print) for _ in range(4)]
    assert {str(one.exception()) for one in made} == {"No network.\nPlug it in."}
    assert len(tried) == 1
    toolchains.try_again()
    with pytest.raises(Unavailable):
        toolchains.ready(tmp_path, wanted, print)
    assert len(tried) == 2
    toolchains.try_again()


def test_a_command_that_is_killed_takes_its_installation_along() -> None:
    installs = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    code = (
        "import sys; from runner.transport import environments\n"
        f"environments.run([sys.executable, '-c', {installs!r}], lambda line: print(line, flush=True))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as command:
        assert command.stdout is not None
        pid = int(command.stdout.readline())
        command.kill()
    assert gone(pid)


@pytest.mark.parametrize("name", toolchains.names())
def test_every_version_is_pinned(name: str) -> None:
    lines = (toolchains.PINNED / f"{name}.txt").read_text().splitlines()
    wanted = [line for line in lines if line and line[0] not in "#-"]
    assert wanted
    assert [line for line in wanted if line.count("==") != 1 or "*" in line] == []


def test_its_endpoint_is_an_interpreter_a_container_or_this_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(podman.write(tmp_path)), prepend=":")
    each = (None, toolchains.pointed_to("/opt/sdk/bin/python", None), toolchains.pointed_to(None, "sdk"))
    assert [toolchains.endpoint(one).name for one in each] == [HERE.name, "python:/opt/sdk/bin/python", "image:sdk"]
