"""What a disk may answer: full, read-only, forbidden. Said in a line, with what to do."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.errors import StepFailed

ADVICE = {
    errno.ENOSPC: ("no space left on the disk", "Free some; what is finished is kept, the same command goes on."),
    errno.EDQUOT: ("the disk quota is used up", "Free some; what is finished is kept, the same command goes on."),
    errno.EACCES: ("no permission", "Make the folder writable, or run in a project folder of your own."),
    errno.EPERM: ("no permission", "Make the folder writable, or run in a project folder of your own."),
    errno.EFBIG: ("the file may grow no further", "Raise the limit of this shell: ulimit -f unlimited"),
    errno.EROFS: ("the file system is read-only", "Run in a project folder that can be written."),
}

FULL = 64 * 1024  # bytes: with less left a write has just failed, or the next will


def full(folder: Path) -> bool:
    """Whether the disk under `folder` has no space left to speak of."""
    return shutil.disk_usage(folder).free < FULL


def no_space(folder: Path) -> StepFailed:
    """What a full disk is told as."""
    what, advice = ADVICE[errno.ENOSPC]
    return StepFailed(f"{folder}: {what}.", advice)


@contextmanager
def room(project: Path) -> Iterator[None]:
    """Turns a full disk, a read-only or forbidden folder into a StepFailed that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in ADVICE:
            raise
        what, advice = ADVICE[error.errno]
        raise StepFailed(f"{error.filename or project}: {what}.", advice) from error
