"""What Arm's Ethos-U NPUs have in common: LiteRT's stages, then Vela, their compiler, and what it reckons.

Each generation is a backend of its own: `ethos_u55`, `ethos_u65`, `ethos_u85`. https://pypi.org/project/ethos-u-vela
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from runner.backends import litert
from runner.backends._ethos_u import own_config
from runner.backends.contract import Backend, Capabilities, Reference, Stage
from runner.core.errors import SpecError, nearest
from runner.core.setting_rules import setting

VELA = "ethos-u-vela"
TOSA = "tosa"  # the toolchain with Arm's reference model
VELA_FILE = "model_vela.tflite"  # as Vela calls what it makes of model.tflite
IN_SRAM = ("Sram_Only", "Shared_Sram")  # memory modes that any system can have
IN_DRAM = ("Dedicated_Sram", "Dedicated_Sram_256KB", "Dedicated_Sram_384KB", "Dedicated_Sram_512KB")
OWN = r"\S(.*\S)?"  # a section's name in a user's vela.ini
INTEGERS = "Vela compiles integers alone"


def accelerators(*names: str) -> Any:
    return setting("the NPU, by the MACs that it does in a cycle", choices=names)


def config() -> Any:
    return setting("a vela.ini of your own, whose names system_config and memory_mode are then; null: Vela's")


def systems(*names: str) -> Any:
    return setting("clock and memories around it, as vela.ini has them", choices=names, also=OWN)


def memory_modes(*names: str) -> Any:
    return setting("where weights and arena lie, as vela.ini has them", choices=names, also=OWN)


def strategies() -> Any:
    return setting("what Vela optimises for: time, or as little memory as may be", choices=("performance", "size"))


def arena() -> Any:
    return setting("the arena that Vela aims at; null: the memory mode's own", unit="bytes", low=1)


def check(settings: Any, known_systems: Sequence[str], known_modes: Sequence[str]) -> None:
    """Raises SpecError for a name that Vela's own vela.ini hasn't for this generation, and where a memory mode wants
    DRAM and the system has flash: Vela ends with a traceback. The names of a user's own file are checked when it is
    read (`own_config.files`)."""
    if settings.config is not None:
        return
    _check_name("system_config", settings.system_config, known_systems)
    _check_name("memory_mode", settings.memory_mode, known_modes)
    _check_memory(settings.system_config, settings.memory_mode)


def _check_name(key: str, name: str, known: Sequence[str]) -> None:
    if name not in known:
        reason = f"backend.{key}={name}: not one of {', '.join(known)}.{nearest(name, known)}"
        raise SpecError(reason, "Choose one, or name the vela.ini that has it: backend.config=my.ini")


def _check_memory(system: str, mode: str) -> None:
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
        takes_up={".tflite": "compile"},
        files=own_config.files,
        precisions=("int8",),
        refuses=dict.fromkeys(("fp32", "fp16", "int8_dynamic"), f"{INTEGERS}: precision=int8"),
        distributions=(),
        install="python -m runner toolchain install litert",
        capabilities=Capabilities(threads=False, host_proof=False, quantizes=True, estimate=True),
        stages=(*stages, vela),
        references=(Reference("tosa", TOSA),),
    )
