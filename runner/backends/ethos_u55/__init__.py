"""Arm's Ethos-U55, beside Cortex-M: SRAM and flash. Nothing runs here: Vela compiles, and reckons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from runner.backends._ethos_u import (
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
    "Ethos_U55_Deep_Embedded",
    "Ethos_U55_High_End_Embedded",
)
MODES = IN_SRAM


@dataclass(frozen=True)
class Settings:
    accelerator: str = accelerators("ethos-u55-32", "ethos-u55-64", "ethos-u55-128", "ethos-u55-256")
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
