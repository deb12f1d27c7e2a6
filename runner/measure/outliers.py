"""How many samples and pairs lie far out. They are counted, never dropped: rare slow runs are real."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.measure.statistics import median

LIMIT = 3.5  # of the modified z-score (Iglewicz and Hoaglin, How to Detect and Handle Outliers, 1993)


def count(values: npt.NDArray[Any]) -> int:
    """How many lie more than LIMIT robust standard deviations from the median; none where half of all are equal."""
    deviations = np.abs(values - median(values))
    scale = 1.4826 * median(deviations)
    return int((deviations > LIMIT * scale).sum()) if scale else 0


def count_outliers(
    logs: npt.NDArray[np.float64], samples: Mapping[str, Sequence[npt.NDArray[np.int64]]]
) -> dict[str, Any]:
    """`{"rule", "pairs": {"count", "of"}, "<role>": {"count", "of"}}`: of the pairs' effects, and of each side's
    samples, every process by its own median. All of them are in every figure."""
    sides = {
        role: {"count": sum(map(count, processes)), "of": sum(map(len, processes))}
        for role, processes in samples.items()
    }
    rule = f"modified z-score above {LIMIT:g}; counted, not dropped"
    return {"rule": rule, "pairs": {"count": count(logs), "of": len(logs)}, **sides}
