"""What LLVM, which makes TVM's code, knows of CPUs. Asked in a worker."""

from __future__ import annotations

import platform
import re
from typing import Any

import tvm
from tvm.target import codegen

from runner.core.errors import nearest

# Of what LLVM lists of a CPU what code can use; the rest says what is fast on it.
INSTRUCTIONS = re.compile(
    r"s?sse|avx|amx|fma|f16c|bmi|lzcnt|popcnt|movbe|movrs|egpr|ndd|ccmp|nf$|ppx|push2pop2|zu$|sha|gfni|vaes|vpclmulqdq"
    r"|neon|fp-armv8|fullfp16|fp16fml|dotprod|i8mm|bf16|sve|sme|lse|crc|aes|rdm|rcpc|complxnum|jsconv"
)
LEVELS = {"x86-64-v4": "avx512vl", "x86-64-v3": "avx2", "x86-64-v2": "sse4_2"}  # of x86-64, each by what tells it


def triple(machine: str | None) -> str:
    """LLVM's name of a Linux machine, by the kernel's name of its architecture."""
    return f"{machine or platform.machine()}-linux-gnu"


def problem(cpu: str, machine: str | None) -> tuple[str, str] | None:
    """Why nothing is built for `cpu`, and what to type; None where something is: LLVM itself would build for another
    one, and says so in a log alone."""
    name = triple(machine)
    if not codegen.llvm_is_valid_cpu(cpu, name):
        known = sorted(map(str, codegen.llvm_get_cpu_archlist(target(cpu="generic", machine=machine))))
        return f"LLVM knows no such CPU of {name}.{nearest(cpu, known)}", f"There are: {', '.join(known)}."
    if machine != platform.machine():
        return None
    lacking = sorted(_instructions(cpu, machine) - _instructions(own(), machine))
    if lacking:
        said = f"this machine's ({own()}) has no {', '.join(lacking[:4])}: it would end with an illegal instruction."
        return said, f"Leave it out, or name one that this machine can: backend.cpu={own()}"
    return None


def _instructions(cpu: str, machine: str | None) -> set[str]:
    listed = codegen.llvm_get_cpu_features(target(cpu=cpu, machine=machine))
    return {str(one) for one in listed if INSTRUCTIONS.match(str(one))}


def own() -> str:
    """LLVM's name of this machine's CPU."""
    return str(codegen.llvm_get_system_cpu())


def target(cpu: str, machine: str | None, cores: int | None = None) -> Any:
    """`tvm.target.Target` of a CPU of a Linux machine, with the cores that tuning asks for."""
    known = {"kind": "llvm", "mtriple": triple(machine), "mcpu": cpu}
    return tvm.target.Target(known if cores is None else {**known, "num-cores": cores})
