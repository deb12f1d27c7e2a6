"""Which machine a spec is measured on: the rules of `hardware`, and how it is reached.

`hardware=local` is this machine, `hardware=ssh` one over ssh. What either is, is detected there.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from runner.core.errors import SpecError, check_choice
from runner.core.setting_rules import setting
from runner.hardware import detect

if TYPE_CHECKING:
    from runner.transport.device import Device

LOCAL = "local"
# A word that starts with a dash would be an option of ssh's; blanks and quotes have no place in a name.
HOST = re.compile(r"[A-Za-z0-9_\[][A-Za-z0-9_.:%\]-]*")
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")


@dataclass(frozen=True)
class Ssh:
    """Rules of `hardware=ssh`. None leaves a value to ssh's own configuration (ssh_config(5))."""

    host: str | None = setting("the device's name or address, or a Host of ~/.ssh/config")
    port: int | None = setting("the port of its sshd", low=1, high=65535)
    user: str | None = setting("whom to log in as")
    identity: str | None = setting("file of the private key")
    python: str = setting("the interpreter there that has numpy and the runtime")

    def __post_init__(self) -> None:
        for key, pattern in (("host", HOST), ("user", USER)):
            value = getattr(self, key)
            if value is not None and not pattern.fullmatch(value):
                raise SpecError(f"hardware.{key}={value}: not a {key}'s name.", f"For instance hardware.{key}=pi")
        if not self.python.strip() or self.python.startswith("-"):
            raise SpecError(
                f"hardware.python={self.python}: not an interpreter.", "For instance hardware.python=python3"
            )


def settings_class(name: str) -> type:
    """The `Settings` dataclass that rules over option `name` of `hardware`. Raises SpecError for an unknown one."""
    check_choice("hardware.name", name, (LOCAL, "ssh"))
    return Ssh if name == "ssh" else detect.Settings


def name_of(settings: Any) -> str:
    """The device's address as records and locks name it: `local`, `ssh:pi`.

    Raises SpecError for `hardware=ssh` without a host.
    """
    return address(settings).name if isinstance(settings, Ssh) else LOCAL


def called(settings: Any) -> str:
    """The device in a sentence: `this machine`, `ssh:pi`."""
    return name_of(settings) if isinstance(settings, Ssh) else "this machine"


def of(settings: Any) -> Device:
    """The device of a spec's `hardware` settings. Nothing is asked of it yet."""
    from runner.transport.device import HERE

    return _ssh(settings) if isinstance(settings, Ssh) else HERE


def address(settings: Ssh) -> Any:
    """Where a device is. Raises SpecError where no host is named."""
    from runner.transport.ssh_connection import Address

    if settings.host is None:
        raise SpecError("hardware=ssh without hardware.host.", "Say which device: hardware=ssh hardware.host=pi")
    return Address(settings.host, settings.port, settings.user, settings.identity)


@cache
def _ssh(settings: Ssh) -> Device:
    """One object, so one connection, for each address in a command."""
    from runner.transport.ssh import Ssh as Reached

    return Reached(address(settings), settings.python)
