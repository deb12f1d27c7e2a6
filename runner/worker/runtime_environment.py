"""What a measurement depends on at the place where it runs: the machine, the interpreter, libraries, CPUs, variables.

Runs on devices, too: standard library, Python 3.8.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Dict, List  # noqa: UP035 - Python 3.8's names

from runner.hardware import procfs
from runner.worker import installed_files, loaded_first, process, variables

LIBRARY = re.compile(r"\.(so|dylib|dll|pyd)\b")
LONGEST = 200  # characters
MACHINE_ID = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
SERIAL = Path("/proc/device-tree/serial-number")


def described(distributions: List[str]) -> Dict[str, Any]:  # noqa: UP006
    """`machine_id` (hashed, None without one), `python` and the `versions` of `distributions` with their builds, the
    `cpus` that a process may run on, its `scheduling`, the `variables` that change timing, and of the `files` that
    some of these name a hash each (left out where there are none)."""
    files = loaded_first.named(os.environ)
    return {
        "machine_id": machine_id(),
        "python": f"{platform.python_implementation()} {' '.join(sys.version.split())}"[:LONGEST],
        "versions": {name: version(name) for name in distributions},
        "cpus": process.allowed(),
        "scheduling": process.scheduling(),
        "variables": variables.of_timing(os.environ),
        **({"files": files} if files else {}),
    }


def machine_id() -> str | None:
    """What tells this machine from others of its model: its machine-id, and a board's serial number, since cards that
    were copied have one machine-id. Hashed, as machine-id(5) asks of those who show it."""
    found = " ".join(filter(None, (next(filter(None, map(procfs.line, MACHINE_ID)), ""), procfs.line(SERIAL))))
    return hashlib.sha256(f"edge-runner {found}".encode()).hexdigest()[:16] if found else None


def version(distribution: str) -> str | None:
    """`1.20.1 (build 3f9c0a1b)`: a wheel that somebody built anew keeps its version, so its shared libraries' hashes
    count too, as its installer noted them; `1.20.1 (build 3f9c0a1b, edited 0c4d2e11)` where files were changed since.
    `onnxruntime-gpu 1.20.1 …` where the package comes by another name; None where none has it."""
    found = _named(distribution) or _providing(distribution)
    if found is None:
        return None
    about = found.metadata
    own = "" if _same(about["Name"], distribution) else f"{about['Name']} "
    record = (found.read_text("RECORD") or "").splitlines()
    libraries = sorted(filter(LIBRARY.search, record))
    parts = {
        "build": libraries,
        "edited": installed_files.changed(found, record, libraries),
        "editable": installed_files.of_sources(found),
    }
    told = ", ".join(f"{name} {_digest(lines)}" for name, lines in parts.items() if lines)
    return f"{own}{about['Version']}" + (f" ({told})" if told else "")


def _digest(lines: List[str]) -> str:  # noqa: UP006
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:8]


def _named(distribution: str) -> metadata.Distribution | None:
    try:
        return metadata.distribution(distribution)
    except metadata.PackageNotFoundError:
        return None


def _providing(package: str) -> metadata.Distribution | None:
    """The distribution of another name that has the package."""
    every = metadata.distributions()
    return next((one for one in every if package in (one.read_text("top_level.txt") or "").split()), None)


def _same(one: str, other: str) -> bool:
    return one.lower().replace("_", "-") == other.lower().replace("_", "-")
