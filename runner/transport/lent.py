"""A device lent to a step that runs in a worker here: it uses the command's own connection, which nobody has to open
again, and which ends with the command."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from runner.transport.device import HERE, Device
from runner.transport.ssh import Ssh
from runner.transport.ssh_connection import Address, Master
from runner.transport.ssh_transfer import lost


def of(device: Device) -> dict[str, Any] | None:
    """What a worker is told of a device that it may use (JSON types); None of this machine. Raises as a connection that
    can't be opened."""
    if not isinstance(device, Ssh):
        return None
    address = device.address
    where = {"host": address.host, "port": address.port, "user": address.user, "identity": address.identity}
    return {**where, "python": device.python, "connection": str(device.connection())}


def taken(told: Mapping[str, Any] | None) -> Device:
    """The device of which `told` says how it is reached; its connection is never opened anew."""
    if told is None:
        return HERE
    address = Address(told["host"], told["port"], told["user"], told["identity"])
    return Ssh(address, told["python"], partial(_joined, Path(told["connection"])))


def _joined(folder: Path, address: Address) -> Master:
    """Raises WorkerLost where the connection has ended."""
    found = Master(address, None, folder)
    if not found.alive:
        raise lost(address.name, "a step used it")
    return found
