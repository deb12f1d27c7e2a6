"""Environments beside this interpreter: made by pip in a folder of their own, which gets its name when all of it is
there."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runner.core import durable_files, hashing
from runner.core.errors import Unavailable
from runner.worker import orphan_reaper

UNREACHED = "after connection broken by"  # pip's own words, each time that it tries an index again
TELLING = re.compile(r"(Collecting|Downloading|Building|Installing)\b.*")
DIGIT = "[0-9a-f]"

Tell = Callable[[str], None]
Prove = Callable[[Path], str]


class Failed(Exception):
    """A program that failed; `said`: its lines."""

    def __init__(self, said: Sequence[str]) -> None:
        super().__init__(said[-1] if said else "")
        self.said = said


@dataclass(frozen=True)
class Recipe:
    """What an environment is made of. `name`: of its folder; `wanted`: what `pip install` is given, and what else, one
    after the other, where `proves`, asked with its interpreter, says why it doesn't work with that, "" where it does;
    `said`: all of it as text, so that another text makes another folder; `count`: of distributions, 0: not known;
    `explain`: of pip's words why it can't be made."""

    name: str
    wanted: tuple[tuple[str, ...], ...]
    said: str
    explain: Callable[[Sequence[str]], Unavailable]
    count: int = 0
    proves: Prove = lambda python: ""

    @property
    def folder(self) -> str:
        """The folder behind the name: another one for other versions, or another Python."""
        made_of = f"{sys.version}\n{self.said}"
        return f".{self.name}-{hashing.digest_of(made_of)[:12]}"


def install(recipe: Recipe, home: Path, tell: Tell) -> Path:
    """Make it in `home`, or find it; returns its folder. It is made beside, and takes its name when all of it is there:
    a kill leaves what was there before. Raises Unavailable where pip can't."""
    link = home / recipe.name
    with _alone(link, tell):
        made = home / recipe.folder
        if link.resolve() == made.resolve() and made.is_dir():
            return link
        _clear(link, keep=link.resolve())
        try:
            make(made, recipe, tell)
            _publish(made, link)
        finally:
            _clear(link, keep=link.resolve())
    return link


def remove(link: Path) -> bool:
    """Remove it; whether it was there."""
    with _alone(link, lambda text: None):
        there = link.is_symlink()
        link.unlink(missing_ok=True)
        _clear(link, keep=None)
    return there


@contextmanager
def _alone(link: Path, tell: Tell) -> Iterator[None]:
    from filelock import FileLock, Timeout

    link.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(link.with_name(f".{link.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        tell("another command works on it; waiting")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def make(folder: Path, recipe: Recipe, tell: Tell) -> None:
    """A fresh environment with what the recipe wants: the first of it that works. Raises Unavailable where pip can't,
    and where none does: with what the first said."""
    tell("a fresh environment")
    python, problem = folder / "bin" / "python", ""
    try:
        run([sys.executable, "-I", "-m", "venv", str(folder)], lambda line: None)
        for wanted in recipe.wanted:
            _fill(python, wanted, recipe.count, tell)
            said = recipe.proves(python)
            if not said:
                return
            tell(f"it doesn't work with these: {said}")
            problem = problem or said
    except Failed as error:
        if not problem:
            raise recipe.explain(error.said) from error
    raise Unavailable(f"It is installed, and can't be imported: {problem}", "Choose another release.")


def _fill(python: Path, wanted: Sequence[str], count: int, tell: Tell) -> None:
    counted = iter(range(1, 1_000_000))
    of = f" of {count}" if count else ""

    def line_told(line: str) -> None:
        if line.startswith(("Collecting ", "Processing ")):  # from an index, from a file
            tell(f"{next(counted)}{of}  {line.split()[1].rpartition('/')[2]}")
        elif TELLING.match(line):
            tell(line)

    # -I: a project may have a `pip/` or a `venv.py` of its own. Retries: where one of two indexes can't be reached, pip
    # tries it again for each distribution, and five times are eight seconds.
    pip = [str(python), "-I", "-m", "pip", "install", "--progress-bar=off", "--no-input", "--retries=2"]
    run([*pip, "--disable-pip-version-check", *wanted], line_told)


def run(command: list[str], line_told: Callable[[str], None]) -> None:
    """A program to its end, which tells its lines. Raises Failed."""
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
        raise Failed(said)


def why(said: Sequence[str]) -> Unavailable:
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
    for folder in link.parent.glob(f".{link.name}-{DIGIT * 12}"):
        if keep is None or folder.resolve() != keep:
            shutil.rmtree(folder)
