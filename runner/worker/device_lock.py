"""Who measures on a machine: a lock of the user's, outside every project, for a runner there and one that is elsewhere.

Runs on devices, too: standard library, Python 3.8.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
from pathlib import Path
from typing import Any, Dict, List, Optional  # noqa: UP035 - Python 3.8's names

from runner.hardware import procfs
from runner.worker import receiver

LOCAL = "local"
BOOT = Path("/proc/sys/kernel/random/boot_id")
_held: List[int] = []  # noqa: UP006


def folder() -> Path:
    """Where this user's locks lie. A home folder that machines share has one lock of each. Raises as `arrival.home`."""
    return receiver.home() / "locks"


def machine() -> str:
    """What tells this machine from others that share its home folder: the kernel's boot_id (random(4)), which all its
    containers see, whatever host name each has; the host name where there is none."""
    return procfs.line(BOOT) or platform.node()


def lock_of(device: str) -> Path:
    """The file that is locked (flock(2)) while `device` measures; beside it, as .json, stands for whom."""
    return folder() / f"{machine()}-{_short(device)}.lock"


def _short(device: str) -> str:
    """An address as a part of a file's name, which may have 255 bytes, and no slash."""
    if re.fullmatch(r"[\w.:@-]{1,64}", device, re.ASCII):
        return device
    return hashlib.sha256(device.encode()).hexdigest()[:16]


def holder(lock: Path) -> Dict[str, Any]:  # noqa: UP006
    """What stands beside a lock about who has it; nothing where nothing can be read."""
    try:
        found = json.loads(lock.with_suffix(".json").read_text(encoding="utf-8"))
    except (OSError, ValueError):  # whoever has it has just got it, or is just giving it back
        return {}
    return found if isinstance(found, dict) else {}


def acquire(about: Dict[str, Any]) -> Optional[Dict[str, Any]]:  # noqa: UP006, UP045
    """Acquire this machine's lock until this process ends or releases it, and write `about` (whom it is for) beside it.

    Returns None if this process now holds the lock; otherwise the holder's description ({} if unknown).
    """
    import fcntl

    if _held:
        return None
    lock = lock_of(LOCAL)
    lock.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return holder(lock)
    _held.append(descriptor)
    lock.with_suffix(".json").write_text(json.dumps(about))
    return None


def release() -> None:
    """Let others measure here; nothing where this process has no lock."""
    while _held:
        about = lock_of(LOCAL).with_suffix(".json")
        if about.exists():
            about.unlink()
        os.close(_held.pop())
