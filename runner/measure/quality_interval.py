"""How sure a difference in quality is: both sides answered the same samples, so they are compared sample by sample.

Right or wrong answers: McNemar's exact test, and the interval of D. G. Bonett and R. M. Price, Adjusted Wald
Confidence Interval for a Difference of Binomial Proportions Based on Paired Data, J. Educ. Behav. Stat. 37 (2012).
Errors: a paired bootstrap of blocks of neighbouring samples (H. R. Künsch, Annals of Statistics 17, 1989), because the
windows of a forecast overlap; widened as Student's t is for so few blocks.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.data import scoring
from runner.data.scoring import PerSample
from runner.measure import metric_direction

RESAMPLES = 1000
MOST_BLOCKS = 100  # more would take time and say no more
LEAST_BLOCKS = 8
ROUNDING = 1e-5  # of the figure: some hundred roundings of float32
LEAST_HITS = 10  # samples, of right and wrong answers
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Scored:
    """One side's answers, `own`, and the `float_model`'s, sample by sample; `data` is the data artifact on whose test
    split they were given."""

    own: PerSample | None
    data: Path
    float_model: PerSample | None = None


def intervals(candidate: Scored, baseline: Scored | None, seed: int, confidence: float) -> dict[str, Any]:
    """A record's `quality` (JSON types): `metric`, `samples`, `confidence`, and what the candidate's figure is less
    the baseline's (`vs_baseline`) and the float model's (`vs_float`): `difference`, `low`, `high` in its unit,
    `verdict` (`better`, `worse`, `not told apart`, `equal`; `differs` where it isn't known whether more of a user's
    figure is better; `can't be told` without an interval), `method`, `p_value` where there is a test; or the `reason`
    why not. Empty where the data have no metric."""
    mine = candidate.own
    if mine is None:
        return {}
    found = {"metric": mine.metric, "samples": mine.samples, "confidence": confidence}
    if candidate.float_model is not None:
        found["vs_float"] = compared(mine, candidate.float_model, seed, confidence)
    if baseline is not None:
        found["vs_baseline"] = _against(mine, candidate, baseline, seed, confidence)
    return found


def _against(mine: PerSample, candidate: Scored, baseline: Scored, seed: int, confidence: float) -> dict[str, Any]:
    if not scoring.same_samples(candidate.data, baseline.data):
        return {"reason": "the baseline answered other samples"}
    return compared(mine, baseline.own, seed, confidence)


def compared(mine: PerSample, theirs: PerSample | None, seed: int, confidence: float) -> dict[str, Any]:
    """`mine` less `theirs`, of the same samples in the same order."""
    if theirs is None or mine.metric != theirs.metric:
        return {"reason": "the other side has no such figure"}
    if not np.isfinite(mine.values).all() or not np.isfinite(theirs.values).all():
        return {"reason": "not finite"}
    kind = "whole" if "whole" in (mine.kind, theirs.kind) else mine.kind
    found = METHODS[kind](mine, theirs, seed, confidence)
    return {**found, "verdict": _verdict(mine, theirs, found)}


def _verdict(mine: PerSample, theirs: PerSample, found: Mapping[str, Any]) -> str:
    if np.array_equal(mine.values, theirs.values) or _rounding(mine, found):
        return "equal"
    if found["low"] is None:
        return "can't be told"
    if found["low"] <= 0 <= found["high"]:
        return "not told apart"
    more = metric_direction.known(mine.metric)
    if more is None:
        return "differs"
    return "better" if (found["difference"] > 0) == more else "worse"


def _rounding(mine: PerSample, found: Mapping[str, Any]) -> bool:
    """Whether errors differ by no more than how a runtime rounds: as sure as it may be, nobody's answers are better."""
    if mine.kind == "hits" or found["low"] is None:
        return False
    least = ROUNDING * abs(_figure(mine, mine.values.mean()))
    return bool(max(abs(found["low"]), abs(found["high"])) <= least)


def _whole(mine: PerSample, theirs: PerSample, seed: int, confidence: float) -> dict[str, Any]:
    difference = float(mine.values.mean() - theirs.values.mean())
    return {"difference": difference, "low": None, "high": None, "method": mine.why_whole or theirs.why_whole}


