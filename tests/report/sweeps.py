"""A sweep as its records: faster, slower, of int8 that ran in part, refused, failed, and taken apart by what ran."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner.results import comparison, records
from runner.results.comparison import Comparison
from tests.report import fixtures, pages
from tests.report.fixtures import measured, not_measured, spec

NAME = "5eed1234"
ORT = "onnxruntime fp32"
PARTLY = {"precision": {"LSTM": {"int8": 1, "fp32": 1}}, "quantized": {"LSTM": [1, 2]}, "settings": {}}
# Precision, backend, speed-up, quality, and what else the record says.
CELLS: tuple[tuple[str, str, float, float, dict[str, Any]], ...] = (
    ("fp32", "onnxruntime", 1.0, 0.310, {}),
    ("int8_dynamic", "onnxruntime", 1.43, 0.312, {"warnings": ["LSTM: 1 of 2 stayed in fp32"]}),
    ("fp32", "openvino", 1.12, 0.300, {}),
    ("int8", "openvino", 0.80, 0.350, {}),
)


def content() -> list[dict[str, Any]]:
    """Its records' contents: four measured cells, one that is unavailable, and one that failed."""
    found = [_measured(number, *cell) for number, cell in enumerate(CELLS)]
    found[0]["conditions"] = {**found[0]["conditions"], "pairs": pages.by_pair(pages.BUSY)}
    found[1]["effective"]["candidate"] = PARTLY
    gone = not_measured("20261121T091000-00000010", spec(backend="tvm"), "unavailable", "no tvm.", "pip install tvm")
    broken = not_measured("20261121T091100-00000011", spec(backend="torch"), "failed", "it broke.", "See its log.")
    return [{**one, "sweep": NAME, "comparisons": 3} for one in (*found, gone, broken)]


def _measured(
    number: int, precision: str, backend: str, speedup: float, mae: float, more: dict[str, Any]
) -> dict[str, Any]:
    of = spec(precision=precision, backend=backend)
    found = measured(f"20261121T09{number:02d}00-{number:08x}", of, spec(), ORT if number else "self", speedup, **more)
    found["metrics"] |= {"quality/mae_ppm": mae}
    return found if number else {**found, "comparison": None}


def write(root: Path, contents: list[dict[str, Any]] | None = None) -> Comparison:
    """The table of the sweep, written below `root`."""
    for one in content() if contents is None else contents:
        fixtures.write(root, one)
    return comparison.compare(records.read_all(root), NAME)
