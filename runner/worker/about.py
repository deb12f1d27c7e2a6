"""What a measurement depends on at the place where it runs: the machine, the interpreter, libraries, CPUs, variables.

Runs on devices, too: standard library, Python 3.8.
"""

from __future__ import annotations

import hashlib
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any, Dict, List  # noqa: UP035 - Python 3.8's names

from runner.worker import process, variables

MACHINE_ID = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))


def described(distributions: List[str]) -> Dict[str, Any]:  # noqa: UP006
    """`machine_id` (hashed, None without one), `python`, `versions` of `distributions`, `cpus` that a process may run
    on, and the `variables` that change timing."""
    return {
        "machine_id": machine_id(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "versions": {name: _version(name) for name in distributions},
        "cpus": process.allowed(),
        "variables": variables.of_timing(os.environ),
    }


def machine_id() -> str | None:
    """What tells this machine from others of its model; hashed, as machine-id(5) asks of those who show it."""
    for path in MACHINE_ID:
        try:
            found = path.read_text().strip()
        except OSError:
            continue
        if found:
            return hashlib.sha256(f"edge-runner {found}".encode()).hexdigest()[:16]
    return None


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
