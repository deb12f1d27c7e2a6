"""A device's peaks, measured while nothing else is measured there, and kept with its calibrations."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime, timezone
from pathlib import Path

from runner.backends import loading
from runner.execution import device_locks
from runner.measure import peaks
from runner.measure.roofline import Peaks
from runner.results import calibration
from runner.spec import hardware
from runner.spec.schema import Spec
from runner.transport import devices
from runner.transport.device import Device
from runner.worker import orphan_reaper


def measure(home: Path, spec: Spec, say: Callable[[str], None]) -> Sequence[Peaks]:
    """The peaks of the spec's device with one thread, with all of its CPUs, and with as many threads as the spec has;
    `say` hears for whom it waits. Raises what a worker raises."""
    settings = spec.hardware.settings
    device, name = devices.device_of(settings), hardware.name_of(settings)
    with (
        device_locks.all_locked({name: settings}, say, spec.limits.step_s),
        tempfile.TemporaryDirectory(dir=orphan_reaper.folder()) as logs,
    ):
        date = datetime.now(timezone.utc).isoformat(timespec="seconds")
        found = peaks.of_threads(device, _threads(spec, device), Path(logs), date)
    calibration.add_peaks(home, found, device.hardware())
    return found


def _threads(spec: Spec, device: Device) -> set[int]:
    cpus = device.cpus()
    used = loading.backend(spec.backend.name).threads(spec.backend.settings)
    return {1, *([len(cpus)] if cpus else []), *([used] if used else [])}
