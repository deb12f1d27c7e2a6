"""The runner's end of the sampler: start it, tell it whose processes are whose, stop it."""

from __future__ import annotations

import contextlib
import json
import select
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner.core import process_start
from runner.hardware.sensor_reader import Meter
from runner.spec.telemetry import Settings
from runner.transport.local import environment

PROFILE = "system_profile.txt"
START_SECONDS = 20.0
STOP_SECONDS = 5.0


@dataclass
class Sampler:
    """A sampler process. `problem` says why it samples no more; a measurement goes on without it."""

    file: Path
    settings: Settings
    process: subprocess.Popen[bytes]
    _ready: dict[str, Any] | None = None
    ended: dict[str, Any] = field(default_factory=dict)
    problem: str = ""

    @property
    def ready(self) -> Mapping[str, Any]:
        """What it said when it began to sample, waited for at the first look; empty where it never did."""
        if self._ready is None:
            answer = self._answer(START_SECONDS)
            if answer is None:
                answer, self.problem = {}, self._gone()
            self._ready = answer
        return self._ready

    @property
    def meter(self) -> Meter | None:
        """What energy is reckoned from; None where there is no power sensor."""
        found = self.ready.get("meter")
        return Meter(tuple(found["signals"]), found["scope"], found["whole"]) if found else None

    @property
    def energy_s(self) -> float:
        """How long a side shall work without interruption so that its power can be read; 0 where nothing reads it."""
        if self.meter is None or not self.settings.energy_s or self.settings.interval_ms is None:
            return 0.0
        # Whole intervals between samples are what counts: four of them at the least.
        return max(self.settings.energy_s, 5 * self.settings.interval_ms / 1000)

    def watch(self, role: str, pid: int) -> None:
        """From now on `role` is the process tree below `pid`."""
        if self.problem or self.ended:
            return
        assert self.process.stdin is not None
        try:
            self.process.stdin.write(f"{role} {pid}\n".encode())
            self.process.stdin.flush()
        except BrokenPipeError:
            self.problem = self._gone()

    def stop(self) -> None:
        """End it and hear how it went; a second call does nothing."""
        if self.ended or self.problem or not self.ready:
            return
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        answer = self._answer(STOP_SECONDS)
        if answer is None:
            self.problem = self._gone()
        else:
            self.ended = answer

    def _answer(self, seconds: float) -> dict[str, Any] | None:
        """Its next line; None where it has gone, or is silent for so long."""
        assert self.process.stdout is not None
        if not select.select([self.process.stdout], [], [], seconds)[0]:
            return None
        line = self.process.stdout.readline()
        answer: dict[str, Any] | None = json.loads(line) if line.endswith(b"\n") else None
        return answer

    def _gone(self) -> str:
        self.process.kill()
        return f"the sampler ended with exit code {self.process.wait()}; telemetry.log says why"

    def close(self) -> None:
        """End it, however it is."""
        self.stop()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


@contextlib.contextmanager
def sampling(
    folder: Path, settings: Settings, roles: Sequence[str], *, priority: str = "idle", root: Path = Path("/")
) -> Iterator[Sampler | None]:
    """A sampler that writes `folder/system_profile.txt` while the block runs; its first look at `ready` waits for it.

    `root` holds the proc and sys that it reads. None where `settings.interval_ms` is null. It never raises because a
    sampler failed: `problem` says it.
    """
    if settings.interval_ms is None:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    sampler = _start(folder, settings, roles, priority, root)
    try:
        yield sampler
    finally:
        sampler.close()


def _start(folder: Path, settings: Settings, roles: Sequence[str], priority: str, root: Path) -> Sampler:
    file = folder / PROFILE
    options: dict[str, object] = {"--out": file, "--interval-ms": settings.interval_ms, "--roles": ",".join(roles)}
    options |= {"--priority": priority, "--root": root}
    command = process_start.command("runner.telemetry", *(str(word) for item in options.items() for word in item))
    with (folder / "telemetry.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            env=environment(None, {}),
            start_new_session=True,  # Ctrl-C goes to the runner alone
        )
    return Sampler(file, settings, process)
