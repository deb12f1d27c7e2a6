"""A plan knows before any work which library of an extra is missing, by what needs it and how to get it."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core import extras
from runner.planning import graph, plan
from runner.sweeps import request
from tests.models import onnx_files
from tests.without import hide

TRAIN = "pip install 'edge-runner[train]'"
EVERY = tuple(name for extra in extras.EXTRAS.values() for name in extra.distributions)


def blocked(project: Path, *words: str) -> tuple[str, str] | None:
    """The reason and the next step of one spec; None where it can run."""
    made = plan.make([request.one(project, words)], project)
    problem = graph.blocked(made.cells[0], made)
    assert problem is None or problem.status == "unavailable"
    return problem and (problem.reason, problem.next_step)


@pytest.mark.parametrize(
    ("library", "words", "told"),
    [
        ("torch", ("model=bilstm",), ("train bilstm: torch is not installed here.", TRAIN)),
        ("torch", ("model=gru", "backend=torch"), ("train gru: torch is not installed here.", TRAIN)),
        (
            "scikit-learn",
            ("model=mobilenet_v1", "data=digits"),
            ("data digits: scikit-learn is not installed here.", TRAIN),
        ),
        ("scipy", ("model=mobilenet_v1",), ("data digits: scipy is not installed here.", TRAIN)),
        (
            "onnxruntime",
            ("model=gru", "backend=openvino", "precision=int8", "baseline=none"),
            ("quantize gru int8: onnxruntime is not installed here.", "pip install onnxruntime"),
        ),
    ],
)
def test_a_step_without_its_library_is_unavailable_with_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, library: str, words: tuple[str, ...], told: tuple[str, str]
) -> None:
    assert blocked(tmp_path, *words) is None
    hide(monkeypatch, library)
    assert blocked(tmp_path, *words) == told


@pytest.mark.parametrize("precision", ["fp32", "fp16", "int8", "int8_dynamic"])
def test_a_users_onnx_file_needs_no_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str) -> None:
    file = onnx_files.one_node(tmp_path / "my.onnx", "Relu", [1, 4], [1, 4])
    hide(monkeypatch, *EVERY)
    assert blocked(tmp_path, "model=onnx", f"model.path={file}", f"precision={precision}") is None


def test_forecasts_need_torch_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hide(monkeypatch, *(name for name in EVERY if name != "torch"))
    assert blocked(tmp_path, "model=gru", "data=co2") is None
