"""What this machine is, as far as timings depend on it: read from files, nothing run, nothing guessed."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.core import hashing
from runner.hardware import procfs

UNLIMITED_V1 = 1 << 60  # cgroup v1 writes "no limit" as the largest page-aligned number


@dataclass(frozen=True)
class Hardware:
    """One machine. None is "not set" or "not readable"; what wasn't readable stands in `unknown` with its reason."""

    machine: str | None  # architecture as the kernel calls it: x86_64, aarch64
    board: str | None  # a single-board computer's name, from the device tree
    cpu: str | None
    physical_cores: int | None
    logical_cores: int | None
    usable_cores: int | None  # those that this process may run on
    isa: tuple[str, ...] | None  # instruction-set extensions that matter to inference
    memory_mb: int | None  # in 10^6 bytes
    governor: str | None
    cpu_limit: float | None  # a container's quota, in cores
    memory_limit_mb: int | None  # a container's limit, in 10^6 bytes
    hypervisor: str | None
    os: str | None
    kernel: str | None
    unknown: Mapping[str, str]  # field -> why it could not be read

    @property
    def identity(self) -> str:
        """Twelve hex digits that agree where timings may be compared; a kernel's or OS's update doesn't change it."""
        parts = {field: getattr(self, field) for field in _IDENTITY}
        # Firmware and kernel reserve a little more or less from boot to boot.
        parts["memory_gb"] = None if self.memory_mb is None else round(self.memory_mb / 1000)
        return hashing.digest_of(json.dumps(parts, sort_keys=True))[:12]

    def as_dict(self) -> dict[str, Any]:
        """JSON types, `identity` included."""
        return {
            **dataclasses.asdict(self),
            "isa": None if self.isa is None else list(self.isa),
            "identity": self.identity,
        }


_IDENTITY = (
    "machine", "board", "cpu", "physical_cores", "logical_cores", "usable_cores", "isa", "governor", "cpu_limit",
    "memory_limit_mb", "hypervisor",
)  # fmt: skip


def detect(root: Path = Path("/")) -> Hardware:
    """The machine whose `/proc` and `/sys` lie below `root`. Never raises for what it can't read."""
    cpuinfo = procfs.line(root / "proc/cpuinfo") or ""
    found: dict[str, tuple[Any, str]] = {
        "machine": (_machine(root), "no /proc/sys/kernel/arch"),
        "board": (_board(root), ""),
        "cpu": (_cpu(cpuinfo), "/proc/cpuinfo names neither a model nor a known part"),
        "physical_cores": (_physical_cores(root), "no core ids in /sys/devices/system/cpu"),
        "logical_cores": (_logical_cores(root, cpuinfo), "no CPU in /sys/devices/system/cpu/online or /proc/cpuinfo"),
        "usable_cores": (_usable_cores(root), "no Cpus_allowed_list in /proc/self/status"),
        "isa": (_isa(cpuinfo), "/proc/cpuinfo lists no flags or features"),
        "memory_mb": (_memory_mb(root), "no MemTotal in /proc/meminfo"),
        "governor": (governor(root), "no cpufreq in /sys/devices/system/cpu (usual in a virtual machine)"),
        "cpu_limit": (_cpu_limit(root), ""),
        "memory_limit_mb": (_memory_limit_mb(root), ""),
        "hypervisor": (_hypervisor(root, cpuinfo), ""),
        "os": (_os(root), "no PRETTY_NAME in /etc/os-release"),
        "kernel": (procfs.line(root / "proc/sys/kernel/osrelease"), "no /proc/sys/kernel/osrelease"),
    }
    unknown = {field: why for field, (value, why) in found.items() if value is None and why}
    return Hardware(**{field: value for field, (value, _) in found.items()}, unknown=unknown)


def described() -> dict[str, Any]:
    """The machine that this runs on, as plain values."""
    return detect().as_dict()


