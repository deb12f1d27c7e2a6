"""Where a step runs: in this interpreter, in a toolchain, or on the device; the versions in its key are those there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.backends import loading
from runner.backends.contract import DEVICE, Stage
from runner.core import project_paths
from runner.core.errors import RunnerError, SpecError
from runner.planning import target as targets
from runner.planning.target import Target
from runner.spec import hardware
from runner.spec.schema import Spec
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


def place_of(stage: Stage, spec: Spec, target: Target, project: Path) -> Place:
    """The place of one of a spec's stages; `target` is the spec's device. It is asked for versions, so that one that is
    broken is known before any work."""
    if stage.place == DEVICE:
        return _on(spec, target)
    if not stage.toolchain:
        return HERE
    try:
        found = Place(_toolchain(stage.toolchain, spec, project_paths.home(project)))
        found.versions(stage.tools)
    except SpecError:
        raise
    except RunnerError as error:
        return Place(problem=error)
    return found


def _toolchain(name: str, spec: Spec, project: Path) -> Toolchain:
    """The one that the spec names, else what is installed, or is to be."""
    named = spec.toolchain
    if named.python is not None or named.image is not None:
        return toolchains.pointed_to(named.python, named.image)
    return (toolchains.on_demand if named.install else toolchains.installed)(project, name)


def _on(spec: Spec, target: Target) -> Place:
    """The spec's device, which has to have what the backend compiles with; here its planning asks for that."""
    settings, backend = spec.hardware.settings, spec.backend.name
    if target.problem or target.name == hardware.LOCAL:
        return Place(device=settings, problem=target.problem)
    try:
        found = Place(device=settings).versions(loading.backend(backend).distributions)
    except RunnerError as error:
        return Place(device=settings, problem=error)
    missing = [name for name, version in found.items() if version is None]
    return Place(device=settings, problem=targets.without(target, backend, settings, missing))
