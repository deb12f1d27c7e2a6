"""Arm's Ethos-U65, beside Cortex-M or Cortex-A. Nothing runs here: Vela compiles, and reckons."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from runner.backends._ethos_u import (
    IN_DRAM,
    IN_SRAM,
    accelerators,
    arena,
    check_memory,
    declared,
    memory_modes,
    strategies,
    systems,
)
from runner.backends.litert import activation_bits, file_ports


@dataclass(frozen=True)
class Settings:
    accelerator: str = accelerators("ethos-u65-256", "ethos-u65-512")
    system_config: str = systems(
        "Ethos_U65_Embedded", "Ethos_U65_Mid_End", "Ethos_U65_High_End", "Ethos_U65_Client_Server"
    )
    memory_mode: str = memory_modes(*IN_SRAM, *IN_DRAM)
    optimise: str = strategies()
    arena_bytes: Optional[int] = arena()  # noqa: UP045
    activations: int = activation_bits()
    io: str = file_ports()

    def __post_init__(self) -> None:
        check_memory(self.system_config, self.memory_mode)


BACKEND = declared(Settings)
