"""`python -m runner.telemetry --out FILE --interval-ms N --roles candidate,baseline`: samples until its input ends.

First it writes one JSON line to standard output: what it can read. Then a line `ROLE PID` on standard input says
which process is whose. When standard input ends, a second JSON line says how it went.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

from runner.hardware import process_tree, sensors
from runner.hardware.sensor_reader import Meter, Paced, Reader, chosen
from runner.worker import process

PRIORITIES = ("idle", "nice", "normal")
STDIN = 0
LEAST_NS = 5_000_000  # that a share of the sampler's own time is reckoned from
WIDTH = 9  # of the narrowest column


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m runner.telemetry")
    parser.add_argument("--out", required=True, type=Path, help="file that takes one line a sample")
    parser.add_argument("--interval-ms", required=True, type=int, help="time between two samples")
    parser.add_argument("--roles", required=True, help="whose processes will be named, with commas between")
    parser.add_argument("--priority", choices=PRIORITIES, default="idle", help="when others want its processor")
    parser.add_argument("--root", type=Path, default=Path("/"), help="folder that holds proc and sys")
    arguments = parser.parse_args(argv)
    process.die_with_parent()
    process.ignore_interrupts()
    trees = process_tree.Trees(arguments.root)
    readers, absent = _readers(trees, tuple(arguments.roles.split(",")), arguments.root)
    meter = chosen([reader.meter for reader in readers if reader.meter])
    with arguments.out.open("w", encoding="utf-8", buffering=1) as out:
        columns = _heading(out, readers, meter)
        _yield_to_others(arguments.priority)  # from now on: before it somebody waits for this line
        _say(columns=columns, absent=absent, meter=meter and asdict(meter), priority=arguments.priority)
        paced = [Paced(reader) for reader in readers]
        missed = _sample_until_the_end(trees, paced, columns, out, arguments.interval_ms * 1_000_000)
    failures = {one.reader.name: f"{one.failures} times, {one.failure}" for one in paced if one.failures}
    _say(missed=missed, failures=failures)
    for reader in readers:
        reader.close()


def _yield_to_others(priority: str) -> None:
    """SCHED_IDLE (sched(7)): runs where a processor has nothing else to do, and nearly not at all otherwise."""
    if priority == "idle" and hasattr(os, "SCHED_IDLE"):
        os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
    elif priority != "normal":
        os.nice(19)


def _readers(trees: process_tree.Trees, roles: tuple[str, ...], root: Path) -> tuple[list[Reader], dict[str, str]]:
    ours, missing = process_tree.readers(trees, roles)
    found, absent = sensors.probe_all(root)
    return [*ours, *found, _own()], {**missing, **absent}


def _own() -> Reader:
    """What the sampler itself costs."""
    last = [(time.monotonic_ns(), time.process_time_ns())]

    def read() -> dict[str, float]:
        now = time.monotonic_ns(), time.process_time_ns()
        passed, used = (after - before for before, after in zip(last[0], now, strict=True))
        last[0] = now
        # The first sample follows at once: its own start is all that it would show.
        return {"sampler_cpu_percent": 100 * used / passed} if passed > LEAST_NS else {}

    return Reader("sampler", ("sampler_cpu_percent",), read)


def _heading(out: TextIO, readers: Sequence[Reader], meter: Meter | None) -> list[str]:
    """The columns' names, as wide as their values or wider."""
    columns = [signal for reader in readers for signal in reader.signals]
    power = f"power is {' + '.join(meter.signals)}: {meter.scope}" if meter else "no power sensor"
    out.write("# One line a sample. t_ns: CLOCK_MONOTONIC, the clock of the bursts. -: not read in this sample.\n")
    out.write(f"# CPU of a process: 100 = one processor. MB: 10^6 bytes. {power}.\n")
    out.write(" ".join(["t_ns".rjust(18), *(name.rjust(WIDTH) for name in columns)]) + "\n")
    return columns


def _sample_until_the_end(
    trees: process_tree.Trees, paced: Sequence[Paced], columns: Sequence[str], out: TextIO, interval_ns: int
) -> int:
    """One line each interval; a sample that is late by intervals is not made up for. Returns how many were missed."""
    os.set_blocking(STDIN, False)
    due, missed, rest = time.monotonic_ns(), 0, b""
    while True:
        rest, ended = _listen(trees, due, rest)
        if ended:
            return missed
        now = time.monotonic_ns()
        values: dict[str, float] = {}
        for one in paced:
            values.update(one.read(now))
        out.write(_row(now, columns, values))
        late = max(0, (time.monotonic_ns() - due) // interval_ns)
        due += (late + 1) * interval_ns
        missed += late


def _listen(trees: process_tree.Trees, until_ns: int, rest: bytes) -> tuple[bytes, bool]:
    """Sleep until then, taking note of whose processes are whose. (an unfinished line, whether the input ended)"""
    while (left := until_ns - time.monotonic_ns()) > 0:
        if not select.select([STDIN], [], [], left / 1e9)[0]:
            break
        data = os.read(STDIN, 1 << 16)
        if not data:
            return rest, True
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            role, pid = line.decode().split()
            trees.watch(role, int(pid))
    return rest, False


def _row(now: int, columns: Sequence[str], values: dict[str, float]) -> str:
    cells = (_cell(name, values.get(name)) for name in columns)
    return f"{now:18d} {' '.join(cells)}\n"


def _cell(name: str, value: float | None) -> str:
    """As wide as its heading. Joules to the µJ: it is their small differences that count."""
    text = "-" if value is None else f"{value:.6f}" if name.endswith("_j") else f"{value:.3f}"
    return text.rjust(max(WIDTH, len(name)))


def _say(**message: Any) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    main()
