"""What a device is sent: a file or a folder, named by its content, so that it travels once."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from runner.artifacts import store
from runner.worker import receiver

LEFT_OUT = (store.NAME,)  # an artifact's description has a date: the same content made twice would travel twice

Signed = tuple[str, Path, int, int]  # name, file, its size and time of change


@dataclass(frozen=True)
class Parcel:
    """`digest` names it there; `files` (name, file) are what it holds; `entry` is the name of the one file that it was
    made of, empty for a folder."""

    digest: str
    files: tuple[tuple[str, Path], ...]
    entry: str


def parcel_of(path: Path) -> Parcel:
    """The parcel of a file, or of all files below a folder."""
    files = {path.name: path} if path.is_file() else receiver.listed(path)
    signed = tuple(_signed(name, file) for name, file in sorted(files.items()) if name not in LEFT_OUT)
    return Parcel(_digest(signed), tuple(one[:2] for one in signed), path.name if path.is_file() else "")


def send(parcel: Parcel, sink: IO[bytes]) -> None:
    """Its files as a tar stream."""
    with tarfile.open(fileobj=sink, mode="w|") as tar:
        for name, path in parcel.files:
            with path.open("rb") as file:
                member = tarfile.TarInfo(name)
                member.size = path.stat().st_size
                tar.addfile(member, file)


def _signed(name: str, file: Path) -> Signed:
    found = file.stat()
    return name, file, found.st_size, found.st_mtime_ns


@lru_cache(maxsize=1024)
def _digest(files: tuple[Signed, ...]) -> str:
    """Hashed once in this process, as long as no file changes."""
    return receiver.digest({name: file for name, file, _, _ in files})
