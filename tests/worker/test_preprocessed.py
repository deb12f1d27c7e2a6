"""A session for raw samples: a run makes them ready by numpy, then infers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.backends.onnxruntime.session import open_session
from runner.preprocessing import host
from runner.preprocessing.description import CHANNELS_FIRST, Preprocessing
from runner.testing import models
from runner.worker import preprocessed
from tests.models import onnx_files

ONE = Preprocessing((4, 4, 1), "uint8", (2, 2), (10.0,), (2.0,), CHANNELS_FIRST)
RAW = np.random.default_rng(0).integers(0, 256, (2, 4, 4, 1)).astype(np.uint8)


@pytest.fixture
def inner(tmp_path: Path) -> Any:
    """ONNX Runtime's session of y = relu(x)."""
    onnx_files.one_node(tmp_path / "model.onnx", "Relu", [2, 1, 2, 2], [2, 1, 2, 2])
    return open_session(str(tmp_path), dict(models.settings_of("onnxruntime")))


def test_what_the_session_in_it_does_otherwise_than_asked_is_said(inner: Any) -> None:
    inner.warnings = ("threads: 1, 2 was asked for",)
    assert preprocessed.opened(inner, {"x": ONE.as_dict()}).warnings == inner.warnings


def test_a_session_that_says_nothing_of_that_does_all_as_asked(inner: Any) -> None:
    assert preprocessed.opened(inner, {"x": ONE.as_dict()}).warnings == ()


@pytest.mark.parametrize("rereads", [True, False], ids=["written in place", "bound anew"])
def test_each_run_makes_ready_what_its_raw_samples_are_then(inner: Any, rereads: bool) -> None:
    inner.rereads = rereads
    session = preprocessed.opened(inner, {"x": ONE.as_dict()})
    assert session.inputs == [{"name": "x", "shape": [2, 4, 4, 1], "dtype": "uint8"}]
    raw = RAW.copy()
    bound = session.bind({"x": raw})
    for change in (0, 50):
        raw += np.uint8(change)
        np.testing.assert_allclose(session.run(bound)[0], np.maximum(host.prepared(ONE, raw), 0), atol=1e-5)
