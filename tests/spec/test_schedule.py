"""Rules of `schedule`: an address has certificates, or the word that it has none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from runner.core.errors import SpecError, Unavailable
from runner.spec.schedule import INLINE, Settings, check
from tests.execution.certificates import certificates
from tests.without import hide

NONE: dict[str, str | None] = {"ca": None, "cert": None, "key": None}


@pytest.fixture(scope="module")
def tls(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return certificates(tmp_path_factory.mktemp("certificates") / "ours")


def refused(schedule: Settings) -> str:
    with pytest.raises(SpecError) as caught:
        check(schedule)
    assert caught.value.next_step
    return caught.value.reason


@pytest.mark.parametrize("address", ["localhost:8786", "http://host:8786", "tcp://host", "tcp://:8786 "])
def test_an_address_that_is_none_is_refused(address: str) -> None:
    assert refused(Settings(address, None, 3, NONE, True)).startswith(f"schedule.address={address}: not the address")


def test_workers_beside_an_address_are_refused() -> None:
    assert "has its own workers" in refused(Settings("tcp://host:8786", 2, 3, NONE, True))


def test_certificates_open_a_tls_address(tls: dict[str, str]) -> None:
    closed = Settings("tls://host:8786", None, 3, {**tls}, False)
    check(closed)
    assert closed.warnings == ()


def test_an_address_without_a_key_is_refused_unless_it_is_asked_for() -> None:
    with pytest.raises(SpecError) as caught:
        check(Settings("tcp://host:8786", None, 3, NONE, False))
    assert caught.value.reason == (
        "schedule.address=tcp://host:8786: whoever reaches a port of that cluster runs code as you."
    )
    assert "schedule.address=tls://host:8786 with schedule.tls.ca, .cert and .key" in caught.value.next_step
    asked = Settings("tcp://host:8786", None, 3, NONE, True)
    check(asked)
    assert asked.warnings == (
        "schedule.insecure=true: whoever reached a port of tcp://host:8786 could change what was made.",
    )


@pytest.mark.parametrize("name", ["ca", "cert", "key"])
def test_a_file_of_tls_that_is_not_there_or_no_such_thing_is_named(
    tls: dict[str, str], tmp_path: Path, name: str
) -> None:
    assert (
        refused(Settings("tls://host:8786", None, 3, {**tls, name: None}, False))
        == f"schedule.tls.{name} has no value."
    )
    gone = str(tmp_path / "gone.pem")
    assert refused(Settings("tls://host:8786", None, 3, {**tls, name: gone}, False)) == (
        f"schedule.tls.{name}={gone}: no such file."
    )
    os.mkfifo(pipe := tmp_path / "pipe")
    assert refused(Settings("tls://host:8786", None, 3, {**tls, name: str(pipe)}, False)) == (
        f"schedule.tls.{name}={pipe}: a named pipe, not a file."
    )
    assert refused(Settings("tls://host:8786", None, 3, {**tls, name: str(tmp_path)}, False)) == (
        f"schedule.tls.{name}={tmp_path}: a folder, not a file."
    )
    other = tmp_path / "other.pem"
    other.write_text("no certificate\n")
    assert f"schedule.tls.{name}={other}" in refused(
        Settings("tls://host:8786", None, 3, {**tls, name: str(other)}, False)
    )


def test_a_key_of_another_certificate_is_refused(tls: dict[str, str], tmp_path: Path) -> None:
    other = certificates(tmp_path / "theirs")
    mixed: dict[str, str | None] = {**tls, "key": other["key"]}
    assert "no PEM certificate with its key" in refused(Settings("tls://host:8786", None, 3, mixed, False))


def test_what_says_nothing_is_refused(tls: dict[str, str]) -> None:
    assert refused(Settings(None, None, 3, NONE, True)) == "schedule.insecure says nothing without schedule.address."
    assert refused(Settings(None, 2, 3, {**NONE, "ca": "x"}, False)) == (
        "schedule.tls.ca says nothing without schedule.address."
    )
    assert "has certificates" in refused(Settings("tls://host:8786", None, 3, {**tls}, True))
    check(Settings(None, 2, 3, NONE, False))
    check(INLINE)


def test_a_cluster_without_dask_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, "distributed")
    with pytest.raises(Unavailable, match="distributed is not installed here") as caught:
        check(Settings("tcp://host:8786", None, 3, NONE, True))
    assert caught.value.next_step == "pip install 'edge-runner[cluster]'"
