"""Numbers as sentences: every number says what it is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from runner.results import naming
from runner.results.record_schema import (
    Absent,
    Compared,
    Correction,
    Difference,
    Estimated,
    Imported,
    Measured,
    Quality,
    Result,
)


def number(value: float, digits: int = 3) -> str:
    """`digits` significant digits without an exponent: 0.312, 1.52, 24.1, 1430."""
    if value == 0:
        return "0"
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:.0f}"
    if abs(value) < 1e-4:
        return f"{value:.{digits - 1}e}"
    text = f"{value:#.{digits}g}"
    return text.rstrip(".")


def spread(middle: float, least: float, most: float) -> str:
    """`0.42 (0.31 to 0.71)`."""
    return f"{number(middle)} ({number(least)} to {number(most)})"


def cells(count: int) -> str:
    """`1 cell`, `12 cells`."""
    return f"{count} cell{'' if count == 1 else 's'}"


def ratio(value: float, low: float | None, high: float | None) -> str:
    """`1.43× [1.40, 1.46]`, `0.856× [0.851, 0.863]`: a narrow interval takes a third decimal to be seen, and a small
    ratio so many that two of its figures are (`0.00031×`). Without an interval it stands alone."""
    digits = max(2, 1 - math.floor(math.log10(value))) if value > 0 else 2
    if low is None or high is None:
        return f"{value:.{digits}f}×"
    digits = max(digits, 2 if high - low >= 0.025 else 3)
    return f"{value:.{digits}f}× [{low:.{digits}f}, {high:.{digits}f}]"


def worded(verdict: str, correction: Correction | None) -> str:
    """The verdict, and beside it the one that it would be alone where a correction changed it: `ambiguous (alone:
    slower)`."""
    alone = correction.alone if correction else verdict
    return verdict if alone == verdict else f"{verdict} (alone: {alone})"


def verdict_line(result: Result) -> str:
    """A record in one line: what was found, or why nothing was.

    `1.43× [1.40, 1.46] as fast as onnxruntime fp32 (paired, 10 pairs, stopped by target): faster`
    """
    match result.provenance:
        case Absent(reason):
            return f"{result.status}: {reason or 'no reason recorded'}"
        case Imported(source) as found if found.run_here:
            return f"measured by {source}, not by this tool: compared with nothing"
        case Imported(source):
            return f"imported from {source}: not measured here, compared with nothing"
        case Estimated(source, incomplete):
            partly = f"; incomplete: {incomplete}" if incomplete else ""
            return f"estimated by {source}: measured nowhere, compared with nothing{partly}"
        case Measured():
            return _measured(result)


def _measured(result: Result) -> str:
    found = result.comparison
    if not found:
        return _alone(result.spec)
    shown = ratio(found.ratio, found.low, found.high)
    return f"{shown} {against(result, found)}: {worded(found.verdict, found.correction)}"


def _alone(spec: Mapping[str, Any]) -> str:
    if spec.get("baseline", {}).get("name", "none") == "none":
        return "measured without a baseline"
    return "measured alone: it is its own baseline (baseline=self would compare it with itself)"


def against(result: Result, found: Compared) -> str:
    """`as fast as onnxruntime fp32 (paired, 10 pairs, stopped by target)`: how a result's comparison was `found`."""
    how = [found.kind, f"{found.pairs} {replicates(found)}"]
    if found.stopped_by:
        how.append(f"stopped by {found.stopped_by}")
    return f"as fast as {naming.baseline(result)} ({', '.join(how)})"


def replicates(comparison: Compared) -> str:
    """What the repetitions of a live comparison are: `pairs`, or `blocks a side` where it is one of two devices."""
    return "pairs" if comparison.by_block_ms is None else "blocks a side"


def quality(metrics: Mapping[str, float]) -> list[str]:
    """One line a quality metric: `mae 0.31 ppm; seasonal naive 1.52 ppm`, `accuracy 97.1 %`."""
    lines = []
    for name, value in metrics.items():
        measure, unit = split_quality(name)
        if measure is None or measure.startswith("naive_"):
            continue
        naive = metrics.get(name.replace("quality/", "quality/naive_", 1))
        shown = f"{measure} {_with_unit(value, unit, measure)}"
        lines.append(shown + (f"; seasonal naive {_with_unit(naive, unit, measure)}" if naive is not None else ""))
    return lines


def quality_differences(result: Result) -> list[str]:
    """What a record's quality is less its baseline's and the float model's, and how sure that is; older records have
    none."""
    found = result.quality
    if not found:
        return []
    against = {naming.baseline(result) or "the baseline": found.vs_baseline, "the float model": found.vs_float}
    return [f"quality against {name}: {_difference(one, found)}" for name, one in against.items() if one]


def quality_against(result: Result) -> str:
    """`+0.0041 [-0.0010, +0.0092] ppm: not told apart` of the baseline; empty where they were not compared."""
    one = result.quality.vs_baseline if result.quality else None
    if result.quality is None or not isinstance(one, Difference):
        return ""
    return f"{quality_interval(one, result.quality.metric)}: {one.verdict}"


def _difference(one: Difference | Absent, found: Quality) -> str:
    if isinstance(one, Absent):
        return f"not compared: {one.reason}"
    measure, _ = split_quality(f"quality/{found.metric}")
    p = "" if one.p_value is None else f", p = {one.p_value:.2g}"
    how = f"{found.samples} samples{p}" if one.low is None else f"{found.samples} samples, {one.method}{p}"
    return f"{measure} {quality_interval(one, found.metric)}: {one.verdict} ({how})"


def quality_interval(one: Difference, metric: str) -> str:
    """`+0.0041 [-0.0010, +0.0092] ppm`, `-1.2 [-2.0, -0.4] percentage points`."""
    measure, unit = split_quality(f"quality/{metric}")
    percent = measure == "accuracy" and not unit
    value, low, high = (
        "–" if end is None else f"{100 * end:+.1f}" if percent else signed(end)
        for end in (one.difference, one.low, one.high)
    )
    name = "percentage points" if percent else unit
    if one.low is None:
        return f"{f'{value} {name}'.strip()} (no interval: {one.method.partition(':')[0]})"
    return f"{value} [{low}, {high}] {name}".strip()


def signed(value: float) -> str:
    """`+0.0041`, `-1.52`, `0`."""
    return "0" if value == 0 else f"{'+' if value > 0 else '-'}{number(abs(value))}"


def split_quality(name: str) -> tuple[str | None, str]:
    """`quality/mae_ppm` → (`mae`, `ppm`); `quality/accuracy` → (`accuracy`, ``); other metrics → (None, ``)."""
    family, _, rest = name.partition("/")
    if family != "quality":
        return None, ""
    naive = "naive_" if rest.startswith("naive_") else ""
    measure, _, unit = rest[len(naive) :].partition("_")
    return naive + measure, unit


def _with_unit(value: float, unit: str, measure: str) -> str:
    if measure.removeprefix("naive_") == "accuracy" and not unit:
        return f"{value * 100:.1f} %"
    return f"{number(value)} {unit}".strip()
