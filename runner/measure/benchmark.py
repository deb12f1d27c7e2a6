"""A benchmark: pairs until the answer is known well enough, then every figure with its interval."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.data import scoring
from runner.measure import (
    comparison_design,
    compliance_checks,
    metrics,
    outliers,
    quality,
    quality_interval,
    run_conditions,
)
from runner.measure.comparison_design import Design
from runner.measure.ignored_settings import ignored_settings
from runner.measure.metrics import Metric
from runner.measure.noise_floor import NoiseFloor
from runner.measure.quality import Judgement
from runner.measure.quality_interval import Scored
from runner.measure.run import Run
from runner.measure.settings import Settings
from runner.measure.sides import Side, on_two_devices
from runner.measure.statistics import Interval
from runner.measure.stopping_rule import Decision, expected
from runner.measure.timed import Pair
from runner.measure.verdict import Verdict
from runner.telemetry.summary import Observed, Summary, Work, summarise

BUSY = 0.5  # CPUs that others kept busy, from which a warning is due

OnProgress = Callable[[int, int, str], None]


def _silent(done: int, total: int, note: str) -> None:
    """Progress that nobody watches."""


@dataclass(frozen=True)
class Flagged:
    """The pairs that were measured under worse conditions (`{pair: reasons}`), and the finding without them: None
    where no pair is left."""

    reasons: Mapping[int, Sequence[str]]
    decision: Decision | None
    pairs: int

    def as_dict(self) -> dict[str, Any]:
        """JSON types."""
        found = _ratio(self.decision.shown) if self.decision else dict.fromkeys(("ratio", "low", "high"))
        said = self.decision.verdict.value if self.decision else None
        flagged = [{"pair": pair, "reasons": list(reasons)} for pair, reasons in self.reasons.items()]
        return {**found, "verdict": said, "pairs": self.pairs, "flagged": flagged}


@dataclass(frozen=True)
class Comparison:
    """`log_ratio`: log of baseline's time / candidate's time with the interval that is shown. The `verdict` comes from
    the stricter one, `strict`; `p_value` is the same test's, of no difference. All three are of all pairs; `flagged`
    has the result without the flagged ones, None where none is. `kind` is `paired` or `across devices`; `replicates`
    what is kept of each pair or block."""

    log_ratio: Interval
    strict: Interval
    verdict: Verdict
    floor: NoiseFloor
    p_value: float
    kind: str
    replicates: Mapping[str, Any]
    flagged: Flagged | None = None

    @property
    def ratio(self) -> Interval:
        """The speed-up: above 1 the candidate is faster."""
        log = self.log_ratio
        return Interval(math.exp(log.estimate), math.exp(log.low), math.exp(log.high), log.confidence)

    def as_dict(self) -> dict[str, Any]:
        """JSON types; `low` and `high` are null where there were too few pairs for a finite interval."""
        finite = math.isfinite(self.log_ratio.half_width)
        return {
            **_ratio(self.log_ratio),
            "confidence": self.log_ratio.confidence if finite else None,
            "verdict": self.verdict.value,
            "verdict_interval": _ratio(self.strict),
            "p_value": self.p_value,
            **self.replicates,
            "floor": {"value": self.floor.value, "source": self.floor.source},
            "without_flagged": self.flagged.as_dict() if self.flagged else None,
            "kind": self.kind,
        }


def _ratio(log: Interval) -> dict[str, float | None]:
    """`{"ratio", "low", "high"}` of an interval of logs; the ends are None where they are not finite."""
    finite = math.isfinite(log.half_width)
    low, high = (math.exp(log.low), math.exp(log.high)) if finite else (None, None)
    return {"ratio": math.exp(log.estimate), "low": low, "high": high}


@dataclass(frozen=True)
class Benchmark:
    """What was measured. `comparison` is None without a baseline; `metrics` are the candidate's (and the comparison's),
    `baseline_metrics` the baseline's own; `stopped_by` is `target`, `budget` or `max_pairs`; `seconds` is wall time;
    `quality` is how sure its differences from the baseline's and the float model's are
    (`quality_interval.intervals`)."""

    pairs: tuple[Pair, ...]
    comparison: Comparison | None
    stopped_by: str
    metrics: tuple[Metric, ...]
    baseline_metrics: tuple[Metric, ...]
    warnings: tuple[str, ...]
    seconds: float
    telemetry: Summary
    checks: Mapping[str, Any]
    quality: Mapping[str, Any]
    outliers: Mapping[str, Any]

    @property
    def effective(self) -> dict[str, Any]:
        """`{role: settings read back from the runtime, with its version, and where its memory and its clock are}`."""
        loaded = {role: timed.loaded for role, timed in self.pairs[0].sides.items()}
        told = ("version", "memory", "clock")
        return {role: {**one["effective"], **{key: one[key] for key in told}} for role, one in loaded.items()}

    @property
    def conditions(self) -> dict[str, Any]:
        """The devices' state over all pairs."""
        return run_conditions.of_run(self.pairs)

    def latencies_ms(self, role: str) -> dict[int, npt.NDArray[np.float64]]:
        """`{pair: latencies (iterations,)}` of one side; empty where it took no part."""
        return {pair.number: pair.sides[role].ns / 1e6 for pair in self.pairs if role in pair.sides}

    def samples(self) -> dict[str, npt.NDArray[np.int64]]:
        """Every raw sample, nothing dropped: `<role>/<pair>` (iterations,) in ns; and when it was taken,
        `bursts/<role>/<pair>` (bursts, 2): each one's start in ns (monotonic) and its iterations."""
        sides = [(f"{role}/{pair.number}", timed) for pair in self.pairs for role, timed in pair.sides.items()]
        bursts = {f"bursts/{name}": np.stack([timed.starts_ns, timed.sizes], axis=1) for name, timed in sides}
        return {**{name: timed.ns for name, timed in sides}, **bursts}


