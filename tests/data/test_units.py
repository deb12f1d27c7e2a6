from __future__ import annotations

import numpy as np

from runner.data.units import to_units


def test_scale_then_the_samples_own_offset() -> None:
    meta = {"scale": {"mean": 1.0, "std": 2.0}}
    y = np.array([[0.0, 1.0], [2.0, 3.0]], np.float32)
    assert to_units(y, meta, {"offset": np.array([10.0, 20.0])}).tolist() == [[11.0, 13.0], [25.0, 27.0]]


def test_without_offset_only_the_scale() -> None:
    assert to_units(np.array([[1.0]]), {"scale": {"mean": 1.0, "std": 2.0}}, {}).tolist() == [[3.0]]


def test_without_scale_nothing_changes() -> None:
    assert to_units(np.array([[1.0]]), {}, {}).tolist() == [[1.0]]
