"""Where a step runs: in this interpreter, in a toolchain, or on the device; the versions in its key are those there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
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
from runner.transport import devices, releases, toolchains
from runner.transport.endpoint import Endpoint
from runner.transport.toolchains import Toolchain


@dataclass(frozen=True)
class Place:
    """A `toolchain`, or a `device` (a spec's `hardware` settings); neither: this interpreter; both: a runtime's release
    on this machine, on which nothing is measured meanwhile. `problem`: why nothing can run there. `timed_on`: the
    settings of the device on which what runs here times what it tries; where it runs is the same without."""

    toolchain: Toolchain | None = None
    device: Any = None
    problem: RunnerError | None = None
    timed_on: Any = field(default=None, compare=False)

    def endpoint(self) -> Endpoint:
        """Where its workers run."""
        if self.device is None:
            return toolchains.endpoint(self.toolchain)
        return devices.device_of(self.device, self.toolchain)

    def ask(self, module: str, function: str, **arguments: Any) -> Any:
        """What a vendor's library answers there. Raises as `ask_at`, Unavailable where nothing can be asked."""
        if self.problem:
            raise Unavailable(self.problem.reason, self.problem.next_step)
        if self.toolchain and self.toolchain.to_be_made:
            name = self.toolchain.installed_as
            reason = f"{name} has to be asked before any work, and is not installed here."
            raise Unavailable(reason, toolchains.how_to_install(name))
        return ask_at(self.endpoint(), module, function, **arguments)

    def alone_on(self) -> Mapping[str, Any]:
        """The device that measures nothing else while a step runs here: its settings by its name; none without."""
        used = self.timed_on if self.device is None else self.device
        return {} if used is None else {hardware.name_of(used): used}

    def lent(self) -> dict[str, Any] | None:
        """How a step that runs here reaches the device on which it times what it tries; None: that is this machine."""
        if self.timed_on is None or hardware.name_of(self.timed_on) == hardware.LOCAL:
            return None
        from runner.transport import lent

        return lent.of(devices.device_of(self.timed_on))

    def identity(self) -> dict[str, str]:
        """What beside versions enters the key: of a container its image's id, which a name alone doesn't tell; of what
        we install all that it is made of."""
        container = self.toolchain.container if self.toolchain else None
        if self.toolchain and self.toolchain.made_of:
            return {"made_of": self.toolchain.made_of}
        return {"image": container.image_id} if container else {}

    def versions(self, distributions: Sequence[str]) -> dict[str, str | None]:
        """Those that are there, None each where nothing can be asked."""
        if self.problem:
            return dict.fromkeys(distributions)
        if self.device is not None and self.toolchain is None:
            return self.endpoint().versions(distributions)
        return toolchains.versions(self.toolchain, distributions)

    def holds(self, wanted: Mapping[str, str | None], found: Mapping[str, str | None]) -> bool:
        """Whether a worker that has the versions `found` has those that `versions` told."""
        return toolchains.holds(self.toolchain, wanted, found)

    @property
    def release(self) -> Toolchain | None:
        """The environment of a runtime's release, where it is one."""
        return self.toolchain if self.toolchain and self.toolchain.is_release else None


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
    if around.toolchain.version and not stage.toolchain:
        own = runtime_of(around.backend, around.toolchain, project)
        if stage.times_on_device:
            return replace(own, timed_on=around.hardware)
        return replace(own, device=around.hardware) if stage.place == DEVICE else own
    if stage.place == DEVICE:
        return _on(around)
    if stage.times_on_device:
        return _timed_on(around)
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


def runtime_of(backend: str, named: Settings, project: Path) -> Place:
    """Where a backend's session runs on this machine: here, or in the release that a spec names."""
    if named.version is None:
        return HERE
    try:
        release = releases.parsed(f"{loading.backend(backend).runtime}{releases.EQUALS}{named.version}")
        return Place(_by_name(release.name, named, project_paths.home(project)))
    except SpecError:
        raise
    except RunnerError as error:
        return Place(problem=error)


def tools(backend: str, place: Place) -> tuple[str, ...]:
    """The distributions whose versions are in the key of what a backend does there; of a runtime's release that alone
    is known before it is made."""
    declared = loading.backend(backend)
    return (declared.runtime,) if place.release else declared.distributions


def _toolchain(name: str, named: Settings, project: Path) -> Toolchain:
    """The one that the spec names, else what is installed, or is to be."""
    if named.python is not None or named.image is not None:
        return toolchains.pointed_to(named.python, named.image)
    return _by_name(name, named, project)


def _by_name(name: str, named: Settings, project: Path) -> Toolchain:
    return (toolchains.on_demand if named.install else toolchains.installed)(project, name)


def _timed_on(around: Surroundings) -> Place:
    """This interpreter, and the spec's device, which has to have what the backend's session runs with."""
    target = around.target
    problem = target.problem or targets.lacking(target, around.backend, around.hardware)
    return Place(timed_on=around.hardware, problem=problem)


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
