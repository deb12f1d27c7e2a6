"""What LLVM, which makes TVM's code, knows of CPUs. Asked in a worker."""

from __future__ import annotations

import platform
import re
from collections.abc import Mapping, Sequence
from typing import Any

import tvm
from tvm.target import codegen

from runner.backends.tvm import about
from runner.core.errors import SpecError
from runner.hardware import detect

GENERIC = "generic"  # what every CPU of an architecture can
# Of what LLVM lists of a CPU what code can use; the rest says what is fast on it.
INSTRUCTIONS = re.compile(
    r"s?sse|avx|amx|fma|f16c|bmi|lzcnt|popcnt|movbe|movrs|egpr|ndd|ccmp|nf$|ppx|push2pop2|zu$|sha|gfni|vaes|vpclmulqdq"
    r"|neon|fp-armv8|fullfp16|fp16fml|dotprod|i8mm|bf16|sve|sme|lse|crc|aes|rdm|rcpc|complxnum|jsconv"
)
# Those of them that `hardware.detect` looks for, which is all that is known of another machine.
DETECTED = re.compile(r"sse4|avx2?$|avx512|avxvnni|fma$|f16c|amx|fullfp16|dotprod|i8mm|bf16|sve|sme")
LEVELS = ("x86-64-v4", "x86-64-v3", "x86-64-v2")  # of x86-64, the most first
EXTENSIONS = {"fp16": "+fullfp16", "dotprod": "+dotprod", "i8mm": "+i8mm", "bf16": "+bf16"}  # of an unknown Arm CPU


def triple(machine: str) -> str:
    """LLVM's name of a Linux machine, by the kernel's name of its architecture."""
    return f"{machine}-linux-gnu"


def known(cpu: str, machine: str) -> bool:
    """Whether LLVM knows a CPU of a machine: for another one it would build, too, and say so in a log alone."""
    return bool(codegen.llvm_is_valid_cpu(cpu, triple(machine)))


def names(machine: str) -> list[str]:
    """LLVM's names of a machine's CPUs."""
    return sorted(map(str, codegen.llvm_get_cpu_archlist(tvm.target.Target(described(GENERIC, machine)))))


def described(cpu: str, machine: str, *features: str) -> dict[str, Any]:
    """TVM's target, as plain values, of a CPU of a Linux machine; `features` (`+dotprod`) come beside its own."""
    plain = {"kind": "llvm", "mtriple": triple(machine), "mcpu": cpu}
    return {**plain, "mattr": list(features)} if features else plain


def own() -> str:
    """LLVM's name of this machine's CPU."""
    return str(codegen.llvm_get_system_cpu())


def of_device(device: Mapping[str, Any]) -> dict[str, Any]:
    """The target of a device: LLVM's own name of this machine's CPU; of another one what was detected there
    (`machine`, `cpu`, `isa`)."""
    machine, cpu = device["machine"], str(device["cpu"]).removeprefix("Arm ").lower()
    if device == about(detect.described()):
        return described(own(), machine)
    if known(cpu, machine):
        return described(cpu, machine)
    level = next((one for one in LEVELS if known(one, machine) and not lacking(one, device)), GENERIC)
    return described(level, machine, *[EXTENSIONS[one] for one in device["isa"] or () if one in EXTENSIONS])


def check(target: Mapping[str, Any], device: Mapping[str, Any], word: str) -> None:
    """Raises SpecError for a CPU with instructions that the device, a machine of its architecture, lacks."""
    lacks = lacking(target["mcpu"], device)
    if lacks:
        said = f"backend.target={word}: the device's CPU ({device['cpu']}) has no {', '.join(lacks[:4])}"
        advice = "Leave backend.target out: what is built is for the device's own CPU."
        raise SpecError(f"{said}: it would end with an illegal instruction.", advice)


def lacking(cpu: str, device: Mapping[str, Any]) -> list[str]:
    """What a CPU has, by LLVM's names, that a device of its architecture lacks, as far as that is known."""
    needs = _instructions(cpu, device["machine"])
    if device == about(detect.described()):
        return sorted(needs - _instructions(own(), device["machine"]))
    if device["isa"] is None:
        return []
    has = {_plain(one) for one in device["isa"]}
    return sorted(one for one in needs if DETECTED.match(one) and _plain(one) not in has)


def runs_here(target: Mapping[str, Any]) -> bool:
    """Whether this machine's CPU can run what is built for a target of one."""
    here = about(detect.described())
    machine: str = target["mtriple"].partition("-")[0]
    return machine == platform.machine() and not lacking(target["mcpu"], here)


def _instructions(cpu: str, machine: str) -> set[str]:
    listed = codegen.llvm_get_cpu_features(tvm.target.Target(described(cpu, machine)))
    return {str(one) for one in listed if INSTRUCTIONS.match(str(one))}


def _plain(instruction: str) -> str:
    """Its name as LLVM and the kernel both write it."""
    return re.sub(r"[._-]", "", instruction).replace("fullfp16", "fp16")


def unknown_features(target: Mapping[str, Any]) -> Sequence[str]:
    """Those of a target's `mattr` that LLVM doesn't know, and would leave out."""
    told = tvm.target.Target(dict(target))
    on = [one for one in target.get("mattr", ()) if one.startswith("+")]
    return [one for one in on if not codegen.llvm_cpu_has_features(one[1:], told)]
