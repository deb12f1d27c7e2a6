"""What this machine can do: backends, sensors, tools; and for what it can't, why and how to get it."""

from __future__ import annotations

import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from runner.backends import loading
from runner.backends.contract import Backend
from runner.core import extras, installed, programs
from runner.core import project_paths as projects
from runner.core.errors import RunnerError, SpecError
from runner.core.programs import NoAnswer
from runner.hardware.detect import Hardware, detect, governor
from runner.hardware.sensor_reader import Reader
from runner.spec import options
from runner.transport import container, toolchains
from runner.transport.endpoint import ANSWER_SECONDS
from runner.worker import orphan_reaper

PROBE_SECONDS = 180.0
# Sensors that most machines have, and how to get them where they are not to be read.
ADVICE = {
    "frequency": "Measure on the bare machine: its hypervisor hides it.",
    "temperature": "On a machine of your own: sudo apt install lm-sensors",
    "RAPL": "Measure on the bare machine; then: sudo modprobe intel_rapl_msr",
    "NVML": "It needs an NVIDIA GPU and its driver.",
}


@dataclass(frozen=True)
class Check:
    """One line of the examination. `status`: `pass`, `fail` (there, but broken) or `skip` (not there)."""

    name: str
    status: str
    detail: str
    next_step: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def examine(root: Path = Path("/")) -> list[Check]:
    """Every check, in the order in which it is shown. `root` is where `/sys` and `/proc` lie. Takes some seconds."""
    found, project = detect(root), projects.root()
    own = [machine(found), calibrated(project, found), *optional(), *backends(project), *sensors(root)]
    return [*own, *installed_toolchains(projects.home(project)), *named_toolchain(project), *containers(), *tools()]


def machine(found: Hardware) -> Check:
    """What the processor is; what could not be read is named."""
    parts = [found.cpu or "unknown CPU", f"{found.usable_cores} usable cores"]
    if found.memory_mb:
        parts.append(f"{found.memory_mb / 1000:.1f} GB")
    return Check("machine", "pass", ", ".join(parts), data={"unknown": dict(found.unknown)})


def calibrated(project: Path, found: Hardware) -> Check:
    """Whether this machine's noise floor is known, and since when."""
    from runner.results import calibration

    known = calibration.latest(project, found.identity)
    if known is None:
        why = "this machine's noise floor is not known: measure.floor stands for it"
        return Check("calibration", "skip", why, "python -m runner calibrate")
    detail = f"noise floor {100 * known.floor:.2f} %, {calibration.source(known)}"
    return Check("calibration", "pass", detail, data={**known.as_dict(), "age_days": known.age_days()})


# --- extras ---


def optional() -> list[Check]:
    """The optional parts of this package, and which are here."""
    return [extra(name) for name in extras.EXTRAS]


def extra(name: str) -> Check:
    """What it brings, with versions; where something of it is missing, what it is for."""
    label, asked = f"extra {name}", extras.EXTRAS[name]
    versions = installed.versions(asked.distributions)
    absent = [package for package, version in versions.items() if version is None]
    if absent:
        why = f"{', '.join(absent)} not installed ({asked.use})"
        return Check(label, "skip", why, extras.install(absent), {"versions": versions})
    detail = ", ".join(f"{package} {version}" for package, version in versions.items())
    return Check(label, "pass", detail, data={"versions": versions})


# --- backends ---


def backends(project: Path) -> list[Check]:
    """One check for every backend that `conf/backend/` names."""
    return [backend(name, project) for name in options.names("backend", project)]


def backend(name: str, project: Path) -> Check:
    """Its library's version, and whether it compiles and runs a tiny model in a worker of its own."""
    declared = loading.backend(name)
    label = f"backend {name}"
    missing = [package for package in declared.distributions if installed.version(package) is None]
    if missing:
        return Check(label, "skip", f"{', '.join(missing)} is not installed", declared.install)
    if not declared.distributions:
        return _made_elsewhere(label, declared, project)
    settings = {key: value for key, value in options.values("backend", name, project).items() if key != "name"}
    try:
        found = _probe(name, settings)
    except RunnerError as error:
        return Check(label, "fail", error.reason, f"Reinstall it: {declared.install}")
    lacks, advice = loading.ask(name, "lacks") or ("", "")
    detail = "; ".join(filter(None, (str(found["version"]), _does(declared, found), lacks)))
    return Check(label, "pass", detail, advice, data=found)


def _made_elsewhere(label: str, declared: Backend, project: Path) -> Check:
    """Of a backend that needs nothing but toolchains: whether they are here."""
    names, home = _toolchains_of(declared), projects.home(project)
    missing = [name for name in names if toolchains.state(home, name) == "not installed"]
    if missing:
        return Check(label, "skip", f"the toolchain {', '.join(missing)} is not installed", declared.install)
    return Check(label, "pass", f"what it compiles is made in the toolchain {', '.join(names)}")


def _toolchains_of(declared: Backend) -> list[str]:
    return sorted({stage.toolchain for stage in declared.stages if stage.toolchain})


def _does(declared: Backend, found: Mapping[str, Any]) -> str:
    if "compile_seconds" in found:
        return f"compiles and runs a tiny model in {found['compile_seconds']:.1f} s"
    elsewhere = _toolchains_of(declared)
    where = f"; what it compiles is made in the toolchain {', '.join(elsewhere)}" if elsewhere else ""
    return f"its library is imported{where}"