def _hits(mine: PerSample, theirs: PerSample, seed: int, confidence: float) -> dict[str, Any]:
    count = len(mine.values)
    gained, lost = (int(np.sum(one.values > other.values)) for one, other in ((mine, theirs), (theirs, mine)))
    better, worse = (gained + 1) / (count + 2), (lost + 1) / (count + 2)
    reach = _normal(confidence) * math.sqrt((better + worse - (better - worse) ** 2) / (count + 2))
    ends = {"low": max(-1.0, better - worse - reach), "high": min(1.0, better - worse + reach)}
    shown = ends if count >= LEAST_HITS else dict.fromkeys(ends)
    method = "McNemar's exact test, Bonett-Price interval"
    method = method if count >= LEAST_HITS else f"too few samples: {method}"
    return {"difference": (gained - lost) / count, **shown, "p_value": mcnemar(gained, lost), "method": method}


def mcnemar(gained: int, lost: int) -> float:
    """The exact two-sided p-value: samples that one side alone has right fall to either side alike by chance."""
    total, fewer = gained + lost, min(gained, lost)
    logs = (math.lgamma(total + 1) - math.lgamma(k + 1) - math.lgamma(total - k + 1) for k in range(fewer + 1))
    return min(1.0, 2 * math.fsum(math.exp(log - total * math.log(2)) for log in logs))


def _errors(mine: PerSample, theirs: PerSample, seed: int, confidence: float) -> dict[str, Any]:
    length, difference = block(mine), _figure(mine, mine.values.mean()) - _figure(theirs, theirs.values.mean())
    blocks = len(mine.values) // length
    method = f"paired bootstrap of {blocks} blocks of {length} samples"
    if blocks < LEAST_BLOCKS:
        return {"difference": float(difference), "low": None, "high": None, "method": f"too few samples: {method}"}
    starts = np.random.default_rng(seed).integers(len(mine.values) - length + 1, size=(RESAMPLES, blocks))
    drawn = [_figure(one, _moving(one.values, length)[starts].mean(axis=1)) for one in (mine, theirs)]
    low, high = np.quantile(drawn[0] - drawn[1], [(1 - confidence) / 2, (1 + confidence) / 2])
    wider, middle = _wider(blocks, confidence), float(np.mean(drawn[0] - drawn[1]))
    ends = {"low": float(difference + (low - middle) * wider), "high": float(difference + (high - middle) * wider)}
    return {"difference": float(difference), **ends, "method": method}


METHODS: dict[str, Callable[[PerSample, PerSample, int, float], dict[str, Any]]] = {
    "hits": _hits, "mean": _errors, "root": _errors, "whole": _whole,
}  # fmt: skip


def block(one: PerSample) -> int:
    """Samples that are drawn together: twice as many neighbours as share what they are scored on, and enough that
    there are few blocks."""
    return max(1, 2 * one.overlap if one.overlap > 1 else 1, math.ceil(len(one.values) / MOST_BLOCKS))


def _moving(values: Floats, length: int) -> Floats:
    """The mean of each `length` neighbours."""
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return np.asarray((sums[length:] - sums[:-length]) / length)


def figure(one: PerSample) -> float:
    """What its samples come to."""
    return float(_figure(one, one.values.mean()))


def _figure(one: PerSample, mean: Any) -> Any:
    return np.sqrt(np.maximum(mean, 0.0)) if one.kind == "root" else mean


def _wider(blocks: int, confidence: float) -> float:
    """Student's t over the normal quantile (Cornish-Fisher), and what resampling `blocks` loses of their variance."""
    z, free = _normal(confidence), blocks - 1
    t = z + (z**3 + z) / (4 * free) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * free**2)
    return t / z * math.sqrt(blocks / free)


def _normal(confidence: float) -> float:
    return NormalDist().inv_cdf((1 + confidence) / 2)


def warnings(quality: Mapping[str, float], data: Path) -> list[str]:
    """A line where a model is no better than what needs no model: the naive forecast, the most frequent class."""
    metric = next(iter(quality), "")
    naive, share = quality.get(f"naive_{metric}"), scoring.without_a_model(data)
    if naive is not None and quality[metric] > naive:
        return [f"{metric} {quality[metric]:.4g} is worse than the naive forecast's {naive:.4g}"]
    if share is not None and metric == "accuracy" and quality[metric] <= share:
        shown = f"{100 * quality[metric]:.1f} %"
        return [f"accuracy {shown} is no better than always answering the most frequent class ({100 * share:.1f} %)"]
    return []
