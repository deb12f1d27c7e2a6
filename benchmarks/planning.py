"""How long a sweep's plan takes, beside Hydra's own composition of the same cells.

`python benchmarks/planning.py [--rounds N]`: each round times `python -m runner plan -m …` of 1,000 and of 10,000 cells
(five axes, all cells distinct) as whole commands from outside, and Hydra's composition of 50 of the same cells, drawn
by seed. Hydra's time for 1,000 is 20 times that; it would still have to be checked and planned. Prints medians, how
many times as long Hydra takes, and how the time grows. Exit code 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

import hydra

from benchmarks.support.timed import Timer, alternated, row, verdict, wall
from runner.core import project_paths as projects

SMALL, LARGE = 1000, 10_000
SAMPLE = 50
SECONDS = 6.0  # for 1,000 cells
GROWTH = 12.0  # 10,000 cells take at most so many times as long as 1,000


def axes(cells: int) -> dict[str, Sequence[str]]:
    """Five axes that make so many cells: three of options, of which one brings another, and two of values."""
    return {
        "model": ["gru", "lstm"],
        "backend": ["onnxruntime", "openvino"],
        "precision": ["fp32", "int8_dynamic"],
        "seed": [str(seed) for seed in range(5)],
        "model.hidden": [str(8 + number) for number in range(cells // 40)],
    }


def planned(cells: int, project: Path) -> float:
    """Seconds of the whole command."""
    words = [f"{axis}={','.join(values)}" for axis, values in axes(cells).items()]
    return wall([sys.executable, "-m", "runner", "plan", "-m", *words, "--json"], project)


def by_hydra() -> float:
    """Seconds that Hydra takes to compose SMALL cells, from SAMPLE of them; its first composition is not counted."""
    every = [[f"{axis}={value}" for axis, value in cell] for cell in _cells(axes(SMALL))]
    drawn = random.Random(0).sample(every, SAMPLE)
    with hydra.initialize_config_dir(str(projects.shipped("conf")), version_base="1.3"):
        hydra.compose("config", drawn[0])
        start = time.monotonic()
        for words in drawn:
            hydra.compose("config", words)
        return (time.monotonic() - start) * SMALL / SAMPLE


def _cells(every: Mapping[str, Sequence[str]]) -> list[list[tuple[str, str]]]:
    return [list(zip(every, values, strict=True)) for values in itertools.product(*every.values())]


def checked(cells: int, project: Path) -> None:
    """Raises RuntimeError where the plan lacks a cell, or two are the same."""
    words = [f"{axis}={','.join(values)}" for axis, values in axes(cells).items()]
    command = [sys.executable, "-m", "runner", "plan", "-m", *words, "--json"]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    distinct = {cell["spec_key"] for cell in json.loads(done.stdout)["cells"]}
    if len(distinct) != cells:
        raise RuntimeError(f"{len(distinct)} distinct cells planned, not {cells}")


def grown(small: Sequence[float], large: Sequence[float]) -> bool:
    """Print one line: whether the time grows with the number of cells, and no faster."""
    ratio = median(large) / median(small)
    word = "reached" if ratio <= GROWTH else "missed"
    print(f"{word}: {LARGE:,} cells take {ratio:.1f} times as long as {SMALL:,}, target ≤ {GROWTH:g}")
    return ratio <= GROWTH


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8, help="alternated rounds (8)")
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as temporary:
        project = Path(temporary)
        (project / "runner.toml").touch()
        for cells in (SMALL, LARGE):
            checked(cells, project)
        small, large, theirs = f"plan of {SMALL:,} cells", f"plan of {LARGE:,} cells", f"Hydra composes {SMALL:,}"
        timers: dict[str, Timer] = {
            small: lambda: planned(SMALL, project),
            large: lambda: planned(LARGE, project),
            theirs: by_hydra,
        }
        found = alternated(timers, rounds)
    print(row(small, found[small]))
    print(row(f"  {theirs} (from {SAMPLE})", found[theirs], beside=found[small]))
    print(row(large, found[large]))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000
    print(f"peak memory of the largest command: {peak:.0f} MB")
    reached = [verdict(small, found[small], SECONDS), grown(found[small], found[large])]
    return 0 if all(reached) else 1


if __name__ == "__main__":
    sys.exit(main())
