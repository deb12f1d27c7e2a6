"""What a row loses of the float model's quality, by the worse end of the interval, and whether a budget allows it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from runner.core.errors import SpecError
from runner.measure import metric_direction
from runner.measure.metric_direction import higher_is_better
from runner.results import naming
from runner.results.formatting import number, split_quality
from runner.results.record_schema import Absent, Baseline, Difference, Result

AMOUNT = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(%?)")
EXAMPLE = "Expected is a share of the float model's figure, such as 1%, or an amount in the metric's unit: 0.01."
SAME_MODEL = ("model", "data", "train", "seed")  # what makes a float model, besides compression and precision
UNKNOWN = "its quality beside the float model's isn't known"


@dataclass(frozen=True)
class Budget:
    """How much may be lost: a share of the float model's figure (0.01 = 1 %) where `relative`, else so much in the
    metric's unit (of an accuracy: 0.01 is one percentage point)."""

    amount: float
    relative: bool

    def __str__(self) -> str:
        return f"{100 * self.amount:.6g} %" if self.relative else f"{self.amount:.6g}"


@dataclass(frozen=True)
class Loss:
    """How much worse than the float model's figure `of` a row is, in the metric's unit: `high` is the worse end of the
    interval; what is negative is gained."""

    metric: str
    value: float
    low: float
    high: float
    of: float

    def within(self, budget: Budget) -> bool:
        """Whether even the worse end is allowed."""
        return self.high <= allowed(budget, self)


@dataclass(frozen=True)
class Stated:
    """A loss as it is stated of what was chosen, on so many `samples`. `apart`: none of them chose it."""

    loss: Loss
    samples: int
    apart: bool


@dataclass(frozen=True)
class Lost:
    """What a model is chosen by, and what is stated of it once it is."""

    loss: Loss
    stated: Stated


def allowed(budget: Budget, loss: Loss) -> float:
    """How much may be lost, in the metric's unit."""
    return budget.amount * (abs(loss.of) if budget.relative else 1.0)


def parse(text: str) -> Budget:
    """`1%`, `0.01`. Raises SpecError for anything else."""
    match = AMOUNT.fullmatch(text.strip())
    if not match:
        raise SpecError(f"--max-loss {text!r}: not a budget.", EXAMPLE)
    return Budget(float(match[1]) / (100 if match[2] else 1), bool(match[2]))


def loss_of(result: Result) -> Loss | Absent:
    """The loss of a measured row, or why there is none to tell."""
    if result.quality is None:
        return Absent(UNKNOWN)
    name, found = f"quality/{result.quality.metric}", _difference(result)
    if isinstance(found, Absent) or name not in result.metrics or found.difference is None:
        return Absent(f"{UNKNOWN}: {found.reason}" if isinstance(found, Absent) else UNKNOWN)
    exact = naming.precision(result, "candidate") == "fp32"
    return of_difference(result.quality.metric, result.metrics[name], result.quality.samples, found, exact)


def of_difference(metric: str, figure: float, samples: int, found: Difference, exact: bool) -> Loss | Absent:
    """The loss of a model whose `metric` is `figure` over so many `samples`, by what it differs from the float model;
    `exact` where it is that in its precision."""
    name = f"quality/{metric}"
    if found.difference is None:
        return Absent(UNKNOWN)
    of = figure - found.difference
    if found.verdict == "equal" and exact:
        return Loss(metric, 0.0, 0.0, 0.0, of)  # it is the float model, whatever the samples
    if metric_direction.known(metric) is None:
        return Absent(f"whether more or less {split_quality(name)[0]} is better isn't known by its name")
    if found.low is None or found.high is None:
        return Absent(f"no interval of what it loses ({samples} samples): {found.method.partition(':')[0]}")
    ends = (-found.high, -found.low) if higher_is_better(name) else (found.low, found.high)
    value = -found.difference if higher_is_better(name) else found.difference
    return Loss(metric, value, *ends, of)


def _difference(result: Result) -> Difference | Absent:
    """From the float model. That of a compressed network is the compressed one, so its baseline stands for it where
    that is the uncompressed network in float."""
    assert result.quality is not None
    if result.spec.get("compression", {}).get("name", "none") == "none":
        return result.quality.vs_float or Absent("the record has no difference from it")
    if result.baseline is None or not _is_float(result, result.baseline):
        return Absent("it was measured beside no uncompressed fp32 of its model (baseline=onnxruntime has that)")
    return result.quality.vs_baseline or Absent("the record has no difference from it")


def _is_float(result: Result, baseline: Baseline) -> bool:
    same = all(baseline.spec.get(part) == result.spec.get(part) for part in SAME_MODEL)
    plain = baseline.spec.get("compression", {}).get("name", "none") == "none"
    return same and plain and naming.precision(result, "baseline") == "fp32"


def worded(loss: Loss) -> str:
    """`mae at worst 0.42 % (0.00131 ppm) worse than the float model's`."""
    measure, unit = split_quality(f"quality/{loss.metric}")
    if loss.high <= 0:
        return f"{measure} no worse than the float model's"
    percent = measure == "accuracy" and not unit
    amount = f"{number(100 * loss.high)} percentage points" if percent else f"{number(loss.high)} {unit}".strip()
    share = f"{number(100 * loss.high / abs(loss.of))} % ({amount})" if loss.of else amount
    return f"{measure} at worst {share} worse than the float model's"


def stated(chosen: Loss, told: Stated) -> str:
    """What is known of a model that was `chosen` by its loss, and on which samples."""
    if not chosen.high > chosen.low:
        return worded(chosen)
    if not told.apart:
        return f"{worded(chosen)}, on the {told.samples} samples that chose it: they are too few to keep some apart"
    return f"{interval(told.loss)} on {told.samples} samples that did not choose it, {worded(chosen)} on those that did"


def interval(loss: Loss) -> str:
    """`mae 0.21 % [-0.05, 0.42] worse than the float model's`."""
    measure, _ = split_quality(f"quality/{loss.metric}")
    each = [100 * end / abs(loss.of) if loss.of else end for end in (loss.value, loss.low, loss.high)]
    value, low, high = map(number, each)
    return f"{measure} {value}{' %' if loss.of else ''} [{low}, {high}] worse than the float model's"


def enough(loss: Loss, budget: Budget) -> str:
    """The `--max-loss`, of the same kind as `budget`, that would just allow it: rounded up."""
    if not budget.relative or not loss.of:
        return f"{_up(loss.high):.12g}"
    return f"{_up(100 * loss.high / abs(loss.of)):.12g}%"


def _up(value: float) -> float:
    """To two significant digits."""
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    return math.ceil(value / step * (1 + 1e-9)) * step
