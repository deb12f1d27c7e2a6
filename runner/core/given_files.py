"""A file that a user names is a regular one with something in it: no other can be read without waiting for somebody."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from runner.core.disk_errors import ADVICE
from runner.core.errors import BadFile, SpecError

KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def existing(path: str, key: str = "") -> str:
    """`path`, where a regular file that isn't empty is; `key` is the setting that names it, "" for a word of its own.

    Raises SpecError: nothing there, a folder, a named pipe, a device, a path that no file can have; BadFile: empty.
    Files of /proc say that they are empty, too, and one like /proc/kmsg is waited for without end.
    """
    named = f"{key}={path}" if key else path
    try:
        found = Path(path).stat()
    except (FileNotFoundError, NotADirectoryError, ValueError) as error:
        raise SpecError(f"{named}: no such file.", "Check the path; it is relative to this folder.") from error
    except OSError as error:
        what, _ = ADVICE.get(error.errno or 0, (error.strerror, ""))
        raise SpecError(f"{named}: {what}.", "Check the path.") from error
    if kind := odd(found):
        raise SpecError(f"{named}: {kind}, not a file.", "Name a file; save what a pipe says into one.")
    if not found.st_size:
        raise BadFile(f"{named}: the file is empty.", "Give one that holds something, outside /proc.")
    return path


def odd(found: os.stat_result) -> str:
    """What is there instead of a regular file: `a folder`; "" where it is one."""
    return "" if stat.S_ISREG(found.st_mode) else KINDS.get(stat.S_IFMT(found.st_mode), "something else")
