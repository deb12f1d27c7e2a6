"""What the worker asks of its operating system: file descriptors, signals, memory."""

from __future__ import annotations

import ctypes
import faulthandler
import io
import os
import signal
import sys
from contextlib import suppress
from importlib import import_module, util
from pathlib import Path
from typing import Any

from runner.core.errors import Unavailable
from runner.hardware import procfs
from runner.worker.garbage import uncollected

_PR_SET_PDEATHSIG = 1
OR = "|"  # between modules of which one is enough


def die_with_parent() -> None:
    """Linux kills this process when the thread that started it ends, however that happens (prctl(2)).

    Elsewhere the end of standard input ends it, once the request in hand is done.
    """
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def ignore_interrupts() -> None:
    """Ctrl-C is the parent's to handle: it closes its workers."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def keep_protocol_apart() -> tuple[Any, Any]:
    """(requests, answers) as binary files; file descriptor 1 writes to standard error, as 2 does, 0 reads nothing.

    Vendor code may print from C or read standard input; neither may touch the protocol.
    """
    source, sink = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for old, new in ((nothing, 0), (2, 1)):
        os.dup2(old, new)
    os.close(nothing)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True)
    faulthandler.enable()
    return source, sink


def lacking(modules: list[str]) -> list[str]:
    """Which of these top-level modules this interpreter can't find; of `a|b` one is enough."""
    return [name for name in modules if not any(util.find_spec(one) for one in name.split(OR))]


def imports(module: str) -> None:
    """Import a module before it is needed: a session's, with its runtime.

    Nothing of what an import makes is garbage, and looking for some takes a twelfth of its time.
    """
    with uncollected():
        import_module(module)


def allowed() -> list[int] | None:
    """The CPUs that this process may run on; None where the system offers no CPU affinity."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None


def scheduling() -> str | None:
    """How the system shares CPUs out to this process and what it starts: `other, nice 0`; None where it doesn't tell
    (sched(7))."""
    if not hasattr(os, "sched_getscheduler"):
        return None
    known = {getattr(os, f"SCHED_{name}"): name.lower() for name in ("OTHER", "BATCH", "IDLE", "FIFO", "RR")}
    return f"{known.get(os.sched_getscheduler(0), 'another')}, nice {os.getpriority(os.PRIO_PROCESS, 0)}"


def pin(cpus: list[int]) -> list[int]:
    """Keeps this process, with all its threads, on `cpus`; returns those it is on then.

    Raises Unavailable where the system doesn't let it run on all of them.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise Unavailable("measure.pin: this system offers no CPU affinity.", "Leave it out: measure.pin=null")
    allowed = os.sched_getaffinity(0)
    if not set(cpus) <= allowed:
        raise Unavailable(f"measure.pin={cpus}: a process may run here on {sorted(allowed)}.", "Choose among those.")
    for thread in _threads():
        with suppress(ProcessLookupError):  # it has ended meanwhile
            os.sched_setaffinity(thread, cpus)
    return sorted(os.sched_getaffinity(0))


def _threads() -> list[int]:
    """All of this process, by number; itself (0) where /proc doesn't tell (proc(5))."""
    return [int(one.name) for one in procfs.entries(Path("/proc/self/task"), "*")] or [0]


def memory() -> dict[str, float]:
    """`peak_rss_mb` and `rss_mb` of this process in 10^6 bytes.

    From /proc/self/status (proc(5)): `ru_maxrss` would inherit the parent's peak across fork and exec.
    """
    status = procfs.text("/proc/self/status") or ""
    peak, now = procfs.size(status, "VmHWM"), procfs.size(status, "VmRSS")
    if peak is None or now is None:
        return _memory_without_proc()
    return {"peak_rss_mb": peak / 1e6, "rss_mb": now / 1e6}


def _memory_without_proc() -> dict[str, float]:
    """Only the peak, by getrusage(2): no other source on this system, and it may hold the parent's peak."""
    import resource

    unit = 1 if sys.platform == "darwin" else 1024
    return {"peak_rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, "may_include_parent": 1.0}
