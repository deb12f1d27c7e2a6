"""A file that a user names: whatever can't be read at once is named for what it is, and never opened."""

import os
import socket
from pathlib import Path

import pytest

from runner.core import given_files
from runner.core.errors import BadFile, SpecError


def refusal(path: Path | str, key: str = "data.path") -> str:
    with pytest.raises(SpecError) as caught:
        given_files.existing(str(path), key)
    return caught.value.reason


def test_a_file_is_taken_as_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.csv").write_text("1\n")
    assert given_files.existing("./a.csv", "data.path") == "./a.csv"


def test_what_is_no_file_is_named_for_what_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refusal(tmp_path / "pipe") == f"data.path={tmp_path}/pipe: a named pipe, not a file."
    assert refusal(tmp_path, "model.path") == f"model.path={tmp_path}: a folder, not a file."
    assert refusal("/dev/null") == "data.path=/dev/null: a device, not a file."
    assert refusal("/dev/null", "") == "/dev/null: a device, not a file."
    monkeypatch.chdir(tmp_path)  # a socket's address is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s")
        assert refusal("s") == "data.path=s: a socket, not a file."


def test_a_file_that_says_it_is_empty_is_not_opened(tmp_path: Path) -> None:
    """Of /proc, too: root that opens /proc/kmsg waits until the kernel has something to say."""
    (tmp_path / "a.csv").touch()
    with pytest.raises(BadFile):
        given_files.existing(str(tmp_path / "a.csv"), "data.path")
    assert refusal("/proc/version") == "data.path=/proc/version: the file is empty."


def test_a_path_that_no_file_can_have(tmp_path: Path) -> None:
    assert refusal("gone.csv") == "data.path=gone.csv: no such file."
    assert refusal("a\0b") == "data.path=a\0b: no such file."
    assert refusal("x" * 300).endswith("the name is too long.")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert refusal(tmp_path / "loop").endswith("Too many levels of symbolic links.")
