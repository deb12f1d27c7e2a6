"""A power cut, replayed: what strace(1) saw a program write, cut at every point.

The model is the worst that file systems may do (fsync(2), rename(2)): a file's bytes are there as far as they were
synced; a folder's names are those of its last sync, or those of the moment of the cut, each folder for itself.
"""

from __future__ import annotations

import codecs
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

CALLS = "openat,write,rename,renameat2,mkdir,unlink,unlinkat,rmdir,fsync"
TEXT = r'"((?:[^"\\]|\\.)*)"'
FD = r"\d+<([^>]*)>"
MADE = re.compile(rf"openat\(AT_FDCWD<[^>]*>, {TEXT}, (\S*O_CREAT\S*)")
WRITTEN = re.compile(rf"write\({FD}, {TEXT}, \d+\)")
SYNCED = re.compile(rf"fsync\({FD}\)")
RENAMED = re.compile(rf"rename\({TEXT}, {TEXT}\)")
FOLDER = re.compile(rf"mkdir\({TEXT}")
REMOVED = re.compile(rf"(?:unlink|rmdir)\({TEXT}\)")
REMOVED_AT = re.compile(rf"unlinkat\((?:AT_FDCWD|\d+)<([^>]*)>, {TEXT}")


@dataclass
class File:
    """Its bytes, and those that are synced."""

    data: bytes = b""
    synced: bytes = b""


@dataclass
class Folder:
    """What its names mean, and what they meant at its last sync."""

    names: dict[str, File | Folder] = field(default_factory=dict)
    synced: dict[str, File | Folder] = field(default_factory=dict)


Node = File | Folder
State = dict[str, bytes | None]  # by path; None is a folder


@dataclass(frozen=True)
class Disk:
    """What lies below the folder `home`, which was there and empty before."""

    home: Path
    top: Folder = field(default_factory=Folder)

    def call(self, line: str) -> None:
        """Do what a line of strace's log says, where it is about something below `home`."""
        if found := MADE.search(line):
            self._make(_path(found[1]), found[2])
        elif found := WRITTEN.search(line):
            file = self._at(Path(found[1]))
            if isinstance(file, File):
                file.data += _bytes(found[2])
        elif found := SYNCED.search(line):
            _sync(self._at(Path(found[1])))
        elif found := RENAMED.search(line):
            moved = self._take(_path(found[1]))
            if moved:
                self._put(_path(found[2]), moved)
        elif found := FOLDER.search(line):
            self._put(_path(found[1]), Folder())
        elif found := REMOVED.search(line):
            self._take(_path(found[1]))
        elif found := REMOVED_AT.search(line):
            self._take(Path(found[1]) / _path(found[2]))

    def _make(self, path: Path, flags: str) -> None:
        there = self._at(path)
        if isinstance(there, File):
            there.data = b"" if "O_TRUNC" in flags else there.data
        else:
            self._put(path, File())

    def _at(self, path: Path) -> Node | None:
        if not path.is_relative_to(self.home):
            return None
        node: Node | None = self.top
        for name in path.relative_to(self.home).parts:
            node = node.names.get(name) if isinstance(node, Folder) else None
        return node

    def _put(self, path: Path, node: Node) -> None:
        folder = self._at(path.parent)
        if isinstance(folder, Folder):
            folder.names[path.name] = node

    def _take(self, path: Path) -> Node | None:
        folder = self._at(path.parent)
        return folder.names.pop(path.name, None) if isinstance(folder, Folder) else None

    def after_cut(self) -> Iterator[State]:
        """What may be there: with the synced names alone, with all names, and with those of one folder beside the
        synced ones."""
        every = list(_folders(self.top, {}).values())
        for survivors in ([], every, *([one] for one in every)):
            yield dict(_left(self.top, "", {id(one) for one in survivors}))

    def now(self) -> State:
        """What a program sees."""
        return dict(_seen(self.top, ""))


def _folders(folder: Folder, found: dict[int, Folder]) -> dict[int, Folder]:
    if id(folder) not in found:
        found[id(folder)] = folder
        for node in (*folder.names.values(), *folder.synced.values()):
            if isinstance(node, Folder):
                _folders(node, found)
    return found


def _sync(node: Node | None) -> None:
    if isinstance(node, File):
        node.synced = node.data
    elif node is not None:
        node.synced = dict(node.names)


def _left(folder: Folder, place: str, survivors: set[int]) -> Iterator[tuple[str, bytes | None]]:
    for name, node in (folder.names if id(folder) in survivors else folder.synced).items():
        if isinstance(node, File):
            yield place + name, node.synced
        else:
            yield place + name, None
            yield from _left(node, f"{place}{name}/", survivors)


def _seen(folder: Folder, place: str) -> Iterator[tuple[str, bytes | None]]:
    for name, node in folder.names.items():
        if isinstance(node, File):
            yield place + name, node.data
        else:
            yield place + name, None
            yield from _seen(node, f"{place}{name}/")


def _bytes(text: str) -> bytes:
    """What a string of strace's means."""
    data: bytes = codecs.escape_decode(text.encode())[0]  # type: ignore[attr-defined]
    return data


def _path(text: str) -> Path:
    return Path(_bytes(text).decode())


def log_of(program: str, home: Path, log: Path) -> list[str]:
    """The calls of the Python `program` with the argument `home`, and what it printed, in their order."""
    strace = ["strace", "-f", "-y", "-qq", "-s", "1000000", "-e", f"trace={CALLS}", "-e", "signal=none", "-o", str(log)]
    subprocess.run([*strace, sys.executable, "-c", program, str(home)], check=True, stdout=subprocess.DEVNULL)
    return [line for line in _whole(log.read_text().splitlines()) if "= -1 " not in line]


def _whole(lines: list[str]) -> Iterator[str]:
    """Calls of threads that overlap stand in two lines: each counts where it ends."""
    begun: dict[str, str] = {}
    for line in lines:
        thread, _, call = line.partition(" ")
        if call.endswith("<unfinished ...>"):
            begun[thread] = line.removesuffix("<unfinished ...>").rstrip()
        elif resumed := re.match(r"\s*<\.\.\. \w+ resumed>", call):
            yield begun.pop(thread) + call[resumed.end() :]
        else:
            yield line


def said(line: str) -> str:
    """What a line of the log printed; "" for all others."""
    found = re.search(rf"write\(1<[^>]*>, {TEXT}", line)
    return _bytes(found[1]).decode().strip() if found else ""


def written(state: State, folder: Path) -> Path:
    """The state as files below `folder`."""
    folder.mkdir()
    for name, data in state.items():
        path = folder / name
        if data is None:
            path.mkdir(parents=True, exist_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
    return folder
