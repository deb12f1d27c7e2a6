"""The device that a spec's `hardware` settings name."""

from __future__ import annotations

from functools import cache
from typing import Any

from runner.spec import hardware
from runner.spec.hardware import Ssh
from runner.transport.device import HERE, Device


def device_of(settings: Any) -> Device:
    """The device of a spec's `hardware` settings. Nothing is asked of it yet.

    Raises SpecError for `hardware=ssh` without a host.
    """
    return _ssh(settings) if isinstance(settings, Ssh) else HERE


@cache
def _ssh(settings: Ssh) -> Device:
    """One object, so one connection, for each address in a command."""
    from runner.transport.ssh import Ssh as Reached
    from runner.transport.ssh_connection import Address

    hardware.name_of(settings)
    return Reached(Address(str(settings.host), settings.port, settings.user, settings.identity), settings.python)
