"""On disk means on disk: what was said to be kept is there after a power cut.

A rename orders names, not bytes: a file may stand under its name and be empty when the power goes. So the bytes are
synced first, then the folders that name them, then comes the rename, then the folder in which the new name stands
(fsync(2), rename(2)). Before that a reader finds the old state, after it the new one, never half of one.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

# What file systems answer that can't sync a folder (some of a network, FUSE): nothing more can be done there.
CAN_NOT = (errno.EINVAL, errno.ENOTSUP, errno.EBADF)

AT_ONCE = 8  # files


def sync(path: Path) -> None:
    """A file's bytes, or a folder's names, are on disk when this returns."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in CAN_NOT:
            raise
    finally:
        os.close(descriptor)


def sync_tree(folder: Path) -> None:
    """All files and folders below `folder`, and itself; folders after what is in them."""
    from concurrent.futures import ThreadPoolExecutor

    found = [path for path in folder.rglob("*") if not path.is_symlink()]
    # At once: file systems write several syncs down in one go, which takes half the time.
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(sync, filter(Path.is_file, found)))
    for path in sorted(filter(Path.is_dir, found), reverse=True):
        sync(path)
    sync(folder)


def rename(draft: Path, target: Path) -> None:
    """Rename a folder that `sync_tree` has settled; when this returns, the new name is on disk too."""
    draft.rename(target)
    sync(target.parent)


def make_folder(folder: Path) -> None:
    """`folder` and all above it that lack; those that are new are on disk when this returns."""
    new = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in reversed(new):
        sync(one.parent)


def write_text(file: Path, text: str) -> None:
    """The file with this text, or as it was before: built beside its place, and renamed."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8")
        sync(draft)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    sync(file.parent)