def _probe(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    from runner.transport.device import HERE
    from runner.transport.endpoint import WorkerOptions

    with tempfile.TemporaryDirectory(dir=orphan_reaper.folder()) as folder:
        arguments = {"backend": name, "settings": settings, "folder": folder}
        with HERE.open_worker(Path(folder) / "log", WorkerOptions(name)) as worker:
            found: dict[str, Any] = worker.ask(
                "call", timeout=PROBE_SECONDS, module="runner.steps.self_test", function="probe", arguments=arguments
            )
    return found


# --- sensors ---


def sensors(root: Path) -> list[Check]:
    """What can be read while measuring, as the sampler reads it; of the rarer sensors those that are there."""
    from runner.hardware.sensors import PROBES

    found = [sensor(name, probe(root)) for name, probe in PROBES.items()]
    return [_governor(root), *(one for one, name in zip(found, PROBES, strict=True) if one.data or name in ADVICE)]


def sensor(name: str, found: Reader | str) -> Check:
    """One sensor: what it reads now, or why it can't be read."""
    label = f"sensor {name}"
    if isinstance(found, str):
        why, _, command = found.partition(": sudo ")  # that would let this user read it
        return Check(label, "skip", why, f"sudo {command}" if command else ADVICE.get(name, ""))
    try:
        values = dict(found.read())
    except Exception as error:  # a vendor's library raises what it likes
        return Check(label, "fail", f"{type(error).__name__}: {error}", "Measure without its signals, or mend it.")
    finally:
        found.close()
    return Check(label, "pass", ", ".join(f"{signal} {value:.5g}" for signal, value in values.items()), data=values)


def _governor(root: Path) -> Check:
    name = governor(root)
    if name is None:
        why = "no cpufreq in /sys/devices/system/cpu, as is usual in a virtual machine"
        return Check("sensor governor", "skip", why, "Measure on the bare machine to set it.")
    advice = "" if name == "performance" else "For steadier numbers: sudo cpupower frequency-set -g performance"
    return Check("sensor governor", "pass", name, advice, {"governor": name})


# --- toolchains ---


def installed_toolchains(project: Path) -> list[Check]:
    """Those that can be installed, and whether they are."""
    return [_installed(name, state) for name, state in toolchains.listed(project).items()]


def _installed(name: str, state: str) -> Check:
    advice = "" if state == "installed" else toolchains.how_to_install(name)
    status = "skip" if state == "not installed" else "pass"
    return Check(f"toolchain {name}", status, state, advice, {"state": state})


def named_toolchain(project: Path) -> list[Check]:
    """The one that the project's YAML points to, where it does, and whether a worker starts there."""
    from runner.sweeps import request

    try:
        named = request.one(project, []).toolchain
    except SpecError as error:
        return [Check("toolchain", "fail", error.reason, error.next_step)]
    if named.python is None and named.image is None:
        return []
    label = f"toolchain.{'python' if named.python else 'image'}"
    try:
        found = toolchains.pointed_to(named.python, named.image)
        version = toolchains.endpoint(found).call("platform", "python_version")
    except RunnerError as error:
        return [Check(label, "fail", error.reason, error.next_step)]
    return [Check(label, "pass", f"{named.python or named.image}: Python {version}", data={"python": version})]


def containers() -> list[Check]:
    """What can start a toolchain's image; the first that is there does."""
    return [_container(name) for name in container.PROGRAMS]


def _container(name: str) -> Check:
    """A program's version, and whether it answers: docker's daemon may not run."""
    label = f"container {name}"
    found = tool(name, "toolchain.image=…", f"sudo apt install {container.PROGRAMS[name]}")
    if found.status != "pass":
        return replace(found, name=label)
    _, fault = _answer([name, "info"])
    if fault:
        return Check(label, "fail", f"{found.detail}, but it starts none: {fault}", f"Mend what it says: {name} info")
    return replace(found, name=label)


# --- tools ---


def tools() -> list[Check]:
    """Programs beside Python that some commands use."""
    return [
        tool("git", "provenance of records", "sudo apt install git"),
        tool("dvc", "the canonical grid", extras.install(["dvc"])),
    ]


def tool(name: str, used_for: str, install: str) -> Check:
    """A program's version, looked for on PATH and beside this interpreter."""
    path = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if path is None:
        return Check(f"tool {name}", "skip", f"not found ({used_for})", install)
    version, fault = _answer([path, "--version"])
    if fault:
        return Check(f"tool {name}", "fail", f"{path}: {fault}", f"Reinstall it: {install}")
    return Check(f"tool {name}", "pass", version, data={"path": path})


def _answer(command: Sequence[str]) -> tuple[str, str]:
    """(The first line that a program answers, what is wrong with it): one of them is empty where the other isn't."""
    try:
        done = programs.ask(command, ANSWER_SECONDS)
    except NoAnswer as error:
        return "", str(error)
    if done.returncode:
        return "", (_lines(done.stderr or done.stdout) or ["it fails without a word"])[-1]
    return (_lines(done.stdout) or ["it says no version"])[0], ""


def _lines(said: str) -> list[str]:
    return [line.strip() for line in said.splitlines() if line.strip()]
