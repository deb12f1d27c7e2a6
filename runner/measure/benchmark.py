"""A benchmark: pairs until the answer is known well enough, then every figure with its interval."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.measure import conditions, metrics, quality
from runner.measure.metrics import Metric
from runner.measure.pairs import Pair, Quiet, Side, run_pair
from runner.measure.quality import Judgement
from runner.measure.settings import Settings
from runner.measure.statistics import Interval, hodges_lehmann
from runner.measure.verdict import NoiseFloor, Verdict, verdict

LOOK_EVERY = 2  # pairs; at this pace the interval of repeated looks still covered 95 % on recorded pairs
BUSY = 0.5  # CPUs that others kept busy, from which a warning is due

OnProgress = Callable[[int, int, str], None]


def _silent(done: int, total: int, note: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Comparison:
    """`log_ratio`: log of baseline's time / candidate's time, per pair from the processes' medians."""

    log_ratio: Interval
    verdict: Verdict
    floor: NoiseFloor

    @property
    def ratio(self) -> Interval:
        """The speed-up: above 1 the candidate is faster."""
        log = self.log_ratio
        return Interval(math.exp(log.estimate), math.exp(log.low), math.exp(log.high), log.confidence)

    def as_dict(self) -> dict[str, Any]:
        """JSON types; `low` and `high` are null where there were too few pairs for a finite interval."""
        ratio = self.ratio
        finite = math.isfinite(ratio.half_width)
        return {
            "ratio": ratio.estimate,
            "low": ratio.low if finite else None,
            "high": ratio.high if finite else None,
            "confidence": ratio.confidence if finite else None,
            "verdict": self.verdict.value,
            "floor": {"value": self.floor.value, "source": self.floor.source},
            "kind": "paired",
        }


@dataclass(frozen=True)
class Benchmark:
    """What was measured. `comparison` is None without a baseline; `metrics` are the candidate's (and the comparison's),
    `baseline_metrics` the baseline's own; `stopped_by` is `target`, `budget` or `max_pairs`; `seconds` is wall time."""

    pairs: tuple[Pair, ...]
    comparison: Comparison | None
    stopped_by: str
    metrics: tuple[Metric, ...]
    baseline_metrics: tuple[Metric, ...]
    warnings: tuple[str, ...]
    seconds: float

    @property
    def effective(self) -> dict[str, Any]:
        """`{role: settings read back from the runtime, with its version}`."""
        loaded = {role: timed.loaded for role, timed in self.pairs[0].sides.items()}
        return {role: {**one["effective"], "version": one["version"]} for role, one in loaded.items()}

    @property
    def conditions(self) -> dict[str, Any]:
        """The machine's state over all pairs."""
        return conditions.summary([(pair.before, pair.after) for pair in self.pairs])

    def samples(self) -> dict[str, npt.NDArray[np.int64]]:
        """Every raw sample, `{"<role>/<pair>": ns of each iteration}`: nothing is dropped."""
        return {f"{role}/{pair.number}": timed.ns for pair in self.pairs for role, timed in pair.sides.items()}


def benchmark(
    candidate: Side,
    baseline: Side | None,
    settings: Settings,
    seed: int,
    folder: Path,
    limit_s: float = 300.0,
    progress: OnProgress = _silent,
    floor: NoiseFloor | None = None,
    quiet: Quiet = nullcontext,
) -> Benchmark:
    """Measures `candidate` against `baseline` (or alone) on this machine.

    `folder` takes the workers' logs and the predicted outputs; `limit_s` is the longest time of one answer; `floor`
    is a calibrated noise floor, without which `settings.floor` stands. Quality and fidelity are of the processes of
    the first pair. Everything is timed inside `quiet()`, in which nothing else of ours may run. `progress(pairs
    done, pairs expected, note)` is called between pairs only. Raises what a worker raises (StepFailed, …).
    """
    start = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    sides = {"candidate": candidate} | ({"baseline": baseline} if baseline else {})
    pairs, stopped_by = _measure(sides, settings, seed, folder, limit_s, progress, quiet)
    judged = {role: _judged(side, pairs[0], role) for role, side in sides.items()}
    comparison = _compare(pairs, settings, floor) if baseline else None
    figures = {role: _figures(side, role, pairs, judged[role], settings, seed) for role, side in sides.items()}
    against = [
        *metrics.of_comparison(comparison.ratio if comparison else None),
        metrics.quality_delta(judged["candidate"].quality, judged["baseline"].quality if baseline else None),
    ]
    return Benchmark(
        pairs=tuple(pairs),
        comparison=comparison,
        stopped_by=stopped_by,
        metrics=(*figures["candidate"], *against),
        baseline_metrics=tuple(figures.get("baseline", ())),
        warnings=tuple(_warnings(pairs)),
        seconds=time.monotonic() - start,
    )


