"""Contract doubles of the two vendors' libraries, by their published names: none of their devices is here."""

from __future__ import annotations

from types import ModuleType, SimpleNamespace
from typing import Any


class NVMLError(Exception):
    """As pynvml.NVMLError."""


def nvml(power_mw: int, energy_mj: list[int] | None) -> Any:
    """pynvml with one GPU; `energy_mj` are the counter's next readings, None on a board without one."""

    def energy(handle: int) -> int:
        if energy_mj is None:
            raise NVMLError("Not Supported")
        return energy_mj.pop(0)

    module: Any = ModuleType("pynvml")
    module.NVMLError, module.NVML_TEMPERATURE_GPU, module.NVML_CLOCK_SM = NVMLError, 0, 1
    module.nvmlInit = module.nvmlShutdown = lambda: None
    module.nvmlDeviceGetCount = lambda: 1
    module.nvmlDeviceGetHandleByIndex = lambda number: number
    module.nvmlDeviceGetPowerUsage = lambda handle: power_mw
    module.nvmlDeviceGetTotalEnergyConsumption = energy
    module.nvmlDeviceGetTemperature = lambda handle, kind: 45
    module.nvmlDeviceGetClockInfo = lambda handle, kind: 1410
    module.nvmlDeviceGetUtilizationRates = lambda handle: SimpleNamespace(gpu=37)
    module.nvmlDeviceGetMemoryInfo = lambda handle: SimpleNamespace(used=2_000_000)
    return module


def hailo(has_monitor: bool) -> Any:
    """hailo_platform with one device, with or without an INA231."""
    features = SimpleNamespace(current_monitoring=has_monitor)
    control = SimpleNamespace(
        get_extended_device_information=lambda: SimpleNamespace(supported_features=features),
        get_chip_temperature=lambda: SimpleNamespace(ts0_temperature=50.5, ts1_temperature=51.5),
        power_measurement=lambda: 2.5,
    )
    module: Any = ModuleType("hailo_platform")
    module.Device = lambda: SimpleNamespace(control=control, release=lambda: None)
    return module
