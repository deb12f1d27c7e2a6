"""Which sockets a command's processes listen on: read from /proc, as anybody on the machine could."""

from __future__ import annotations

import socket
from pathlib import Path

import psutil

LISTENS = "0A"  # a state in /proc/net/tcp


def listening(pid: int) -> list[str]:
    """`address:port pid: command` of every TCP socket on which process `pid`, or any that it started, listens."""
    return [found for one in tree(pid) for found in _of(one)]


def tree(pid: int) -> list[psutil.Process]:
    """Process `pid` and all that it started; nothing where it has ended."""
    try:
        return [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    except psutil.Error:
        return []


def _of(process: psutil.Process) -> list[str]:
    try:
        owned = {_target(path) for path in Path(f"/proc/{process.pid}/fd").iterdir()}
        command = " ".join(process.cmdline())
    except (OSError, psutil.Error):  # it has just ended
        return []
    return [f"{address} {process.pid}: {command}" for inode, address in _open().items() if f"socket:[{inode}]" in owned]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:  # it has just been closed
        return ""


def _open() -> dict[str, str]:
    """`{inode: address:port}` of what listens on this machine."""
    found = {}
    for name in ("tcp", "tcp6"):
        file = Path("/proc/net") / name
        for line in file.read_text().splitlines()[1:] if file.exists() else []:
            _, local, _, state, *rest = line.split()
            if state == LISTENS:
                found[rest[5]] = _address(local)
    return found


def _address(local: str) -> str:
    """`0100007F:1F90` as `127.0.0.1:8080`."""
    host, port = local.split(":")
    words = b"".join(bytes.fromhex(host[at : at + 8])[::-1] for at in range(0, len(host), 8))
    name = socket.inet_ntop(socket.AF_INET6 if len(words) == 16 else socket.AF_INET, words)
    return f"[{name}]:{int(port, 16)}" if ":" in name else f"{name}:{int(port, 16)}"
