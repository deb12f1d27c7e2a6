"""What a system may answer: a disk that is full, read-only or forbidden, a name too long, too many open files.

Said in a line, with what to do."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.core.errors import Disturbed, SpecError

ADVICE = {
    errno.ENOSPC: ("no space left on the disk", "Free some; what is finished is kept, the same command goes on."),
    errno.EDQUOT: ("the disk quota is used up", "Free some; what is finished is kept, the same command goes on."),
    errno.EACCES: ("no permission", "Make the folder writable, or run in a project folder of your own."),
    errno.EPERM: ("no permission", "Make the folder writable, or run in a project folder of your own."),
    errno.EFBIG: ("the file may grow no further", "Raise the limit of this shell: ulimit -f unlimited"),
    errno.ENAMETOOLONG: ("the name is too long", "Use shorter names, or a project folder with a shorter path."),
    errno.EIO: ("the disk can't be read or written", "See what the kernel says of it: sudo dmesg"),
    errno.EMFILE: ("too many open files", "Raise the limit of this shell: ulimit -n 1024"),
    errno.ENFILE: ("too many open files on this machine", "End other programs, or: sudo sysctl fs.file-max=100000"),
    errno.EROFS: ("the file system is read-only", "Run in a project folder that can be written."),
}

FULL = 64 * 1024  # bytes: with less left a write has just failed, or the next will


def full(folder: Path) -> bool:
    """Whether the disk under `folder` has no space left to speak of."""
    return shutil.disk_usage(folder).free < FULL


def no_space(folder: Path) -> Disturbed:
    """What a full disk is told as."""
    what, advice = ADVICE[errno.ENOSPC]
    return Disturbed(f"{folder}: {what}.", advice)


@contextmanager
def room(project: Path) -> Iterator[None]:
    """Turns what is in ADVICE into a Disturbed that says what to do; a name that is too long into a SpecError."""
    try:
        yield
    except OSError as error:
        if error.errno not in ADVICE:
            raise
        what, advice = ADVICE[error.errno]
        # A name that is too long was typed, or is the project's own.
        kind = SpecError if error.errno == errno.ENAMETOOLONG else Disturbed
        raise kind(f"{error.filename or project}: {what}.", advice) from error
