"""Releases of a backend's runtime, each in an environment of its own: `onnxruntime==1.18.1` in
`.toolchains/onnxruntime-1.18.1`, with what the backend's modules import beside it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from runner.backends import loading
from runner.backends.contract import Release as Needs
from runner.core import programs, registry
from runner.core.advice import shell
from runner.core.errors import SpecError, Unavailable, nearest
from runner.spec.toolchain import RELEASE
from runner.transport import environments, worker_zipapp
from runner.transport.environments import Recipe

EQUALS = "=="
OLD_NUMPY = "numpy<2"
# What numpy 2 says of a module that was built for numpy 1, whose own metadata may be silent about it.
BUILT_FOR_NUMPY_1 = "compiled using NumPy 1.x"
PROBE = """\
import sys
from importlib import import_module
sys.path.insert(0, sys.argv[1])
for name in sys.argv[2:]:
    getattr(import_module(name), "touch", int)()
"""
OFFERED = re.compile(r"\(from versions: (.+?)\)$")
WITHOUT_INDEX = "Type it again with a network, or with a folder of its wheels: PIP_FIND_LINKS=…"
IMPORT_SECONDS = 120.0
INDEX_SECONDS = 120.0


@dataclass(frozen=True)
class Release:
    """A distribution that some backend runs, and its version."""

    distribution: str
    version: str

    @property
    def name(self) -> str:
        """As it is typed and shown."""
        return f"{self.distribution}{EQUALS}{self.version}"

    @property
    def folder(self) -> str:
        return f"{self.distribution}-{self.version}"


def parsed(name: str) -> Release:
    """The release of a name as it is typed. Raises SpecError where no backend runs such a distribution, or where the
    version is none: nothing else is fetched from an index by this name."""
    distribution, _, version = name.partition(EQUALS)
    if distribution not in runtimes():
        meant = nearest(distribution, runtimes())
        raise SpecError(f"{name}: no backend runs {distribution}.{meant}", f"There are: {', '.join(runtimes())}.")
    if not RELEASE.fullmatch(version):
        raise SpecError(f"{name}: {version or 'nothing'} is no version.", f"For instance {distribution}{EQUALS}1.20.0")
    return Release(distribution, version)


def runtimes() -> dict[str, list[str]]:
    """`{distribution: backends}` of what backends run on this machine."""
    found: dict[str, list[str]] = {}
    for name in loading.names():
        with suppress(SpecError):  # somebody's broken package, that nobody asked for
            declared = loading.backend(name)
            if declared.opens_here():
                found.setdefault(declared.runtime, []).append(name)
    return dict(sorted(found.items()))


def recipe(release: Release) -> Recipe:
    """What its environment is made of."""
    backends, needs = runtimes()[release.distribution], _needs(release.distribution)
    beside = sorted({one for need in needs for one in need.beside})
    older = sorted({one for need in needs for one in need.older})
    indexes = (f"--extra-index-url={one}" for one in _indexes(release.distribution))
    options = ("--only-binary=:all:", *indexes, _built(release))
    either = [beside, _instead(beside, older)] if older else [beside]
    return Recipe(
        name=release.folder,
        wanted=tuple((*options, *others, numpy) for numpy in ("numpy", OLD_NUMPY) for others in either),
        said=" ".join((*options, *beside, *older)),
        explain=partial(_explained, release),
        proves=partial(_imports, [f"{registry.module('backend', name)}.session" for name in backends]),
    )


def _instead(beside: Sequence[str], older: Sequence[str]) -> list[str]:
    """`older` in the place of those of the same name."""
    names = {one.partition(EQUALS)[0] for one in older}
    return [*(one for one in beside if one.partition(EQUALS)[0] not in names), *older]


def _built(release: Release) -> str:
    """The name by which pip finds the build that is wanted: `torch==2.6.0+cpu`."""
    build = _build(release.distribution)
    return f"{release.name}+{build}" if build and "+" not in release.version else release.name


def _imports(sessions: Sequence[str], python: Path) -> str:
    """Why the environment's sessions can't be imported with what lies beside their runtime: its numpy is none that the
    runtime was built for, a library lacks what it calls. "" where they can."""
    packed = str(worker_zipapp.current(sessions))
    done = programs.ask([str(python), "-I", "-c", PROBE, packed, *sessions], IMPORT_SECONDS)
    if BUILT_FOR_NUMPY_1 in done.stderr:
        return "it was built for numpy 1"
    said = [line for line in done.stderr.splitlines() if line.strip()] or [f"exit code {done.returncode}"]
    return said[-1][:300] if done.returncode else ""


def _explained(release: Release, said: Sequence[str]) -> Unavailable:
    """Why pip couldn't, with what there is where it found no such release."""
    lost = [one for one in _indexes(release.distribution) if any(_unreached(one, line) for line in said)]
    if lost:
        return Unavailable(f"{release.name}: its index {lost[0]} can't be reached from here.", WITHOUT_INDEX)
    missed = f"requirement {_built(release)} "
    offered = next((found[1] for line in said if missed in line and (found := OFFERED.search(line))), "")
    if not offered or any(environments.UNREACHED in line for line in said):
        return environments.why(said)
    python = f"Python {sys.version_info.major}.{sys.version_info.minor}"
    meant = nearest(release.version, offered.split(", "))
    return Unavailable(
        f"{release.name}: pip finds no wheel of it for {python} on this machine.{meant}",
        f"See what there is: {shell('python', '-m', 'pip', 'index', 'versions', release.distribution)}",
    )


