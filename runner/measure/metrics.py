"""Figures that say what they are. Only this room makes a `MeasuredFigure`: what reaches a table as measured is one."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import InitVar, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from runner.backends.contract import HOST
from runner.measure.statistics import Interval, bootstrap_percentiles, least_samples
from runner.telemetry.energy import Energy
from runner.telemetry.summary import Observed

Samples = Sequence[npt.NDArray[np.int64]]
PERCENTILES = (50, 90, 95, 99)


class _Proof:
    """Private token: only code in this module can construct a `MeasuredFigure`."""


_PROOF: Final = _Proof()


@dataclass(frozen=True)
class MeasuredFigure:
    """A figure measured in this benchmark. `note` qualifies it (`few samples (80)`); it is shown wherever it is."""

    name: str
    value: float
    proof: InitVar[_Proof]
    note: str = ""

    def __post_init__(self, proof: _Proof) -> None:
        if proof is not _PROOF:
            raise TypeError(f"{self.name}: only a benchmark makes a measurement")
        if not math.isfinite(self.value):
            raise ValueError(f"{self.name} = {self.value}: not a measurement; make it an AbsentFigure with a reason")


@dataclass(frozen=True)
class ReckonedFigure:
    """A figure that rests on a reckoned bound beside what was measured; `note` says how it was reckoned, and is shown
    wherever it is."""

    name: str
    value: float
    note: str


@dataclass(frozen=True)
class AbsentFigure:
    """A figure that could not be measured, and why."""

    name: str
    reason: str


Figure = MeasuredFigure | ReckonedFigure
Metric = Figure | AbsentFigure


def numbers(metrics: Iterable[Metric]) -> dict[str, float]:
    """`{name: value}` of what was measured, or reckoned: a record's `metrics`."""
    return {metric.name: metric.value for metric in metrics if not isinstance(metric, AbsentFigure)}


def reasons(metrics: Iterable[Metric]) -> dict[str, str]:
    """`{name: reason}` of what was not: a record's `unavailable`."""
    return {metric.name: metric.reason for metric in metrics if isinstance(metric, AbsentFigure)}


def notes(metrics: Iterable[Metric]) -> dict[str, str]:
    """`{name: note}` of what was measured under a reservation, and of all that was reckoned."""
    return {metric.name: metric.note for metric in metrics if not isinstance(metric, AbsentFigure) and metric.note}


def of_side(
    samples: Samples, peak_rss_mb: Sequence[float], batch: int, seed: int, confidence: float, memory: str, at_once: int
) -> list[Metric]:
    """Latency, throughput and memory of one side. `samples` are the ns of each process's iterations.

    Latency is that of one inference (of a whole batch), over all iterations of all processes; the intervals of its
    percentiles come from a bootstrap over processes. Throughput is batch / mean latency. Peak RSS is the largest
    process's. `memory` is where the session says that the model lies while it runs. Of inferences of which several ran
    `at_once` no single one's latency is known: its ns are a share of the time of all.
    """
    milliseconds = [ns / 1e6 for ns in samples]
    pooled = np.concatenate(milliseconds)
    mean = float(pooled.mean())
    intervals = bootstrap_percentiles(milliseconds, PERCENTILES, seed, confidence)
    latencies = [
        *(one for p, found in zip(PERCENTILES, intervals, strict=True) for one in _percentile(len(pooled), p, found)),
        _measured("latency/mean_ms", mean),
        _spread(pooled),
        _measured("latency/min_ms", float(pooled.min())),
        _measured("latency/max_ms", float(pooled.max())),
    ]
    return [
        *(latencies if at_once == 1 else _shares(latencies, at_once)),
        _measured("throughput/per_s", batch * 1000 / mean),
        _measured("memory/peak_rss_mb", max(peak_rss_mb)),
        _device_memory(memory),
        *(AbsentFigure(name, reason) for name, reason in NOT_MEASURED.items()),
    ]


