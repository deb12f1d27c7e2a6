"""What an experiment's file states: its cells, what the command line does to them, and what is said of a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from runner.core.errors import SpecError
from runner.spec import options
from runner.sweeps import experiment_file, request
from tests.conftest import REPOSITORY

Write = Callable[[str], None]


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """`write("axes: {model: [gru]}")` writes an experiment `mine` with that sweep."""
    (tmp_path / "runner.toml").touch()
    (tmp_path / "experiments").mkdir()
    monkeypatch.chdir(tmp_path)

    def to(sweep: str, before: str = "") -> None:
        (tmp_path / "experiments" / "mine.yaml").write_text(f"# Mine\n{before}sweep: {{{sweep}}}\n")

    return to


def titles(tmp_path: Path, *words: str) -> list[str]:
    return [spec.title for _, spec in request.cells(tmp_path, ["experiment=mine", *words]).cells]


def test_axes_are_combined(write: Write, tmp_path: Path) -> None:
    write("axes: {model: [gru, lstm], precision: [fp32, fp16]}")
    assert titles(tmp_path) == [
        "gru fp32 onnxruntime",
        "gru fp16 onnxruntime",
        "lstm fp32 onnxruntime",
        "lstm fp16 onnxruntime",
    ]


def test_cells_are_added_one_by_one(write: Write, tmp_path: Path) -> None:
    write("axes: {model: [gru]}, cells: [{model: lstm, backend: torch}, {model: bilstm, precision: fp16}]")
    assert titles(tmp_path) == ["gru int8_dynamic onnxruntime", "lstm fp32 torch", "bilstm fp16 onnxruntime"]


def test_cells_alone_are_all_there_is(write: Write, tmp_path: Path) -> None:
    write("cells: [{model: lstm, backend: torch}]")
    assert titles(tmp_path) == ["lstm fp32 torch"]


def test_settings_are_axes_too_and_say_several_as_on_a_command_line(write: Write, tmp_path: Path) -> None:
    write("axes: {'model.hidden': 'range(8,25,8)', model: 'glob(g*)', 'train.learning_rate': [1e-3]}")
    specs = [spec for _, spec in request.cells(tmp_path, ["experiment=mine"]).cells]
    assert [(one.model.name, one.model.settings.hidden) for one in specs] == [("gru", 8), ("gru", 16), ("gru", 24)]
    assert {one.train.settings.learning_rate for one in specs} == {0.001}


def test_what_the_file_sets_holds_for_every_cell(write: Write, tmp_path: Path) -> None:
    write("axes: {model: [gru, lstm]}", before="defaults: [{override /train: smoke}]\nmodel: {hidden: 5}\nseed: 3\n")
    specs = [spec for _, spec in request.cells(tmp_path, ["experiment=mine"]).cells]
    assert [(one.train.name, one.model.settings.hidden, one.seed) for one in specs] == [("smoke", 5, 3)] * 2


def test_excludes_match_what_a_cell_comes_to_not_only_what_is_written(write: Write, tmp_path: Path) -> None:
    # openvino brings fp32 by itself; 16 is what model.hidden is set to
    write(
        "axes: {backend: [onnxruntime, openvino, torch], 'model.hidden': [8, 16]},"
        "exclude: [{backend: [openvino, torch], precision: fp32, 'model.hidden': 16}]"
    )
    found = request.cells(tmp_path, ["experiment=mine", "model=gru"])
    assert [(spec.backend.name, spec.model.settings.hidden) for _, spec in found.cells] == [
        ("onnxruntime", 8),
        ("onnxruntime", 16),
        ("openvino", 8),
        ("torch", 8),
    ]
    assert found.excluded == 2


def test_a_word_of_the_command_line_holds_for_every_cell(write: Write, tmp_path: Path) -> None:
    write("axes: {model: [gru, lstm]}, cells: [{model: bilstm, backend: torch}]")
    found = request.cells(tmp_path, ["experiment=mine", "seed=4", "model.hidden=6"])
    assert [(one.seed, one.model.settings.hidden) for _, one in found.cells] == [(4, 6)] * 3


def test_a_word_of_the_command_line_stands_in_place_of_the_files(write: Write, tmp_path: Path) -> None:
    write("axes: {model: [gru, lstm], precision: [fp32, fp16]}, exclude: [{model: lstm, precision: fp16}]")
    assert titles(tmp_path, "model=bilstm") == ["bilstm fp32 onnxruntime", "bilstm fp16 onnxruntime"]


def test_several_values_on_the_command_line_multiply(write: Write, tmp_path: Path) -> None:
    write("axes: {model: [gru, lstm]}")
    assert len(titles(tmp_path, "model.hidden=8,16")) == 4


def test_cells_that_say_the_same_are_one(write: Write, tmp_path: Path) -> None:
    write("axes: {model: [gru, lstm]}, cells: [{model: gru, precision: int8_dynamic}]")
    found = request.cells(tmp_path, ["experiment=mine"])
    assert (len(found.cells), found.repeated) == (2, 1)


@pytest.mark.parametrize(
    ("stated", "reason"),
    [
        ("", "sweep: it names no cells."),
        ("axis: {model: [gru]}", "sweep.axis: no such key. Did you mean axes?"),
        ("axes: {modle: [gru]}", "sweep.axes.modle: no such axis. Did you mean model?"),
        ("axes: {experiment: [a]}", "sweep.axes.experiment: no such axis. Did you mean telemetry?"),
        ("axes: {model: [grru]}", "sweep.axes.model: model=grru: no such model. Did you mean gru?"),
        ("axes: {model: gru}", "sweep.axes.model=gru: a list of values expected."),
        ("axes: {model: []}", "sweep.axes.model=[]: a list of values expected."),
        ("axes: {model: [gru, gru]}", "sweep.axes.model: model=gru is listed twice."),
        ("axes: {model: [{name: gru}]}", "sweep.axes.model={'name': 'gru'}: an option of model expected."),
        ("cells: {model: gru}", "sweep.cells: a list of mappings expected."),
        ("cells: [gru]", "sweep.cells: keys with values expected, not gru."),
        ("cells: [{model: gru, backnd: torch}]", "sweep.cells.backnd: no such axis. Did you mean backend?"),
        ("cells: [{}]", "sweep.cells: a cell without words."),
        ("axes: {model: [gru]}, exclude: [{}]", "sweep.exclude: an empty one leaves out every cell."),
        (
            "axes: {model: [gru]}, exclude: [{model: lstn}]",
            "sweep.exclude: model=lstn: no such model. Did you mean lstm?",
        ),
        (
            "axes: {model: [gru]}, exclude: [{model: lstm, seed: 0}]",
            "sweep.exclude: {model: lstm, seed: 0} matches no cell.",
        ),
    ],
)
def test_a_wrong_sweep_names_file_and_key(write: Write, tmp_path: Path, stated: str, reason: str) -> None:
    write(stated)
    with pytest.raises(SpecError) as caught:
        request.cells(tmp_path, ["experiment=mine"])
    assert caught.value.reason == f"{tmp_path / 'experiments' / 'mine.yaml'}: {reason}"


def test_a_key_that_stands_twice_is_named_with_its_line(write: Write, tmp_path: Path) -> None:
    write("axes: {model: [gru], model: [lstm]}")
    with pytest.raises(SpecError, match=r"mine\.yaml, line 2, column 30: not valid YAML: found duplicate key model"):
        request.cells(tmp_path, ["experiment=mine"])


def test_every_cell_excluded_is_an_error(write: Write, tmp_path: Path) -> None:
    write("axes: {model: [gru, lstm]}, exclude: [{model: [gru, lstm]}]")
    with pytest.raises(SpecError, match="Every cell is excluded"):
        request.cells(tmp_path, ["experiment=mine"])


def test_an_experiment_without_a_sweep_states_none() -> None:
    assert experiment_file.read("mobilenet_int8", REPOSITORY) is None


def test_the_canonical_experiment_is_dvcs_grid() -> None:
    stated = options.load_yaml(REPOSITORY / "experiments" / "canonical.yaml")["sweep"]["axes"]
    assert stated == options.load_yaml(REPOSITORY / "params.yaml")["grid"]
