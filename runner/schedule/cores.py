"""How many steps this machine can run at once."""

from __future__ import annotations

import math
import os

from runner import hardware


def cores() -> int:
    """The cores that this process may use; of a container's quota whole ones, at least one."""
    found = hardware.detect()
    usable = found.usable_cores or os.cpu_count() or 1
    return max(1, min(usable, math.floor(found.cpu_limit or usable)))