def _shares(figures: Iterable[Metric], at_once: int) -> list[Metric]:
    """Times that are no inference's own."""
    why = f"{at_once} inferences at once: the time of all over their number"
    noted = {one.name: "; ".join(filter(None, (one.note, why))) for one in figures if isinstance(one, MeasuredFigure)}
    return [
        _measured(one.name, one.value, noted[one.name]) if isinstance(one, MeasuredFigure) else one for one in figures
    ]


NOT_MEASURED = {
    "memory/peak_pss_mb": "nothing sampled shared memory",
    "energy/mj_per_inference": "no power sensor was read",
    "power/mean_w": "no power sensor was read",
}


def _device_memory(memory: str) -> Metric:
    host = "the session ran in host memory: memory/peak_rss_mb holds it"
    elsewhere = f"the session ran in the memory of {memory}, which nothing measured"
    return AbsentFigure("memory/device_mb", host if memory == HOST else elsewhere)


def _percentile(samples: int, p: float, found: Interval) -> list[Metric]:
    least, name = least_samples(p), f"latency/p{p:g}_ms"
    note = "" if samples >= least else f"few samples ({samples}; p{p:g} needs {least})"
    return [_measured(name, found.estimate, note), *_interval(name, found, "processes")]


def _spread(pooled: npt.NDArray[np.float64]) -> Metric:
    if len(pooled) < 2:
        return AbsentFigure("latency/std_ms", "one sample has no spread")
    return _measured("latency/std_ms", float(pooled.std(ddof=1)))


def with_telemetry(figures: Iterable[Metric], seen: Observed, batch: int) -> list[Metric]:
    """`figures` with what the sampler saw of that side in the place of what nothing else measures."""
    found = {metric.name: metric for metric in (_peak_pss(seen), *_energy(seen.energy, batch))}
    return [found.get(metric.name, metric) for metric in figures]


def _peak_pss(seen: Observed) -> Metric:
    name = "memory/peak_pss_mb"
    if isinstance(seen.peak_pss_mb, str):
        return AbsentFigure(name, seen.peak_pss_mb)
    return _measured(name, seen.peak_pss_mb, f"a lower bound: the highest of {seen.pss_samples} samples")


def _energy(energy: Energy | str, batch: int) -> list[Metric]:
    names = ("energy/mj_per_inference", "power/mean_w")
    if isinstance(energy, str):
        return [AbsentFigure(name, energy) for name in names]
    note = f"{energy.scope}, idle power included, {energy.readings} readings"
    whole = f" of a batch of {batch}" if batch > 1 else ""
    return [_measured(names[0], energy.joules * 1000, f"{note}{whole}"), _measured(names[1], energy.watts, note)]


def energy_ratio(seen: Mapping[str, Observed], batches: Mapping[str, int]) -> Metric:
    """Candidate's / baseline's energy of one sample; `batches`: how many an inference of each takes."""
    name = "vs_baseline/energy_ratio"
    candidate, baseline = seen["candidate"].energy, seen["baseline"].energy
    if isinstance(candidate, str) or isinstance(baseline, str):
        return AbsentFigure(name, candidate if isinstance(candidate, str) else str(baseline))
    of_sample = [one.joules / batches[role] for role, one in (("candidate", candidate), ("baseline", baseline))]
    return _measured(name, of_sample[0] / of_sample[1], "idle power included in both")


def of_comparison(ratio: Interval | None, seen: Mapping[str, Observed], batches: Mapping[str, int]) -> list[Metric]:
    """`vs_baseline/speedup` with its interval; `ratio` is baseline's time / candidate's time, None without baseline.
    `vs_baseline/energy_ratio` is the other way round, from what was `seen` of each side, a sample of its `batches`."""
    name = "vs_baseline/speedup"
    energy = "vs_baseline/energy_ratio"
    if ratio is None:
        return [AbsentFigure(one, NO_BASELINE) for one in (name, f"{name}_low", f"{name}_high", energy)]
    return [_measured(name, ratio.estimate), *_interval(name, ratio, "pairs"), energy_ratio(seen, batches)]


