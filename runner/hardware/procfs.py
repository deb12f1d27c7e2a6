"""Small files of /proc and /sys, read with as few system calls as there can be."""

from __future__ import annotations

import os
from pathlib import Path

SIZE = 1 << 16


def text(path: str | Path) -> str | None:
    """The file's first 64 KiB; None where it can't be read (it has gone, or is not for us)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return os.read(descriptor, SIZE).decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(descriptor)


def number(path: str | Path) -> int | None:
    """A file that holds one whole number; None where it doesn't, or can't be read."""
    content = text(path)
    try:
        return None if content is None else int(content)
    except ValueError:
        return None


def line(path: str | Path) -> str | None:
    """The file's text without blanks (or the device tree's NUL) around it; None where there is none."""
    content = text(path)
    return content.strip("\0 \t\n") or None if content is not None else None


def entries(folder: Path, pattern: str) -> list[Path]:
    """The folder's entries that match, in the order of the numbers in their names."""
    return sorted(folder.glob(pattern), key=lambda path: (len(path.name), path.name))
