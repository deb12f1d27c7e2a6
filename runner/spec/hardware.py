"""On which machine a spec is measured: the rules of `hardware`, and how each machine is called.

`hardware=local` is this machine, `hardware=ssh` one over ssh. How a machine is reached is in `runner/transport/`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from runner.core.errors import SpecError, check_choice
from runner.core.setting_rules import setting

LOCAL = "local"
# A word that starts with a dash would be an option of ssh's; blanks and quotes have no place in a name.
HOST = re.compile(r"[A-Za-z0-9_\[][A-Za-z0-9_.:%\]-]*")
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]*")


@dataclass(frozen=True)
class Local:
    """Rules of `hardware=local`: everything is detected, so there is nothing to set."""


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
    return Ssh if name == "ssh" else Local


def name_of(settings: Any) -> str:
    """The machine's address as records and locks name it: `local`, `ssh:pi`, `ssh:10.0.0.7:2222`; whoever the user is,
    it is one machine.

    Raises SpecError for `hardware=ssh` without a host.
    """
    if not isinstance(settings, Ssh):
        return LOCAL
    if settings.host is None:
        raise SpecError("hardware=ssh without hardware.host.", "Say which device: hardware=ssh hardware.host=pi")
    return ssh_name(settings.host, settings.port)


def ssh_name(host: str, port: int | None) -> str:
    """`ssh:pi`, `ssh:10.0.0.7:2222`."""
    return f"ssh:{host}" + (f":{port}" if port else "")


def called(settings: Any) -> str:
    """The machine in a sentence: `this machine`, `ssh:pi`."""
    return name_of(settings) if isinstance(settings, Ssh) else "this machine"
