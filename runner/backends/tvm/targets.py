"""For which machine code is made: `backend.target` and the device that it is for, as a target of TVM's. Asked in a
worker."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from typing import Any

import tvm

from runner.backends.tvm import DEVICE, about, cpus, cross, gpu
from runner.core.advice import setting
from runner.core.errors import SpecError, Unavailable, nearest
from runner.graphs import onnx_graph
from runner.hardware import detect

INSTEAD = "Use backend.target=device"
OF_GPU = ("arch", "max_num_threads", "max_threads_per_block", "max_shared_memory_per_block", "thread_warp_size")
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
    return cpus.described(word, machine) if machine else _own(word, device)


def checked(word: str, machine: str, cpu: str, isa: Sequence[str] | None, trials: int = 0) -> str:
    """The architecture that is built for; `machine`, `cpu` and `isa` are the device's.

    Raises as `chosen`; SpecError for instructions that the device lacks, and for `trials` of kernels for a GPU.
    """
    device = {"machine": machine, "cpu": cpu, "isa": None if isa is None else list(isa)}
    target = chosen(word, device)
    if trials and of_gpu(target):
        reason = f"backend.tuning.trials={trials}: kernels for a GPU are laid out by TVM's own rules, not tuned."
        raise SpecError(reason, "Use backend.tuning.trials=0")
    found = machine_of(target)
    if found == machine:
        cpus.check(host_of(target), device, word)
    return found


def of_gpu(target: Mapping[str, Any]) -> bool:
    """Whether kernels run on a GPU; a host, which has it, calls them."""
    return bool(target["kind"] == gpu.CUDA)


def host_of(target: Mapping[str, Any]) -> Mapping[str, Any]:
    """The target of the CPU: itself, unless it is a GPU's."""
    host: Mapping[str, Any] = target["host"] if of_gpu(target) else target
    return host


def machine_of(target: Mapping[str, Any]) -> str:
    """The architecture of a target, as the kernel calls it."""
    machine: str = host_of(target)["mtriple"].partition("-")[0]
    return machine


def linker(target: Mapping[str, Any]) -> dict[str, Any]:
    """How `export_library` links for a target: for another architecture by that one's compiler."""
    from tvm.support import cc

    machine = machine_of(target)
    return {} if machine == platform.machine() else {"fcompile": cc.cross_compiler(cross.command(machine))}


def _own(word: str, device: Mapping[str, Any]) -> dict[str, Any]:
    """A target as TVM itself names it: JSON, or a name such as `raspberry-pi/4b-aarch64`."""
    machine = device["machine"]
    try:
        found = json.loads(str(tvm.target.Target(word)))
    except ValueError as error:
        raise _unknown(word, machine, onnx_graph.first_line(error)) from error
    if found["kind"] != "llvm":
        return _gpu(word, found, device)
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


def _gpu(word: str, found: Mapping[str, Any], device: Mapping[str, Any]) -> dict[str, Any]:
    """The target of this machine's NVIDIA GPU. Raises SpecError for another kind and for one that names no GPU,
    Unavailable where it isn't here: nothing falls back to a CPU in silence."""
    if found["kind"] != gpu.CUDA:
        said = f"it is of TVM's kind {found['kind']}, and this backend builds for its kinds llvm and cuda"
        raise SpecError(f"backend.target={word}: {said}.", INSTEAD)
    if why := gpu.absent():
        raise Unavailable(f"backend.target={word}: {why}.", INSTEAD)
    if about(device) != about(detect.described()):
        raise Unavailable(f"backend.target={word}: code for a GPU is built where the GPU is.", "Run the command there.")
    if word == gpu.CUDA:  # which GPU is in the key of what is built
        named = json.dumps({"kind": gpu.CUDA, "arch": gpu.architecture()})
        raise SpecError(
            f"backend.target={word}: it doesn't say for which GPU.", f"Here: {setting('backend.target', named)}"
        )
    told = {name: found[name] for name in OF_GPU if name in found}
    return {"kind": gpu.CUDA, **told, "host": cpus.of_device(about(device))}