def usable(found: Mapping[str, Any]) -> int | None:
    """The cores that a process on a machine (as plain values) may use, by affinity and by a container's quota, of which
    whole ones count, at least one; None where they aren't known."""
    cores = found.get("usable_cores") or found.get("logical_cores")
    limit = found.get("cpu_limit")
    return max(1, min(cores, math.floor(limit or cores))) if cores else None


# --- processor ---

# MIDR part numbers of Arm Ltd. (implementer 0x41), as in Linux's arch/arm64/include/asm/cputype.h
_ARM_PARTS = {
    "0xc07": "Cortex-A7", "0xc09": "Cortex-A9", "0xc0f": "Cortex-A15", "0xd03": "Cortex-A53", "0xd04": "Cortex-A35",
    "0xd05": "Cortex-A55", "0xd07": "Cortex-A57", "0xd08": "Cortex-A72", "0xd09": "Cortex-A73", "0xd0a": "Cortex-A75",
    "0xd0b": "Cortex-A76", "0xd0c": "Neoverse-N1", "0xd0d": "Cortex-A77", "0xd40": "Neoverse-V1",
    "0xd41": "Cortex-A78", "0xd42": "Cortex-A78AE", "0xd46": "Cortex-A510", "0xd47": "Cortex-A710",
    "0xd49": "Neoverse-N2", "0xd4f": "Neoverse-V2",
}  # fmt: skip

_X86_ISA = re.compile(r"sse4_1|sse4_2|avx|avx2|fma|f16c|avx512\w+|avx_vnni\w*|avx_ne_convert|amx_\w+")
# The kernel's name in `Features` -> the name that people and compilers use
_ARM_ISA = {
    "neon": "neon", "asimd": "asimd", "asimdhp": "fp16", "asimddp": "dotprod", "i8mm": "i8mm", "bf16": "bf16",
    "sve": "sve", "sve2": "sve2", "svei8mm": "svei8mm", "svebf16": "svebf16", "sme": "sme", "sme2": "sme2",
}  # fmt: skip


def _cpu(cpuinfo: str) -> str | None:
    named = procfs.field(cpuinfo, "model name")
    if named:
        return named
    implementer, part = procfs.field(cpuinfo, "CPU implementer"), procfs.field(cpuinfo, "CPU part")
    if implementer is None or part is None:
        return None
    known = _ARM_PARTS.get(part) if implementer == "0x41" else None
    return f"Arm {known}" if known else f"implementer {implementer} part {part}"


def _isa(cpuinfo: str) -> tuple[str, ...] | None:
    flags = procfs.field(cpuinfo, "flags")
    if flags is not None:
        return tuple(sorted(flag for flag in set(flags.split()) if _X86_ISA.fullmatch(flag)))
    features = procfs.field(cpuinfo, "Features")
    if features is not None:
        return tuple(sorted(_ARM_ISA[word] for word in set(features.split()) if word in _ARM_ISA))
    return None


def _physical_cores(root: Path) -> int | None:
    cores = set()
    for topology in (root / "sys/devices/system/cpu").glob("cpu[0-9]*/topology"):
        core = procfs.line(topology / "core_id")
        if core is not None:
            cores.add((procfs.line(topology / "physical_package_id"), procfs.line(topology / "cluster_id"), core))
    return len(cores) or None


def _logical_cores(root: Path, cpuinfo: str) -> int | None:
    online = procfs.line(root / "sys/devices/system/cpu/online")
    if online is not None:
        return _count(online)
    return len(re.findall(r"^processor\s*:", cpuinfo, re.MULTILINE)) or None


def _usable_cores(root: Path) -> int | None:
    allowed = procfs.field(procfs.line(root / "proc/self/status") or "", "Cpus_allowed_list")
    return None if allowed is None else _count(allowed)


def _count(ranges: str) -> int:
    """How many CPUs a kernel list such as `0-3,8` names."""
    ends = [[int(end) for end in part.split("-")] for part in ranges.split(",")]
    return sum(end[-1] - end[0] + 1 for end in ends)


