"""Is it really computed, and right? Checks on the processes that were timed, outside their timed regions."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from runner.measure import output_errors, repeats
from runner.measure.quality import Judgement
from runner.measure.sides import Side
from runner.measure.timed import Pair, Timed
from runner.tensors import rounding

# Root mean square of the outputs' error over that of the float model's outputs. Sums in another order make 1e-6,
# an 11-bit significand 1e-3, 8 bits a few per cent: from ten times that on, something else is wrong. A model that is
# quantised badly but honestly may lie beyond: its quality says whether it is any good.
TOLERANCES = {"fp32": 1e-3, "fp16": 1e-2, "int8": 0.5, "int8_dynamic": 0.5}


def checks_by_role(
    sides: Mapping[str, Side], pairs: Sequence[Pair], judged: Mapping[str, Judgement]
) -> dict[str, dict[str, Any]]:
    """`{role: {"finite", "reference", "outputs", "repeats"}}`, each with `status` (`passed`, `failed`, `not checked`)
    and `reason`."""
    return {
        role: {
            "finite": _finite([pair.sides[role] for pair in pairs], [pair.number for pair in pairs]),
            "reference": _reference([pair.sides[role] for pair in pairs], side),
            "outputs": _outputs(judged[role].outputs, side),
            "repeats": _repeats(pairs[0].sides[role]),
        }
        for role, side in sides.items()
    }


def failures(checks: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> list[str]:
    """What failed, in a line each."""
    return [
        f"check failed: {_whose(role, name)}{check['reason']}"
        for role, found in checks.items()
        for name, check in found.items()
        if check["status"] == "failed"
    ]


def _whose(role: str, name: str) -> str:
    if name == "outputs":
        return "" if role == "candidate" else f"{role}: "
    return f"the {role}'s "


def _finite(timed: Sequence[Timed], numbers: Sequence[int]) -> dict[str, Any]:
    odd = [number for number, one in zip(numbers, timed, strict=True) if not one.finite]
    if not odd:
        return _check("passed", "outputs were finite in every burst")
    return _check("failed", f"outputs were not finite in pair {', '.join(map(str, odd))}", pairs=odd)


def _reference(timed: Sequence[Timed], side: Side) -> dict[str, Any]:
    """The last outputs of every burst against the float model's on the same inputs."""
    known = [one.deviation for one in timed if one.deviation is not None]
    if not known:
        return _check("not checked", "no outputs of the float model are known for these inputs")
    precision = side.coarsest or side.precision
    worst, limit = max(known), max(TOLERANCES.get(precision, TOLERANCES["int8"]), rounding.SLACK * side.rounding)
    shown = f"outputs lay {worst:.2g} of their size from the float model's while it was timed"
    status = "passed" if worst <= limit else "failed"
    return _check(status, f"{shown} (at most {limit:.2g} in {precision})", deviation=worst, tolerance=limit)


def _outputs(outputs: Mapping[str, Any], side: Side) -> dict[str, Any]:
    """Each output's own error on the test split; fails where one is constant in columns that the float model's varies
    in: whatever the other figures say, such a model isn't one to choose."""
    if not outputs:
        return _check("not checked", "no outputs of the float model are known for these inputs")
    lost = output_errors.failure(outputs, side.precision, side.keep_in_float)
    if lost:
        return _check("failed", lost, outputs=dict(outputs))
    return _check("passed", "every output varies where the float model's does", outputs=dict(outputs))


def _repeats(timed: Timed) -> dict[str, Any]:
    """Fails where a repeated input is surely quicker by more than 10 %."""
    if timed.repeats is None:
        return _check("not checked", "the probe for repeated inputs was not made")
    if "problem" in timed.repeats:
        return _check("not checked", str(timed.repeats["problem"]))
    ratio = math.exp(repeats.gain(timed.repeats).estimate)
    if repeats.remembers(timed.repeats):
        return _check("failed", f"repeated inputs are {ratio:.2f}× as fast as new ones: it remembers them", ratio=ratio)
    return _check("passed", f"repeated inputs are {ratio:.2f}× as fast as new ones", ratio=ratio)


def _check(status: str, reason: str, **facts: Any) -> dict[str, Any]:
    return {"status": status, "reason": reason, **facts}
