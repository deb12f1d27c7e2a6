"""What TensorFlow's own `benchmark_model` prints, as figures: https://www.tensorflow.org/lite/performance/measurement.

Its lines may begin with a logger's mark (`INFO: `, `I tflite  : `). Times are microseconds; averages have six digits.
"""

from __future__ import annotations

import re
from collections import namedtuple
from collections.abc import Iterator

NUMBER = r"([-+.\deE]+)"
TIMINGS = re.compile(
    rf"Inference timings in us: Init: {NUMBER}, First inference: {NUMBER}, Warmup \(avg\): {NUMBER}, "
    rf"Inference \(avg\): {NUMBER}"
)
COUNTED = re.compile(r"\bcount=(\d+) (.*)")  # of the warm-up, then of what was measured
VALUE = re.compile(rf"(\w+)={NUMBER}")
MEMORY = re.compile(rf"(?:Memory footprint delta|Peak memory footprint).*: init={NUMBER} overall={NUMBER}")
PEAK = re.compile(rf"Overall peak memory footprint \(MB\).*: {NUMBER}")
GRAPH = re.compile(r"Graph: \[(.+)\]")
UNKNOWN_FLAGS = re.compile(r"Unconsumed cmdline flags: (.+)")
OPERATORS = "Operator-wise Profiling Info for Regular Benchmark Runs:"
DELEGATED = re.compile(r"Replacing (\d+) out of (\d+) node\(s\) with delegate \((\w+)\)")

# What it calls a statistic of what was measured, by the name that we have for it.
STATISTICS = {"p50": "median", "p5": "p5", "p95": "p95", "min": "min", "max": "max", "std": "std"}

# `figures` by our names, in ms and MB; `operators`: (name, type, ms, calls) where they were asked for; `delegated`:
# (by whom, how many nodes, of how many); `graph` is the file's name, `unknown` the flags that it didn't know.
Said = namedtuple("Said", ["figures", "operators", "delegated", "graph", "unknown"])


def read(text: str) -> Said:
    """What a whole run printed. Raises ValueError with the reason where no times are in it."""
    found = TIMINGS.search(text)
    if found is None:
        errors = [line.strip() for line in text.splitlines() if "ERROR" in line or "Failed" in line]
        raise ValueError(errors[0] if errors else "it has no line `Inference timings in us: …`")
    return Said(
        dict(_figures(found.groups(), text[: found.start()], text[found.start() :])),
        list(_operators(text.partition(OPERATORS)[2])),
        [(by, int(some), int(of)) for some, of, by in DELEGATED.findall(text)],
        next(iter(GRAPH.findall(text)), ""),
        next(iter(UNKNOWN_FLAGS.findall(text)), "").split(),
    )


def _figures(timings: tuple[str, ...], before: str, after: str) -> Iterator[tuple[str, float]]:
    """In our names and units; the last count before the timings is of what was measured."""
    names = ("load/init_ms", "latency/first_ms", "latency/warmup_mean_ms", "latency/mean_ms")
    yield from ((name, float(value) / 1e3) for name, value in zip(names, timings))  # noqa: B905 - Python 3.8
    counted = COUNTED.findall(before)
    told = dict(VALUE.findall(counted[-1][1])) if counted else {}
    yield from ((f"latency/{ours}_ms", float(told[its]) / 1e3) for ours, its in STATISTICS.items() if its in told)
    memory, peak = MEMORY.search(after), PEAK.search(after)
    if memory:
        yield "memory/init_delta_mb", float(memory[1])
        yield "memory/delta_mb", float(memory[2])
    if peak:
        yield "memory/peak_mb", float(peak[1])


def _operators(text: str) -> Iterator[tuple[str, str, float, int]]:
    """The rows of the table in the order in which operators ran; their columns are named, and older versions have one
    more."""
    lines = iter(text.partition("Run Order")[2].splitlines()[1:])
    head = [name.strip(" []").lower() for name in next(lines, "").split("\t")]
    for line in lines:
        cells = [cell.strip() for cell in line.split("\t")]
        if len(cells) != len(head):
            return
        row = dict(zip(head, cells))  # noqa: B905 - Python 3.8
        yield row["name"], row["node type"], float(row["avg ms"]), max(1, int(row["times called"]))
