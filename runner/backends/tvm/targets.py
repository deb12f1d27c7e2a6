"""For which machine code is made: `backend.target` and the device that it is for, as a target of TVM's. Asked in a
worker."""

from __future__ import annotations

import ctypes
import json
import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tvm

from runner.backends.tvm import DEVICE, about, cpus, cross
from runner.core.errors import RunnerError, SpecError, Unavailable, nearest
from runner.graphs import onnx_graph

INSTEAD = "Use backend.target=device"
OWN = ("kind", "mtriple", "mcpu", "mattr", "fast-math", "opt-level", "vector-width")  # what a target may say here


def chosen(word: str, device: Mapping[str, Any]) -> dict[str, Any]:
    """TVM's target, as plain values, of what `backend.target` says; `device` has `machine`, and `cpu` and `isa` where
    the word is DEVICE. It may say more.

    Raises SpecError for what neither LLVM nor TVM knows, Unavailable for a GPU that isn't here.
    """
    if word == DEVICE:
        return cpus.of_device(about(device))
    if word in cross.PACKAGES:
        return cpus.described(cpus.GENERIC, word)
    machines = dict.fromkeys((device["machine"], *cross.PACKAGES))
    machine = next((one for one in machines if cpus.known(word, one)), None)
    return cpus.described(word, machine) if machine else _own(word, device["machine"])


def checked(word: str, machine: str, cpu: str, isa: Sequence[str] | None) -> str:
    """The architecture that is built for; `machine`, `cpu` and `isa` are the device's.

    Raises as `chosen`; SpecError for instructions that the device lacks.
    """
    device = {"machine": machine, "cpu": cpu, "isa": None if isa is None else list(isa)}
    target = chosen(word, device)
    found = machine_of(target)
    if found == machine:
        cpus.check(target, device, word)
    return found


def machine_of(target: Mapping[str, Any]) -> str:
    """The architecture of a target, as the kernel calls it."""
    machine: str = target["mtriple"].partition("-")[0]
    return machine


def linker(target: Mapping[str, Any]) -> dict[str, Any]:
    """How `export_library` links for a target: for another architecture by that one's compiler."""
    from tvm.support import cc

    machine = machine_of(target)
    return {} if machine == platform.machine() else {"fcompile": cc.cross_compiler(cross.command(machine))}


def _own(word: str, machine: str) -> dict[str, Any]:
    """A target as TVM itself names it: JSON, or a name such as `raspberry-pi/4b-aarch64`."""
    try:
        found = json.loads(str(tvm.target.Target(word)))
    except ValueError as error:
        raise _unknown(word, machine, onnx_graph.first_line(error)) from error
    if found["kind"] != "llvm":
        raise _no_gpu(word, found["kind"])
    told = {name: found[name] for name in OWN if name in found}
    target = {"mtriple": cpus.triple(machine), "mcpu": cpus.GENERIC, **told}
    target["mtriple"] = cpus.triple(machine_of(target))  # whatever vendor it names
    wrong = [] if cpus.known(target["mcpu"], machine_of(target)) else [target["mcpu"]]
    if wrong := [*wrong, *cpus.unknown_features(target)]:
        raise SpecError(f"backend.target={word}: LLVM knows no {', '.join(wrong)} of {target['mtriple']}.", "Mend it.")
    return target


def _unknown(word: str, machine: str, said: str) -> SpecError:
    listed = cpus.names(machine)
    reason = f"backend.target={word}: neither LLVM nor TVM knows it"
    if word.startswith("{"):
        return SpecError(f"{reason}: {said}", "Write what tvm.target.Target takes.")
    every = (DEVICE, *cross.PACKAGES, *listed)
    return SpecError(f"{reason}.{nearest(word, every)}", f"There are: {', '.join(every)}.")


def _no_gpu(word: str, kind: str) -> RunnerError:
    """Why nothing is built for what is no CPU: nothing falls back to one in silence."""
    if kind != "cuda":
        reason = f"backend.target={word}: it is of TVM's kind {kind}, and this backend builds for CPUs, its kind llvm."
        return SpecError(reason, INSTEAD)
    return Unavailable(f"backend.target={word}: {_without_cuda()}.", INSTEAD)


def _without_cuda() -> str:
    runtime = Path(tvm.__file__).parent / "lib/libtvm_runtime_cuda.so"
    if not runtime.is_file():
        return "this build of TVM has no CUDA"
    try:
        ctypes.CDLL(str(runtime))
    except OSError as error:
        return f"no NVIDIA GPU is at hand: TVM's CUDA runtime does not load: {error}"
    return "this backend builds nothing for GPUs" if tvm.cuda(0).exist else "no NVIDIA GPU is at hand"
