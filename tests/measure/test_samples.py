"""A record's `samples.npz`, which may be somebody else's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.core.errors import StepFailed
from runner.measure import samples


def file(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "samples.npz", **{name.replace("__", "/"): array for name, array in arrays.items()})
    return folder / "samples.npz"


def test_latencies_are_in_ms_by_pair(tmp_path: Path) -> None:
    found = samples.read(
        file(
            tmp_path, candidate__10=np.array([3_000_000]), candidate__2=np.array([500_000]), baseline__2=np.array([1])
        ),
        "candidate",
    )
    assert {pair: values.tolist() for pair, values in found.items()} == {2: [0.5], 10: [3.0]}
    assert list(found) == [2, 10]


@pytest.mark.parametrize(
    "odd",
    [
        {"candidate__0": np.array([-1])},
        {"candidate__0": np.array([np.nan])},
        {"candidate__0": np.array([1e300])},
        {"candidate__0": np.array([], np.int64)},
        {"candidate__0": np.array([[1, 2]])},
        {"candidate__0": np.array(["x"])},
        {"candidate__x": np.array([1])},
        {"candidate__0": np.array([{}], object)},
    ],
)
def test_what_no_run_wrote_is_told_in_words(tmp_path: Path, odd: dict[str, Any]) -> None:
    with pytest.raises(StepFailed, match=r"samples\.npz: array candidate/. holds"):
        samples.read(file(tmp_path, **odd), "candidate")


def test_a_file_that_is_none_is_told_in_words(tmp_path: Path) -> None:
    with pytest.raises(StepFailed, match=r"samples\.npz is missing\."):
        samples.read(tmp_path / "samples.npz", "candidate")
    (tmp_path / "samples.npz").write_bytes(b"")
    with pytest.raises(StepFailed, match=r"samples\.npz: it is no \.npz file"):
        samples.read(tmp_path / "samples.npz", "candidate")
