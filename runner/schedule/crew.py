"""The Dask workers of one command on this machine.

They are started before this process imports Dask, since they import it, too, which takes each a second; they are told
where their scheduler is once there is one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from runner.endpoints import keeper
from runner.endpoints.local import environment
from runner.errors import StepFailed


@contextmanager
def hired(count: int, project: Path) -> Iterator[Crew]:
    """So many workers, which are gone at the end."""
    with tempfile.TemporaryDirectory(prefix="dask-", dir=keeper.folder()) as folder:
        crew = Crew(Path(folder), project, count)
        try:
            crew.hire()
            yield crew
        finally:
            crew.dismiss()


@dataclass
class Crew:
    """The worker processes of one command's cluster; `address` is their scheduler's, empty before there is one."""

    folder: Path
    project: Path
    count: int
    address: str = ""
    working: list[subprocess.Popen[bytes]] = field(default_factory=list)
    lost: int = 0

    def hire(self) -> None:
        """Start as many as are missing."""
        while len(self.working) < self.count:
            self.working.append(self._start())

    def join(self, address: str) -> None:
        """Tell all where their scheduler is."""
        self.address = address
        for one in self.working:
            self._tell(one)

    def tend(self) -> None:
        """Replace the workers that died. Raises StepFailed where they do nothing but die."""
        dead = [one for one in self.working if one.poll() is not None]
        self.lost += len(dead)
        if self.lost > 20 * self.count:
            raise StepFailed(f"Dask's workers die again and again; the last by {dead[-1].returncode}.", self._advice())
        self.working = [one for one in self.working if one not in dead]
        self.hire()

    def dismiss(self) -> None:
        """End them at once: what they made is in the store."""
        for one in self.working:
            with suppress(ProcessLookupError):
                os.killpg(one.pid, signal.SIGKILL)
        for one in self.working:
            one.wait()
        self.working.clear()  # a second call must not kill whoever has got one of their numbers

    def _start(self) -> subprocess.Popen[bytes]:
        log = self._log()
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "runner.schedule.dask_worker", str(self.folder)]
        with log.open("ab") as said:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=said,
                stderr=said,
                # Its death with its parent begins once it runs; until then the keeper sees to it.
                env=environment(None, keeper.mark("dask")),
                start_new_session=True,  # Ctrl-C goes to the command alone
            )
        if self.address:
            self._tell(process)
        return process

    def _tell(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        with suppress(BrokenPipeError):  # it has died: `tend` sees to it
            process.stdin.write(f"{self.address}\n".encode())
            process.stdin.close()

    def _log(self) -> Path:
        return self.project / "artifacts" / ".logs" / "dask-worker.log"

    def _advice(self) -> str:
        return f"Read {self._log()}; schedule=inline does without them."
