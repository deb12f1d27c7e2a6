"""A group of a race by energy: a fresh process of each configuration, all alive together, each working alone for a
while, and what a power sensor reads meanwhile is its energy (`telemetry/energy.py`)."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

from runner.core.errors import Unavailable
from runner.measure.pairs import run_pair
from runner.measure.race_group import in_turns
from runner.measure.run import Run
from runner.spec.telemetry import Settings
from runner.telemetry.energy import Energy
from runner.telemetry.sampler import sampling
from runner.telemetry.summary import Work, no_meter, summarise

NEXT = "Race by time, or where a sensor can be read (python -m runner doctor tells which): --by latency"


def check(settings: Settings, folder: Path) -> None:
    """Raises Unavailable where no power can be read; `folder` takes the sampler's log."""
    if settings.interval_ms is None or not settings.energy_s:
        raise Unavailable(
            "--by energy: telemetry.interval_ms=null and telemetry.energy_s=0 read no power.", "Leave these words out."
        )
    with sampling(folder, settings, []) as sampler:
        assert sampler, "it has an interval"
        if not sampler.meter:
            why = no_meter(sampler.ready["absent"]) if sampler.ready else sampler.problem
            raise Unavailable(f"--by energy: {why}.", NEXT)


def run_group(run: Run, number: int, settings: Settings) -> dict[str, float]:
    """The log of the joules of a sample by role, of group `number` of a race.

    Everything is timed inside `run.quiet()`. Raises what the workers raise, and Unavailable where a process' power was
    not read.
    """
    turns = in_turns(run, number)
    with sampling(run.folder / "power", settings, list(run.sides)) as sampler:
        pair = run_pair(replace(turns, seed=turns.seed + number, sampler=sampler), 0)  # the first pairs work alone
        windows = {role: Work([], [one.window] if one.window else []) for role, one in pair.sides.items()}
        seen = summarise(sampler, windows).sides
    return {role: math.log(_joules(seen[role].energy) / one.batch) for role, one in pair.sides.items()}


def _joules(energy: Energy | str) -> float:
    if isinstance(energy, str):
        raise Unavailable(f"--by energy: {energy}.", NEXT)
    return energy.joules
