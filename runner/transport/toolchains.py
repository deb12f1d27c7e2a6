"""Toolchains: where a vendor's SDK lives, beside this interpreter. `.toolchains/NAME` is one that was installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runner.core import durable_files, hashing
from runner.core.advice import shell
from runner.core.errors import SpecError, Unavailable, nearest
from runner.transport import container as containers
from runner.transport.container import Container
from runner.transport.device import HERE
from runner.transport.endpoint import Endpoint
from runner.transport.interpreter import Interpreter
from runner.worker import orphan_reaper

FOLDER = ".toolchains"
PINNED = Path(__file__).parents[1] / "toolchains"  # NAME.txt: every distribution with its version
UNREACHED = "after connection broken by"  # pip's own words, each time that it tries an index again
TELLING = re.compile(r"(Collecting|Downloading|Building|Installing)\b.*")

Tell = Callable[[str], None]

_installing = threading.Lock()
_failed: dict[str, Unavailable] = {}  # by name, while a command makes its steps


@dataclass(frozen=True)
class Toolchain:
    """Another interpreter (`python`, its path) or a container: one of the two. `ready` makes the one that is
    `installed_as` a name where it isn't there."""

    python: str | None = None
    container: Container | None = None
    installed_as: str = ""


def endpoint(toolchain: Toolchain | None) -> Endpoint:
    """Where its workers run; None is this interpreter."""
    if toolchain is None:
        return HERE
    return toolchain.container or Interpreter(toolchain.python or sys.executable)


def pointed_to(python: str | None, image: str | None) -> Toolchain:
    """The one that a spec names. Raises Unavailable where an image isn't here, or nothing that starts it."""
    return Toolchain(python) if image is None else Toolchain(container=containers.from_image(image))


def versions(toolchain: Toolchain | None, distributions: Sequence[str]) -> dict[str, str | None]:
    """The version of each distribution there; of a toolchain that is still to be made the one that it pins. None where
    it has none."""
    if toolchain and _to_be_made(toolchain):
        pins = _pins(toolchain.installed_as)
        return {name: pins.get(_spelled(name)) for name in distributions}
    return endpoint(toolchain).versions(distributions)


def ready(project: Path, toolchain: Toolchain | None, tell: Tell) -> None:
    """Make it where it is still to be made; raises as `install`. What failed is told again, not tried, until
    `try_again`: each step of a sweep asks."""
    if toolchain is None or not _to_be_made(toolchain):
        return
    name = toolchain.installed_as
    with _installing:
        if name in _failed:
            raise Unavailable(_failed[name].reason, _failed[name].next_step)
        try:
            install(project, name, lambda text: tell(f"toolchain {name}: {text}"))
        except Unavailable as error:
            _failed[name] = error
            raise


def try_again() -> None:
    """A new command may find what the one before lacked: a network, space."""
    _failed.clear()


def _to_be_made(toolchain: Toolchain) -> bool:
    return bool(toolchain.installed_as) and not Path(str(toolchain.python)).exists()


def names() -> list[str]:
    """The toolchains that can be installed."""
    return sorted(path.stem for path in PINNED.glob("*.txt"))


def installed(project: Path, name: str) -> Toolchain:
    """The toolchain of `name` in `project`. Raises Unavailable where it isn't there."""
    found = on_demand(project, name)
    if _to_be_made(found):
        raise Unavailable(f"The toolchain {name} is not installed here.", how_to_install(name))
    return found


def on_demand(project: Path, name: str) -> Toolchain:
    """The toolchain of `name` in `project`, there or not: `ready` makes it. Raises Unavailable where the runner doesn't
    know how."""
    if name not in names():
        advice = "Name where it is: toolchain.python=/opt/sdk/bin/python or toolchain.image=vendor/sdk:3.29"
        raise Unavailable(f"The toolchain {name} is none that the runner can install.", advice)
    return Toolchain(python=str(_python(project, name)), installed_as=name)


def outdated(project: Path, name: str) -> bool:
    """Whether what is installed was made of other versions than are pinned now."""
    return _link(project, name).resolve().name != _made_of(name)


def state(project: Path, name: str) -> str:
    """`installed`, `not installed`, or `outdated`: other versions are pinned now."""
    if not _python(project, name).exists():
        return "not installed"
    return "outdated" if outdated(project, name) else "installed"


def how_to_install(name: str) -> str:
    """The command to type."""
    return shell("python", "-m", "runner", "toolchain", "install", name)


