"""Records live A/A pairs of each workload into `pools/<workload>.npz`, for `simulate.py` to resample.

`python -m benchmarks.verdicts.record_pools --pairs 300` records until each pool has so many; stop it at any time, the
same command goes on. The workloads take turns of ten pairs, so that a disturbance meets all of them.

A pool holds, a value for each pair: `candidate_ns` and `baseline_ns` (the processes' medians), `seconds` (what the
pair took), `candidate_first`, `monotonic_s`; conditions (`competing_cpus`, `waited_share`, `load_1m`, `cpu_mhz`, …,
nan where unreadable). `candidate_turns_ns` and `baseline_turns_ns` are the medians of the bursts of all pairs one after
the other, `candidate_turns` and `baseline_turns` how many each pair has. `about`: spec, hardware and versions as JSON.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.verdicts.targets import code, told
from benchmarks.verdicts.workloads import HERE, WORKLOADS, prepared
from runner.hardware import detect
from runner.measure import conditions
from runner.measure.pairs import run_pair
from runner.measure.run import Run
from runner.measure.sides import Side
from runner.measure.timed import Pair, Timed
from runner.spec.schema import Spec

POOLS = HERE / "pools"
TURN = 10
CONDITIONS = (
    "competing_cpus", "waited_share", "steal_cpus", "memory_stall_share", "throttled", "load_1m", "cpu_mhz",
    "temperature_c", "memory_available_mb",
)  # fmt: skip

Rows = dict[str, list[float]]


def read(path: Path) -> Rows:
    """The pairs recorded so far."""
    if not path.is_file():
        return {}
    with np.load(path, allow_pickle=False) as file:
        return {name: list(file[name]) for name in file.files if name != "about"}


def write(path: Path, rows: Rows, about: dict[str, Any]) -> None:
    """All pairs, beside their place and then renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    arrays: dict[str, Any] = {name: np.array(values) for name, values in rows.items()}
    np.savez_compressed(draft, about=json.dumps(about), **arrays)
    draft.replace(path)


def turns(timed: Timed) -> list[float]:
    """The median of each burst in ns."""
    return [float(np.median(burst)) for burst in np.split(timed.ns, np.cumsum(timed.sizes)[:-1])]


def row(pair: Pair, seconds: float) -> dict[str, list[float]]:
    """One pair in figures: what is to be added to each column."""
    seen = conditions.of_pair(pair.before, pair.during, pair.after)
    bursts = {role: turns(timed) for role, timed in pair.sides.items()}
    figures = {
        "candidate_ns": pair.sides["candidate"].median_ns,
        "baseline_ns": pair.sides["baseline"].median_ns,
        "seconds": seconds,
        "candidate_first": float(pair.order[0] == "candidate"),
        "monotonic_s": pair.before["monotonic_s"],
        **{name: float(seen.get(name, math.nan)) for name in CONDITIONS},
        **{f"{role}_turns": float(len(values)) for role, values in bursts.items()},
    }
    columns = {f"{role}_turns_ns": values for role, values in bursts.items()}
    return {**{name: [value] for name, value in figures.items()}, **columns}


def record(spec: Spec, side: Side, path: Path, wanted: int) -> None:
    """A turn: up to TURN pairs more, kept after each fifth."""
    rows = read(path)
    have = len(rows.get("seconds", []))
    about = {"spec": spec.plain(), "hardware": detect.detect().as_dict(), "date": time.strftime("%Y-%m-%d")}
    for number in range(have, min(wanted, have + TURN)):
        start = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            sides = {"candidate": side, "baseline": side}
            pair = run_pair(Run(sides, spec.measure.settings, spec.seed, Path(folder), spec.limits.answer_s), number)
        for name, values in row(pair, time.monotonic() - start).items():
            rows.setdefault(name, []).extend(values)
        if number % 5 == 4 or number == wanted - 1:
            write(path, rows, about)


def count(name: str, folder: Path) -> int:
    return len(read(folder / f"{name}.npz").get("seconds", []))


def left(folder: Path, wanted: int) -> str:
    """Time still needed, from the pairs recorded so far."""
    total = 0.0
    for name in WORKLOADS:
        seconds = read(folder / f"{name}.npz").get("seconds", [])
        total += (float(np.median(seconds)) if seconds else 1.0) * max(0, wanted - len(seconds))
    return f"about {math.ceil(total / 60)} min left"


def main() -> int:
    arguments = argparse.ArgumentParser(description="Records live A/A pairs; the same command goes on.")
    arguments.add_argument("--pairs", type=int, default=300)
    arguments.add_argument("--folder", type=Path, default=POOLS)
    chosen = arguments.parse_args()
    sides = prepared()
    while any(count(name, chosen.folder) < chosen.pairs for name in WORKLOADS):
        for name, (spec, side) in sides.items():
            record(spec, side, chosen.folder / f"{name}.npz", chosen.pairs)
        told_so_far = ", ".join(f"{name} {count(name, chosen.folder)}" for name in WORKLOADS)
        print(f"pairs: {told_so_far}; {left(chosen.folder, chosen.pairs)}", flush=True)
    return code([_told(name, chosen.folder, chosen.pairs) for name in WORKLOADS])


def _told(name: str, folder: Path, wanted: int) -> bool:
    rows = read(folder / f"{name}.npz")
    logs = np.log(rows["baseline_ns"]) - np.log(rows["candidate_ns"])
    spread = 1.4826 * float(np.median(np.abs(logs - np.median(logs))))
    figure = (
        f"{len(logs)} pairs, robust sd {spread:.2%}, sd {logs.std():.2%}, {np.median(rows['seconds']):.2f} s a pair"
    )
    return told(f"pool {name}", len(logs) >= wanted, figure, f"at least {wanted} pairs")


if __name__ == "__main__":
    sys.exit(main())
