"""A real sweep of 24 cells: its steps side by side against one after the other, its makespan against its lower bound.

`python benchmarks/sweep.py [--rounds N] [--no-whole] [WORD …]`: each round runs the same sweep by `schedule=inline` and
by `schedule=local`, as whole commands in projects of their own, so that everything is made and measured, and takes the
seconds of preparing from the JSON of each. A shared machine may be half as fast a few minutes later: in these rounds
every cell is measured shortly, so that the two lie close together. Then one round measures every cell as usual, for the
makespan beside its bound and the verdicts. WORDs go to all commands. Prints what it saw and, last, whether the targets
are reached; exit code 1 where one is missed.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from runner.execution.cpu_count import cores

SWEEP = (
    "model=gru,lstm,bilstm", "model.hidden=32,64", "precision=fp32,int8_dynamic", "backend=onnxruntime,openvino",
)  # fmt: skip
SHORT = ("measure=quick", "measure.min_pairs=2", "measure.max_pairs=2", "measure.min_seconds=0.01")
SHARE = 0.8  # of the cores: the least speed-up of preparing
BOUND = 1.15  # times the lower bound: the most that a whole sweep takes
SCHEDULES = ("inline", "local")


@dataclass(frozen=True)
class Swept:
    """What one command's JSON says."""

    cells: Sequence[Mapping[str, Any]]
    schedule: Mapping[str, Any]

    @property
    def preparing(self) -> float:
        return float(self.schedule["spent"]["preparing_s"])

    @property
    def verdicts(self) -> dict[str, str]:
        """Of each comparison, by the cell's spec; of a cell that has none its status."""
        return {cell["spec_key"]: (cell["comparison"] or {}).get("verdict", cell["status"]) for cell in self.cells}


def swept(schedule: str, words: Sequence[str]) -> Swept:
    """The sweep in an empty project. Raises RuntimeError where it fails."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "runner.toml").touch()
        command = [sys.executable, "-m", "runner", "-m", "--json", f"schedule={schedule}", *SWEEP, *words]
        done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"schedule={schedule} ended with {done.returncode}:\n{done.stderr[-2000:]}")
    document = json.loads(done.stdout)
    found = Swept(document["cells"], document["schedule"])
    print(f"{schedule:<8}{_figures(found)}", flush=True)
    return found


def _figures(found: Swept) -> str:
    spent = ", ".join(f"{name.removesuffix('_s')} {seconds:.1f} s" for name, seconds in found.schedule["spent"].items())
    took, bound = found.schedule["makespan_s"], found.schedule["bound_s"]
    return f"{len(found.cells)} cells in {took:.1f} s, {took / bound:.2f}× its bound of {bound:.1f} s ({spent})"


def rounds(count: int, words: Sequence[str]) -> dict[str, list[Swept]]:
    """What each round saw, every second one in reverse."""
    found: dict[str, list[Swept]] = {name: [] for name in SCHEDULES}
    for number in range(count):
        for name in SCHEDULES[:: -1 if number % 2 else 1]:
            found[name].append(swept(name, words))
    return found


def speed_up(found: Mapping[str, Sequence[Swept]]) -> bool:
    """Print one line: how many times as fast steps side by side are."""
    ratios = [one.preparing / other.preparing for one, other in zip(found["inline"], found["local"], strict=True)]
    least = SHARE * cores()
    return _line(
        median(ratios) >= least, f"preparing {median(ratios):.2f}× as fast on {cores()} cores, target ≥ {least:g}×"
    )


def near_the_bound(found: Mapping[str, Sequence[Swept]]) -> bool:
    """Print one line: how near to its lower bound the sweep comes."""
    ratio = median(float(one.schedule["ratio"]) for one in found["local"])
    return _line(ratio <= BOUND, f"the whole sweep {ratio:.2f}× its lower bound, target ≤ {BOUND:g}×")


def same_verdicts(found: Mapping[str, Sequence[Swept]]) -> bool:
    """Print one line, and one for each cell that was judged differently."""
    pairs = list(zip(found["inline"], found["local"], strict=True))
    titles = {cell["spec_key"]: cell["title"] for cell in pairs[0][0].cells}
    different = [
        f"  {titles[key]}: {one.verdicts[key]} inline, {other.verdicts[key]} local"
        for one, other in pairs
        for key in one.verdicts
        if one.verdicts[key] != other.verdicts[key]
    ]
    every = sum(len(one.verdicts) for one, _ in pairs)
    reached = _line(not different, f"{every - len(different)} of {every} verdicts are the same, target all")
    print("\n".join(different), end="\n" if different else "")
    return reached


def _line(reached: bool, text: str) -> bool:
    print(f"{'reached' if reached else 'missed'}: {text}")
    return reached


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="rounds of preparing, in alternating order (3)")
    parser.add_argument("--no-whole", action="store_true", help="leave out the round that measures as usual")
    parser.add_argument("words", nargs="*", help="further words for all, such as train=smoke")
    chosen = parser.parse_args()
    reached = [speed_up(rounds(chosen.rounds, [*chosen.words, *SHORT]))]
    if not chosen.no_whole:
        whole = rounds(1, chosen.words)
        reached += [near_the_bound(whole), same_verdicts(whole)]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
