"""What a disk may answer: full, read-only, forbidden. Said in a line, with what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from runner.errors import StepFailed

ADVICE = {
    errno.ENOSPC: ("no space left on the disk", "Free some; what is finished is kept, the same command goes on."),
    errno.EDQUOT: ("the disk quota is used up", "Free some; what is finished is kept, the same command goes on."),
    errno.EACCES: ("no permission", "Make the folder writable, or run in a project folder of your own."),
    errno.EPERM: ("no permission", "Make the folder writable, or run in a project folder of your own."),
    errno.EROFS: ("the file system is read-only", "Run in a project folder that can be written."),
}


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
