"""Arrays of an npz where they lie in the file: what isn't used is never read, however large the file is."""

from __future__ import annotations

import struct
import zipfile
from typing import Any

import numpy as np
from numpy.lib import format as npy

LOCAL_HEADER = 30  # bytes of a member's own header in a zip before its name (APPNOTE.TXT, 4.3.7)
HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}


def mapped(path: str) -> dict[str, Any]:
    """`{name: array}`, read-only, mapped into memory; an array that is packed or empty is read instead."""
    with zipfile.ZipFile(path) as archive:
        members = [info for info in archive.infolist() if info.filename.endswith(".npy")]
        return {info.filename[:-4]: _array(path, archive, info) for info in members}


def _array(path: str, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Any:
    with archive.open(info) as member:
        version = npy.read_magic(member)
        if version in HEADERS and info.compress_type == zipfile.ZIP_STORED:
            shape, fortran, dtype = HEADERS[version](member)
            if 0 not in shape and not dtype.hasobject:
                start = _start(path, info) + member.tell()
                return np.memmap(path, dtype, "r", start, shape, "F" if fortran else "C")
    with archive.open(info) as member:
        return npy.read_array(member, allow_pickle=False)


def _start(path: str, info: zipfile.ZipInfo) -> int:
    """Where a member's content begins in the file."""
    with open(path, "rb") as file:  # noqa: PTH123 - as zipfile takes it
        file.seek(info.header_offset)
        name, extra = struct.unpack("<HH", file.read(LOCAL_HEADER)[26:30])
    return int(info.header_offset) + LOCAL_HEADER + int(name) + int(extra)
