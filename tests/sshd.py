"""A real sshd of the test's own on 127.0.0.1, and an `ssh` that finds it: this machine as a device."""

from __future__ import annotations

import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

SSHD = shutil.which("sshd", path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/sbin"]))
TOOLS = all((SSHD, shutil.which("ssh"), shutil.which("ssh-keygen")))
needed = pytest.mark.skipif(not TOOLS, reason="no sshd: apt-get install openssh-server openssh-client")


@dataclass(frozen=True)
class Sshd:
    """A running server: `Host device` of the client's configuration in `folder`. `cache` is what is kept there."""

    folder: Path
    port: int
    pid: int

    @property
    def key(self) -> Path:
        return self.folder / "key"

    @property
    def cache(self) -> Path:
        return self.folder / "device" / "edge-runner"

    @property
    def path(self) -> str:
        """PATH with the `ssh` that reads that configuration first."""
        return os.pathsep.join([str(self.folder / "bin"), os.environ["PATH"]])

    def words(self) -> list[str]:
        """Overrides that choose it."""
        return ["hardware=ssh", "hardware.host=device", f"hardware.python={sys.executable}"]

    def sessions(self) -> list[psutil.Process]:
        """The server's processes that serve a connection."""
        return psutil.Process(self.pid).children(recursive=False)

    def ours(self) -> list[int]:
        """Processes on the device that a guard, or a worker of one, is."""
        return [one.pid for one in psutil.process_iter() if _travelled(one)]

    def connected(self) -> list[int]:
        """Those of them that run for a connection to this server: other test processes have servers of their own."""
        return [pid for pid in self.ours() if _is_below(pid, self.pid) or _port(pid) == str(self.port)]


def _is_below(pid: int, ancestor: int) -> bool:
    try:
        return any(one.pid == ancestor for one in psutil.Process(pid).parents())
    except psutil.NoSuchProcess:
        return False


def _port(pid: int) -> str:
    """That of the server by which it was started, as sshd leaves it in the environment."""
    try:
        return psutil.Process(pid).environ().get("SSH_CONNECTION", "").rpartition(" ")[2]
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return ""


def _travelled(process: psutil.Process) -> bool:
    try:
        return any("worker.pyz" in word for word in process.cmdline()) and process.name() != "ssh"
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        return False


def interpreter(folder: Path, code: str) -> Path:
    """A program that is used as the device's interpreter: a shell script."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{code}\n")
    path.chmod(0o755)
    return path


@contextmanager
def serving(folder: Path) -> Iterator[Sshd]:
    """A server until the block is left."""
    port = _free_port()
    _keys(folder)
    _configure(folder, port)
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # a server of root's wants it
    assert SSHD is not None
    command = [SSHD, "-D", "-e", "-f", str(folder / "sshd_config")]
    with (folder / "sshd.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
    try:
        _wait(port, process, folder / "sshd.log")
        yield Sshd(folder, port, process.pid)
    finally:
        for one in [*psutil.Process(process.pid).children(recursive=True), process] if process.poll() is None else []:
            with suppress(psutil.NoSuchProcess):  # a connection that just ended
                one.send_signal(signal.SIGKILL)
        process.wait()


def _keys(folder: Path) -> None:
    for name in ("host_key", "key", "stranger"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True)


def _configure(folder: Path, port: int) -> None:
    me = getpass.getuser()
    (folder / "authorized_keys").write_text((folder / "key.pub").read_text())
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\n"
        f"HostKey {folder}/host_key\nAuthorizedKeysFile {folder}/authorized_keys\n"
        f"PidFile none\nStrictModes no\nUsePAM no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"
        f"PermitRootLogin prohibit-password\nSetEnv XDG_CACHE_HOME={folder}/device\n"
    )
    host = (folder / "host_key.pub").read_text()
    (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host}")
    (folder / "ssh_config").write_text(
        f"Host unknown\n  HostName 127.0.0.1\n  Port {port}\n  UserKnownHostsFile /dev/null\n"
        f"Host device\n  HostName 127.0.0.1\n  Port {port}\n  User {me}\n  IdentityFile {folder}/key\n"
        f"Host *\n  UserKnownHostsFile {folder}/known_hosts\n  GlobalKnownHostsFile /dev/null\n  IdentityAgent none\n"
    )
    (folder / "bin").mkdir()
    ssh = folder / "bin" / "ssh"
    ssh.write_text(f'#!/bin/sh\nexec {shutil.which("ssh")} -F {folder}/ssh_config "$@"\n')
    ssh.chmod(0o755)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, log.read_text()
        time.sleep(0.05)
    raise AssertionError(log.read_text())
