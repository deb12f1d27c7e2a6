"""Files of /proc and /sys: how they are read, with few system calls, and what more than one room reads there.

`worker/orphan_reaper.py` alone has a reader of its own: it runs as a file that can import nothing of ours.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

SIZE = 1 << 16  # of one read: of a file of many records, such as cpuinfo, the kernel gives no more than a page at once
MOST = 1 << 22
TICKS = os.sysconf("SC_CLK_TCK")  # of CPU time, a second
MHZ = re.compile(r"^cpu MHz\s*:\s*([0-9.]+)", re.MULTILINE)


def text(path: str | Path) -> str | None:
    """The file's text, its first 4 MiB; None where it can't be read (it has gone, or is not for us)."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        content = b""
        while len(content) < MOST and (part := os.read(descriptor, SIZE)):
            content += part
        return content.decode("utf-8", "replace")
    except OSError:
        return None
    finally:
        os.close(descriptor)


def number(path: str | Path) -> int | None:
    """A file that holds one whole number; None where it doesn't, or can't be read."""
    content = text(path)
    try:
        return None if content is None else int(content)
    except ValueError:
        return None


def line(path: str | Path) -> str | None:
    """The file's text without blanks (or the device tree's NUL) around it; None where there is none."""
    content = text(path)
    return content.strip("\0 \t\n") or None if content is not None else None


def entries(folder: Path, pattern: str) -> list[Path]:
    """The folder's entries that match, in the order of the numbers in their names."""
    return sorted(folder.glob(pattern), key=lambda path: (len(path.name), path.name))


# --- what stands in them (proc(5)) ---


def field(content: str, name: str) -> str | None:
    """The value of the first `name : value` (or `name=value`) line."""
    match = re.search(rf"^{re.escape(name)}\s*[:=]\s*(.+?)\s*$", content, re.MULTILINE)
    return match.group(1).strip('"') if match else None


def size(content: str, name: str) -> int | None:
    """Bytes, of a line `name: 8255632 kB`."""
    found = field(content, name)
    return None if found is None else int(found.split()[0]) * 1024


class Process(NamedTuple):
    """A line of /proc/PID/stat. `state` is Z of a process that has ended; `ticks` are its CPU time, `pages` resident
    ones."""

    name: str
    state: str
    parent: int
    ticks: int
    pages: int


def process(proc: str | Path, pid: int | str) -> Process | None:
    """The process `pid` below `proc`; None where it has gone."""
    content = text(f"{proc}/{pid}/stat")
    if not content:
        return None
    # The name in parentheses may hold blanks, and parentheses.
    head, _, rest = content.rpartition(")")
    fields = rest.split()
    return Process(
        head.partition("(")[2], fields[0], int(fields[1]), int(fields[11]) + int(fields[12]), int(fields[21])
    )


def cpu_ticks(root: Path) -> list[int] | None:
    """Of all CPUs together: user, nice, system, idle, iowait, irq, softirq, steal; guest times are in the first two."""
    content = text(root / "proc/stat")
    if not content or not content.startswith("cpu "):
        return None
    return [int(word) for word in content.split("\n", 1)[0].split()[1:9]]


def clock_files(root: Path) -> list[Path]:
    """Where cpufreq says how fast each CPU runs; none in most virtual machines."""
    return entries(root / "sys/devices/system/cpu", "cpu[0-9]*/cpufreq/scaling_cur_freq")


def cpu_mhz(root: Path, files: list[Path]) -> list[float]:
    """How fast each CPU runs now: as `files` (`clock_files`) say, else as /proc/cpuinfo does; none where neither."""
    khz = [value for value in map(number, files) if value is not None]
    return [value / 1000 for value in khz] or [float(mhz) for mhz in MHZ.findall(text(root / "proc/cpuinfo") or "")]
