"""What a row costs by one of four figures, so that rows of any batch size can be put in an order."""

from __future__ import annotations

from dataclasses import dataclass

from runner.results import per_sample
from runner.results.formatting import number, ratio
from runner.results.record_schema import Absent
from runner.results.rows import Row

LATENCY, THROUGHPUT, SIZE, ENERGY = BY = ("latency", "throughput", "size", "energy")
METRICS = {THROUGHPUT: "throughput/per_s", SIZE: "size/file_mb", ENERGY: "energy/mj_per_inference"}
UNITS = {LATENCY: "ms a sample", THROUGHPUT: "samples per s", SIZE: "MB", ENERGY: "mJ a sample"}
BEST = {LATENCY: "the fastest", THROUGHPUT: "the highest throughput", SIZE: "the smallest", ENERGY: "the least energy"}
TOO_FEW = "too few processes for an interval of its time (measure.min_pairs)"


@dataclass(frozen=True)
class Cost:
    """What a row costs, in any unit that all have: less is better. Without noise both ends are the value."""

    value: float
    low: float
    high: float


def cost_of(row: Row, by: str) -> Cost | Absent:
    """What a row costs, or why it has no such figure."""
    if by == LATENCY:
        return _time(row)
    return _throughput(row) if by == THROUGHPUT else _plain(row, METRICS[by], by == ENERGY)


def value_of(row: Row, by: str) -> float | None:
    """The estimate of what a row costs, in any unit that all have; None where it has no such figure, or 0."""
    name = per_sample.P50 if by == LATENCY else METRICS[by]
    value = row.metrics.get(name)
    if not value:
        return None
    if by == THROUGHPUT:
        return 1 / value
    return value / (per_sample.batch(row.result.spec) if by in (LATENCY, ENERGY) else 1)


def relative(row: Row, by: str) -> Cost | None:
    """The time as a share of the baseline's, which was measured in turns with it: among rows of one group this is surer
    than times of different hours. None of another figure, and where it has no interval."""
    against = row.against
    if by not in (LATENCY, THROUGHPUT) or against is None:
        return None
    if against.kind == "baseline":
        return Cost(1.0, 1.0, 1.0)
    return Cost(1 / against.ratio, 1 / against.high, 1 / against.low) if against.low and against.high else None


def _time(row: Row) -> Cost | Absent:
    known = [row.metrics.get(f"{per_sample.P50}{end}") for end in per_sample.ENDS]
    ends = [one / per_sample.batch(row.result.spec) for one in known if one is not None]
    return Cost(*ends) if len(ends) == len(per_sample.ENDS) else Absent(TOO_FEW)


def _throughput(row: Row) -> Cost | Absent:
    """The inverse of the throughput, with an interval as wide as the median time's."""
    time, found = _time(row), _plain(row, METRICS[THROUGHPUT], False)
    if isinstance(time, Absent) or isinstance(found, Absent):
        return time if isinstance(time, Absent) else found
    if not found.value or not time.value:
        return Absent("its throughput or time is 0")
    mean = 1 / found.value
    return Cost(mean, mean * time.low / time.value, mean * time.high / time.value)


def _plain(row: Row, metric: str, of_batch: bool) -> Cost | Absent:
    if metric not in row.metrics:
        return Absent(row.result.unavailable.get(metric, f"it has no {metric}"))
    value = row.metrics[metric] / (per_sample.batch(row.result.spec) if of_batch else 1)
    return Cost(value, value, value)


def worded(row: Row, by: str) -> str:
    """`0.699 ms a sample, 1.43× [1.40, 1.46] as fast as onnxruntime fp32`, `0.0310 MB`."""
    against = row.against
    if by == LATENCY:
        shown = f"{number(row.metrics[per_sample.P50] / per_sample.batch(row.result.spec))} {UNITS[by]}"
    else:
        cost = _plain(row, METRICS[by], by == ENERGY)
        shown = "–" if isinstance(cost, Absent) else f"{number(cost.value)} {UNITS[by]}"
    if by not in (LATENCY, THROUGHPUT) or against is None:
        return shown
    if against.kind == "baseline":
        return f"{shown}, the baseline"
    return f"{shown}, {ratio(against.ratio, against.low, against.high)} as fast as {against.over}"
