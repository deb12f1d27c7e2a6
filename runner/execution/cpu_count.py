"""How many steps this machine can run at once."""

from __future__ import annotations

import os

from runner.hardware import detect


def cores() -> int:
    """The cores that this process may use; of a container's quota whole ones, at least one."""
    return detect.usable(detect.described()) or os.cpu_count() or 1
