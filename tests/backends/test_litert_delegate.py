"""A real external delegate, compiled from C: it takes what it can, and what it leaves to the CPU has fallen back."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed here")

from runner.backends.contract import AS_BUILT
from runner.backends.litert import nodes
from runner.backends.litert.described import described
from runner.backends.litert.session import Session, open_session
from runner.core.errors import Unavailable
from tests.backends import tflite_files
from tests.backends.conftest import settings_of
from tests.conftest import Command

SOURCE = Path(__file__).with_name("delegate.c")


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The delegate's library."""
    made = tmp_path_factory.mktemp("delegate") / "libtest_delegate.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(made), str(SOURCE)], check=True)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dense layer with a RELU, as a session finds it."""
    tflite_files.dense(tmp_path / "model.tflite", np.array([[1, 2, 3], [-1, -2, -3]], np.float32), [1, 3])
    (tmp_path / "session.json").write_text(json.dumps({"precision": AS_BUILT}))
    return tmp_path


def opened(folder: Path, library: Path, **options: str) -> Session:
    settings: dict[str, Any] = settings_of("litert", delegate=str(library), delegate_options=options)
    return open_session(str(folder), settings)  # type: ignore[return-value]


def test_who_runs_what_is_told_and_the_answer_is_right(folder: Path, library: Path) -> None:
    session = opened(folder, library)
    assert session.effective["nodes"] == {nodes.DELEGATE: {"RELU": 1}, nodes.XNNPACK: {"FULLY_CONNECTED": 1}}
    (y,) = session.run(session.bind({"x": np.array([[-1, 0, -2]], np.float32)}))
    assert y.tolist() == [[0, 7]]


def test_what_it_leaves_to_the_cpu_has_fallen_back(folder: Path, library: Path) -> None:
    found = described(folder, settings_of("litert", delegate=str(library)), as_built=True)
    assert found["fallback"] == {"FULLY_CONNECTED": 1}


def test_a_device_that_isnt_there_is_unavailable_in_the_librarys_words(folder: Path, library: Path) -> None:
    with pytest.raises(Unavailable, match=r"backend\.delegate=.*libtest_delegate\.so: .*no such device"):
        opened(folder, library, device="none")


def test_a_run_has_it_in_the_record_with_a_warning(
    command: Command, folder: Path, library: Path, tmp_path: Path
) -> None:
    words = ("model=file", "model.path=model.tflite", "data.samples=4", "backend=litert", "measure=quick")
    short = ("measure.min_pairs=2", "measure.max_pairs=2", "measure.min_seconds=0.01", "--json")
    ended = command(*words, *short, f"backend.delegate={library}", cwd=folder)
    assert ended.code == 0, ended.err
    assert ended.json["effective"]["candidate"]["fallback"] == {"FULLY_CONNECTED": 1}
    said = "fell back: 1 FULLY_CONNECTED run elsewhere than backend=litert was asked for"
    assert any(said in line for line in ended.json["warnings"])
