"""Arrays from a file of somebody else's: what it claims is read from its headers before memory is taken for any of it.

An `.npz` is a zip of `.npy` files (numpy.lib.format). Each says its type and shape before its values, and numpy makes
room for what is said: 180 bytes can claim 2^44 numbers, 6 MB of deflated zeros unfold to 6 GB.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from runner.hardware import detect

METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # the two that numpy.savez writes
SHARE = 0.5  # of the memory that is free: what reads the arrays makes copies of them
FREELY = 1_000_000_000  # bytes that any file may unfold to
UNFOLDED = 100  # times its own size that a file may unfold to beyond that
ENCRYPTED = 0x1  # bit of a member's flags (APPNOTE 4.4.4)
SUFFIX = ".npy"
HEAD = 16_384  # bytes that hold an array's description: numpy itself reads one of 10,000


class Unreadable(Exception):
    """Why a file is not read: `array x is encrypted`. The end of a sentence that begins with the file's name."""


@dataclass(frozen=True)
class Header:
    """What a file says of one of its arrays."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @property
    def count(self) -> int:
        """Of its values."""
        total = 1
        for size in self.shape:
            total *= size
        return total

    @property
    def bytes(self) -> int:
        """Of its values."""
        return self.dtype.itemsize * self.count


def headers(file: Path | IO[bytes]) -> dict[str, Header]:
    """The arrays of an npz by name, none of them read. Raises Unreadable."""
    with _opened(file) as archive:
        return _headers(archive)


def bounded(file: Path | IO[bytes]) -> dict[str, Header]:
    """As `headers`, of a file whose arrays fit together into the memory that is free. Raises Unreadable."""
    with _opened(file) as archive:
        found = _headers(archive)
        _check_arrays(found, archive)
        return found


def read(file: Path | IO[bytes], names: Collection[str] | None = None) -> dict[str, NDArray[Any]]:
    """The arrays of an npz, or those of `names` that it has. Raises Unreadable, as well for more than the memory that
    is free would bear."""
    with _opened(file) as archive:
        wanted = {name: one for name, one in _headers(archive).items() if names is None or name in names}
        _check_arrays(wanted, archive)
        return {name: _values(archive, name) for name in wanted}


@contextmanager
def _opened(file: Path | IO[bytes]) -> Iterator[zipfile.ZipFile]:
    with _unreadable_on_error("it is no .npz file"), zipfile.ZipFile(file) as archive:
        yield archive


@contextmanager
def _unreadable_on_error(what: str) -> Iterator[None]:
    """Foreign bytes make zipfile, zlib, tokenize and numpy raise whatever they come across first."""
    try:
        yield
    except (Unreadable, FileNotFoundError, PermissionError):
        raise
    except Exception as error:
        raise Unreadable(f"{what} ({_first_line(error)})") from error


def _first_line(error: Exception) -> str:
    """Without the addresses of Python's objects, which tell nobody anything and are others each time."""
    said = re.sub(r":? <[^<>]* at 0x[0-9a-f]+>", "", str(error))
    return (said.splitlines() or [type(error).__name__])[0][:100]


def _headers(archive: zipfile.ZipFile) -> dict[str, Header]:
    members = archive.infolist()
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"array {shown(twice)} is there twice")
    return {member.filename.removesuffix(SUFFIX): _header(archive, member) for member in members}


def _header(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Header:
    """What a member says of itself, once it can be unfolded, and is as long as it says."""
    which = f"array {shown(member.filename)}"
    if not member.filename.endswith(SUFFIX) or member.filename.startswith("/") or ".." in member.filename.split("/"):
        raise Unreadable(f"{shown(member.filename)} in it is no name of an array")
    if member.flag_bits & ENCRYPTED:
        raise Unreadable(f"{which} is encrypted")
    if member.compress_type not in METHODS:
        raise Unreadable(f"{which} is packed by method {member.compress_type}, which numpy.savez doesn't write")
    with _unreadable_on_error(f"{which} can't be read"), archive.open(member) as file:
        head = io.BytesIO(file.read(HEAD))
        found = _described(head)
        behind = member.file_size - head.tell()
    if found.dtype.hasobject:
        raise Unreadable(f"{which} holds Python objects, which are never unpickled")
    if found.bytes != behind or (not found.dtype.itemsize and found.count):
        raise Unreadable(f"{which} says {list(found.shape)} of {found.dtype}, and has {behind} bytes")
    return found


def _described(file: IO[bytes]) -> Header:
    """The header of an npy."""
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"npy version {version[0]}.{version[1]}")
    shape, _, dtype = readers[version](file)
    if any(isinstance(size, bool) or size < 0 for size in shape):
        raise ValueError(f"shape {shape}")
    return Header(shape, dtype)


def check_room(total: int, packed: int, largest: str) -> None:
    """Raises Unreadable where `packed` bytes unfold to a `total` that is more than half of what is free, or a multiple
    that no data has; `largest` says what takes most of it."""
    if total > max(FREELY, UNFOLDED * packed):
        raise Unreadable(
            f"its {packed / 1e6:.3g} MB unfold to {total / 1e6:.0f} MB, more than {UNFOLDED} times as much ({largest})"
        )
    free = detect.memory_available()
    if free is not None and total > SHARE * free:
        raise Unreadable(
            f"it takes {total / 1e6:.0f} MB, more than half of the {free / 1e6:.0f} MB of memory that are free "
            f"({largest})"
        )


def _check_arrays(arrays: dict[str, Header], archive: zipfile.ZipFile) -> None:
    if arrays:
        packed = sum(one.compress_size for one in archive.infolist())
        check_room(sum(one.bytes for one in arrays.values()), packed, _largest(arrays))


def _largest(arrays: dict[str, Header]) -> str:
    name, one = max(arrays.items(), key=lambda item: item[1].bytes)
    return f"array {shown(name)}: {list(one.shape)} of {one.dtype}"


def _values(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    with _unreadable_on_error(f"array {shown(name)} can't be read"), archive.open(name + SUFFIX) as file:
        found: NDArray[Any] = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):
            raise ValueError("more behind its values")
        return found


def shown(name: str) -> str:
    """An array's name, which somebody else chose."""
    short = name.removesuffix(SUFFIX)
    return short if short.isprintable() and len(short) <= 100 else ascii(short[:100])
