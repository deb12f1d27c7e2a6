"""A benchmark: the candidate is timed against its baseline, each on its device."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from runner.core.linear_algebra import one_thread
from runner.execution.measurements import figures
from runner.execution.measurements.protocol import Left, Work
from runner.measure.next_pair import starting
from runner.spec import hardware
from runner.transport import devices

if TYPE_CHECKING:
    from runner.measure.benchmark import Benchmark
    from runner.measure.noise_floor import NoiseFloor
    from runner.results.record_schema import Result
    from runner.telemetry.sampler import Sampler

LATER = ("numpy.ma", "numpy.random", "runner.pictures.record_pictures")  # np.median asks for the first


def measure(work: Work, before: Mapping[str, Any]) -> Left:
    """Its figures, what they are sure of, and all samples."""
    with _sampling_here(work) as sampler:
        run = work.run(sampler)
        with starting(run) as ready:
            with one_thread():
                from runner.measure.benchmark import benchmark  # numpy: imported while the first processes start

            _import_for_later()
            found = benchmark(ready, floor(work), work.comparisons, work.progress)
    files = _files(found, work.folder)
    content = {**figures.record_parts(found, work), "timing": {"benchmark_s": found.seconds}}
    return Left(content, found.warnings, files, partial(_pictures, found, files, work.folder), found.seconds)


def _import_for_later() -> None:
    """What figures and pictures are made with: 50 ms, for which nobody waits while processes load."""
    for name in LATER:
        import_module(name)


def _sampling_here(work: Work) -> AbstractContextManager[Sampler | None]:
    """The sampler of the sides that run on this machine; it sees no other."""
    from runner.telemetry.sampler import sampling

    here = [role for role, side in work.sides.items() if not side.device.remote]
    return sampling(work.folder, work.cell.candidate.spec.telemetry, here) if here else nullcontext()


def floor(work: Work) -> NoiseFloor:
    """The noise floor of the device that the cell is measured on; of two the larger one."""
    from runner.measure.noise_floor import NoiseFloor
    from runner.results import calibration

    setting, found = work.cell.candidate.spec.measure.settings.floor, {}
    for chain in work.cell.chains:
        device = devices.device_of(chain.spec.hardware.settings)
        where = hardware.called(chain.spec.hardware.settings)
        known = calibration.noise_floor(work.root, str(device.hardware()["identity"]), where=where)
        found[device.name] = known or NoiseFloor(setting, f"measure.floor; {where} is not calibrated")
    return max(found.values(), key=lambda floor: floor.value)


def _files(found: Benchmark, folder: Path) -> dict[str, Path]:
    """Samples and telemetry."""
    import numpy as np

    from runner.telemetry import summary

    file, samples = folder / "samples.npz", cast(dict[str, Any], found.samples())
    np.savez_compressed(file, **samples)
    return {"samples.npz": file, **summary.write(found.telemetry, folder)}


def _pictures(found: Benchmark, files: Mapping[str, Path], folder: Path, result: Result) -> dict[str, Path]:
    from runner.pictures import record_pictures

    candidate, baseline = (found.latencies_ms(role) for role in ("candidate", "baseline"))
    charts = record_pictures.charts(result, candidate, baseline, files.get("system_profile.txt"))
    return record_pictures.write(charts, folder)
