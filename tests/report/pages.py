"""Records with something to say on a page: flagged pairs, an ambiguous verdict, a budget that ran out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from runner.results import records
from runner.results.records import Record
from tests.report.fixtures import measured, spec

ID = "20261121T094600-0000000b"
BUSY = "other processes kept 1.7 CPUs busy, 0.0 in the median pair"
RATIOS = (1.02, 1.01, 1.03, 1.02, 1.40, 1.00, 1.04, 1.02)


def content(**changes: Any) -> dict[str, Any]:
    """An ambiguous 1.02× [0.98, 1.06] of eight pairs, the fifth of them flagged."""
    of = spec(precision="int8_dynamic")
    of["measure"] = {**of["measure"], "target": 0.015, "verdict_confidence": 0.98, "budget_s": 8.0, "max_pairs": 200}
    found = measured(ID, of, spec(), "onnxruntime fp32", 1.02, timing={"benchmark_s": 8.0})
    found["comparison"] |= {
        "low": 0.98,
        "high": 1.06,
        "verdict": "ambiguous",
        "pairs": 8,
        "stopped_by": "budget",
        "by_pair": list(RATIOS),
        "floor": {"value": 0.01, "source": "measure.floor; this machine is not calibrated"},
        "verdict_interval": {"ratio": 1.02, "low": 0.97, "high": 1.07},
        "without_flagged": {
            "ratio": 1.02,
            "low": 1.0,
            "high": 1.04,
            "verdict": "same",
            "pairs": 7,
            "flagged": [{"pair": 4, "reasons": [BUSY]}],
        },
    }
    found["conditions"] = {**found["conditions"], "pairs": by_pair(BUSY)}
    found["outliers"] = {
        "rule": "modified z-score above 3.5; counted, not dropped",
        "pairs": {"count": 1, "of": 8},
        "candidate": {"count": 3, "of": 40},
        "baseline": {"count": 0, "of": 40},
    }
    return {**found, **changes}


def by_pair(reason: str) -> list[dict[str, Any]]:
    """What each pair was measured under; the fifth is flagged."""
    return [{"pair": pair, "competing_cpus": 0.0, "flags": [reason] if pair == 4 else []} for pair in range(8)]


def write(root: Path, of: dict[str, Any]) -> Record:
    """Candidate's processes take exactly 1 ms in the median, the baseline's RATIOS ms."""
    arrays = {}
    for pair, ratio in enumerate(RATIOS):
        around = np.array([0.9, 0.95, 1.0, 1.05, 1.5])
        arrays[f"candidate/{pair}"] = (1e6 * around).astype(np.int64)
        arrays[f"baseline/{pair}"] = (1e6 * ratio * around).astype(np.int64)
    root.mkdir(parents=True, exist_ok=True)
    np.savez(root / "s.npz", **arrays)
    return records.write(root, of, {"samples.npz": root / "s.npz"})