NO_BASELINE = "nothing to compare with: measured without a baseline"


def _interval(name: str, interval: Interval, replicates: str) -> list[Metric]:
    """`name_low` and `name_high`, absent where there were too few replicates for a finite interval."""
    if not math.isfinite(interval.half_width):
        reason = f"too few {replicates} for an interval"
        return [AbsentFigure(f"{name}_low", reason), AbsentFigure(f"{name}_high", reason)]
    return [_measured(f"{name}_low", interval.low), _measured(f"{name}_high", interval.high)]


def of_outputs(
    quality: Mapping[str, float], fidelity: Mapping[str, float], why_not: Mapping[str, str], note: str = ""
) -> list[Metric]:
    """`quality/…` (qualified by `note`) and `fidelity/…` of the compiled artifact; `why_not` holds what is missing, by
    full name."""
    found = {f"quality/{name}": value for name, value in quality.items()}
    found |= {f"fidelity/{name}": value for name, value in fidelity.items()}
    notes = dict.fromkeys((f"quality/{name}" for name in quality), note)
    finite = [_measured(name, value, notes.get(name, "")) for name, value in found.items() if math.isfinite(value)]
    odd = {name: f"not finite ({value})" for name, value in found.items() if not math.isfinite(value)}
    return [*finite, *(AbsentFigure(name, reason) for name, reason in {**odd, **why_not}.items())]


def quality_delta(
    candidate: Mapping[str, float], baseline: Mapping[str, float] | None, same_samples: bool, found: Mapping[str, Any]
) -> list[Metric]:
    """Candidate's minus baseline's first quality figure, in its unit, and its interval as far as one was `found`
    (`quality_interval.intervals`). Figures of other samples say nothing of each other."""
    name, metric = "vs_baseline/quality_delta", next(iter(candidate), "")
    if baseline is None:
        return [AbsentFigure(name, NO_BASELINE)]
    if why := _no_delta(metric, baseline, same_samples):
        return [AbsentFigure(name, why)]
    delta = candidate[metric] - baseline[metric]
    if not math.isfinite(delta):
        return [AbsentFigure(name, f"not finite ({delta})")]
    against = found.get("vs_baseline", {})
    ends = {f"{name}_{end}": against.get(end) for end in ("low", "high")}
    return [_measured(name, delta), *(_measured(end, value) for end, value in ends.items() if value is not None)]


def _no_delta(metric: str, baseline: Mapping[str, float], same_samples: bool) -> str:
    if not metric:
        return "the data have no quality metric"
    if metric not in baseline:
        return f"the baseline's data have no {metric}"
    return "" if same_samples else "the baseline answered other samples"


def of_artifact(
    size: Mapping[str, int], nonzero_params: int | None, seconds: float, peak_rss_mb: float
) -> list[Metric]:
    """Sizes (MB of 10^6 bytes) and compile cost, as the compile step measured them when it ran."""
    params = "size/nonzero_params"
    return [
        _measured("size/file_mb", size["file_bytes"] / 1e6),
        _measured("size/gzip_mb", size["gzip_bytes"] / 1e6),
        AbsentFigure(params, "the export counted none")
        if nonzero_params is None
        else _measured(params, nonzero_params),
        _measured("compile/seconds", seconds),
        _measured("compile/peak_rss_mb", peak_rss_mb),
    ]


def size_ratio(candidate: Mapping[str, int], baseline: Mapping[str, int] | None) -> Metric:
    """Candidate's / baseline's bytes on disk."""
    name = "vs_baseline/size_ratio"
    if baseline is None:
        return AbsentFigure(name, NO_BASELINE)
    return _measured(name, candidate["file_bytes"] / baseline["file_bytes"])


def _measured(name: str, value: Any, note: str = "") -> MeasuredFigure:
    return MeasuredFigure(name, float(value), _PROOF, note)