def _unreached(index: str, line: str) -> bool:
    return environments.UNREACHED in line and urlsplit(index).path in line


def same(wanted: str, found: str | None) -> bool:
    """Whether a version that was `found` is the one that is `wanted`, as pip's `==` has it."""
    from packaging.specifiers import SpecifierSet

    return found is not None and SpecifierSet(f"=={wanted}").contains(found.partition(" ")[0], prereleases=True)


def offered(distribution: str) -> list[str]:
    """The versions that the index has for this interpreter, oldest first. Raises Unavailable where it says none, or
    can't be reached."""
    command = [sys.executable, "-I", "-m", "pip", "index", "versions", distribution, "--disable-pip-version-check"]
    options = ("--only-binary=:all:", *(f"--extra-index-url={one}" for one in _indexes(distribution)))
    try:
        done = subprocess.run(
            [*command, *options], capture_output=True, text=True, timeout=INDEX_SECONDS, env=os.environ, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise _silent(distribution, "it doesn't answer") from error
    found = re.search(r"^Available versions: (.+)$", done.stdout, re.MULTILINE)
    if found is None or environments.UNREACHED in done.stderr:  # of two indexes one may have told its own
        raise _silent(distribution, _why_silent(done.stderr))
    return _of_build(distribution, [*reversed(found[1].split(", "))])


def _why_silent(said: str) -> str:
    """Why pip told no versions, by its lines: that it reached no index it says before it misses a distribution."""
    if environments.UNREACHED in said:
        return "it can't be reached from here"
    lines = [line for line in said.splitlines() if line.strip()] or ["no word"]
    return next((line for line in lines if "ERROR" in line), lines[-1])[:300]


def _of_build(distribution: str, versions: list[str]) -> list[str]:
    """Those of the build that is wanted, as its releases are called."""
    build = _build(distribution)
    return [one.partition("+")[0] for one in versions if not build or one.endswith(f"+{build}")]


def _silent(distribution: str, said: str) -> Unavailable:
    reason = f"The index of packages says no versions of {distribution}: {said}."
    return Unavailable(reason, "Name them: --versions A,B,C")


def _indexes(distribution: str) -> list[str]:
    return sorted({need.index for need in _needs(distribution) if need.index})


def _build(distribution: str) -> str:
    return next((need.build for need in _needs(distribution) if need.build), "")


def _needs(distribution: str) -> list[Needs]:
    return [loading.backend(name).release for name in runtimes()[distribution]]


def there(home: Path) -> Iterator[Release]:
    """The releases that have an environment in `home`."""
    every = [path.name for path in sorted(home.glob("*")) if path.is_symlink()]
    for distribution in runtimes():
        for name in every:
            version = name.removeprefix(f"{distribution}-")
            if name != version and RELEASE.fullmatch(version):
                yield Release(distribution, version)
