"""Cells composed part by part equal Hydra's own composition: the same values, the same specs, the same errors."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import SpecError
from runner.spec import hydra_compose, overrides, schema
from runner.sweeps import request
from runner.sweeps.part_composer import Cell, Composer
from tests.conftest import REPOSITORY

CELLS = 60
# Options of a project's own, each with something that keeps it from being put together by name alone.
OPTIONS = {
    "conf/model/tied.yaml": "defaults: [{/data@_global_.data: co2}, _self_]\n"
    "name: gru\nlayers: 1\nhidden: ${train.batch_size}\nwindow: ${.horizon}\nhorizon: 24\n",
    "conf/model/bare.yaml": "name: gru\nlayers: 1\nhidden: 8\nwindow: 12\nhorizon: 4\n",  # brings no data
    "conf/model/included.yaml": "defaults: [gru, _self_]\nhidden: 5\n",
    "conf/train/global.yaml": "# @package _global_\n"
    "train: {name: mine, epochs: 1, batch_size: 8, learning_rate: 1e-2, patience: 1, weight_decay: 0}\nseed: 7\n",
    "conf/compression/offline.yaml": "defaults: [{override /scenario: offline}, _self_]\nname: none\n",
    "conf/backend/quiet.yaml": "defaults: [{/hardware@_global_.hardware: local}, "
    "{/precision@_global_.precision: int8}, {/measure@_global_.measure: quick}, _self_]\n"
    "name: openvino\nthreads: 1\nstreams: null\nhint: none\n",
    "experiments/deep.yaml": "# Two layers\ndefaults: [{override /model: lstm}, {override /precision: fp16}]\n"
    "model: {layers: 2, hidden: '${train.epochs}'}\nlimits: {step_s: 60}\n",
    "experiments/odd.yaml": "# A key that no spec has\nnotes: hello\n",
}
GOOD = {
    "model": ["bilstm", "gru", "lstm", "file", "tied", "included"],
    "data": ["co2", "mackey_glass"],
    "train": ["default", "smoke", "global"],
    "compression": ["none", "magnitude", "offline"],
    "precision": ["fp32", "fp16", "int8", "int8_dynamic"],
    "backend": ["onnxruntime", "openvino", "torch", "quiet"],
    "scenario": ["single_stream", "offline"],
    "measure": ["quick", "standard", "classic"],
    "baseline": ["auto", "self", "none"],
    "profile": ["none", "layers"],
    "preprocess": ["none", "separate", "fused"],
    "seed": ["0", "1", "${train.epochs}"],
    "model.hidden": ["8", "16", "${train.batch_size}"],
    "train.epochs": ["3", "4"],
    "++train.epochs": ["6"],
    "train.learning_rate": ["1e-3", "0.01"],
    "backend.threads": ["1", "2"],
    "measure.pin": ["[0,1]", "null", "same"],
    "telemetry.interval_ms": ["50", "null"],
    "limits": ["{step_s: 5}"],
    "limits.step_s": ["9"],
    "schedule": ["inline", "local"],
}
ODD = (
    "experiment=deep", "experiment=mobilenet_int8", "experiment=odd", "model=bare", "model=mobilenet_v1", "data=digits",
    "model.hidden=null", "model.hidden='8'", "train.epochs=0", "train.epochs=???", "scenario.batch=8",
    "scenario.batch=8.5", "limits=3", "limits.step_s=[9]", "+model.extra=1", "~telemetry.energy_s", "~baseline",
    "+precision=fp16", "baseline.overrides=[precision=fp32]", "model.nothing=1", "~model.hidden", "seed=${model.none}",
    "schedule.nothing=1",
)  # fmt: skip


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("project")
    (folder / "runner.toml").touch()
    for name, content in OPTIONS.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        yield folder


def drawn(number: int) -> list[str]:
    """The words of one random cell, in random order; every third one has a word that may well be wrong."""
    draw = random.Random(number)
    words = [f"{key}={draw.choice(values)}" for key, values in GOOD.items() if draw.random() < 0.25]
    if number % 3 == 0:
        words.append(ODD[number // 3 % len(ODD)])
    draw.shuffle(words)
    return words


def outcome(work: Callable[[], Cell], project: Path) -> Any:
    """The values and the spec of a cell, or what is said of it."""
    try:
        with hydra_compose.explained(project):
            cell = work()
            return dict(cell.values), schema.together(cell.checked)
    except SpecError as error:
        return str(error)


def by_hydra(loader: Any, words: list[str]) -> Cell:
    values = hydra_compose.plain(hydra_compose.compose(loader, overrides.parse(words)))
    schema.check_names(values)
    return Cell(values, {name: schema.part(name, values[name]) for name in schema.NAMES})


def test_random_cells_equal_hydras_own_composition(project: Path) -> None:
    cells = [drawn(number) for number in range(CELLS)]
    loader = hydra_compose.loader(project)
    composer = Composer(loader, project, ["deep", "mobilenet_int8", "odd"])
    mine = [outcome(lambda words=words: composer.cell(words), project) for words in cells]  # type: ignore[misc]
    theirs = [outcome(lambda words=words: by_hydra(loader, words), project) for words in cells]  # type: ignore[misc]

    for words, one, other in zip(cells, mine, theirs, strict=True):
        assert one == other, words
    sound = sum(not isinstance(one, str) for one in mine)
    assert 30 <= sound < CELLS  # both kinds are in the sample


def test_hydra_composes_no_cell_of_plain_values_twice(project: Path) -> None:
    cells = [
        [f"model={name}", f"seed={seed}", f"model.hidden={seed + 1}"] for name in ("gru", "lstm") for seed in range(9)
    ]
    loader = hydra_compose.loader(project)
    composer = Composer(loader, project)
    found = [composer.cell(words) for words in cells]
    assert sorted(composer.composed) == [(), ("model=gru",), ("model=lstm",)]
    assert [(one.values["seed"], one.values["model"]["hidden"]) for one in found] == [(n, n + 1) for n in range(9)] * 2


@pytest.mark.parametrize(
    ("words", "iterations"),
    [(("profile=layers",), 100), (("profile.iterations=5", "profile=layers"), 5), (("profile.iterations=5",), None)],
)
def test_a_profile_and_its_iterations_are_composed_as_by_hydra(
    project: Path, words: tuple[str, ...], iterations: int | None
) -> None:
    loader, told = hydra_compose.loader(project), ["model=gru", *words]
    mine, theirs = (
        outcome(work, project)
        for work in (lambda: Composer(loader, project).cell(told), lambda: by_hydra(loader, told))
    )
    assert mine == theirs
    if iterations is None:  # profile=none has no such key
        assert "profile.iterations" in mine
    else:
        assert mine[0]["profile"] == {"name": "layers", "iterations": iterations}


def test_a_sweep_over_profiles_has_a_cell_with_layers_and_one_without(project: Path) -> None:
    cells = request.cells(project, ["model=gru", "profile=none,layers"]).cells
    assert [spec.profile.plain() for _, spec in cells] == [{"name": "none"}, {"name": "layers", "iterations": 100}]


def test_axes_that_the_root_ties_together_are_hydras(project: Path, tmp_path: Path, monkeypatch: Any) -> None:
    shutil.copytree(REPOSITORY / "conf", tmp_path / "conf")
    root = tmp_path / "conf" / "config.yaml"
    root.write_text(root.read_text().replace("- train: default", "- train: ${compression}"))
    (tmp_path / "conf" / "train" / "magnitude.yaml").write_text("defaults: [smoke, _self_]\nname: magnitude\n")
    (tmp_path / "conf" / "train" / "none.yaml").write_text("defaults: [default, _self_]\nname: none\n")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runner.toml").touch()
    loader = hydra_compose.loader(tmp_path)
    composer = Composer(loader, tmp_path)
    found = [composer.cell([f"compression={name}"]).values["train"]["name"] for name in ("none", "magnitude")]
    assert found == ["none", "magnitude"]
