"""Compilers that link for machines of another architecture than this one."""

from __future__ import annotations

import platform
import shutil

from runner.core.advice import shell

PACKAGES = {
    "aarch64": "gcc-aarch64-linux-gnu",
    "x86_64": "gcc-x86-64-linux-gnu",
}  # Debian's, by machine


def command(machine: str) -> str:
    """The program that links for a machine."""
    return f"{machine}-linux-gnu-gcc"


def missing(machine: str) -> tuple[str, str] | None:
    """Why nothing is linked for a machine here, and what to do; None where something is."""
    if machine == platform.machine() or shutil.which(command(machine)):
        return None
    if machine not in PACKAGES:
        return f"nothing is linked for {machine}", f"There are: {', '.join(PACKAGES)}."
    advice = f"Install it: {shell('sudo', 'apt', 'install', PACKAGES[machine])}"
    return f"no compiler for {machine} ({command(machine)}) is here", advice
