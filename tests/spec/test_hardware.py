"""Which machine a spec is measured on."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import SpecError
from runner.spec import hardware
from runner.sweeps import request
from runner.transport import devices

HOST = ("hardware=ssh", "hardware.host=pi")


def test_a_device_is_named_by_its_address(tmp_path: Path) -> None:
    assert hardware.name_of(request.one(tmp_path, []).hardware.settings) == "local"
    assert hardware.name_of(request.one(tmp_path, HOST).hardware.settings) == "ssh:pi"
    user = (*HOST, "hardware.port=2222", "hardware.user=me")
    assert hardware.name_of(request.one(tmp_path, user).hardware.settings) == "ssh:pi:2222"


def test_a_title_says_where_if_not_here(tmp_path: Path) -> None:
    assert request.one(tmp_path, ["model=gru"]).title == "gru int8_dynamic onnxruntime"
    assert request.one(tmp_path, ["model=gru", *HOST]).title == "gru int8_dynamic onnxruntime on ssh:pi"


def test_ssh_needs_a_host(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as error:
        request.one(tmp_path, ["hardware=ssh"])
    assert error.value.reason == "hardware=ssh without hardware.host."
    assert "hardware.host=pi" in error.value.next_step


@pytest.mark.parametrize(
    "word", ["hardware.host=-oProxyCommand=x", "hardware.host='a b'", "hardware.user=-l", "hardware.python=-c"]
)
def test_no_setting_becomes_an_option_of_ssh(tmp_path: Path, word: str) -> None:
    with pytest.raises(SpecError, match=word.partition("=")[0]):
        request.one(tmp_path, [*HOST, word])


@pytest.mark.parametrize("python", ["edge/bin/python", "/opt/edge/bin/python3"])
def test_an_interpreter_is_named_by_its_path(tmp_path: Path, python: str) -> None:
    assert request.one(tmp_path, [*HOST, f"hardware.python={python}"]).hardware.settings.python == python


def test_one_address_is_one_connection_in_a_command(tmp_path: Path) -> None:
    one, other = (
        devices.device_of(request.one(tmp_path, [*HOST, *words]).hardware.settings) for words in ([], ["seed=1"])
    )
    assert one is other
    assert one.remote
    assert not devices.device_of(request.one(tmp_path, []).hardware.settings).remote


def test_a_project_names_its_own_device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where Hydra looks for a project's own options
    (tmp_path / "conf" / "hardware").mkdir(parents=True)
    (tmp_path / "conf" / "hardware" / "pi5.yaml").write_text(
        "# The one on my desk.\n"
        "name: ssh\nhost: pi5.local\nport: null\nuser: pi\nidentity: null\npython: edge/bin/python\n"
    )
    assert hardware.name_of(request.one(tmp_path, ["hardware=pi5"]).hardware.settings) == "ssh:pi5.local"