def benchmark(
    run: Run, floor: NoiseFloor | None = None, comparisons: int = 1, progress: OnProgress = _silent
) -> Benchmark:
    """Measures the candidate against the baseline (or alone), each on its device: in pairs where that is the same one,
    in blocks otherwise, which are then what is called pairs here.

    `floor` is a calibrated noise floor, without which `measure.floor` stands. `comparisons` is how many the table will
    have that this one is for: Holm's correction then needs more pairs. `progress(pairs done, pairs expected, note)` is
    called between pairs only. Quality and fidelity are of the processes of the first pair. The run's sampler is
    stopped. Raises what a worker raises (StepFailed, …).
    """
    start, sides = time.monotonic(), run.sides
    noise = floor or NoiseFloor(run.settings.floor, UNCALIBRATED)
    run.folder.mkdir(parents=True, exist_ok=True)
    how = comparison_design.design_of(run)
    pairs, decision = _measure(how, run, noise, comparisons, progress)
    telemetry = summarise(run.sampler, {role: _work(pairs, role) for role in sides}, _elsewhere(sides))
    judged = {role: _judged(side, pairs[0], role) for role, side in sides.items()}
    intervals = _quality_intervals(run, judged, pairs[0])
    comparison = _compare(how, pairs, decision, run.settings, noise) if "baseline" in sides else None
    checked = compliance_checks.checks_by_role(sides, pairs, judged)
    figures = _figures(run, pairs, judged, telemetry)
    batches = {role: side.batch for role, side in sides.items()}
    against = metrics.of_comparison(comparison.ratio if comparison else None, telemetry.sides, batches)
    said = (compliance_checks.failures(checked), _pointless(sides, judged), _warnings(run, pairs, telemetry))
    return Benchmark(
        pairs=tuple(pairs),
        comparison=comparison,
        stopped_by=str(decision.stopped_by),
        metrics=(*figures["candidate"], *against, *_quality_deltas(sides, judged, intervals)),
        baseline_metrics=tuple(figures.get("baseline", ())),
        warnings=tuple(itertools.chain(*said)),
        seconds=time.monotonic() - start,
        telemetry=telemetry,
        checks=checked,
        quality=intervals,
        outliers=_outliers(how, sides, pairs),
    )


