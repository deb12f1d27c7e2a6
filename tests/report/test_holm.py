"""Holm's correction over the rows of a table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner import records
from runner.report.comparison import compare
from tests.report.fixtures import measured, spec


def rows(tmp_path: Path, *p_values: float | None) -> Any:
    """A comparison of cells that all differ alone, with these p-values."""
    made = []
    for number, p in enumerate(p_values):
        of = spec(precision="int8_dynamic")
        of["backend"] = {**of["backend"], "threads": number + 1}
        of["measure"] = {**of["measure"], "verdict_confidence": 0.98}
        content = measured(f"20261121T0900{number:02}-0000000{number}", of, spec(), "onnxruntime fp32", 1.43)
        content["spec_key"] = f"key{number}"
        content["comparison"] |= {"verdict": "faster"} | ({} if p is None else {"p_value": p})
        made.append(records.Record(tmp_path, content))
    return compare(made)


def verdicts(found: Any) -> dict[str, str]:
    return {row.content["spec_key"]: row.against.verdict for row in found.rows}


def test_a_verdict_that_is_not_certain_enough_among_so_many_is_taken_back(tmp_path: Path) -> None:
    found = rows(tmp_path, 0.0001, 0.015, 0.002)
    assert verdicts(found) == {"key0": "faster", "key1": "faster", "key2": "faster"}  # times 3, 1 and 2
    assert "Verdicts after Holm's correction over 3 paired comparisons." in found.notes


def test_what_would_be_needed_is_said(tmp_path: Path) -> None:
    found = rows(tmp_path, 0.0001, 0.015, 0.016)
    assert verdicts(found) == {"key0": "faster", "key1": "ambiguous", "key2": "ambiguous"}
    assert found.notes[-1] == (
        "Verdicts after Holm's correction over 3 paired comparisons: 2 ambiguous that alone would differ. "
        "So many comparisons need 9 pairs or more (measure.min_pairs=9)."
    )


@pytest.mark.parametrize("p_values", [(0.015,), (None, 0.015)])
def test_one_comparison_needs_no_correction_and_older_records_have_no_p_value(
    tmp_path: Path, p_values: tuple[float | None, ...]
) -> None:
    found = rows(tmp_path, *p_values)
    assert set(verdicts(found).values()) == {"faster"}
    assert not [note for note in found.notes if "Holm" in note]
