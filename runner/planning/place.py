"""Where a step runs: in this interpreter, in a toolchain, or on the device; the versions in its key are those there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.backends import loading
from runner.backends.contract import DEVICE, Stage
from runner.backends.worker_query import ask_at
from runner.core import project_paths
from runner.core.errors import RunnerError, SpecError, Unavailable
from runner.planning import target as targets
from runner.planning.target import Target
from runner.spec import hardware
from runner.spec.toolchain import Settings
from runner.transport import devices, toolchains
from runner.transport.endpoint import Endpoint
from runner.transport.toolchains import Toolchain


@dataclass(frozen=True)
class Place:
    """A `toolchain`, or a `device` (a spec's `hardware` settings); neither: this interpreter. `problem`: why nothing
    can run there."""

    toolchain: Toolchain | None = None
    device: Any = None
    problem: RunnerError | None = None

    def endpoint(self) -> Endpoint:
        """Where its workers run."""
        return toolchains.endpoint(self.toolchain) if self.device is None else devices.device_of(self.device)

    def ask(self, module: str, function: str, **arguments: Any) -> Any:
        """What a vendor's library answers there. Raises as `ask_at`, Unavailable where nothing can be asked."""
        if self.problem:
            raise Unavailable(self.problem.reason, self.problem.next_step)
        return ask_at(self.endpoint(), module, function, **arguments)

    def alone_on(self) -> Mapping[str, Any]:
        """The device that measures nothing while a step runs here: its settings by its name; none but a device."""
        return {} if self.device is None else {hardware.name_of(self.device): self.device}

    def identity(self) -> dict[str, str]:
        """What beside versions enters the key: of a container its image's id, which a name alone doesn't tell."""
        container = self.toolchain.container if self.toolchain else None
        return {"image": container.image_id} if container else {}

    def versions(self, distributions: Sequence[str]) -> dict[str, str | None]:
        """Those that are there, None each where nothing can be asked."""
        if self.problem:
            return dict.fromkeys(distributions)
        if self.device is not None:
            return self.endpoint().versions(distributions)
        return toolchains.versions(self.toolchain, distributions)


HERE = Place()


@dataclass(frozen=True)
class Surroundings:
    """What of a spec says where its stages run: its backend's name, its `hardware` and `toolchain` settings, and the
    device that it is for."""

    backend: str
    hardware: Any
    toolchain: Settings
    target: Target


def place_of(stage: Stage, around: Surroundings, project: Path) -> Place:
    """The place of a stage. It is asked for versions, so that one that is broken is known before any work."""
    if stage.place == DEVICE:
        return _on(around)
    if not stage.toolchain:
        return HERE
    try:
        found = Place(_toolchain(stage.toolchain, around.toolchain, project_paths.home(project)))
        found.versions(stage.tools)
    except SpecError:
        raise
    except RunnerError as error:
        return Place(problem=error)
    return found


def _toolchain(name: str, named: Settings, project: Path) -> Toolchain:
    """The one that the spec names, else what is installed, or is to be."""
    if named.python is not None or named.image is not None:
        return toolchains.pointed_to(named.python, named.image)
    return (toolchains.on_demand if named.install else toolchains.installed)(project, name)


def _on(around: Surroundings) -> Place:
    """The spec's device, which has to have what the backend compiles with; here its planning asks for that."""
    settings, backend, target = around.hardware, around.backend, around.target
    if target.problem or target.name == hardware.LOCAL:
        return Place(device=settings, problem=target.problem)
    try:
        found = Place(device=settings).versions(loading.backend(backend).distributions)
    except RunnerError as error:
        return Place(device=settings, problem=error)
    missing = [name for name, version in found.items() if version is None]
    return Place(device=settings, problem=targets.without(target, backend, settings, missing))
