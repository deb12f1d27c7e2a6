"""NVIDIA's GPUs, through NVML's Python binding (nvidia-ml-py)."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runner.core import extras
from runner.hardware.sensor_reader import Meter, Reader


def probe(root: Path) -> Reader | str:
    """`gpu<n>_{w,j,c,mhz,percent,mb}` of each GPU; the meter is their boards: energy where counted, else power."""
    try:
        nvml: Any = importlib.import_module("pynvml")
    except ImportError:
        return f"nvidia-ml-py is not installed ({extras.install(['nvidia-ml-py'])})"
    try:
        nvml.nvmlInit()
        handles = [nvml.nvmlDeviceGetHandleByIndex(number) for number in range(nvml.nvmlDeviceGetCount())]
    except nvml.NVMLError as error:
        return f"NVML: {error}"
    ways = {name: way for number, handle in enumerate(handles) for name, way in _ways(nvml, number, handle).items()}
    able = {name: way for name, way in ways.items() if _try(nvml, way) is not None}
    if not able:
        nvml.nvmlShutdown()
        return f"NVML reads nothing of {len(handles)} GPUs"
    first = {name: way() for name, way in able.items() if name.endswith("_j")}

    def read() -> dict[str, float]:
        values = {name: value for name, way in able.items() if (value := _try(nvml, way)) is not None}
        return {name: value - first.get(name, 0.0) for name, value in values.items()}

    return Reader("NVML", tuple(able), read, _meter(able, len(handles)), nvml.nvmlShutdown)


def _ways(nvml: Any, number: int, handle: Any) -> dict[str, Callable[[], float]]:
    name = f"gpu{number}"
    return {
        f"{name}_w": lambda: nvml.nvmlDeviceGetPowerUsage(handle) / 1000,
        f"{name}_j": lambda: nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000,
        f"{name}_c": lambda: float(nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)),
        f"{name}_mhz": lambda: float(nvml.nvmlDeviceGetClockInfo(handle, nvml.NVML_CLOCK_SM)),
        f"{name}_percent": lambda: float(nvml.nvmlDeviceGetUtilizationRates(handle).gpu),
        f"{name}_mb": lambda: nvml.nvmlDeviceGetMemoryInfo(handle).used / 1e6,
    }


def _try(nvml: Any, way: Callable[[], float]) -> float | None:
    """None where this GPU doesn't tell (NVML_ERROR_NOT_SUPPORTED and its like)."""
    try:
        return way()
    except nvml.NVMLError:
        return None


def _meter(signals: dict[str, Any], gpus: int) -> Meter | None:
    kinds = [[name for name in (f"gpu{number}_j", f"gpu{number}_w") if name in signals][:1] for number in range(gpus)]
    added = tuple(name for kind in kinds for name in kind)
    return Meter(added, "NVML " + " + ".join(name.rpartition("_")[0] for name in added)) if added else None
