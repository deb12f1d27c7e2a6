"""A container of this machine, run by docker or podman: no network, nothing of this machine but a step's folders.

Its client carries the requests. Inside, a guard (`runner/worker/watchdog.py`) ends the worker when the client is gone.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.core import programs
from runner.core.advice import shell
from runner.core.errors import Unavailable
from runner.core.programs import NoAnswer
from runner.transport import endpoint, local, worker_zipapp
from runner.transport.endpoint import ANSWER_SECONDS, WorkerOptions
from runner.transport.local import Worker
from runner.worker import variables

# Debian's packages. podman first: it needs no daemon, and no rights.
PROGRAMS = {"podman": "podman", "docker": "docker.io"}
PYTHON = "python3"
# Its own root can't be written to; what it needs beyond a step's folders is in its memory, and goes with it.
HELD = (
    "run", "--rm", "--interactive", "--pull=never", "--network=none", "--read-only", "--cap-drop=ALL",
    "--security-opt=no-new-privileges", "--tmpfs=/tmp", "--env=HOME=/tmp", "--workdir=/tmp", "--entrypoint=",
)  # fmt: skip


@dataclass(frozen=True)
class Container:
    """The image `image`, which has Python 3.8 at least, as `python3`, with numpy; started by `program`. What runs is
    `image_id`, whatever bears the name meanwhile."""

    image: str
    image_id: str
    program: str

    @property
    def name(self) -> str:
        return f"image:{self.image}"

    def open_worker(self, log: Path, options: WorkerOptions) -> Worker:
        packed = worker_zipapp.current(options.modules)
        mounts = _mounts([packed, *options.reads], options.writes)
        settings = [*_user(self.program), *mounts, *_variables(options.threads), *_memory(options.memory_mb)]
        inside = [PYTHON, str(packed), "guard", "--name", options.name]
        command = [self.program, *HELD, *settings, self.image_id, *inside]
        return local.start(command, log, name=options.name, env=os.environ, memory_mb=None, carried=endpoint.own_code)

    put = endpoint.on_this_disk
    folder = endpoint.shared_folder
    scratch = endpoint.shared_scratch
    call = endpoint.called
    versions = endpoint.versions_of
    code = endpoint.travelled


def from_image(image: str) -> Container:
    """The container of an image. Raises Unavailable where nothing here starts containers, or the image isn't here:
    nothing is downloaded unasked."""
    program = next((name for name in PROGRAMS if shutil.which(name)), None)
    if program is None:
        raise Unavailable(f"toolchain.image={image}: there is no podman and no docker here.", "sudo apt install podman")
    return Container(image, image_id(program, image), program)


def image_id(program: str, image: str) -> str:
    """Raises Unavailable where it isn't here, or `program` can't be asked."""
    command = [program, "image", "inspect", "--format", "{{.Id}}", image]
    try:
        done = programs.ask(command, ANSWER_SECONDS)
    except NoAnswer as error:
        raise Unavailable(f"toolchain.image={image}: {program} can't be asked: {error}.", f"{program} info") from error
    if done.returncode:
        said = [line.strip() for line in done.stderr.splitlines() if line.strip()] or ["no answer"]
        raise Unavailable(
            f"toolchain.image={image}: {program} has no such image ({said[-1][:200]}).", shell(program, "pull", image)
        )
    return done.stdout.strip()


def _mounts(reads: Sequence[Path], writes: Sequence[Path]) -> list[str]:
    """Each at the place where it lies here. A comma would end a mount's field: it is quoted as CSV is."""
    each = [*((path, ",readonly") for path in reads), *((path, "") for path in writes)]
    return [f"--mount=type=bind,{_field('source', path)},{_field('target', path)}{how}" for path, how in each]


def _field(key: str, path: Path) -> str:
    text = f"{key}={path.absolute()}"
    quoted = text.replace('"', '""')
    return f'"{quoted}"' if set(',"\r\n') & set(text) else text


def _user(program: str) -> list[str]:
    """What it writes belongs to the user who started it."""
    kept = ["--userns=keep-id"] if program == "podman" and os.getuid() != 0 else []
    return [*kept, f"--user={os.getuid()}:{os.getgid()}"]


def _variables(threads: int | None) -> list[str]:
    limits: Mapping[str, str] = {} if threads is None else dict.fromkeys(local.THREAD_VARIABLES, str(threads))
    passed = {**variables.of_timing(os.environ), **limits}
    return [f"--env={name}={value}" for name, value in passed.items() if not name.startswith("LD_")]


def _memory(most_mb: float | None) -> list[str]:
    return [] if most_mb is None else [f"--memory={most_mb:.0f}m", f"--memory-swap={most_mb:.0f}m"]
