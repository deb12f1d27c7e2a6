"""Toolchains: where a vendor's SDK lives, or another release of a runtime, beside this interpreter. `.toolchains/NAME`
is one that was installed."""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.core import hashing
from runner.core.advice import shell
from runner.core.errors import SpecError, Unavailable, nearest
from runner.transport import container as containers
from runner.transport import environments, releases
from runner.transport.container import Container
from runner.transport.device import HERE
from runner.transport.endpoint import Endpoint
from runner.transport.environments import Recipe, Tell
from runner.transport.interpreter import Interpreter

FOLDER = ".toolchains"
NOT_HERE = "is not installed here"
PINNED = Path(__file__).parents[1] / "toolchains"  # NAME.txt: every distribution with its version

_installing = threading.Lock()
_failed: dict[str, Unavailable] = {}  # by name, while a command makes its steps


@dataclass(frozen=True)
class Toolchain:
    """Another interpreter (`python`, its path) or a container: one of the two. `ready` makes the one that is
    `installed_as` a name where it isn't there: in `folder`, of what `made_of` says."""

    python: str | None = None
    container: Container | None = None
    installed_as: str = ""
    folder: str = ""
    made_of: str = ""

    @property
    def is_release(self) -> bool:
        """Whether it holds a release of a runtime, and no SDK."""
        return releases.EQUALS in self.installed_as

    @property
    def to_be_made(self) -> bool:
        """Whether it has a name, and isn't there, or was made of something else."""
        return bool(self.installed_as) and not (self.is_there and _home(str(self.python)).name == self.folder)

    @property
    def is_there(self) -> bool:
        """Whether there is such an interpreter, whatever it was made of."""
        return Path(str(self.python)).exists()


def _home(python: str) -> Path:
    """The folder behind the name of an environment, by its interpreter."""
    return Path(python).parents[1].resolve()


def endpoint(toolchain: Toolchain | None) -> Endpoint:
    """Where its workers run; None is this interpreter."""
    if toolchain is None:
        return HERE
    return toolchain.container or Interpreter(toolchain.python or sys.executable)


def pointed_to(python: str | None, image: str | None) -> Toolchain:
    """The one that a spec names. Raises Unavailable where an image isn't here, or nothing that starts it."""
    return Toolchain(python) if image is None else Toolchain(container=containers.from_image(image))


def versions(toolchain: Toolchain | None, distributions: Sequence[str]) -> dict[str, str | None]:
    """The version of each distribution there; of a toolchain that is still to be made the one that it pins, and of a
    runtime's release that release, as it is called. None where it has none."""
    if toolchain and (toolchain.is_release or toolchain.to_be_made):
        pins = _pins(toolchain.installed_as)
        return {name: pins.get(_spelled(name)) for name in distributions}
    return endpoint(toolchain).versions(distributions)


def ready(project: Path, toolchain: Toolchain | None, tell: Tell) -> None:
    """Make it where it is still to be made; raises as `install`. What failed is told again, not tried, until
    `try_again`: each step of a sweep asks."""
    if toolchain is None or not toolchain.to_be_made:
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


def holds(toolchain: Toolchain | None, wanted: Mapping[str, str | None], found: Mapping[str, str | None]) -> bool:
    """Whether the versions that were `found` in it are those that were told by `versions`: 1.18 is 1.18.0 to pip, and
    2.6.0 may be 2.6.0+cpu."""
    if toolchain is None or not toolchain.is_release:
        return found == wanted
    return all(version and releases.same(version, found.get(name)) for name, version in wanted.items())


def names() -> list[str]:
    """The toolchains of vendors' SDKs that can be installed."""
    return sorted(path.stem for path in PINNED.glob("*.txt"))


def listed(project: Path) -> dict[str, str]:
    """The state of each of `names`, and of each release of a runtime that has an environment."""
    made = [release.name for release in releases.there(project / FOLDER)]
    return {name: state(project, name) for name in (*names(), *made)}


def installed(project: Path, name: str) -> Toolchain:
    """The toolchain of `name` in `project`, or the release of a runtime. Raises Unavailable where it isn't there, or is
    `outdated`."""
    found = on_demand(project, name)
    if found.to_be_made:
        lacks = "is outdated: it was made of something else, or by another Python" if found.is_there else NOT_HERE
        raise Unavailable(f"{_called(name)} {lacks}.", how_to_install(name))
    return found


def on_demand(project: Path, name: str) -> Toolchain:
    """The toolchain of `name` in `project`, there or not: `ready` makes it. Raises Unavailable where the runner doesn't
    know how."""
    if name not in names() and releases.EQUALS not in name:
        advice = "Name where it is: toolchain.python=/opt/sdk/bin/python or toolchain.image=vendor/sdk:3.29"
        raise Unavailable(f"The toolchain {name} is none that the runner can install.", advice)
    recipe, python = _recipe(name), str(_link(project, name) / "bin" / "python")
    return Toolchain(python=python, installed_as=name, folder=recipe.folder, made_of=_made_of(name, recipe))


def outdated(project: Path, name: str) -> bool:
    """Whether what is installed was made of other versions than are pinned now."""
    return _link(project, name).resolve().name != _recipe(name).folder


def state(project: Path, name: str) -> str:
    """`installed`, `not installed`, or `outdated`: other versions are pinned now."""
    if not (_link(project, name) / "bin" / "python").exists():
        return "not installed"
    return "outdated" if outdated(project, name) else "installed"


def how_to_install(name: str) -> str:
    """The command to type."""
    return shell("python", "-m", "runner", "toolchain", "install", name)


def install(project: Path, name: str, tell: Tell) -> Path:
    """Make `.toolchains/NAME` of its pinned distributions or of a runtime's release, or find it; returns its folder.
    `tell` is told what is being done.

    Raises SpecError for an unknown name, Unavailable where pip can't install it.
    """
    return environments.install(_recipe(name), project / FOLDER, tell)


def remove(project: Path, name: str) -> bool:
    """Remove it; whether it was there. Raises SpecError for an unknown name."""
    return environments.remove(project / FOLDER / _recipe(name).name)


def _recipe(name: str) -> Recipe:
    if releases.EQUALS in name:
        return releases.recipe(releases.parsed(name))
    if name not in names():
        known = (*names(), *(f"{one}{releases.EQUALS}VERSION" for one in releases.runtimes()))
        raise SpecError(f"{name}: no such toolchain.{nearest(name, known)}", f"There are: {', '.join(known)}.")
    file = PINNED / f"{name}.txt"
    said, count = file.read_text(encoding="utf-8"), len(_requirements(name))
    return Recipe(name, (("--no-deps", "--requirement", str(file)),), said, environments.why, count)


def _made_of(name: str, recipe: Recipe) -> str:
    """What it is made of, for keys: a comment in a file of pins is none of it."""
    return recipe.said if releases.EQUALS in name else hashing.digest_of("\n".join(_requirements(name)))


def _called(name: str) -> str:
    return name if releases.EQUALS in name else f"The toolchain {name}"


def _pins(name: str) -> dict[str, str]:
    """`{distribution: version}`, the names as the index spells them."""
    wanted = [name] if releases.EQUALS in name else _requirements(name)
    split = (line.partition("==") for line in wanted)
    return {_spelled(name): version for name, _, version in split}


def _requirements(name: str) -> list[str]:
    lines = (PINNED / f"{name}.txt").read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if "==" in line and line[0] != "#"]


def _spelled(name: str) -> str:
    """PyPI's one spelling of a name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _link(project: Path, name: str) -> Path:
    return project / FOLDER / name.replace(releases.EQUALS, "-")
