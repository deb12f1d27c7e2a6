"""Resamples comparisons from recorded pools and synthetic noise: how often is the verdict wrong, the interval right?

`python -m benchmarks.verdicts.simulate` takes 10,000 comparisons of identical sides and 10,000 of sides 3 % apart for
each noise, stopped and judged by the code that stops and judges real benchmarks (`runner/measure/stopping_rule.py`).
Results are kept in `.work/simulated.json` as they come: the same command goes on; `--fresh` starts over.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from benchmarks.verdicts.noise import IN_BLOCKS, Noise, pools, recorded, synthetic
from benchmarks.verdicts.record_pools import POOLS
from benchmarks.verdicts.targets import code, told
from benchmarks.verdicts.workloads import PROJECT
from runner.core import setting_rules
from runner.measure.noise_floor import NoiseFloor
from runner.measure.settings import Settings
from runner.measure.statistics import hodges_lehmann
from runner.measure.stopping_rule import replay
from runner.measure.verdict import Verdict, verdict
from runner.results import calibration

MEASURE = Path(__file__).parents[2] / "conf/measure"
EFFECT = 0.03
DIFFERENT = (Verdict.FASTER, Verdict.SLOWER)


def standard(name: str) -> Settings:
    """A shipped option of `measure`."""
    values = yaml.safe_load((MEASURE / f"{name}.yaml").read_text(encoding="utf-8"))
    del values["name"]
    return setting_rules.build(Settings, values, "measure")


def simulate(noise: Noise, measure: Settings, comparisons: int, shift: float, seed: int) -> dict[str, float]:
    """Shares over `comparisons` whose true log ratio is `shift`: `different`, `faster`, and both with the calibrated
    floor; `covered` by the 95 % interval; mean `pairs`; `target`, stopped because it was narrow enough."""
    random = np.random.default_rng(seed)
    default = NoiseFloor(measure.floor, "default")
    floor = NoiseFloor(calibration.floor_of(noise.calibrating, measure), "calibrated")
    count = dict.fromkeys(("different", "faster", "covered", "different_cal", "faster_cal", "pairs", "target"), 0)
    for _ in range(comparisons):
        logs, seconds = noise.draw(random, measure.max_pairs)
        pairs, found = replay(logs + shift, np.cumsum(seconds), measure, default)
        calibrated = verdict(found.strict, floor, measure.equivalence)
        count["different"] += found.verdict in DIFFERENT
        count["faster"] += found.verdict is Verdict.FASTER
        count["different_cal"] += calibrated in DIFFERENT
        count["faster_cal"] += calibrated is Verdict.FASTER
        count["covered"] += found.shown.low <= shift <= found.shown.high
        count["target"] += found.stopped_by == "target"
        count["pairs"] += pairs
    return {**{name: total / comparisons for name, total in count.items()}, "floor": floor.value}


def one(job: tuple[str, str, Path, int, float]) -> tuple[str, dict[str, float]]:
    """One noise at one shift; what a pool process does."""
    key, name, folder, comparisons, shift = job
    noise = next(noise for noise in [*synthetic(), *pools(folder)] if noise.name == name)
    return key, simulate(noise, standard("standard"), comparisons, shift, seed=int(key, 16) % 2**31)


def jobs(folder: Path, comparisons: int) -> list[tuple[str, str, Path, int, float]]:
    """What is to be simulated, each with a key that changes with everything that it depends on."""
    rule = (MEASURE / "standard.yaml").read_text(encoding="utf-8")
    made = []
    for noise in [*synthetic(), *pools(folder)]:
        for shift in (0.0, math.log1p(EFFECT)):
            first = np.random.default_rng(0)
            identity = f"{noise.name} {shift} {comparisons} {rule} {noise.draw(first, 30)} {noise.calibrating}"
            made.append((hashlib.sha256(identity.encode()).hexdigest()[:12], noise.name, folder, comparisons, shift))
    return made


def main() -> int:
    arguments = argparse.ArgumentParser(description="False verdicts, coverage and power by resampling.")
    arguments.add_argument("--comparisons", type=int, default=10_000)
    arguments.add_argument("--folder", type=Path, default=POOLS, help="the recorded pools")
    arguments.add_argument("--fresh", action="store_true")
    chosen = arguments.parse_args()
    todo = jobs(chosen.folder, chosen.comparisons)
    found = run(todo, PROJECT / "simulated.json", chosen.fresh)
    names = list(dict.fromkeys(name for _, name, *_ in todo))
    if not any(name.startswith("pool") for name in names):
        print(f"no pools in {chosen.folder}: record them first (record_pools.py)")
    results = [reached for name in names for reached in report(name, _of(name, todo, found))]
    return code([*results, *centres(chosen.folder)])


def centres(folder: Path) -> list[bool]:
    """Whether the two sides of each pool are alike: its own centre with a 99 % interval."""
    results = []
    for name, (logs, _) in recorded(folder).items():
        found = hodges_lehmann(logs, 0.99)
        figure = f"{found.estimate:+.2%} [{found.low:+.2%}, {found.high:+.2%}]"
        results.append(told(f"pool {name}: centre", found.low <= 0 <= found.high, figure, "0 inside at 99 %"))
    return results


def run(todo: list[Any], kept: Path, fresh: bool) -> dict[str, dict[str, float]]:
    """Results by key, done in as many processes as there are CPUs, kept as they come."""
    kept.parent.mkdir(exist_ok=True)
    found = json.loads(kept.read_text()) if kept.is_file() and not fresh else {}
    waiting = [job for job in todo if job[0] not in found]
    start = time.monotonic()
    with ProcessPoolExecutor(os.cpu_count()) as executor:
        for done, (key, result) in enumerate(executor.map(one, waiting), 1):
            found[key] = result
            kept.write_text(json.dumps(found, indent=1))
            left = (time.monotonic() - start) / done * (len(waiting) - done)
            print(f"{done} of {len(waiting)} simulated, about {left:.0f} s left", file=sys.stderr, flush=True)
    return found


def _of(name: str, todo: list[Any], found: dict[str, dict[str, float]]) -> list[dict[str, float]]:
    return [found[key] for key, noise, *_ in todo if noise == name]


def report(name: str, results: list[dict[str, float]]) -> list[bool]:
    """One line a target; for pairs drawn in blocks the figures alone, which show what their order does."""
    same, apart = results
    if IN_BLOCKS in name:
        shares = f"{same['different']:.2%} false, {same['covered']:.2%} covered, {apart['faster']:.2%} found at 3 %"
        print(f"         {name}: {shares}")
        return []
    calibrated = f"{same['different_cal']:.2%} with a calibrated floor of {same['floor']:.2%}"
    power = f"{apart['faster']:.2%}; {apart['faster_cal']:.2%} with the calibrated floor"
    spent = f"{same['pairs']:.1f} pairs, {same['target']:.0%} stopped by the target"
    return [
        told(
            f"{name}: A/A false verdicts", same["different"] <= 0.03, f"{same['different']:.2%}; {calibrated}", "≤ 3 %"
        ),
        told(f"{name}: coverage", 0.93 <= same["covered"] <= 0.98, f"{same['covered']:.2%}; {spent}", "93–98 %"),
        told(f"{name}: power at 3 %", apart["faster"] >= 0.98, power, "≥ 98 %"),
    ]


if __name__ == "__main__":
    sys.exit(main())
