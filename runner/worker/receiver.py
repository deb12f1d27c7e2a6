"""The device's end of what travels: what is there already, what arrives, what goes back.

Before anything of ours is there, this file's own text is what runs: `python3 -c <text> look <digest>…`. It needs the
standard library alone, and Python 3.8. Each command prints one JSON line, behind MARK: a login shell may print too.

A parcel is a folder that is named by its content's digest: one that was changed, or arrived damaged, is told by that.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

MARK = "edge-runner:"
PIECE = 1 << 20
OTHERS = 0o022  # of a mode: its group and everybody may write


def home() -> Path:
    """The one folder of ours outside of projects: locks, a list of fonts, and on a device parcels, and outputs until
    they are fetched. Made where it is missing and can be; yours alone to write to.

    Raises RuntimeError where the user has no home folder, FileExistsError where somebody else may have put it there.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", ""))
    # A path that is not absolute doesn't count: https://specifications.freedesktop.org/basedir-spec/latest/
    folder = (cache if cache.is_absolute() else Path.home() / ".cache") / "edge-runner"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError:  # whoever writes there says why it can't be made
        return folder
    _close(folder)
    return folder


def _close(folder: Path) -> None:
    """A folder of ours is closed to other writers; one of somebody else's is refused where many may have made it."""
    found = folder.stat()
    if found.st_uid != os.geteuid() and folder.parent.stat().st_mode & OTHERS:
        owner = f"belongs to user {found.st_uid}, in a folder to which others write"
        raise FileExistsError(errno.EEXIST, owner, str(folder))
    if found.st_uid == os.geteuid() and found.st_mode & OTHERS:
        folder.chmod(found.st_mode & 0o777 & ~OTHERS)


def digest(files: dict[str, Path]) -> str:
    """SHA-256 (hex) of named files: of their names and contents, whatever their order."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(f"{name}\0{file_hash(files[name])}\n".encode())
    return total.hexdigest()


def file_hash(path: Path) -> str:
    """SHA-256 (hex) of a file's bytes."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        for piece in iter(lambda: file.read(PIECE), b""):
            found.update(piece)
    return found.hexdigest()


def listed(folder: Path) -> dict[str, Path]:
    """`{name: file}` of everything below a folder; names with slashes, from the folder on."""
    return {path.relative_to(folder).as_posix(): path for path in folder.rglob("*") if path.is_file()}


def look(names: list[str]) -> dict[str, Any]:
    """Which parcels are missing here; a damaged one is removed, and is missing."""
    missing = []
    for name in names:
        folder = home() / name
        if not folder.is_dir() or digest(listed(folder)) != name:
            shutil.rmtree(str(folder), ignore_errors=True)
            missing.append(name)
    return {"home": str(home()), "missing": missing}


def take(name: str) -> dict[str, Any]:
    """Keep the parcel `name` that comes as a tar file on standard input; whoever is first wins."""
    home().mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(prefix=".", dir=str(home())))
    try:
        unpack(sys.stdin.buffer, draft)
        found = digest(listed(draft))
        if found != name:
            return {"error": f"it arrived as {found[:16]}, not as {name[:16]}"}
        if not (home() / name).is_dir():
            os.rename(str(draft), str(home() / name))  # noqa: PTH104 - a folder onto no folder
        return {"taken": name}
    finally:
        shutil.rmtree(str(draft), ignore_errors=True)


def unpack(source: BinaryIO, folder: Path) -> None:
    """Plain files alone, below `folder` alone, each as long as it travelled. Raises ValueError, TarError, OSError."""
    with tarfile.open(fileobj=source, mode="r|") as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isfile() and not member.issparse() else None
            path = folder / member.name
            if content is None or ".." in path.parts or Path(member.name).is_absolute():
                raise ValueError(f"{member.name}: not a plain file of a parcel")
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                shutil.copyfileobj(content, file, PIECE)


def give(path: Path) -> dict[str, Any]:
    """The file's hash; its bytes go out behind the line. It is removed. A folder goes as the tar file of its files."""
    if path.is_dir():
        path = _packed(path)
    say({"sha256": file_hash(path), "bytes": path.stat().st_size})
    try:
        with path.open("rb") as file:
            shutil.copyfileobj(file, sys.stdout.buffer, PIECE)
        sys.stdout.flush()
    finally:
        path.unlink()
    return {}


def _packed(folder: Path) -> Path:
    """A tar file beside the folder, which is removed."""
    packed = folder.with_name(folder.name + ".tar")
    with tarfile.open(str(packed), "w", dereference=True) as tar:
        for name, path in sorted(listed(folder).items()):
            tar.add(str(path), name)
    shutil.rmtree(str(folder))
    return packed


def say(answer: dict[str, Any]) -> None:
    """One line behind MARK."""
    sys.stdout.write(MARK + json.dumps(answer) + "\n")
    sys.stdout.flush()


def main(words: list[str]) -> None:
    do = {"look": lambda: look(words[1:]), "take": lambda: take(words[1]), "give": lambda: give(Path(words[1]))}
    try:
        answer = do[words[0]]()
    except (OSError, ValueError, tarfile.TarError) as error:
        answer = {"error": f"{type(error).__name__}: {error}"}
    if answer:
        say(answer)


if __name__ == "__main__":
    main(sys.argv[1:])
