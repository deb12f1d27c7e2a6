"""Arm's Ethos-U65, beside Cortex-M or Cortex-A. Nothing runs here: Vela compiles, and reckons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from runner.backends._ethos_u import (
    IN_DRAM,
    IN_SRAM,
    accelerators,
    arena,
    check,
    config,
    declared,
    memory_modes,
    strategies,
    systems,
)
from runner.backends.litert import activation_bits, file_ports, image_channels

SYSTEMS = (
    "Ethos_U65_Embedded",
    "Ethos_U65_Mid_End",
    "Ethos_U65_High_End",
    "Ethos_U65_Client_Server",
)
MODES = (*IN_SRAM, *IN_DRAM)


@dataclass(frozen=True)
class Settings:
    accelerator: str = accelerators("ethos-u65-256", "ethos-u65-512")
    config: Optional[str] = config()  # noqa: UP045
    system_config: str = systems(*SYSTEMS)
    memory_mode: str = memory_modes(*MODES)
    optimise: str = strategies()
    arena_bytes: Optional[int] = arena()  # noqa: UP045
    channels: str = image_channels()
    activations: int = activation_bits()
    io: str = file_ports()

    def __post_init__(self) -> None:
        check(self, SYSTEMS, MODES)


BACKEND = declared(Settings)
