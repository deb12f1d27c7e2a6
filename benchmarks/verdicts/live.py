"""Live comparisons, each as a run makes it: of identical sides, and of sides of which one spins 3 % or 10 % longer.

`python -m benchmarks.verdicts.live` makes 60 A/A comparisons and 40 at each effect, in turn over the workloads of the
pools. Results are kept in `live.json` after each comparison; stop it at any time, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.verdicts.targets import code, told
from benchmarks.verdicts.workloads import HERE, WORKLOADS, let_workers_find_spin, prepared, spinning
from runner.measure.benchmark import benchmark
from runner.measure.next_pair import starting
from runner.measure.run import Run, sides_of
from runner.measure.sides import Side
from runner.spec.schema import Spec

KINDS = {"A/A": 0.0, "3 %": 0.03, "10 %": 0.10}
LIMIT_S = 20.0

Row = dict[str, Any]


def compared(spec: Spec, side: Side, share: float, seed: int) -> Row:
    """One comparison within the default budget: the candidate spins `share` longer than the baseline."""
    pair = (side, side) if share == 0 else (spinning(side, share), spinning(side, 0.0))
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        run = Run(sides_of(*pair), spec.measure.settings, seed, Path(folder), spec.limits.answer_s)
        with starting(run) as ready:
            found = benchmark(ready)
    assert found.comparison is not None
    kept = ("ratio", "low", "high", "verdict", "p_value")
    content = found.comparison.as_dict()
    return {
        **{name: content[name] for name in kept},
        "pairs": len(found.pairs),
        "stopped_by": found.stopped_by,
        "seconds": time.monotonic() - start,
        "busy": found.conditions.get("competing_cpus", {}).get("median"),
        "date": time.strftime("%Y-%m-%dT%H:%M:%S"),
    }


def plan(comparisons: int, powered: int) -> list[tuple[str, str, int]]:
    """(kind, workload, seed) of every comparison, kinds and workloads in turn."""
    counts = {"A/A": comparisons, "3 %": powered, "10 %": powered}
    names = list(WORKLOADS)
    every = [(kind, i) for i in range(max(counts.values())) for kind in KINDS if i < counts[kind]]
    return [(kind, names[i % len(names)], i) for kind, i in every]


def main() -> int:
    arguments = argparse.ArgumentParser(description="Live A/A and power; the same command goes on.")
    arguments.add_argument("--comparisons", type=int, default=60, help="of identical sides (default 60)")
    arguments.add_argument("--powered", type=int, default=40, help="at each effect (default 40)")
    arguments.add_argument("--file", type=Path, default=HERE / "live.json")
    chosen = arguments.parse_args()
    let_workers_find_spin()
    found: dict[str, Row] = json.loads(chosen.file.read_text()) if chosen.file.is_file() else {}
    every = plan(chosen.comparisons, chosen.powered)
    measure(every, found, chosen.file)
    rows = {kind: [found[key(one)] for one in every if one[0] == kind] for kind in KINDS}
    return code([*identical(rows["A/A"]), *power(rows), *durations(every, found)])


def key(one: tuple[str, str, int]) -> str:
    return "/".join(map(str, one))


def measure(every: Sequence[tuple[str, str, int]], found: dict[str, Row], file: Path) -> None:
    """What is not there yet, each kept at once."""
    waiting = [one for one in every if key(one) not in found]
    sides = prepared() if waiting else {}
    for done, one in enumerate(waiting):
        kind, name, seed = one
        found[key(one)] = row = compared(*sides[name], KINDS[kind], 1000 + seed)
        file.write_text(json.dumps(found, indent=1) + "\n")
        usual = statistics.fmean(row["seconds"] for row in found.values())
        left = math.ceil(usual * (len(waiting) - done - 1) / 60)
        print(f"{key(one)}: {row['ratio']:.3f}× {row['verdict']}, {row['pairs']} pairs; {left} min left", flush=True)


def identical(rows: Sequence[Row]) -> list[bool]:
    """False verdicts of the first 40 (or all, where fewer) and the coverage of the true ratio, 1."""
    false = sum(row["verdict"] in ("faster", "slower") for row in rows[:40])
    covered = sum(row["low"] is not None and row["low"] <= 1 <= row["high"] for row in rows)
    asked, most, least = min(40, len(rows)), 4 * min(40, len(rows)) / 40, 52 * len(rows) / 60
    return [
        told("live A/A: false verdicts", false <= most, f"{false} of {asked}", f"≤ {most:g} of {asked}"),
        told("live A/A: coverage", covered >= least, f"{covered} of {len(rows)}", f"≥ {least:g} of {len(rows)}"),
    ]


def power(rows: dict[str, list[Row]]) -> list[bool]:
    """The candidate is the slower one."""
    results = []
    for kind, share in (("3 %", 38 / 40), ("10 %", 1.0)):
        found, least = sum(row["verdict"] == "slower" for row in rows[kind]), share * len(rows[kind])
        figure = f"{found} of {len(rows[kind])} called slower"
        results.append(told(f"live power at {kind}", found >= least, figure, f"≥ {least:g} of {len(rows[kind])}"))
    return results


def durations(every: Sequence[tuple[str, str, int]], found: dict[str, Row]) -> list[bool]:
    """Median time of a comparison of ready artifacts, by runtime."""
    results = []
    for runtime in ("onnxruntime", "openvino"):
        seconds = [found[key(one)]["seconds"] for one in every if runtime in one[1]]
        median = statistics.median(seconds)
        figure = f"{median:.1f} s over {len(seconds)}"
        results.append(told(f"median comparison, {runtime}", median < LIMIT_S, figure, f"< {LIMIT_S:g} s"))
    return results


if __name__ == "__main__":
    sys.exit(main())
