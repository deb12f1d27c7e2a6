"""Rules of `schedule`: how a command's steps are run. No part of a spec, nor of any key: the cells are the same."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from runner.core import advice, extras, given_files
from runner.core.errors import SpecError, check_choice
from runner.core.setting_rules import build, setting

ADDRESS = re.compile(r"(tcp|tls)://[^/\s]+:\d+")
TLS = ("ca", "cert", "key")  # PEM files: who may sign, this command's certificate, its key


@dataclass(frozen=True)
class Settings:
    """Of every schedule with steps side by side. Values are in `conf/schedule/local.yaml`."""

    address: str | None = setting("scheduler of a Dask cluster that is there, tls://host:port; null: this machine")
    workers: int | None = setting("steps at once on this machine; null: one a core", low=1, high=1024)
    attempts: int = setting("most attempts at a step whose cluster worker dies", low=1, high=100)
    tls: dict[str, str | None] = setting(  # noqa: RUF009 - a field, as all others
        "PEM files of a tls:// cluster: ca, cert and key"
    )
    insecure: bool = setting("true: a tcp:// cluster, on which whoever reaches a port runs code as you")

    @property
    def name(self) -> str:
        """What reports call it."""
        return self.address or "local"

    @property
    def files(self) -> dict[str, Path]:
        """Those of `tls` that are given."""
        return {name: Path(file).expanduser() for name, file in self.tls.items() if file is not None}

    @property
    def warnings(self) -> tuple[str, ...]:
        """What every record of such a schedule says."""
        if self.address is None or not self.insecure:
            return ()
        return (f"schedule.insecure=true: whoever reached a port of {self.address} could change what was made.",)


@dataclass(frozen=True)
class Inline:
    """One step after the other in this command's own workers: nothing to set."""

    name = "inline"  # what reports call it
    warnings: ClassVar[tuple[str, ...]] = ()


Schedule = Settings | Inline
INLINE = Inline()


def settings_class(name: str) -> type:
    """The rules of option `name` of `schedule`. Raises SpecError for an unknown one."""
    check_choice("schedule.name", name, ("local", "inline"))
    return Inline if name == "inline" else Settings


def built(values: Mapping[str, Any]) -> Schedule:
    """The checked schedule of its plain values (`name` and its settings). Raises SpecError, and Unavailable."""
    name = str(values.get("name", ""))
    rest = {key: value for key, value in values.items() if key != "name"}
    found: Schedule = build(settings_class(name), rest, "schedule")
    check(found)
    return found


def check(schedule: Schedule) -> None:
    """Raises SpecError for an address that can't be one or has no key, and for what makes no sense beside it;
    Unavailable where Dask is not installed."""
    if isinstance(schedule, Inline):
        return
    if schedule.address is None:
        _check_local(schedule)
        return
    if not ADDRESS.fullmatch(schedule.address):
        raise SpecError(
            f"schedule.address={schedule.address}: not the address of a Dask scheduler.",
            "`dask scheduler` prints its own: schedule.address=tls://host:8786",
        )
    if schedule.workers is not None:
        raise SpecError(
            f"schedule.workers={schedule.workers}: the cluster at {schedule.address} has its own workers.",
            "Leave out one of the two.",
        )
    _check_closed(schedule, schedule.address)
    extras.demand(f"schedule.address={schedule.address}", ("distributed",))


def _check_local(schedule: Settings) -> None:
    given = ["schedule.insecure"] if schedule.insecure else []
    given += [f"schedule.tls.{name}" for name in schedule.files]
    if given:
        raise SpecError(f"{given[0]} says nothing without schedule.address.", f"Leave out {given[0]}.")


def _check_closed(schedule: Settings, address: str) -> None:
    """A port without a key is refused unless it is asked for."""
    if address.startswith("tls://"):
        if schedule.insecure:
            raise SpecError(f"schedule.insecure=true: {address} has certificates.", "Leave out schedule.insecure.")
        _check_files(schedule.files)
    elif not schedule.insecure:
        tls = address.replace("tcp", "tls", 1)
        raise SpecError(
            f"schedule.address={address}: whoever reaches a port of that cluster runs code as you.",
            f"Use {advice.shell(f'schedule.address={tls}')} with schedule.tls.ca, .cert and .key "
            "(docs/cluster.md says how), or add schedule.insecure=true.",
        )


def _check_files(files: Mapping[str, Path]) -> None:
    """Raises SpecError for a certificate or key that is missing or no such thing."""
    unknown = sorted(files.keys() - set(TLS))
    if unknown:
        raise SpecError(f"schedule.tls.{unknown[0]}: no such key.", f"Known keys of schedule.tls: {', '.join(TLS)}.")
    for name in TLS:
        _check_file(name, files.get(name))
    _check_pem(files["ca"], files["cert"], files["key"])


def _check_file(name: str, path: Path | None) -> None:
    if path is None:
        raise SpecError(f"schedule.tls.{name} has no value.", f"Name its PEM file: schedule.tls.{name}=FILE")
    advice = f"Name a PEM file that can be read: schedule.tls.{name}=FILE"
    given_files.existing(str(path), f"schedule.tls.{name}")
    try:
        with path.open("rb") as file:
            file.read(1)
    except OSError as error:
        raise SpecError(f"schedule.tls.{name}={path}: {error.strerror}.", advice) from error


def _check_pem(ca: Path, cert: Path, key: Path) -> None:
    import ssl  # heavy, and rarely needed

    advice = "docs/cluster.md says how to make all three."
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(ca)
    except ssl.SSLError as error:
        raise SpecError(f"schedule.tls.ca={ca}: no PEM file of certificates.", advice) from error
    try:
        context.load_cert_chain(cert, key, password=lambda: "")
    except (ssl.SSLError, ValueError) as error:
        pair = f"schedule.tls.cert={cert} and schedule.tls.key={key}"
        raise SpecError(f"{pair}: no PEM certificate with its key, without a passphrase.", advice) from error
