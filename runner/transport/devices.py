"""The device that a spec's `hardware` settings name, and the environment of its runtime's release."""

from __future__ import annotations

from functools import cache
from typing import Any

from runner.spec import hardware
from runner.spec.hardware import Ssh
from runner.transport.beside import Beside
from runner.transport.device import HERE, Device
from runner.transport.toolchains import Toolchain


def device_of(settings: Any, release: Toolchain | None = None) -> Device:
    """The device of a spec's `hardware` settings, and of this machine the `release` of a runtime that is measured.
    Nothing is asked of it yet.

    Raises SpecError for `hardware=ssh` without a host.
    """
    if isinstance(settings, Ssh):
        return _ssh(settings)
    return HERE if release is None else Beside(str(release.python))


@cache
def _ssh(settings: Ssh) -> Device:
    """One object, so one connection, for each address in a command."""
    from runner.transport.ssh import Ssh as Reached
    from runner.transport.ssh_connection import Address

    hardware.name_of(settings)
    return Reached(Address(str(settings.host), settings.port, settings.user, settings.identity), settings.python)
