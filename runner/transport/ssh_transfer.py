"""Files to and from a device over a connection, each content once; `runner/worker/receiver.py` is the other end."""

from __future__ import annotations

import errno
import shlex
import shutil
import subprocess
import tarfile
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO, Any

from runner.core import forms
from runner.core.errors import OddAnswer, RunnerError, StepFailed, StepTimeout, Unavailable, WorkerLost
from runner.core.foreign_text import line
from runner.transport import answers, blobs
from runner.transport.answers import Odd
from runner.transport.blobs import Parcel
from runner.transport.endpoint import ANSWER_SECONDS
from runner.transport.local import numbers
from runner.transport.reply import MARK, Reply, listen
from runner.transport.ssh_connection import Master
from runner.worker import orphan_reaper, receiver

SEND_SECONDS = 3600.0  # for one parcel, or one folder

# Read by any Python there is, so that one that is too old can be told; then the text that follows it is run.
# Its working folder is somebody's home: a `json.py` there is none of ours.
START = """\
import sys
sys.path[:] = [entry for entry in sys.path if entry]
if sys.version_info < (3, 8):
    sys.stderr.write("Python %d.%d" % tuple(sys.version_info[:2]))
    sys.exit(98)
exec(compile(sys.argv.pop(1), "arrival", "exec"))
"""
DESCRIPTION = "artifact.json"
# What the disk says of a name that no file can have here: another file's, a folder's, too long, no name at all.
NO_NAME = (errno.EEXIST, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.EILSEQ, errno.EINVAL)
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
        parcel = blobs.parcel_of(path)
        if parcel.digest not in self.there:
            found = self._exchange("look", parcel.digest)
            if found["missing"]:
                self._exchange("take", parcel.digest, send=parcel, limit=SEND_SECONDS)
            self.there[parcel.digest] = f"{found['home']}/{parcel.digest}"
        return f"{self.there[parcel.digest]}/{parcel.entry}".rstrip("/")

    def fetch(self, there: str, here: Path, most: int) -> None:
        """A file of the device, of at most `most` bytes, becomes the file `here` and is removed there.

        Raises WorkerLost where it came back damaged, StepFailed.
        """
        self._fetched(there, here, most, ANSWER_SECONDS)

    def fetch_folder(self, there: str, here: Path, most: int) -> None:
        """A folder of the device takes the place of the empty folder `here`, whole, and is removed there.

        Raises as `fetch`, OddAnswer where what came holds anything but plain files.
        """
        packed, draft = (here.with_name(f".{here.name}.{kind}") for kind in ("tar", "draft"))
        try:
            self._fetched(there, packed, most, SEND_SECONDS)
            draft.mkdir()
            with packed.open("rb") as file:
                receiver.unpack(file, draft)
            _check_names(draft)
            draft.rename(here)
        except (ValueError, OSError, tarfile.TarError) as error:
            if isinstance(error, OSError) and error.errno not in NO_NAME:
                raise
            raise self._odd("give", Odd(f"holds what is no folder of plain files: {line(str(error), 300)}")) from None
        finally:
            packed.unlink(missing_ok=True)
            shutil.rmtree(draft, ignore_errors=True)

    def _fetched(self, there: str, here: Path, most: int, seconds: float) -> None:
        with here.open("wb") as file:
            answer = self._exchange("give", there, keep=file, most=most, limit=seconds)
        if receiver.file_hash(here) != answer["sha256"]:
            raise WorkerLost(f"{self.device}: a file of {answer['bytes']} bytes came back damaged.", "Measure again.")

    def _exchange(
        self,
        *words: str,
        send: Parcel | None = None,
        keep: IO[bytes] | None = None,
        most: int = 0,
        limit: float | None = None,
    ) -> dict[str, Any]:
        """What the receiver answers there to `words` within `limit` seconds (None: ANSWER_SECONDS); the bytes behind
        it, at most `most`, go into `keep`."""
        text, limit = Path(receiver.__file__).read_text(encoding="utf-8"), limit or ANSWER_SECONDS
        command = " ".join([self.interpreter(), "-c", *map(shlex.quote, (START, text, *words))])
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        reply, process = Reply(keep, most), self.master.start(command, orphan_reaper.mark(next(numbers)), **pipes)
        listen(process, partial(blobs.send, send) if send else _nothing, reply, limit)
        if reply.odd:
            raise self._odd(words[0], Odd(reply.odd))
        if reply.code is None:
            raise StepTimeout(
                f"{self.device}: it took longer than {limit:g} s to answer to `{words[0]}`.", self._asking()
            )
        if reply.code:
            raise self._refused(words[0], reply.code, reply.errors.decode(errors="replace"))
        return self._read(words[0], bytes(reply.head))

    def _read(self, do: str, head: bytes) -> dict[str, Any]:
        before, mark, line = head.partition(MARK)
        if not mark:
            raise self._odd(do, Odd(f"is none of ours: {forms.shown(before[:60].decode(errors='replace'))}"))
        if before.strip():
            shown = before.decode(errors="replace").strip().splitlines()
            raise Unavailable(
                f"{self.device}: its login shell prints `{shown[0][:60]}` before any command.",
                "Let it print in interactive sessions only (on the device: ~/.bashrc, ~/.profile).",
            )
        try:
            answer = answers.object_of(line)
            if "error" in answer:
                raise self._failed(answers.reason_of(answer))
            answers.check(do, answer, {})
        except Odd as error:
            raise self._odd(do, error) from None
        return answer

    def _odd(self, do: str, error: Odd) -> OddAnswer:
        return OddAnswer(
            f"{self.device}: the device's answer to `{do}` can't be right: {error}.",
            self._asking(),
        )

    def _asking(self) -> str:
        return f"Does `{self.python}` there run Python and nothing else?"

    def _failed(self, what: str) -> StepFailed:
        return StepFailed(f"{self.device}: {what}.", "Is there space and permission in ~/.cache/edge-runner there?")

    def _refused(self, do: str, code: int, said: str) -> RunnerError:
        """Why the interpreter there did not do as it was told."""
        lines = [line.strip() for line in said.splitlines() if line.strip()] or ["none"]
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
        return self._odd(do, Odd(f"ended with exit code {code}, its last words: {lines[-1][:200]}"))


def _check_names(folder: Path) -> None:
    """Raises ValueError for a name that acts on a terminal or is no text, and for the description of an artifact, which
    is written here."""
    names = [path.relative_to(folder).as_posix() for path in folder.rglob("*")]
    odd = next((name for name in names if not name.isprintable() or name == DESCRIPTION), None)
    if odd is not None:
        raise ValueError(f"{odd}: no name for a file of a step")


def lost(device: str, meanwhile: str) -> WorkerLost:
    """The connection has ended."""
    return WorkerLost(
        f"{device}: the connection was lost while {meanwhile}.", "Look at its power and network; then the same again."
    )


def _nothing(sink: IO[bytes]) -> None:
    """All that is to be said stands in the command."""
