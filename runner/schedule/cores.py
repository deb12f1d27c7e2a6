"""How many steps this machine can run at once."""

from __future__ import annotations

import os

from runner import hardware


def cores() -> int:
    """The cores that this process may use; of a container's quota whole ones, at least one."""
    return hardware.usable(hardware.described()) or os.cpu_count() or 1
