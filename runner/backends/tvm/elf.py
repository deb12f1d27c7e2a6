"""Whether a shared library is whole, and for which machine it is built: the system's loader dies of one that is not."""

from __future__ import annotations

import platform
import struct
from pathlib import Path

from runner.core.errors import Unsupported

MACHINES = {3: "i686", 40: "armv7l", 62: "x86_64", 183: "aarch64", 243: "riscv64"}  # by the header's e_machine
HEADER = 64  # bytes


def check(path: Path) -> None:
    """Raises ValueError saying what is wrong with the library, Unsupported where it is for another machine."""
    head = path.open("rb").read(HEADER)
    if len(head) < HEADER or head[:4] != b"\x7fELF":
        raise ValueError("it is no shared library (no ELF header)")
    machine = MACHINES.get(struct.unpack_from("<H", head, 18)[0])
    if machine is None:
        raise ValueError("it is built for a machine that nobody knows")
    if machine != platform.machine():
        reason = f"tvm can't run {path}: it is built for {machine}, and this machine is {platform.machine()}."
        advice = "Run it there. What is built of a graph is measured there with hardware=ssh hardware.host=NAME"
        raise Unsupported(reason, advice)
    start, (entry, entries) = struct.unpack_from("<Q", head, 40)[0], struct.unpack_from("<HH", head, 58)
    size = path.stat().st_size
    if start + entry * entries > size:  # the table of sections stands last
        raise ValueError(f"it is cut off: it has {size} bytes of at least {start + entry * entries}")