UNCALIBRATED = "measure.floor; this machine is not calibrated"


def _elsewhere(sides: Mapping[str, Side]) -> list[str]:
    return [role for role, side in sides.items() if side.device.remote]


def _measure(
    how: Design, run: Run, floor: NoiseFloor, comparisons: int, progress: OnProgress
) -> tuple[list[Pair], Decision]:
    """Pairs, and what they say in the end."""
    start, compared = time.monotonic(), "baseline" in run.sides
    least = how.least(run.settings, comparisons) if compared else run.settings.min_pairs
    pairs: list[Pair] = []
    progress(0, least, "")
    while True:
        if pairs and len(pairs) == least // 2:
            time.sleep(run.settings.apart_s)
            start += run.settings.apart_s  # no work, which the budget is of
        pairs.append(how.measure(run, len(pairs), predict=not pairs))
        seconds = time.monotonic() - start
        found = how.decide(pairs, seconds, run.settings, floor, least)
        ahead = expected(len(pairs), found.strict, seconds, run.settings, least)
        progress(len(pairs), ahead, _note(found.shown, compared))
        if found.stopped_by:
            return pairs, found


def _note(effect: Interval, compared: bool) -> str:
    width = f" ±{100 * effect.half_width:.1f} %" if math.isfinite(effect.half_width) else ""
    value = math.exp(effect.estimate)
    return f"{value:.3f}×{width}" if compared else f"{1000 * value:.3g} ms{width}"


def _quality_intervals(run: Run, judged: Mapping[str, Judgement], pair: Pair) -> dict[str, Any]:
    side = run.sides["candidate"]
    beside = _predicted(pair, "candidate").with_name("reference.npz")
    known = quality.scores(side.reference, side.data, side.metric, beside) if side.reference else None
    mine = Scored(judged["candidate"].scores, side.data, known)
    theirs = Scored(judged["baseline"].scores, run.sides["baseline"].data) if "baseline" in judged else None
    return quality_interval.intervals(mine, theirs, run.seed, run.settings.confidence)


def _quality_deltas(
    sides: Mapping[str, Side], judged: Mapping[str, Judgement], intervals: Mapping[str, Any]
) -> list[Metric]:
    candidate, baseline = sides["candidate"], sides.get("baseline")
    return metrics.quality_delta(
        judged["candidate"].quality,
        judged["baseline"].quality if baseline else None,
        baseline is not None and scoring.same_samples(candidate.data, baseline.data),
        intervals,
    )


def _figures(
    run: Run, pairs: Sequence[Pair], judged: Mapping[str, Judgement], telemetry: Summary
) -> dict[str, list[Metric]]:
    """Each side's own metrics, by role."""

    def of_role(role: str) -> list[Metric]:
        return _metrics(run, role, pairs, judged[role], telemetry.sides[role])

    with ThreadPoolExecutor(len(run.sides)) as threads:  # two bootstraps, in which numpy lets go of the interpreter
        return dict(zip(run.sides, threads.map(of_role, run.sides), strict=True))


def _outliers(how: Design, sides: Iterable[str], pairs: Sequence[Pair]) -> dict[str, Any]:
    samples = {role: [pair.sides[role].ns for pair in pairs] for role in sides}
    return outliers.count_outliers(how.scatter(pairs), samples)


def _compare(
    how: Design, pairs: Sequence[Pair], decision: Decision, settings: Settings, floor: NoiseFloor
) -> Comparison:
    found = (decision.shown, decision.strict, decision.verdict, floor, how.p_value(pairs))
    return Comparison(*found, how.kind, how.in_record(pairs), _flagged(how, pairs, settings, floor))


