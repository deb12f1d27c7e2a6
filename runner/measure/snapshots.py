"""Looks at the device on which something is measured, while it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from runner.core.errors import OddAnswer
from runner.transport.device import Device
from runner.transport.local import Worker

if TYPE_CHECKING:
    from runner.telemetry.sampler import Sampler


class Look(Protocol):
    """A snapshot of `runner.measure.conditions`, taken on the device; with `everybody`, of all its processes too."""

    def __call__(self, everybody: bool = False) -> Mapping[str, Any]: ...


def looking(device: Device, workers: Sequence[Worker], sampler: Sampler | None) -> Look:
    """How to look at `device` while `workers` measure there; `sampler` runs beside them. Their work is ours, what
    everybody else does is not."""
    pids = [*device.pids(workers), *([sampler.process.pid] if sampler else [])]
    last = [-1.0]

    def look(everybody: bool = False) -> Mapping[str, Any]:
        seen: Mapping[str, Any] = device.call("runner.measure.conditions", "read", ours=pids, everybody=everybody)
        if seen["monotonic_s"] <= last[0]:
            raise OddAnswer(
                f"{device.name}: the device's answer to `read` can't be right: its clock stands.",
                "Look at its monotonic clock (clock_gettime(2)).",
            )
        last[0] = seen["monotonic_s"]
        return seen

    return look
