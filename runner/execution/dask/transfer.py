"""Artifacts between machines that share no disk: file by file, in pieces, each file checked by its hash.

`artifact.json` names every file's hash, and the seal is the hash of all that it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from runner.artifacts import store
from runner.artifacts.store import Artifact
from runner.core import hashing
from runner.core.disk_errors import room
from runner.core.errors import StepFailed
from runner.planning.requirements import Lost

PIECE = 16 << 20  # bytes


@dataclass(frozen=True)
class Held:
    """An artifact, and who has it: a Dask worker's address, or None for this command."""

    step: str
    key: str
    seal: str
    worker: str | None = None


Read = Callable[[str], Iterator[bytes]]  # a file's name -> its content in pieces


def held(artifact: Artifact, worker: str | None = None) -> Held:
    """`artifact` as others ask for it."""
    return Held(str(artifact.content["step"]), artifact.key, str(artifact.content["seal"]), worker)


def piece(folder: Path, name: str, offset: int) -> bytes:
    """At most PIECE bytes of an artifact's file; empty at its end. Raises Lost where it has disappeared."""
    try:
        with (folder / name).open("rb") as file:
            file.seek(offset)
            return file.read(PIECE)
    except FileNotFoundError as error:
        raise Lost(f"{folder / name} is missing.") from error


def pieces(ask: Callable[[str, int], bytes], name: str) -> Iterator[bytes]:
    """A file's pieces, each from `ask(name, offset)`, until one is short."""
    offset, size = 0, PIECE
    while size == PIECE:
        data = ask(name, offset)
        yield data
        size = len(data)
        offset += size


def adopt(project: Path, wanted: Held, read: Read) -> Artifact:
    """`wanted` in the store of `project`: as it is there, or copied from where `read` reads and sealed.

    Raises Lost where the copy is not what its maker sealed.
    """
    with room(project), store.lock(project, wanted.step, wanted.key):
        found = store.sound(project, wanted.step, wanted.key, lambda text: None)
        return found or _copied(project, wanted, read)


def _copied(project: Path, wanted: Held, read: Read) -> Artifact:
    with store.draft(project, wanted.step, wanted.key) as out:
        _write(out / store.NAME, read(store.NAME))
        content = dict(store.read(out).content)
        if content.pop("seal") != wanted.seal:
            raise Lost(f"{wanted.step} {wanted.key[:16]}: what came is not what was asked for.")
        (out / store.NAME).unlink()
        for name, facts in content.pop("files").items():
            _write(_inside(out, name), read(name))
            if hashing.file_hash(out / name) != facts["sha256"]:
                raise Lost(f"{name} of {wanted.step} {wanted.key[:16]}: what came is not what was sealed.")
        del content["schema"]
        return store.finish(project, out, content)


def _write(path: Path, data: Iterator[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        for part in data:
            file.write(part)


def _inside(folder: Path, name: str) -> Path:
    """A file of an artifact. Raises StepFailed for a name that leads out of its folder."""
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts:
        raise StepFailed(f"an artifact names a file outside of its folder: {name}.", "It was not made by this runner.")
    return folder / parts