def _measure(
    sides: Mapping[str, Side],
    settings: Settings,
    seed: int,
    folder: Path,
    limit_s: float,
    progress: OnProgress,
    quiet: Quiet,
) -> tuple[list[Pair], str]:
    """Pairs, and what stopped them."""
    start = time.monotonic()
    pairs: list[Pair] = []
    progress(0, settings.min_pairs, "")
    while True:
        first = not pairs
        pairs.append(run_pair(sides, settings, seed, len(pairs), folder, limit_s, predict=first, quiet=quiet))
        effect, seconds = hodges_lehmann(effects(pairs), settings.confidence), time.monotonic() - start
        progress(len(pairs), expected(len(pairs), effect, seconds, settings), _note(effect, "baseline" in sides))
        why = stop(len(pairs), effect, seconds, settings)
        if why:
            return pairs, why


def effects(pairs: Sequence[Pair]) -> npt.NDArray[np.float64]:
    """(pairs,) log of baseline's / candidate's median time; of the candidate's median in s where it is alone."""
    candidate = np.log([pair.sides["candidate"].median_ns for pair in pairs])
    if "baseline" not in pairs[0].sides:
        alone: npt.NDArray[np.float64] = candidate - math.log(1e9)
        return alone
    ratio: npt.NDArray[np.float64] = np.log([pair.sides["baseline"].median_ns for pair in pairs]) - candidate
    return ratio


def stop(pairs: int, effect: Interval, seconds: float, settings: Settings) -> str | None:
    """Why to stop: `target` (looked at every LOOK_EVERY pairs from min_pairs on), `budget`, `max_pairs`; or None."""
    if pairs < settings.min_pairs:
        return None
    if (pairs - settings.min_pairs) % LOOK_EVERY == 0 and effect.half_width <= settings.target:
        return "target"
    if pairs >= settings.max_pairs:
        return "max_pairs"
    return "budget" if seconds >= settings.budget_s else None


def expected(pairs: int, effect: Interval, seconds: float, settings: Settings) -> int:
    """How many pairs it will be in all, as far as one can tell: an interval narrows with the root of their number."""
    if pairs < settings.min_pairs:
        return settings.min_pairs
    by_budget = math.ceil(pairs * settings.budget_s / seconds)
    enough = math.ceil(min(1e6, pairs * (effect.half_width / max(settings.target, 1e-6)) ** 2))
    return max(pairs, min(enough, by_budget, settings.max_pairs))


def _note(effect: Interval, compared: bool) -> str:
    width = f" ±{100 * effect.half_width:.1f} %" if math.isfinite(effect.half_width) else ""
    value = math.exp(effect.estimate)
    return f"{value:.3f}×{width}" if compared else f"{1000 * value:.3g} ms{width}"


def _compare(pairs: Sequence[Pair], settings: Settings, floor: NoiseFloor | None) -> Comparison:
    log_ratio = hodges_lehmann(effects(pairs), settings.confidence)
    noise = floor or NoiseFloor(settings.floor, "measure.floor; this machine is not calibrated")
    return Comparison(log_ratio, verdict(log_ratio, noise, settings.equivalence), noise)


def _judged(side: Side, pair: Pair, role: str) -> Judgement:
    predicted = pair.sides[role].predicted
    assert predicted is not None, "the first pair predicts"
    return quality.judge(predicted, side.data, side.reference)


def _figures(
    side: Side, role: str, pairs: Sequence[Pair], judged: Judgement, settings: Settings, seed: int
) -> list[Metric]:
    timed = [pair.sides[role] for pair in pairs]
    samples, peaks = [one.ns for one in timed], [one.peak_rss_mb for one in timed]
    return [
        *metrics.of_side(samples, peaks, side.batch, seed, settings.confidence),
        *metrics.of_outputs(judged.quality, judged.fidelity, judged.why_not),
    ]


def _warnings(pairs: Sequence[Pair]) -> list[str]:
    """What a reader of the figures must know."""
    found = [
        f"the {role}'s outputs were not finite in pair {pair.number}"
        for pair in pairs
        for role, timed in pair.sides.items()
        if not timed.finite
    ]
    busy = [conditions.change(pair.before, pair.after).get("competing_cpus", 0.0) for pair in pairs]
    crowded = sum(cpus > BUSY for cpus in busy)
    if crowded:
        found.append(f"other processes kept up to {max(busy):.1f} CPUs busy during {crowded} of {len(pairs)} pairs")
    return found
