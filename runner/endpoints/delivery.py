"""Files to and from a device over a connection, each content once; `runner/worker/arrival.py` is the other end."""

from __future__ import annotations

import json
import shlex
import subprocess
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from runner.endpoints import keeper, parcels
from runner.endpoints.local import numbers
from runner.endpoints.master import Master
from runner.endpoints.parcels import Parcel
from runner.errors import RunnerError, StepFailed, Unavailable, WorkerLost
from runner.worker import arrival

ANSWER_SECONDS = 60.0
SEND_SECONDS = 3600.0  # for one parcel

# Read by any Python there is, so that one that is too old can be told; then the text that follows it is run.
START = """\
import sys
if sys.version_info < (3, 8):
    sys.stderr.write("Python %d.%d" % tuple(sys.version_info[:2]))
    sys.exit(98)
exec(compile(sys.argv.pop(1), "arrival", "exec"))
"""
TOO_OLD, NOT_RUN, NOT_FOUND, NO_CONNECTION = 98, 126, 127, 255


@dataclass(frozen=True)
class Delivery:
    """What travels over `master` to and from the interpreter `python`. `there`: where parcels lie, by their digest."""

    master: Master
    python: str
    there: dict[str, str] = field(default_factory=dict)

    @property
    def device(self) -> str:
        return self.master.address.name

    def interpreter(self) -> str:
        """For the shell, which knows whose home `~` is."""
        return f"~/{shlex.quote(self.python[2:])}" if self.python.startswith("~/") else shlex.quote(self.python)

    def put(self, path: Path) -> str:
        """Where a file or a folder lies there. It is sent where it isn't there yet.

        Raises Unavailable where the interpreter is missing or too old, WorkerLost, StepFailed.
        """
        parcel = parcels.parcel_of(path)
        if parcel.digest not in self.there:
            found = self._exchange("look", parcel.digest)[0]
            if found["missing"]:
                self._exchange("take", parcel.digest, send=parcel)
            self.there[parcel.digest] = f"{found['home']}/{parcel.digest}"
        return f"{self.there[parcel.digest]}/{parcel.entry}".rstrip("/")

    def fetch(self, there: str) -> bytes:
        """A file of the device, which is removed there."""
        answer, content = self._exchange("give", there)
        if arrival.hash_of(content) != answer["sha256"]:
            raise WorkerLost(f"{self.device}: a file of {answer['bytes']} bytes came back damaged.", "Measure again.")
        return content

    def _exchange(self, *words: str, send: Parcel | None = None) -> tuple[dict[str, Any], bytes]:
        """What `arrival` answers there to `words`, and the bytes behind it."""
        text, limit = Path(arrival.__file__).read_text(encoding="utf-8"), SEND_SECONDS if send else ANSWER_SECONDS
        command = " ".join([self.interpreter(), "-c", *map(shlex.quote, (START, text, *words))])
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        with self.master.start(command, keeper.mark(next(numbers)), **pipes) as process:
            try:
                if send:
                    _stream(send, process.stdin)
                out, said = process.communicate(timeout=limit)
            except subprocess.TimeoutExpired:
                process.kill()
                raise self._failed(f"it took longer than {limit:g} s to answer") from None
        if process.returncode:
            raise self._refused(process.returncode, said.decode(errors="replace"))
        return self._read(out)

    def _read(self, out: bytes) -> tuple[dict[str, Any], bytes]:
        before, mark, rest = out.partition(arrival.MARK.encode())
        if before.strip() or not mark:
            shown = before.decode(errors="replace").strip().splitlines() or ["nothing"]
            raise Unavailable(
                f"{self.device}: its login shell prints `{shown[0][:60]}` before any command.",
                "Let it print in interactive sessions only (on the device: ~/.bashrc, ~/.profile).",
            )
        line, _, content = rest.partition(b"\n")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise self._failed(answer["error"])
        return answer, content

    def _failed(self, what: str) -> StepFailed:
        return StepFailed(f"{self.device}: {what}.", "Is there space and permission in ~/.cache/edge-runner there?")

    def _refused(self, code: int, said: str) -> RunnerError:
        """Why the interpreter there did not do as it was told."""
        lines = [line.strip() for line in said.splitlines() if line.strip()] or [f"exit code {code}"]
        if code == NO_CONNECTION:
            return lost(self.device, "it was prepared")
        if code in (NOT_RUN, NOT_FOUND):
            return Unavailable(
                f"{self.device}: it has no interpreter `{self.python}` ({lines[-1]}).",
                "Install Python there (sudo apt install python3), or say where it is: hardware.python=…",
            )
        if code == TOO_OLD:
            return Unavailable(
                f"{self.device}: its `{self.python}` is {lines[-1]}; the oldest that does is Python 3.8.",
                "Install a newer one there, and name it: hardware.python=…",
            )
        return self._failed(lines[-1])


def lost(device: str, meanwhile: str) -> WorkerLost:
    """The connection has ended."""
    return WorkerLost(
        f"{device}: the connection was lost while {meanwhile}.", "Look at its power and network; then the same again."
    )


def _stream(parcel: Parcel, sink: IO[bytes] | None) -> None:
    """Where the other end gives up, its answer says why."""
    assert sink is not None
    with suppress(BrokenPipeError):
        parcels.send(parcel, sink)
