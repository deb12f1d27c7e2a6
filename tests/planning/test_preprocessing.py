"""Raw samples in a plan: which steps they add, which keys they change, and who can't take them."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import Impossible
from runner.planning import graph, measurement_key, plan
from runner.planning.graph import DATA, Cell, Plan
from runner.sweeps import request
from tests.models import onnx_files


def planned(folder: Path, *words: str) -> tuple[Plan, Cell]:
    made = plan.make([request.one(folder, ["model=mobilenet_v1", "baseline=none", *words])], folder)
    return made, made.cells[0]


def keys(folder: Path, *words: str) -> dict[str, str]:
    return dict(planned(folder, *words)[1].candidate.keys)


def reason(folder: Path, *words: str) -> str:
    made, cell = planned(folder, *words)
    found = graph.blocked(cell, made)
    return f"{found.reason} {found.next_step}" if found else ""


def test_separate_preprocessing_compiles_what_ready_inputs_do(tmp_path: Path) -> None:
    ready, separate = keys(tmp_path), keys(tmp_path, "preprocess=separate")
    assert set(separate) - set(ready) == {"raw"}
    assert {step: key for step, key in separate.items() if step != "raw"} == ready


def test_fused_preprocessing_comes_after_the_precision_and_changes_what_is_compiled(tmp_path: Path) -> None:
    ready, fused = (keys(tmp_path, "precision=int8", *words) for words in ((), ("preprocess=fused",)))
    assert [*fused] == ["data", "train", "export", "raw", "quantize", "fuse", "compile", "verify"]
    same = {step for step in ready if fused[step] == ready[step]}
    assert same == {"data", "train", "export", "quantize"}


def test_raw_samples_are_what_is_measured(tmp_path: Path) -> None:
    chains = [planned(tmp_path, f"preprocess={name}")[1].candidate for name in ("none", "separate", "fused")]
    assert [chain.steps(DATA) for chain in chains] == [["data"], ["raw"], ["raw"]]


def test_openvino_takes_its_own_preprocessing_unless_the_graph_is_asked_for(tmp_path: Path) -> None:
    words = ("backend=openvino", "preprocess=fused")
    own, nodes = planned(tmp_path, *words), planned(tmp_path, *words, "preprocess.by=graph")
    assert ("fuse" in own[1].candidate.keys, "fuse" in nodes[1].candidate.keys) == (False, True)
    settings = [made.nodes[cell.candidate.keys["compile"]].settings.get("preprocess") for made, cell in (own, nodes)]
    assert settings == [True, None]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (
            ("backend=torch", "preprocess=fused"),
            "preprocess=fused: it is joined to a graph; backend=torch takes checkpoint. Use preprocess=separate.",
        ),
        (
            ("preprocess=fused", "preprocess.by=runtime"),
            "preprocess.by=runtime: backend=onnxruntime has no preprocessing of its own. Use preprocess.by=graph.",
        ),
        (
            ("backend=ethos_u55", "preprocess=separate"),
            "preprocess=separate: backend=ethos_u55 only estimates, without the host. Use preprocess=none.",
        ),
    ],
)
def test_who_can_not_take_raw_samples_says_what_else_to_do(words: tuple[str, ...], told: str, tmp_path: Path) -> None:
    assert reason(tmp_path, *words) == told


@pytest.mark.parametrize("order", [("none", "separate"), ("separate", "none")])
def test_a_cell_that_can_not_take_them_does_not_hang_on_one_of_the_same_artifact(
    order: tuple[str, str], tmp_path: Path
) -> None:
    words = ["model=mobilenet_v1", "backend=ethos_u55", "baseline=none"]
    made = plan.make([request.one(tmp_path, [*words, f"preprocess={name}"]) for name in order], tmp_path)
    found = {cell.candidate.spec.preprocess.name: graph.blocked(cell, made) for cell in made.cells}
    assert "preprocess=separate" in str(found["separate"] and found["separate"].reason)
    assert "preprocess=separate" not in str(found["none"] and found["none"].reason)


def test_inputs_that_were_never_raw_are_refused(tmp_path: Path) -> None:
    file = onnx_files.one_node(tmp_path / "my.onnx", "Relu", [1, 4], [1, 4])
    with pytest.raises(Impossible) as caught:
        request.one(tmp_path, ["model=onnx", f"model.path={file}", "preprocess=separate"])
    assert str(caught.value) == (
        "preprocess=separate: data=model_inputs has no raw samples, only inputs that are ready.\nUse preprocess=none."
    )


def test_a_measurement_is_another_with_raw_samples_and_as_ever_without(tmp_path: Path) -> None:
    sides = {
        name: measurement_key.parts_of(planned(tmp_path, f"preprocess={name}")[1])["candidate"]
        for name in ("none", "separate", "fused")
    }
    assert "preprocess" not in sides["none"]
    assert sides["separate"]["preprocess"] == {"name": "separate"}
    assert sides["fused"]["preprocess"] == {"name": "fused", "by": "auto"}


def test_a_sweep_and_a_baseline_name_it(tmp_path: Path) -> None:
    found = request.cells(tmp_path, ["model=mobilenet_v1", "precision=fp32", "preprocess=separate,fused"])
    assert [(words, spec.title) for words, spec in found.cells] == [
        ("preprocess=separate", "mobilenet_v1 fp32 onnxruntime separate"),
        ("preprocess=fused", "mobilenet_v1 fp32 onnxruntime fused"),
    ]
    against = ("preprocess=fused", "baseline=spec", "baseline.overrides=[preprocess=separate]")
    made = plan.make([request.one(tmp_path, ["model=mobilenet_v1", "precision=fp32", *against])], tmp_path)
    assert made.cells[0].label == "onnxruntime fp32 (preprocess=separate)"