def install(project: Path, name: str, tell: Tell) -> Path:
    """Make `.toolchains/NAME` of its pinned distributions, or find it; returns its folder. It is made beside, and takes
    its name when all of it is there: a kill leaves what was there before. `tell` is told what is being done.

    Raises SpecError for an unknown name, Unavailable where pip can't install it.
    """
    file, link = _pinned(name), _link(project, name)
    with _alone(project, name, tell):
        made = link.parent / _made_of(name)
        if link.resolve() == made.resolve() and made.is_dir():
            return link
        _clear(link, keep=link.resolve())
        try:
            _make(made, file, tell)
            _publish(made, link)
        finally:
            _clear(link, keep=link.resolve())
    return link


def remove(project: Path, name: str) -> bool:
    """Remove it; whether it was there."""
    _pinned(name)
    link = _link(project, name)
    with _alone(project, name, lambda text: None):
        there = link.is_symlink()
        link.unlink(missing_ok=True)
        _clear(link, keep=None)
    return there


def _pinned(name: str) -> Path:
    if name not in names():
        raise SpecError(
            f"{name}: no such toolchain.{nearest(name, names())}", f"There are: {', '.join(names()) or 'none'}."
        )
    return PINNED / f"{name}.txt"


def _pins(name: str) -> dict[str, str]:
    """`{distribution: version}`, the names as the index spells them."""
    wanted = (line.partition("==") for line in _requirements(_pinned(name)))
    return {_spelled(name): version for name, _, version in wanted}


def _requirements(file: Path) -> list[str]:
    lines = file.read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if "==" in line and line[0] != "#"]


def _spelled(name: str) -> str:
    """PyPI's one spelling of a name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _link(project: Path, name: str) -> Path:
    return project / FOLDER / name


def _python(project: Path, name: str) -> Path:
    return _link(project, name) / "bin" / "python"


def _made_of(name: str) -> str:
    """The folder behind the name: another one for other versions, or another Python."""
    said = f"{sys.version}\n{_pinned(name).read_text(encoding='utf-8')}"
    return f".{name}-{hashing.digest_of(said)[:12]}"


@contextmanager
def _alone(project: Path, name: str, tell: Tell) -> Iterator[None]:
    from filelock import FileLock, Timeout

    folder = project / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / f".{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        tell("another command works on it; waiting")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _make(folder: Path, file: Path, tell: Tell) -> None:
    tell("a fresh environment")
    _run([sys.executable, "-I", "-m", "venv", str(folder)], tell, lambda line: None)
    wanted = _requirements(file)
    counted = iter(range(1, 1_000_000))

    def line_told(line: str) -> None:
        if line.startswith(("Collecting ", "Processing ")):  # from an index, from a file
            tell(f"{next(counted)} of {len(wanted)}  {line.split()[1].rpartition('/')[2]}")
        elif TELLING.match(line):
            tell(line)

    # -I: a project may have a `pip/` or a `venv.py` of its own.
    pip = [str(folder / "bin" / "python"), "-I", "-m", "pip", "install", "--no-deps", "--progress-bar=off"]
    _run([*pip, "--no-input", "--disable-pip-version-check", "--requirement", str(file)], tell, line_told)


def _run(command: list[str], tell: Tell, line_told: Callable[[str], None]) -> None:
    """Raises Unavailable with its last words where it fails."""
    said: list[str] = []
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, **orphan_reaper.mark("toolchain")},  # it ends with this process
    ) as process:
        assert process.stdout is not None
        try:
            for line in process.stdout:
                said.append(line.strip())
                line_told(line.strip())
        except BaseException:  # Ctrl-C: nothing may write any more to what is cleared
            process.kill()
            raise
    if process.returncode:
        raise _unavailable(said)


def _unavailable(said: Sequence[str]) -> Unavailable:
    """Why pip ended as it did, by what it said; that no index answers it says before it misses a distribution."""
    if any(UNREACHED in line for line in said):
        reason = "The toolchain can't be installed: no index of packages can be reached from here."
        return Unavailable(reason, "Type it again with a network, or with an index that answers: PIP_INDEX_URL=…")
    errors = [line for line in said if line.startswith("ERROR:")] or [line for line in said if line] or ["no word"]
    return Unavailable(f"The toolchain can't be installed: {errors[-1][:300]}", "Mend that, and type it again.")


def _publish(made: Path, link: Path) -> None:
    """The name is a link: an environment can't be moved, and a link is replaced in one go."""
    os.sync()  # thousands of small files: one by one that takes as long as installing them
    draft = link.with_name(f".{link.name}.link")
    draft.unlink(missing_ok=True)
    draft.symlink_to(made.name)
    os.replace(draft, link)  # noqa: PTH105 - of a link itself
    durable_files.sync(link.parent)


def _clear(link: Path, keep: Path | None) -> None:
    """Remove what other commands left half made, and what the name pointed to before."""
    for folder in link.parent.glob(f".{link.name}-*"):
        if keep is None or folder.resolve() != keep:
            shutil.rmtree(folder)
