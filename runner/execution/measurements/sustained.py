"""How a long load went, window by window, from what the benchmark before it left; of several pairs the first, which
began coldest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.execution.measurements import benchmark
from runner.execution.measurements.protocol import Left, Work


def measure(work: Work, before: Mapping[str, Any]) -> Left:
    """`sustained`, by role."""
    import numpy as np

    from runner.measure import samples, sustained
    from runner.telemetry import sampler, time_series

    spec, profile = work.cell.candidate.spec, work.folder / sampler.PROFILE
    seen = time_series.read(profile) if profile.is_file() else None
    floor, found = benchmark.floor(work).value, {}
    with np.load(work.folder / samples.FILE) as kept:
        for role, side in work.sides.items():
            starts, sizes = kept[f"bursts/{role}/0"].T
            of_machine = None if side.device.remote else seen
            how = (floor, spec.measure.settings.confidence, spec.seed)
            found[role] = sustained.course(kept[f"{role}/0"], starts, sizes, of_machine, *how).as_dict()
    return Left({"sustained": found})