def _flagged(how: Design, pairs: Sequence[Pair], settings: Settings, floor: NoiseFloor) -> Flagged | None:
    marked = run_conditions.marked(pairs)
    reasons = run_conditions.reasons(marked)
    return Flagged(reasons, *how.without(pairs, marked, settings, floor)) if reasons else None


def _judged(side: Side, pair: Pair, role: str) -> Judgement:
    return quality.judge(_predicted(pair, role), side.data, side.reference, side.metric)


def _predicted(pair: Pair, role: str) -> Path:
    predicted = pair.sides[role].predicted
    assert predicted is not None, "the first pair predicts"
    return predicted


def _pointless(sides: Mapping[str, Side], judged: Mapping[str, Judgement]) -> Iterator[str]:
    """Where a side answers no better than would be done without a model."""
    for role, side in sides.items():
        lines = quality_interval.warnings(judged[role].quality, side.data)
        yield from (line if role == "candidate" else f"baseline {line}" for line in lines)


def _work(pairs: Sequence[Pair], role: str) -> Work:
    """When that side was timed, and when it worked alone."""
    timed = [pair.sides[role] for pair in pairs]
    spans = [span for one in timed for span in one.spans()]
    return Work(spans, [one.window for one in timed if one.window])


def _metrics(run: Run, role: str, pairs: Sequence[Pair], judged: Judgement, seen: Observed) -> list[Metric]:
    timed, batch = [pair.sides[role] for pair in pairs], run.sides[role].batch
    samples, peaks = [one.ns for one in timed], [one.peak_rss_mb for one in timed]
    loaded = timed[0].loaded
    at_once = loaded.get("at_once", 1) if run.together else 1
    own = metrics.of_side(samples, peaks, batch, run.seed, run.settings.confidence, loaded["memory"], at_once)
    outputs = metrics.of_outputs(judged.quality, judged.fidelity, judged.why_not, judged.note)
    return [*metrics.with_telemetry(own, seen, batch), *outputs]


def _warnings(run: Run, pairs: Sequence[Pair], telemetry: Summary) -> list[str]:
    """What a reader of the figures must know."""
    found = [f"telemetry: {telemetry.problem}"] if telemetry.problem else []
    for role, side in run.sides.items():
        loaded = pairs[0].sides[role].loaded
        ignored = ignored_settings(side.options, loaded["effective"])
        lines = [*loaded.get("warnings", ()), *ignored, *_one_by_one(run, loaded.get("at_once", 1))]
        found += [line if role == "candidate" else f"baseline {line}" for line in lines]
    return [*found, *_busy(pairs), *_one_machine(run.sides)]


def _one_by_one(run: Run, at_once: int) -> list[str]:
    """A line where a session could run several inferences at once, and this scenario has one follow the other."""
    if at_once == 1 or run.together:
        return []
    return [f"the session is ready for {at_once} inferences at once, which only scenario=offline measures"]


def _busy(pairs: Sequence[Pair]) -> Iterator[str]:
    """What others did meanwhile, on each device."""
    for role, its in run_conditions.devices(pairs).items():
        busy = [one.get("competing_cpus", 0.0) for one in run_conditions.figures(its)]
        crowded = sum(cpus > BUSY for cpus in busy)
        where = f" of the {role}'s device" if role else ""
        if crowded:
            share = f"during {crowded} of {len(pairs)} {'blocks' if role else 'pairs'}"
            yield f"other processes kept up to {max(busy):.1f} CPUs{where} busy {share}"


def _one_machine(sides: Mapping[str, Side]) -> Iterator[str]:
    """Two addresses may be one machine: then each side's blocks were the other's competing load, and pairs would do."""
    if not on_two_devices(sides):
        return
    identities = {str(side.device.hardware()["identity"]) for side in sides.values()}
    if len(identities) == 1:
        names = sorted(side.device.name for side in sides.values())
        yield f"{' and '.join(names)} say that they are the same hardware ({identities.pop()}): one machine?"
