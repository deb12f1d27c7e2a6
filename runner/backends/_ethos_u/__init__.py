"""What Arm's Ethos-U NPUs have in common: LiteRT's stages, then Vela, their compiler, and what it reckons.

Each generation is a backend of its own: `ethos_u55`, `ethos_u65`, `ethos_u85`. https://pypi.org/project/ethos-u-vela
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from runner.backends import litert
from runner.backends.contract import Backend, Capabilities, Reference, Stage
from runner.core.errors import SpecError
from runner.core.setting_rules import setting

VELA = "ethos-u-vela"
TOSA = "tosa"  # the toolchain with Arm's reference model
VELA_FILE = "model_vela.tflite"  # as Vela calls what it makes of model.tflite
IN_SRAM = ("Sram_Only", "Shared_Sram")  # memory modes that any system can have
IN_DRAM = ("Dedicated_Sram", "Dedicated_Sram_256KB", "Dedicated_Sram_384KB", "Dedicated_Sram_512KB")
INTEGERS = "Vela compiles integers alone"


def accelerators(*names: str) -> Any:
    return setting("the NPU, by the MACs that it does in a cycle", choices=names)


def systems(*names: str) -> Any:
    return setting("clock and memories around it, as Vela's vela.ini has them", choices=names)


def memory_modes(*names: str) -> Any:
    return setting("where weights and arena lie", choices=names)


def strategies() -> Any:
    return setting("what Vela optimises for: time, or as little memory as may be", choices=("performance", "size"))


def arena() -> Any:
    return setting("the arena that Vela aims at; null: the memory mode's own", unit="bytes", low=1)


def check_memory(system: str, mode: str) -> None:
    """Raises SpecError where a memory mode wants DRAM and the system has flash: Vela ends with a traceback."""
    if mode in IN_DRAM and not _has_dram(system):
        reason = f"backend.memory_mode={mode}: backend.system_config={system} has no DRAM for the arena, but flash."
        raise SpecError(reason, "Use backend.memory_mode=Shared_Sram, or a system with DRAM.")


def _has_dram(system: str) -> bool:
    return "Flash" not in system and "Embedded" not in system


def declared(settings: type) -> Backend:
    """The declaration of a generation whose settings these are."""
    stages = [replace(stage, whose=litert.SDK) for stage in litert.STAGES_OF_TOOLCHAIN]
    vela = Stage(
        "compile",
        asks=("precision", "batch"),
        needs=("model",),
        provides=(VELA_FILE, "reports"),
        toolchain=litert.SDK,
        tools=(VELA, "ai-edge-litert"),
    )
    return Backend(
        settings=settings,
        accepts=("checkpoint", "onnx"),
        precisions=("int8",),
        refuses=dict.fromkeys(("fp32", "fp16", "int8_dynamic"), f"{INTEGERS}: precision=int8"),
        distributions=(),
        install="python -m runner toolchain install litert",
        capabilities=Capabilities(threads=False, host_proof=False, quantizes=True, estimate=True),
        stages=(*stages, vela),
        references=(Reference("tosa", TOSA),),
    )
