"""Jetson's own monitor: one line each interval (Jetson Linux Developer Guide, tegrastats utility)."""

from __future__ import annotations

import contextlib
import os
import re
import select
import shutil
import signal
import subprocess
import time
from pathlib import Path

from runner.hardware.sensor_reader import Reader
from runner.hardware.sensors import rails

INTERVAL_MS = 100
FIRST_LINE_S = 3.0

RAM = re.compile(r"\bRAM (\d+)/\d+MB")
CPUS = re.compile(r"\bCPU \[([^\]]*)\]")
CPU = re.compile(r"(\d+)%(?:@(\d+))?")
GPU = re.compile(r"\bGR3D_FREQ (\d+)%(?:@\[?(\d+)[\d,]*\]?)?")
TEMPERATURE = re.compile(r"\b([A-Za-z][\w-]*)@(-?\d+(?:\.\d+)?)C\b")
# 2412mW/2412mW (now/mean), 2412mW/2412mW/2500mW (now/mean/highest); before JetPack 5 without the unit.
POWER = re.compile(r"\b([A-Z][A-Z0-9_]*) (\d+)(?:mW)?/\d+(?:mW)?(?:/\d+(?:mW)?)?(?= |$)")
INVALID_C = -256.0


def parse(line: str) -> dict[str, float]:
    """The signals of one line: `ram_mb`, `gpu_percent`, `gpu_mhz`, `<zone>_c`, `<rail>_w`, and the mean of the CPUs
    that are on: `tegra_cpu_percent`, `tegra_cpu_mhz`. What a line lacks, or marks as invalid, is left out."""
    found: dict[str, float] = {}
    ram, gpu, cpus = RAM.search(line), GPU.search(line), CPUS.search(line)
    if ram:
        found["ram_mb"] = int(ram[1]) * 1.048576
    if gpu:
        found["gpu_percent"] = float(gpu[1])
        found |= {"gpu_mhz": float(gpu[2])} if gpu[2] else {}
    found |= _cpus(cpus[1]) if cpus else {}
    zones = {f"{name.replace('-', '_')}_c": float(value) for name, value in TEMPERATURE.findall(line)}
    found |= {name: value for name, value in zones.items() if value > INVALID_C}
    return found | {rails.signal(rail): int(now) / 1000 for rail, now in POWER.findall(line)}


def _cpus(text: str) -> dict[str, float]:
    """`14%@2188,off,5%@2112`"""
    on = [match for part in text.split(",") if (match := CPU.match(part.strip()))]
    if not on:
        return {}
    clocks = [int(match[2]) for match in on if match[2]]
    found = {"tegra_cpu_percent": sum(int(match[1]) for match in on) / len(on)}
    return found | ({"tegra_cpu_mhz": sum(clocks) / len(clocks)} if clocks else {})


def probe(root: Path) -> Reader | str:
    """A running tegrastats; its signals are those of its first line."""
    program = shutil.which("tegrastats")
    if program is None:
        return "no tegrastats on the PATH: this is no Jetson"
    source = _Lines(program)
    first = source.first()
    if not first:
        source.close()
        return f"{program} wrote no line that names a value within {FIRST_LINE_S:g} s"
    names = [name.removesuffix("_w") for name in first if name.endswith("_w")]
    return Reader("tegrastats", tuple(first), source.latest, rails.meter(names, "tegrastats"), source.close)


class _Lines:
    """tegrastats at the other end of a pipe."""

    def __init__(self, program: str) -> None:
        command = [program, "--interval", str(INTERVAL_MS)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
        assert self.process.stdout is not None
        self.pipe = self.process.stdout.fileno()
        os.set_blocking(self.pipe, False)
        self.rest = b""

    def first(self) -> dict[str, float]:
        deadline = time.monotonic() + FIRST_LINE_S
        while (left := deadline - time.monotonic()) > 0:
            select.select([self.pipe], [], [], left)
            found = self.latest()
            if found or self.process.poll() is not None:
                return found
        return {}

    def latest(self) -> dict[str, float]:
        """The newest complete line since the last call; nothing where there is none."""
        with contextlib.suppress(BlockingIOError):
            while data := os.read(self.pipe, 1 << 16):
                self.rest += data
        *lines, self.rest = self.rest.split(b"\n")
        return parse(lines[-1].decode("utf-8", "replace")) if lines else {}

    def close(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(2)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()