def governor(root: Path = Path("/")) -> str | None:
    """The frequency governor, or all of them where cores differ (`performance+powersave`); None without cpufreq."""
    files = (root / "sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_governor")
    return "+".join(sorted({name for name in map(procfs.line, files) if name})) or None


# --- memory and limits ---


def _memory_mb(root: Path) -> int | None:
    total = procfs.size(procfs.text(root / "proc/meminfo") or "", "MemTotal")
    return None if total is None else total // 10**6


def _cpu_limit(root: Path) -> float | None:
    """The tightest quota on the way from this process's cgroup to the root, v1 or v2, in cores."""
    quotas = [_quota(procfs.line(folder / "cpu.max")) for folder in cgroup_folders(root, "")]
    for folder in cgroup_folders(root, "cpu"):
        period, quota = procfs.line(folder / "cpu.cfs_period_us"), procfs.line(folder / "cpu.cfs_quota_us")
        quotas.append(_quota(f"{quota} {period}") if quota and period else None)
    return min((quota for quota in quotas if quota is not None), default=None)


def _quota(text: str | None) -> float | None:
    """`"150000 100000"` (quota and period, µs) -> 1.5; `max` and -1 are no limit."""
    if text is None or text.startswith(("max", "-1")):
        return None
    quota, period = text.split()
    return int(quota) / int(period)


def memory_available(root: Path = Path("/")) -> int | None:
    """Bytes that a program may still take without swapping: of the machine, and of this process's control groups. None
    where nothing tells."""
    free = procfs.size(procfs.text(root / "proc/meminfo") or "", "MemAvailable")
    found = [] if free is None else [free]
    for controller, limit, used in (
        ("", "memory.max", "memory.current"),
        ("memory", "memory.limit_in_bytes", "memory.usage_in_bytes"),
    ):
        for folder in cgroup_folders(root, controller):
            most, now = procfs.line(folder / limit), procfs.line(folder / used)
            if most and now and most != "max" and int(most) < UNLIMITED_V1:
                found.append(max(0, int(most) - int(now)))
    return min(found, default=None)


def _memory_limit_mb(root: Path) -> int | None:
    limits = [procfs.line(folder / "memory.max") for folder in cgroup_folders(root, "")]
    limits += [procfs.line(folder / "memory.limit_in_bytes") for folder in cgroup_folders(root, "memory")]
    bounds = [int(limit) for limit in limits if limit is not None and limit != "max"]
    return min((bound // 10**6 for bound in bounds if bound < UNLIMITED_V1), default=None)


def cgroup_folders(root: Path, controller: str) -> list[Path]:
    """This process's cgroup folder and all above it: of a v1 controller, or of v2 where `controller` is empty."""
    mount = root / "sys/fs/cgroup" / controller
    for line in (procfs.line(root / "proc/self/cgroup") or "").splitlines():
        _, names, path = line.split(":", 2)
        if controller in names.split(","):
            inside = Path(path.lstrip("/"))
            return [mount / inside, *(mount / parent for parent in inside.parents)]
    return []


# --- system ---


def _machine(root: Path) -> str | None:
    # The file is there since Linux 6.1; a tree of fixtures must not get this machine's answer.
    return procfs.line(root / "proc/sys/kernel/arch") or (os.uname().machine if root == Path("/") else None)


def _board(root: Path) -> str | None:
    return procfs.line(root / "proc/device-tree/model") or procfs.line(root / "sys/firmware/devicetree/base/model")


def _hypervisor(root: Path, cpuinfo: str) -> str | None:
    """The virtual machine's name; `unnamed` where only the CPU says that there is one; None on bare metal."""
    named = procfs.line(root / "sys/hypervisor/type")
    if named:
        return named
    if "hypervisor" not in (procfs.field(cpuinfo, "flags") or "").split():
        return None
    vendor, product = (procfs.line(root / "sys/class/dmi/id" / name) for name in ("sys_vendor", "product_name"))
    return " ".join(part for part in (vendor, product) if part) or "unnamed"


def _os(root: Path) -> str | None:
    return procfs.field(procfs.line(root / "etc/os-release") or "", "PRETTY_NAME")
