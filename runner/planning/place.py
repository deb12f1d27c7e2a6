"""Where a step runs: in this interpreter, or in a toolchain, whose versions are then those of its key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.core import project_paths
from runner.core.errors import RunnerError, SpecError
from runner.spec.toolchain import Settings
from runner.transport import toolchains
from runner.transport.endpoint import Endpoint
from runner.transport.toolchains import Toolchain


@dataclass(frozen=True)
class Place:
    """`toolchain`: None is this interpreter. `problem`: why nothing can run there."""

    toolchain: Toolchain | None = None
    problem: RunnerError | None = None

    def endpoint(self) -> Endpoint:
        """Where its workers run."""
        return toolchains.endpoint(self.toolchain)

    def identity(self) -> dict[str, str]:
        """What beside versions enters the key: of a container its image's id, which a name alone doesn't tell."""
        container = self.toolchain.container if self.toolchain else None
        return {"image": container.image_id} if container else {}

    def versions(self, distributions: Sequence[str]) -> dict[str, str | None]:
        """Those that are there, None each where nothing can be asked."""
        return dict.fromkeys(distributions) if self.problem else toolchains.versions(self.toolchain, distributions)


HERE = Place()


def of(name: str, tools: tuple[str, ...], named: Settings, project: Path) -> Place:
    """The place of a toolchain's `name`, "": here: the one that the spec `named`, else what is installed, or is to be.
    It is asked once for the versions of `tools`, so that one that is broken is known before any work."""
    if not name:
        return HERE
    try:
        found = Place(_toolchain(name, named, project_paths.home(project)))
        found.versions(tools)
    except SpecError:
        raise
    except RunnerError as error:
        return Place(problem=error)
    return found


def _toolchain(name: str, named: Settings, project: Path) -> Toolchain:
    if named.python is not None or named.image is not None:
        return toolchains.pointed_to(named.python, named.image)
    return (toolchains.on_demand if named.install else toolchains.installed)(project, name)
