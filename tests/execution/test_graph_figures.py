"""What a graph asks for is found once for an artifact, and kept whole or not at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from onnx import TensorProto, helper, numpy_helper

from runner.artifacts.store import Artifact
from runner.backends import worker_query
from runner.core.errors import Unavailable
from runner.execution.measurements import graph_figures
from runner.execution.measurements.graph_figures import Figures
from tests.models import onnx_files

FLOAT = TensorProto.FLOAT
LINEAR = Figures(flops=2 * 8 * 4, weights=8 * 4 * 4, inputs=8 * 4, outputs=4 * 4, unknown={})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "artifacts").mkdir()
    return tmp_path


def linear(path: Path) -> None:
    """`y = x·w` of 8 values to 4, its batch free."""
    x, y = (helper.make_tensor_value_info(name, FLOAT, ["batch", size]) for name, size in (("x", 8), ("y", 4)))
    weights = numpy_helper.from_array(np.ones((8, 4), np.float32), "w")
    onnx_files.save(path, helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [weights]))


def artifact(project: Path, key: str = "a" * 64) -> Artifact:
    folder = project / "artifacts" / key[:16]
    folder.mkdir()
    linear(folder / "model.onnx")
    return Artifact(folder, {"key": key})


def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files that a worker is asked about from now on."""
    files: list[str] = []
    answer = worker_query.ask

    def ask(module: str, function: str, **about: object) -> object:
        files.append(str(about["file"]))
        return answer(module, function, **about)

    monkeypatch.setattr(worker_query, "ask", ask)
    return files


def test_they_are_found_once(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, files = artifact(project), asked(monkeypatch)
    assert [graph_figures.of_artifact(project, one, 1) for _ in range(2)] == [LINEAR, LINEAR]
    assert len(files) == 1


def test_another_batch_asks_for_more(project: Path) -> None:
    one = artifact(project)
    found = graph_figures.of_artifact(project, one, 3)
    assert found is not None
    assert (found.flops, found.inputs) == (3 * LINEAR.flops, 3 * LINEAR.inputs)
    assert graph_figures.of_artifact(project, one, 1) == LINEAR


def test_what_is_kept_and_not_whole_is_found_again(project: Path) -> None:
    one = artifact(project)
    graph_figures.of_artifact(project, one, 1)
    (kept,) = (project / "artifacts" / graph_figures.FOLDER).glob("*.json")
    for content in ("", "[]", '{"flops": 1}'):
        kept.write_text(content)
        assert graph_figures.of_artifact(project, one, 1) == LINEAR


def test_other_code_counts_again(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = artifact(project)
    graph_figures.of_artifact(project, one, 1)
    files = asked(monkeypatch)
    monkeypatch.setattr(graph_figures, "CODE", (Path(__file__),))
    assert graph_figures.of_artifact(project, one, 1) == LINEAR
    assert len(files) == 1


def test_an_artifact_without_a_graph_has_none(project: Path) -> None:
    one = artifact(project)
    (one.folder / "model.onnx").write_bytes(b"\x08\xff")
    assert graph_figures.of_artifact(project, one, 1) is None
    (one.folder / "model.onnx").unlink()
    assert graph_figures.of_artifact(project, one, 1) is None


def test_a_graph_that_takes_the_worker_along_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph_figures, "COUNTED_BY", "no.such.module")
    with pytest.raises(Unavailable, match="No module named 'no'"):
        graph_figures.of_artifact(project, artifact(project), 1)
    assert not (project / "artifacts" / graph_figures.FOLDER).exists()
