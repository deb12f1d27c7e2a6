"""From the command line to specs: what is understood, and what a user reads where it isn't."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import SpecError
from runner.spec import hydra_compose, overrides, schedule
from runner.spec.schedule import INLINE, Settings
from runner.sweeps import request
from tests.conftest import REPOSITORY


def one(tmp_path: Path, *words: str) -> hydra_compose.Spec:
    return request.one(tmp_path, words)


def test_the_default_is_the_main_job(tmp_path: Path) -> None:
    assert one(tmp_path).title == "bilstm int8_dynamic onnxruntime"
    assert one(tmp_path).data.name == "co2"
    assert one(tmp_path).hardware.name == "local"


def test_a_model_brings_its_data_and_data_overrides_it(tmp_path: Path) -> None:
    assert one(tmp_path, "model=mobilenet_v1").data.name == "digits"
    assert one(tmp_path, "model=gru", "data=mackey_glass").data.name == "mackey_glass"


def test_a_backend_brings_its_precision_and_precision_overrides_it(tmp_path: Path) -> None:
    assert one(tmp_path, "backend=openvino").precision.name == "fp32"
    assert one(tmp_path, "backend=openvino", "precision=fp16").precision.name == "fp16"


def test_a_sweep_is_every_combination(tmp_path: Path) -> None:
    found = request.cells(tmp_path, ["model=gru,lstm", "precision=fp32,int8", "seed=1"])
    assert [spec.title for _, spec in found.cells] == [
        "gru fp32 onnxruntime",
        "gru int8 onnxruntime",
        "lstm fp32 onnxruntime",
        "lstm int8 onnxruntime",
    ]
    assert {spec.seed for _, spec in found.cells} == {1}


def test_a_study_is_applied_on_top(tmp_path: Path) -> None:
    found = one(tmp_path, "experiment=mobilenet_int8")
    assert (found.model.name, found.precision.name, found.data.name) == ("mobilenet_v1", "int8", "digits")
    assert found.model.settings.width == 0.25


def test_a_project_has_options_of_its_own(tmp_path: Path) -> None:
    own = tmp_path / "conf" / "train"
    own.mkdir(parents=True)
    (own / "long.yaml").write_text(
        "name: long\nepochs: 500\nbatch_size: 64\nlearning_rate: 0.001\npatience: 50\nweight_decay: 0\n"
    )
    (tmp_path / "runner.toml").touch()
    import os

    before = Path.cwd()
    os.chdir(tmp_path)
    try:
        assert one(tmp_path, "train=long").train.settings.epochs == 500
    finally:
        os.chdir(before)


def scheduled(tmp_path: Path, *words: str) -> object:
    loader = hydra_compose.loader(tmp_path)
    config = hydra_compose.beside(loader, tmp_path, overrides.parse(words))
    return schedule.built(hydra_compose.schedule_values(config, tmp_path))


def test_an_experiment_says_how_its_steps_are_run_and_the_command_line_overrides_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "runner.toml").touch()
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "mine.yaml").write_text(
        "defaults:\n  - override /schedule: inline\nsweep:\n  axes: {model: [gru, lstm]}\n"
    )
    monkeypatch.chdir(tmp_path)
    assert scheduled(tmp_path, "experiment=mine") == INLINE
    five = Settings(None, None, 5, {"ca": None, "cert": None, "key": None}, False)
    assert scheduled(tmp_path, "experiment=mine", "schedule=local", "schedule.attempts=5") == five


def test_a_key_that_a_schedule_lacks_is_answered_with_where_its_keys_stand(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="schedule has no such key") as caught, hydra_compose.explained(tmp_path):
        scheduled(tmp_path, "schedule.tls.certificate=x")
    assert caught.value.reason.startswith("schedule.tls.certificate: ")
    assert caught.value.next_step == "See its keys: python -m runner show schedule=local"


def test_one_schedule_runs_every_cell(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="schedule=local,inline: one schedule runs every cell"):
        request.cells(tmp_path, ["model=gru,lstm", "schedule=local,inline"])


def test_the_key_is_that_of_the_content(tmp_path: Path) -> None:
    assert one(tmp_path, "seed=0").key == one(tmp_path).key
    assert one(tmp_path, "seed=1").key != one(tmp_path).key


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["modl=gru"], "modl=gru: no such key. Did you mean model?"),
        (["model=grru"], "model=grru: no such model. Did you mean gru?"),
        (["experiment=mobilnet_int8"], "experiment=mobilnet_int8: no such experiment. Did you mean mobilenet_int8?"),
        (["model.hiden=3"], "model.hiden: model has no such key. Did you mean hidden?"),
        (["+model.hiden=3"], "model.hiden: no such key. Did you mean hidden?"),
        (["+foo=1"], "+foo=1: no such key."),
        (["model.hidden=wide"], "model.hidden=wide: a whole number expected."),
        (["model.hidden=0"], "model.hidden=0: out of range."),
        (["model.hidden=["], "model.hidden=[: can't be read: no viable alternative at input '['."),
        (["model"], "model: key=value expected."),
        (["model=gru,lstm"], "model=gru,lstm: several values make a sweep."),
        (["model=[gru,lstm]"], "model=[gru,lstm]: one option of model expected."),
        (["~model"], "model is not set."),
        (["schedule=5"], "schedule=5: one option of schedule expected."),
        (["limits=[1]"], "limits=[1]: a list, or keys with values, that don't fit there."),
        (["seed=-1"], "seed=-1: a whole number from 0 to 4294967295 expected."),
        (["seed=x"], "seed=x: a whole number from 0 to 4294967295 expected."),
        (["limits.step_s=0"], "limits.step_s=0: out of range."),
        (["scenario.batch=4"], "scenario.batch=4: single_stream runs one sample at a time."),
        (
            ["model=mobilenet_v1", "data=co2"],
            "model=mobilenet_v1 can't use data=co2: it does classify, the data are for forecast.",
        ),
    ],
)
def test_a_bad_command_line_is_answered_in_one_line(tmp_path: Path, words: list[str], reason: str) -> None:
    with pytest.raises(SpecError) as caught:
        request.one(tmp_path, words)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("model: [gru]", "experiments/odd.yaml: model: a list, where keys with values are."),
        ("measure: {min_pairs: 3}\nlimits: [1]", "experiments/odd.yaml: limits: a list, where keys with values are."),
        ("baseline: {overrides: {seed: 1}}", "experiments/odd.yaml: baseline.overrides: no list, where one is."),
        ("schedule: 5", "schedule=5: a mapping expected."),
    ],
)
def test_a_list_in_the_place_of_keys_is_named(tmp_path: Path, content: str, reason: str) -> None:
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "odd.yaml").write_text(content)
    with pytest.raises(SpecError) as caught:
        request.read(tmp_path, ["experiment=odd"])
    assert caught.value.reason == reason


def test_a_bad_cell_stops_a_sweep_before_any_work(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        request.cells(tmp_path, ["model.hidden=8,0"])
    assert caught.value.reason == "model.hidden=0: out of range."


def test_a_broken_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    own = tmp_path / "conf" / "model"
    own.mkdir(parents=True)
    (own / "mine.yaml").write_text("name: mine\nhidden: [1, 2\nlayers: 1\n")
    with pytest.raises(SpecError) as caught:
        from runner.spec import options

        options.values("model", "mine", tmp_path)
    assert caught.value.reason.startswith(f"{own / 'mine.yaml'}, line 3, column 7: not valid YAML:")


def test_a_projects_own_defaults_list_in_another_order_than_an_option_needs_is_told_with_the_order(
    tmp_path: Path,
) -> None:
    (tmp_path / "conf").mkdir()
    lines = (REPOSITORY / "conf/config.yaml").read_text().splitlines()
    model = next(line for line in lines if line.startswith("  - model: "))
    lines.remove(model)
    lines.insert(lines.index("defaults:") + 1, model)
    (tmp_path / "conf/config.yaml").write_text("\n".join(lines))
    assert one(tmp_path, "model=gru").model.name == "gru"
    with pytest.raises(SpecError) as error:
        one(tmp_path, "model=file", "model.path=my.onnx")
    assert error.value.reason == (
        "conf/model/file.yaml brings a precision of its own, and conf/config.yaml has none before its model."
    )
    assert error.value.next_step == "In the defaults list of conf/config.yaml, put model after the other options."
