"""Is a result fit to be published? Twenty pairs, MLPerf's least duration and samples, and checks that did not fail.

Source: MLPerf Inference rules, section on scenarios: 600 s at least; what else a scenario asks is in its module.
"""

from __future__ import annotations

from collections.abc import Iterator

from runner.measure import scenarios
from runner.measure.benchmark import Benchmark
from runner.measure.compliance_checks import failures
from runner.measure.settings import Settings

LEAST_PAIRS = 20


def judge(found: Benchmark, settings: Settings, scenario: str, batch: int) -> dict[str, str] | None:
    """`{"verdict": "VALID" or "INVALID", "reason"}`; None where nobody asks (measure.valid_seconds=null)."""
    if settings.valid_seconds is None:
        return None
    wrong = list(_problems(found, settings.valid_seconds, scenario, batch))
    if wrong:
        return {"verdict": "INVALID", "reason": "; ".join(wrong)}
    told = f"{len(found.pairs)} pairs, {_seconds(found):.0f} s of timed work of the candidate, every check passed"
    return {"verdict": "VALID", "reason": told}


def _problems(found: Benchmark, least_s: float, scenario: str, batch: int) -> Iterator[str]:
    if len(found.pairs) < LEAST_PAIRS:
        yield f"{len(found.pairs)} pairs of at least {LEAST_PAIRS} (measure.min_pairs)"
    if _seconds(found) < least_s:
        yield f"{_seconds(found):.0f} s of timed work of the candidate of at least {least_s:g} (measure.min_seconds)"
    samples = batch * sum(len(pair.sides["candidate"].ns) for pair in found.pairs)
    yield from scenarios.named(scenario).unpublishable(samples)
    yield from failures(found.checks)


def _seconds(found: Benchmark) -> float:
    return float(sum(pair.sides["candidate"].ns.sum() for pair in found.pairs)) / 1e9
