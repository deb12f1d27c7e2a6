"""How far the outputs of one run are from those of another."""

from __future__ import annotations

from typing import Any

from runner.worker import values


def apart(found: list[Any], expected: list[Any]) -> tuple[float, float]:
    """(the largest difference, the largest size of `expected`) of outputs; infinite where a shape is another."""
    errors = [_error(one, want) for one, want in zip(found, expected)]  # noqa: B905 - not in Python 3.8
    return max(errors, default=0.0), max((_largest(values.sizes(want)) for want in expected), default=0.0)


def _error(found: Any, want: Any) -> float:
    return _largest(values.differences(found, want)) if found.shape == want.shape else float("inf")


def _largest(magnitudes: Any) -> float:
    return float(magnitudes.max()) if magnitudes.size else 0.0
