"""What this machine can do: backends, sensors, tools; and for what it can't, why and how to get it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from runner import keys, options
from runner import project as projects
from runner.backends import loading
from runner.endpoints import keeper
from runner.errors import RunnerError
from runner.hardware import Hardware, detect, governor

PROBE_SECONDS = 180.0
RAPL = "sys/class/powercap/intel-rapl:0/energy_uj"


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
    found = detect(root)
    return [machine(found), calibrated(projects.root(), found), *backends(projects.root()), *sensors(root), *tools()]


def machine(found: Hardware) -> Check:
    """What the processor is; what could not be read is named."""
    parts = [found.cpu or "unknown CPU", f"{found.usable_cores} usable cores"]
    if found.memory_mb:
        parts.append(f"{found.memory_mb / 1000:.1f} GB")
    return Check("machine", "pass", ", ".join(parts), data={"unknown": dict(found.unknown)})


def calibrated(project: Path, found: Hardware) -> Check:
    """Whether this machine's noise floor is known, and since when."""
    from runner import calibration

    known = calibration.latest(project, found.identity)
    if known is None:
        why = "this machine's noise floor is not known: measure.floor stands for it"
        return Check("calibration", "skip", why, "python -m runner calibrate")
    detail = f"noise floor {100 * known.floor:.2f} %, {calibration.source(known)}"
    return Check("calibration", "pass", detail, data={**known.as_dict(), "age_days": known.age_days()})


# --- backends ---


def backends(project: Path) -> list[Check]:
    """One check for every backend that `conf/backend/` names."""
    return [backend(name, project) for name in options.names("backend", project)]


def backend(name: str, project: Path) -> Check:
    """Its library's version, and whether it compiles and runs a tiny model in a worker of its own."""
    declared = loading.backend(name)
    label = f"backend {name}"
    missing = [package for package in declared.distributions if keys.version(package) is None]
    if missing:
        return Check(label, "skip", f"{', '.join(missing)} is not installed", declared.install)
    settings = {key: value for key, value in options.values("backend", name, project).items() if key != "name"}
    try:
        found = _probe(name, settings)
    except RunnerError as error:
        return Check(label, "fail", error.reason, f"Reinstall it: {declared.install}")
    detail = f"{found['version']}; compiles and runs a tiny model in {found['compile_seconds']:.1f} s"
    return Check(label, "pass", detail, data=found)


def _probe(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    from runner.endpoints.local import open_worker

    with tempfile.TemporaryDirectory(dir=keeper.folder()) as folder:
        arguments = {"backend": name, "settings": settings, "folder": folder}
        with open_worker(Path(folder) / "log", name=name) as worker:
            found: dict[str, Any] = worker.ask(
                "call", timeout=PROBE_SECONDS, module="runner.backends.probe", function="probe", arguments=arguments
            )
    return found


# --- sensors ---


def sensors(root: Path) -> list[Check]:
    """What can be read while measuring."""
    return [temperature(), frequency(), _governor(root), rapl(root), nvml()]


def temperature() -> Check:
    import psutil

    # Absent on macOS and Windows.
    read: Mapping[str, Any] = getattr(psutil, "sensors_temperatures", dict)()
    values = {chip: entries[0].current for chip, entries in read.items() if entries}
    if not values:
        why = "no sensor in /sys/class/hwmon or /sys/class/thermal, as is usual in a virtual machine"
        return Check("sensor temperature", "skip", why, "On a machine of your own: sudo apt install lm-sensors")
    shown = ", ".join(f"{chip} {value:.0f} °C" for chip, value in values.items())
    return Check("sensor temperature", "pass", shown, data=values)


def frequency() -> Check:
    import psutil

    found = psutil.cpu_freq() if hasattr(psutil, "cpu_freq") else None
    if found is None or not found.current:
        why = "neither /sys/devices/system/cpu/*/cpufreq nor /proc/cpuinfo says it"
        return Check("sensor frequency", "skip", why, "Measure on the bare machine: its hypervisor hides it.")
    return Check("sensor frequency", "pass", f"{found.current:.0f} MHz", data={"mhz": found.current})


def _governor(root: Path) -> Check:
    name = governor(root)
    if name is None:
        why = "no cpufreq in /sys/devices/system/cpu, as is usual in a virtual machine"
        return Check("sensor governor", "skip", why, "Measure on the bare machine to set it.")
    advice = "" if name == "performance" else "For steadier numbers: sudo cpupower frequency-set -g performance"
    return Check("sensor governor", "pass", name, advice, {"governor": name})


def rapl(root: Path) -> Check:
    """The CPU package's energy counter (Linux powercap, Intel and AMD)."""
    file = root / RAPL
    if not file.exists():
        why = f"no /{RAPL}: this CPU, kernel or hypervisor offers no energy counter"
        return Check(
            "sensor power (RAPL)", "skip", why, "Measure on the bare machine; then: sudo modprobe intel_rapl_msr"
        )
    if not os.access(file, os.R_OK):
        return Check("sensor power (RAPL)", "skip", f"/{RAPL} is not readable", f"sudo chmod a+r /{RAPL}")
    return Check("sensor power (RAPL)", "pass", f"/{RAPL}", data={"energy_uj": int(file.read_text())})


def nvml() -> Check:
    """NVIDIA's management library: power, temperature and clocks of its GPUs."""
    name = "sensor NVIDIA (NVML)"
    if keys.version("nvidia-ml-py") is None:
        advice = "With an NVIDIA GPU: pip install 'edge-runner[nvidia]'"
        return Check(name, "skip", "nvidia-ml-py is not installed", advice)
    import pynvml  # type: ignore[import-not-found,unused-ignore]

    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
        pynvml.nvmlShutdown()
    except pynvml.NVMLError as error:
        return Check(name, "skip", str(error), "It needs an NVIDIA GPU and its driver.")
    return Check(name, "pass", f"{count} GPU", data={"gpus": count})


# --- tools ---


def tools() -> list[Check]:
    """Programs beside Python that some commands use."""
    return [
        tool("git", "provenance of records", "sudo apt install git"),
        tool("dvc", "the canonical grid", "pip install 'edge-runner[dvc]'"),
    ]


def tool(name: str, used_for: str, install: str) -> Check:
    """A program's version, looked for on PATH and beside this interpreter."""
    path = shutil.which(name) or shutil.which(name, path=str(Path(sys.executable).parent))
    if path is None:
        return Check(f"tool {name}", "skip", f"not found ({used_for})", install)
    done = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=60, check=False)
    if done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()
        return Check(f"tool {name}", "fail", f"{path}: {said[-1] if said else 'it fails'}", f"Reinstall it: {install}")
    return Check(f"tool {name}", "pass", done.stdout.strip().splitlines()[0], data={"path": path})
