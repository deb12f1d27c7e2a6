"""Numbers as sentences: every number says what it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.results import naming


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


def ratio(value: float, low: float | None, high: float | None) -> str:
    """`1.43× [1.40, 1.46]`, `0.856× [0.851, 0.863]`: a narrow interval takes a third decimal to be seen; it is left out
    where there is none."""
    if low is None or high is None:
        return f"{value:.2f}×"
    digits = 2 if high - low >= 0.025 else 3
    return f"{value:.{digits}f}× [{low:.{digits}f}, {high:.{digits}f}]"


def worded(verdict: str, correction: Mapping[str, Any] | None) -> str:
    """The verdict, and beside it the one that it would be alone where a correction changed it: `ambiguous (alone:
    slower)`."""
    alone = (correction or {}).get("alone", verdict)
    return verdict if alone == verdict else f"{verdict} (alone: {alone})"


def verdict_line(content: Mapping[str, Any]) -> str:
    """A record in one line: what was found, or why nothing was.

    `1.43× [1.40, 1.46] as fast as onnxruntime fp32 (paired, 10 pairs, stopped by target): faster`
    """
    if content["status"] != "ok":
        return f"{content['status']}: {content.get('reason') or 'no reason recorded'}"
    if naming.imported(content):
        return f"imported from {content['imported']['source']}: not measured here, compared with nothing"
    comparison = content.get("comparison")
    if not comparison:
        return _alone(content["spec"])
    shown = ratio(comparison["ratio"], comparison.get("low"), comparison.get("high"))
    return f"{shown} {against(content)}: {worded(comparison['verdict'], comparison.get('correction'))}"


def _alone(spec: Mapping[str, Any]) -> str:
    if (spec.get("baseline") or {}).get("name", "none") == "none":
        return "measured without a baseline"
    return "measured alone: it is its own baseline (baseline=self would compare it with itself)"


def against(content: Mapping[str, Any]) -> str:
    """`as fast as onnxruntime fp32 (paired, 10 pairs, stopped by target)`"""
    comparison = content["comparison"]
    how = [comparison["kind"]]
    if comparison.get("pairs"):
        how.append(f"{comparison['pairs']} {replicates(comparison)}")
    if comparison.get("stopped_by"):
        how.append(f"stopped by {comparison['stopped_by']}")
    return f"as fast as {naming.baseline(content)} ({', '.join(how)})"


def replicates(comparison: Mapping[str, Any]) -> str:
    """What the repetitions of a live comparison are: `pairs`, or `blocks a side` where it is one of two devices."""
    return "blocks a side" if "by_block_ms" in comparison else "pairs"


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


def quality_differences(content: Mapping[str, Any]) -> list[str]:
    """What a record's quality is less its baseline's and the float model's, and how sure that is; older records have
    none."""
    found = content.get("quality") or {}
    against = {"vs_baseline": naming.baseline(content) or "the baseline", "vs_float": "the float model"}
    told = [(f"quality against {name}", found.get(key)) for key, name in against.items()]
    return [f"{name}: {_difference(one, found)}" for name, one in told if one]


def quality_against(content: Mapping[str, Any]) -> str:
    """`+0.0041 [-0.0010, +0.0092] ppm: not told apart` of the baseline; empty where they were not compared."""
    found = content.get("quality") or {}
    one = found.get("vs_baseline") or {"reason": ""}
    return "" if "reason" in one else f"{_interval(one, found['metric'])}: {one['verdict']}"


def _difference(one: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    if "reason" in one:
        return f"not compared: {one['reason']}"
    measure, _ = split_quality(f"quality/{found['metric']}")
    p = f", p = {one['p_value']:.2g}" if "p_value" in one else ""
    how = f"{found['samples']} samples, {one['method']}{p}"
    return f"{measure} {_interval(one, found['metric'])}: {one['verdict']} ({how})"


def _interval(one: Mapping[str, Any], metric: str) -> str:
    """`+0.0041 [-0.0010, +0.0092] ppm`, `-1.2 [-2.0, -0.4] percentage points`."""
    measure, unit = split_quality(f"quality/{metric}")
    percent = measure == "accuracy" and not unit
    value, low, high = (
        "–" if one[name] is None else f"{100 * one[name]:+.1f}" if percent else signed(one[name])
        for name in ("difference", "low", "high")
    )
    ends = "(no interval: too few samples)" if one["low"] is None else f"[{low}, {high}]"
    return f"{value} {ends} {'percentage points' if percent else unit}".strip()


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
