"""One connection to a device by the system's OpenSSH client (ssh(1), ControlMaster), shared by all that runs there."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.core import given_files
from runner.core.errors import Unavailable
from runner.spec.hardware import ssh_name
from runner.transport import worker_log
from runner.transport.local import numbers
from runner.worker import orphan_reaper

CONNECT_SECONDS = 10  # for the other end to answer at all
CLOSE_SECONDS = 5.0
LOGIN_SECONDS = 60.0  # for all of it: keys, a slow login
# Nobody is there to answer; nothing of the user's own sessions is wanted. A connection that is silent for 15 s is lost.
OPTIONS = {
    "BatchMode": "yes",
    "ConnectTimeout": CONNECT_SECONDS,
    "ServerAliveInterval": 5,
    "ServerAliveCountMax": 3,
    "ClearAllForwardings": "yes",
    "ForwardAgent": "no",
    "ForwardX11": "no",
    "RequestTTY": "no",
    "RemoteCommand": "none",
    "ControlPersist": "no",
    "LogLevel": "ERROR",
}
# A part of what the client says when it can't connect; what that means; what to do ({ssh} is the command to type).
REFUSALS = (
    (r"Could not resolve", "no host of that name is known", "Mend hardware.host, or give its address."),
    (
        r"Host key verification failed|IDENTIFICATION HAS CHANGED",
        "its host key is not the one that is known here, or none is",
        "Log in once by hand and look at the key: {ssh}",
    ),
    (
        r"Permission denied|Too many authentication failures|bad permissions|invalid format|Load key",
        "none of the keys that were offered lets this user in",
        "Put your key there (ssh-copy-id), or choose another: hardware.user=…, hardware.identity=~/.ssh/…. Try: {ssh}",
    ),
    (
        r"",
        "it can't be reached",
        "Is it switched on, in this network, and does sshd run there (hardware.port)? Try: {ssh}",
    ),
)


@dataclass(frozen=True)
class Address:
    """Where a device is; None leaves it to ssh_config(5)."""

    host: str
    port: int | None = None
    user: str | None = None
    identity: str | None = None

    @property
    def name(self) -> str:
        """`ssh:pi`, `ssh:10.0.0.7:2222`: whoever the user is, it is one device."""
        return ssh_name(self.host, self.port)

    def words(self) -> list[str]:
        """The client's words for this address, its host last. Raises SpecError where `identity` is no file."""
        found = ["-p", str(self.port)] if self.port else []
        found += ["-l", self.user] if self.user else []
        found += ["-oIdentitiesOnly=yes", "-i", str(_file(self.identity))] if self.identity else []
        return [*found, "--", self.host]


def _file(identity: str) -> Path:
    return Path(given_files.existing(str(Path(identity).expanduser()), "hardware.identity"))


@dataclass(frozen=True)
class Master:
    """A connection that is up. `folder` is its own: it holds the socket that the others use. `process`: the client that
    keeps it, None: another process of ours does."""

    address: Address
    process: subprocess.Popen[bytes] | None
    folder: Path

    @property
    def alive(self) -> bool:
        if self.process is None:
            return _socket(self.folder).is_socket()
        return self.process.poll() is None

    def start(self, command: str, mark: Mapping[str, str], **pipes: Any) -> subprocess.Popen[bytes]:
        """A command for the device's login shell. The process is the client, which carries its input and output."""
        # Without the socket the client would connect by itself: so that it can't.
        shared = ["-S", str(_socket(self.folder)), "-oControlMaster=no", "-oProxyCommand=false"]
        words = [_client(), "-T", *_options(), *shared, *self.address.words(), command]
        return subprocess.Popen(words, env={**os.environ, **mark}, start_new_session=True, **pipes)

    def close(self) -> None:
        """Ends the connection, and with it what runs there for it; not one that another process keeps."""
        if self.process is None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(CLOSE_SECONDS)
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def connect(address: Address) -> Master:
    """A connection to `address`; it ends with this process at the latest.

    Raises Unavailable where there is no client, or the device can't be reached or lets nobody in; SpecError where
    `identity` is no file.
    """
    client, words = _client(), address.words()
    folder = Path(tempfile.mkdtemp(prefix="ssh-", dir=orphan_reaper.folder()))
    with (folder / "said").open("wb") as said:
        process = subprocess.Popen(
            [client, "-MNT", "-S", str(_socket(folder)), *_options(), *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=said,
            env={**os.environ, **orphan_reaper.mark(next(numbers))},
            start_new_session=True,  # Ctrl-C goes to the runner alone
        )
    found = Master(address, process, folder)
    atexit.register(found.close)
    if not _up(found):
        told = worker_log.tail(folder / "said", 0)
        found.close()
        raise refusal(address, told)
    return found


def _up(master: Master) -> bool:
    """Whether it is connected: the client makes its socket then."""
    end = time.monotonic() + LOGIN_SECONDS
    while not _socket(master.folder).is_socket():
        if not master.alive or time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def refusal(address: Address, said: str) -> Unavailable:
    """What a client that could not connect `said`, in plain words."""
    means, advice = next((means, advice) for pattern, means, advice in REFUSALS if re.search(pattern, said))
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    typed = " ".join(word for word in ("ssh", *address.words()) if word != "--")
    return Unavailable(
        f"{address.name}: {means} ({lines[-1][:200] if lines else 'no answer'}).", advice.format(ssh=typed)
    )


def _options() -> list[str]:
    return [f"-o{name}={value}" for name, value in OPTIONS.items()]


def _socket(folder: Path) -> Path:
    return folder / "s"


def _client() -> str:
    found = shutil.which("ssh")
    if found is None:
        raise Unavailable("hardware=ssh: there is no `ssh` program here.", "sudo apt install openssh-client")
    return found
