"""Files of arrays that others made: read within what is free, refused by what they claim."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from runner.hardware import detect
from runner.tensors import npz
from runner.tensors.npz import Unreadable


def npy(shape: str, values: bytes = b"", descr: str = "<f4", version: int = 1) -> bytes:
    """An npy file that claims `shape`."""
    text = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    length = struct.pack("<H" if version == 1 else "<I", len(text))
    return b"\x93NUMPY" + bytes([version, 0]) + length + text + values


def packed(path: Path, *members: tuple[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", method) as file:
        for name, data in members:
            file.writestr(name, data)
    return path


def flag(path: Path, offset: int, value: int) -> Path:
    """A byte of the first entry in the central directory changed."""
    data = bytearray(path.read_bytes())
    data[data.find(b"PK\x01\x02") + offset] = value
    path.write_bytes(data)
    return path


def refused(path: Path | io.BytesIO, said: str) -> None:
    with pytest.raises(Unreadable, match=said) as error:
        npz.read(path)
    assert str(error.value).isprintable() and " at 0x" not in str(error.value)


def test_arrays_are_read_as_numpy_reads_them(tmp_path: Path) -> None:
    arrays = {
        "in/x": np.arange(6, dtype=np.float16).reshape(2, 3), "none": np.zeros((0, 4)), "one": np.array(5),
        "text": np.array(["a", "bc"]), "fortran": np.asfortranarray(np.eye(3)), "truth": np.array([True]),
    }  # fmt: skip
    np.savez(tmp_path / "a.npz", **arrays)
    np.savez_compressed(tmp_path / "b.npz", **arrays)
    for file in (tmp_path / "a.npz", tmp_path / "b.npz"):
        found = npz.read(file)
        assert list(found) == list(arrays)
        assert all(found[name].dtype == one.dtype and (found[name] == one).all() for name, one in arrays.items())
    assert list(npz.read(tmp_path / "a.npz", ["one", "other"])) == ["one"]


def test_no_memory_is_taken_for_what_a_header_claims(tmp_path: Path) -> None:
    file = packed(tmp_path / "x.npz", ("x.npy", npy("(17592186044416, 4)")))
    tracemalloc.start()
    refused(file, r"array x says \[17592186044416, 4\] of float32, and has 0 bytes")
    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_what_unfolds_to_a_multiple_of_itself_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(npz, "FREELY", 1_000_000)
    np.savez_compressed(tmp_path / "x.npz", x=np.zeros((500_000, 4), np.float32))
    refused(tmp_path / "x.npz", r"its 0\.00\d+ MB unfold to 8 MB, more than 100 times as much \(array x: \[500000, 4\]")
    np.savez(tmp_path / "y.npz", x=np.zeros((500_000, 4), np.float32))
    assert npz.read(tmp_path / "y.npz")["x"].shape == (500_000, 4)


def test_what_takes_more_than_half_of_the_free_memory_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(detect, "memory_available", lambda: 10_000_000)
    np.savez(tmp_path / "x.npz", x=np.ones(1_000_000), y=np.ones(3))
    refused(tmp_path / "x.npz", r"it takes 8 MB, more than half of the 10 MB of memory that are free \(array x: ")
    assert npz.read(tmp_path / "x.npz", ["y"])["y"].tolist() == [1, 1, 1]


@pytest.mark.parametrize(
    ("member", "said"),
    [
        (("x.npy", npy("(2,)", b"\0" * 4)), r"array x says \[2\] of float32, and has 4 bytes"),
        (("x.npy", npy("(1,)", b"\0" * 8)), r"array x says \[1\] of float32, and has 8 bytes"),
        (("x.npy", npy("(-1,)")), r"array x can't be read \(shape \(-1,\)\)"),
        (("x.npy", npy("(10000000000000000,)", descr="|S0")), "array x says"),
        (("x.npy", npy("(1,)", b"\0" * 8, "|O")), "array x holds Python objects, which are never unpickled"),
        (("x.npy", npy("__import__('os').getpid()")), "array x can't be read"),
        (("x.npy", npy("(" * 5000 + ")" * 5000)), "array x can't be read"),
        (("x.npy", b"\x93NUMPY\2\0" + struct.pack("<I", 1 << 31) + b" " * 100), "array x can't be read"),
        (("x.npy", b"zz"), "array x can't be read"),
        (("../../x.npy", npy("(1,)", b"\0" * 4)), "../../x in it is no name of an array"),
        (("/x.npy", npy("(1,)", b"\0" * 4)), "/x in it is no name of an array"),
        (("x.txt", b"hello"), "x.txt in it is no name of an array"),
        (("\x1b[2J.npy", b"zz"), r"array '\\x1b\[2J' can't be read"),
    ],
)
def test_a_member_that_is_no_plain_array_is_named(tmp_path: Path, member: tuple[str, bytes], said: str) -> None:
    refused(packed(tmp_path / "x.npz", member), said)


def test_a_header_in_the_second_version_is_read(tmp_path: Path) -> None:
    assert npz.read(packed(tmp_path / "x.npz", ("x.npy", npy("(1,)", b"\0" * 4, version=2))))["x"].tolist() == [0]


def test_encrypted_and_unknown_members_are_named(tmp_path: Path) -> None:
    one = ("x.npy", npy("(1,)", b"\0" * 4))
    refused(flag(packed(tmp_path / "e.npz", one), 8, 1), "array x is encrypted")
    refused(flag(packed(tmp_path / "m.npz", one), 10, 99), "array x is packed by method 99")
    refused(packed(tmp_path / "l.npz", one, method=zipfile.ZIP_LZMA), "array x is packed by method 14")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_name_that_comes_twice_is_refused(tmp_path: Path) -> None:
    one = ("x.npy", npy("(1,)", b"\0" * 4))
    refused(packed(tmp_path / "x.npz", one, one), "array x is there twice")


def test_what_is_no_npz_is_said(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.arange(100))
    whole = (tmp_path / "x.npz").read_bytes()
    for data in (whole[:-30], b"PK\x03\x04garbage", b"", whole[:100]):
        refused(io.BytesIO(data), "it is no .npz file")


def test_a_damaged_value_is_noticed(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", x=np.arange(100))
    data = bytearray((tmp_path / "x.npz").read_bytes())
    data[400] ^= 1
    refused(io.BytesIO(bytes(data)), "array x can't be read")
