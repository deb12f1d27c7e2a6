"""Every backend × precision × threads beside each runtime's own defaults, and the winner beside them in fresh pairs.

A runtime's own defaults are fp32 on one thread, as its option says, and on all CPUs, which most runtimes take where
nobody says. Rows are ratios of times of one race, their intervals those that the race drops by.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from benchmarks.support.best_race import Races, interval, told

EVERYTHING = ("backend.threads=1,2", "backend.graph_optimization=all")
THREADS = (1, 2)
LEAST = 0.97
# Of one comparison with a default: 8 pairs, or a few more where they scatter.
BRIEF = ("measure=quick", "measure.min_pairs=8", "measure.max_pairs=20", "measure.target=0.02")
KEPT = "table"


def printed(models: Sequence[str], races: Races) -> bool:
    """Prints the table of each model; whether `best` is nowhere slower.

    All is made first. Then the models race in turns: one fills the minutes that another has to leave between blocks.
    """
    for model in models:
        races.made(model, EVERYTHING)
    with ThreadPoolExecutor(len(models)) as pool:
        answers = list(pool.map(lambda model: races.went_on(model, EVERYTHING), models))
    met = [_printed(model, found, races) for model, found in zip(models, answers, strict=True)]
    return all(met)


def _printed(model: str, found: Mapping[str, Any], races: Races) -> bool:
    print(told(model, found))
    print(*rows(found), sep="\n")
    for one in found["left_out"]:
        print(f"  {one['name']}: {one['status']}: {one['reason'][:100]}")
    return _beside_defaults(model, found, races)


def rows(found: Mapping[str, Any]) -> Iterator[str]:
    """A line a configuration, the fastest first: `openvino int8 threads=2  2.310× [2.200, 2.430]  1.950× […]`, over its
    runtime's fp32 on one thread and on all CPUs."""
    defaults = own_defaults(found)
    yield (
        "  "
        + f"{'times as fast as its runtime in fp32 on':<48}"
        + "".join(f"{n} thread{'s' * (n > 1):<22}" for n in THREADS)
    )
    for one in found["raced"]:
        own = [defaults.get((_backend(one), threads)) for threads in THREADS]
        cells = [f"{interval(over(one, default)) if default else '–':<24}" for default in own]
        yield f"  {one['name']:<48}{''.join(cells)}".rstrip()


def over(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, float]:
    """How many times as fast as `other` `one` is, by the race. Each has an interval of its time over the leader's: of
    their ratio it is at most as wide as both together."""
    times, reaches = zip(*(_time(side) for side in (one, other)), strict=True)
    value, reach = times[1] - times[0], math.hypot(*reaches) if one is not other else 0.0
    return dict(zip(("ratio", "low", "high"), map(math.exp, (value, value - reach, value + reach)), strict=True))


def _time(one: Mapping[str, Any]) -> tuple[float, float]:
    """(log of its time over the leader's, half its interval)."""
    value, low, high = one["relative"]
    return math.log(value), math.log(high / low) / 2


def own_defaults(found: Mapping[str, Any]) -> dict[tuple[str, int], Mapping[str, Any]]:
    """`{(backend, threads): its fp32}`; without those that couldn't race, and all where nothing was timed."""
    timed = [one for one in found["raced"] if one["relative"]]
    return {(_backend(one), one["threads"]): one for one in timed if " fp32 " in f" {one['name']} "}


def _backend(one: Mapping[str, Any]) -> str:
    return next((word.removeprefix("backend=") for word in one["words"] if word.startswith("backend=")), "onnxruntime")


def _beside_defaults(model: str, found: Mapping[str, Any], races: Races) -> bool:
    """Holds the winner against each runtime's defaults in fresh pairs; whether it is nowhere slower."""
    winner = next((one for one in found["raced"] if one["name"] == found["winner"]), None)
    if winner is None:
        print(f"  nobody won: {found['why']}")
        return False
    met = True
    for (backend, threads), default in own_defaults(found).items():
        if default is winner:
            print(f"  {winner['name']} is the default of {backend} on {threads}")
            continue
        against = _compared(model, winner, backend, threads, races)
        met = met and against["verdict"] != "slower" and against["low"] >= LEAST
        shown = f"{interval(against)} {against['verdict']}"
        print(f"  {winner['name']} against fp32 of {backend} on {threads}: {shown}", flush=True)
    return met


def _compared(model: str, winner: Mapping[str, Any], backend: str, threads: int, races: Races) -> dict[str, Any]:
    """The comparison of a run of the winner, kept in the project's folder."""
    name = f"{model} {winner['name']} {backend} {threads}".replace(" ", "_")
    file = races.folder / KEPT / f"{name}.json"
    if not races.fresh and file.is_file():
        kept: dict[str, Any] = json.loads(file.read_text())
        return kept
    changes = f"baseline.overrides=[backend={backend},precision=fp32,backend.threads={threads}]"
    against: dict[str, Any] = races.asked(*winner["words"], "baseline=spec", changes, *BRIEF)["comparison"]
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(against))
    return against
