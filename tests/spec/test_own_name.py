"""An option of a project's own keeps its file's name wherever people read it; what it is stays what it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from runner.commands import dvc_grid
from runner.core.errors import SpecError
from runner.planning import graph, plan
from runner.spec import labels, record_words, schema
from runner.spec.schema import Spec
from runner.sweeps import request

WORDS = ("precision=fp32", "baseline=none")
GRU = ("model=gru", "model.hidden=4", *WORDS)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """`model=tiny` is a GRU of 4 units."""
    (tmp_path / "conf" / "model").mkdir(parents=True)
    (tmp_path / "conf" / "model" / "tiny.yaml").write_text(
        "# Mine.\ndefaults: [{/data@_global_.data: co2}, _self_]\n"
        "name: gru\nlayers: 1\nhidden: 4\nwindow: 52\nhorizon: 12\n"
    )
    return tmp_path


def spec(project: Path, *words: str) -> Spec:
    return request.read(project, words).spec


def test_it_is_in_the_title_and_the_implementation_in_the_name(project: Path) -> None:
    tiny = spec(project, "model=tiny", *WORDS)
    assert (tiny.title, tiny.model.name) == ("tiny fp32 onnxruntime", "gru")
    assert spec(project, *GRU).title == "gru fp32 onnxruntime"


def test_it_is_made_and_measured_as_what_it_is(project: Path) -> None:
    tiny, gru = spec(project, "model=tiny", *WORDS), spec(project, *GRU)
    assert tiny.key == gru.key
    keys = [[node.key for node in plan.make([one], project).nodes.values()] for one in (tiny, gru)]
    assert keys[0] == keys[1]


def test_steps_are_called_by_it(project: Path) -> None:
    made = plan.make([spec(project, "model=tiny", *WORDS)], project)
    titles = {one["step"]: one["title"] for one in graph.states(made, project)}
    assert (titles["train"], titles["compile"]) == ("tiny", "tiny onnxruntime fp32")


def test_a_records_spec_says_both_and_is_read_again(project: Path) -> None:
    plain = spec(project, "model=tiny", *WORDS).plain()
    assert (plain["model"]["name"], plain["model"]["option"]) == ("gru", "tiny")
    assert schema.from_plain(json.loads(json.dumps(plain))).title == "tiny fp32 onnxruntime"
    assert "option" not in spec(project, *GRU).plain()["model"]


def test_a_column_of_tables_and_of_mlflow_is_it(project: Path) -> None:
    flat = dict(labels.flatten(spec(project, "model=tiny", *WORDS).plain()))
    assert (flat["model"], flat["model.name"], flat["model.hidden"]) == ("tiny", "gru", "4")


def test_a_baseline_is_called_by_it(project: Path) -> None:
    gru, tiny = spec(project, *GRU).plain(), spec(project, "model=tiny", *WORDS).plain()
    assert labels.of_baseline(gru, tiny) == "tiny onnxruntime fp32"
    assert labels.of_baseline(tiny, tiny) == "self"


def test_a_sweep_has_it_beside_others(project: Path) -> None:
    swept = request.read(project, ["model=tiny,lstm", *WORDS], multirun=True).sweep
    assert sorted(one.title for _, one in swept.cells) == ["lstm fp32 onnxruntime", "tiny fp32 onnxruntime"]


def test_a_cell_of_dvcs_grid_is_the_one_that_was_typed(project: Path) -> None:
    tiny = spec(project, "model=tiny", *WORDS)
    assert dvc_grid.cell_name("train", tiny) == "tiny"
    assert dvc_grid.cell_name("compile", tiny) == "tiny-fp32-onnxruntime"


def test_a_strangers_record_is_run_again_without_their_file(
    project: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plain = spec(project, "model=tiny", *WORDS).plain()
    words = record_words.again(plain, [], tmp_path_factory.mktemp("elsewhere"))
    assert {"model=gru", "model.hidden=4"} <= {*words}
    assert not [word for word in words if "tiny" in word]


def test_a_name_is_a_text(project: Path) -> None:
    plain = spec(project, *GRU).plain()
    plain["model"]["option"] = 3
    with pytest.raises(SpecError, match=r"model\.option=3: a name expected"):
        schema.from_plain(plain)
