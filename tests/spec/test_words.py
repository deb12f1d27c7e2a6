"""One word: what it says beyond Hydra's grammar, what it may not say, and that it comes through a shell unchanged."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from runner.__main__ import main
from runner.core import advice
from runner.core.errors import SpecError
from runner.spec import overrides, words
from runner.sweeps import request

NAMES = (
    "x", "serving_default_x:0", "a(b)", "a,b", "käse", "a[0]", "a=b", "a=b:0=[1]", "{a}", "a b", "it's", 'say "x"',
    "a.b.c", "model/x", "$x", "*", "~x", "-x", "++x", "\\", "a\\", "${x}", "null", "1", "0x1", "x#y", "a;b", "a&b",
    "!x", "漢字", "",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_an_input_may_have_any_name(name: str) -> None:
    (word,) = shlex.split(advice.shape(name, [1, "batch"]))
    found = words.parse(word)
    assert (found.key_or_group, found.value()) == ("model.shapes", {name: [1, "batch"]})


@pytest.mark.parametrize("name", [name for name in NAMES if name and "${" not in name])
def test_such_a_name_reaches_the_spec_typed_in_a_sweep_and_in_the_baseline(tmp_path: Path, name: str) -> None:
    (word,) = shlex.split(advice.shape(name, [1, 8]))
    spec = request.one(tmp_path, ["model=onnx", word, "model.shapes.other=[2]"])
    assert spec.model.settings.shapes == {name: (1, 8), "other": (2,)}
    cells = request.cells(tmp_path, ["model=onnx", f"{word},[4,8]"]).cells
    assert [one.model.settings.shapes for _, one in cells] == [{name: (1, 8)}, {name: (4, 8)}]
    (quoted,) = shlex.split(advice.shell(words.word("baseline.overrides", [word])))
    assert request.one(tmp_path, ["baseline=spec", quoted]).baseline.settings.overrides == (word,)


def test_a_runtimes_own_option_may_have_any_name(tmp_path: Path) -> None:
    entry = "backend.session.session.set_denormal_as_zero=1"
    spec = request.one(tmp_path, [entry, "backend.session={a.b: x}", "backend.provider_options.device_id=0"])
    assert spec.backend.settings.session == {"session.set_denormal_as_zero": 1, "a.b": "x"}
    assert spec.backend.settings.provider_options == {"device_id": 0}
    cells = request.cells(tmp_path, [f"{entry},0"]).cells
    assert [one.backend.settings.session["session.set_denormal_as_zero"] for _, one in cells] == [1, 0]


def test_an_entry_of_what_is_no_mapping_is_a_slip(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"backend\.threads="):
        request.one(tmp_path, ["backend.threads.x=1"])
    with pytest.raises(SpecError, match=r"backend\.sesion: no such key. Did you mean session?"):
        request.one(tmp_path, ["backend.sesion.x=1"])


VALUES = (
    *NAMES,
    3,
    1.5,
    1e300,
    float("inf"),
    True,
    None,
    [],
    [1, "a,b"],
    ["a b", ["c"]],
    {"ä:(": [1, "x"], "b": {}},
    {},
)


@pytest.mark.parametrize("value", VALUES, ids=str)
def test_a_value_is_the_same_as_a_word_pasted_into_a_shell(value: object) -> None:
    (word,) = shlex.split(advice.shell(words.word("backend.x", value)))
    assert words.parse(word).value() == value


@pytest.mark.parametrize(
    "word",
    [
        "hydra.run.dir=x", "+hydra.x=1", "++hydra.callbacks.a={b: c}", "~hydra.sweeper", "hydra={a: 1}",
        "hydra/launcher=basic", "hydra/sweeper@hydra.x=basic", "hydra.searchpath=[pkg://os]",
        "model@hydra.callbacks=gru", "hydra.mode=MULTIRUN",
    ],
)  # fmt: skip
def test_nothing_of_hydras_own_is_set(word: str) -> None:
    with pytest.raises(SpecError, match="nothing of Hydra's own can be set: a spec is data"):
        words.parse(word)


@pytest.mark.parametrize(
    "word",
    [
        "+model._target_=os.system", "model={_target_: os.system}", "++x={a: [{_args_: [id]}]}",
        'model={"_target_": "x"}',
        "model.shapes={_target_: [1]}", "model={a: 1},{_partial_: true}",
        "_target_=x", "model._target_.x=1",
    ],
)  # fmt: skip
def test_nothing_names_code(word: str) -> None:
    with pytest.raises(SpecError, match="a spec is data and names no code"):
        words.parse(word)


@pytest.mark.parametrize("key", ["_target_", "hydra"])
@pytest.mark.parametrize(
    "where", ["conf/config.yaml", "conf/model/mine.yaml", "experiments/mine.yaml", "conf/train/all.yaml"]
)
@pytest.mark.parametrize("command", ["plan", "--cfg"])
def test_code_in_a_projects_file_is_bad_spec_even_for_a_plan(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    key: str,
    where: str,
    command: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runner.toml").touch()
    (tmp_path / where).parent.mkdir(parents=True)
    code = "{_target_: builtins.open, file: pwned, mode: w}"
    content = f"model: {code}" if key == "_target_" else f"hydra: {{callbacks: {{a: {code}}}}}"
    (tmp_path / where).write_text(f"# @package _global_\nname: mine\n{content}\n")
    chosen = {"model": "model=mine", "experiments": "experiment=mine", "train": "train=all", "conf": "seed=1"}
    assert main([command, *(["job"] if command == "--cfg" else []), chosen[Path(where).parent.name]]) == 2
    assert f"{tmp_path / where}: {key if key == 'hydra' else 'model._target_'}: " in capsys.readouterr().err
    assert not (tmp_path / "pwned").exists()


def test_no_plug_in_is_discovered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plugin = tmp_path / "hydra_plugins" / "mine"
    plugin.mkdir(parents=True)
    (plugin / "__init__.py").write_text("raise RuntimeError('imported')")
    (plugin / "code.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert main(["plan", "-m", "model=gru,lstm"]) == 0


@pytest.mark.parametrize(
    ("word", "said"),
    [
        ("x=" + "[" * 5000, "nested deeper than 50"),
        ("x=" + "{a:" * 5000, "nested deeper than 50"),
        ("x=" + "sort(" * 5000, "nested deeper than 50"),
        ("model.shapes.x=" + "[" * 5000, "nested deeper than 50"),
        ("baseline.overrides=[" + "[" * 5000, "nested deeper than 50"),
        ("x=" + "9" * 5000, "can't be read"),
        ("x=" + "a," * 60_000, "longer than 100,000 characters"),
        ("x=int(a)", "can't be read"),
        ("x=range(1,2,0,0)", "can't be read"),
        ("x='", "can't be read"),
    ],
    ids=lambda value: value[:20],
)
def test_an_odd_word_is_answered_in_a_line(word: str, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        words.parse(word)
    assert said in caught.value.reason
    assert len(str(caught.value)) < 700


def test_what_needs_quotes_is_given_quoted() -> None:
    with pytest.raises(SpecError) as caught:
        words.parse("data.path=Käse (1).csv")
    (word,) = shlex.split(caught.value.next_step.partition(": ")[2])
    assert words.parse(word).value() == "Käse (1).csv"


@pytest.mark.parametrize(
    ("given", "cells"),
    [
        (["seed=range(400000000)"], "400,000,000"),
        (["seed=range(0,1,1e-9)"], "1,000,000,000"),
        (["seed=range(20000)", "model.hidden=range(1,20001)"], "400,000,000"),
        (["seed=range(0,-100000000000000000000,-1)"], "100,000,000,000,000,000,000"),
        ([f"{key}=range(1000)" for key in ("seed", "model.hidden", "train.epochs")], "1,000,000,000"),
        (["model=glob(*)", "seed=range(100000)"], "600,000"),
    ],
    ids=str,
)
def test_a_sweep_is_counted_before_it_is_expanded(tmp_path: Path, given: list[str], cells: str) -> None:
    with pytest.raises(SpecError) as caught:
        request.cells(tmp_path, given)
    assert f" {cells} cells, more than the 100,000 that one sweep may have." in caught.value.reason


def test_a_studys_sweep_is_counted_too(tmp_path: Path) -> None:
    (tmp_path / "runner.toml").touch()
    (tmp_path / "experiments").mkdir()
    axes = "{seed: 'range(1000)', model.hidden: 'range(1,1001)'}"
    (tmp_path / "experiments" / "mine.yaml").write_text(f"sweep: {{axes: {axes}, cells: [{{seed: 7}}]}}")
    with pytest.raises(SpecError, match=r"experiment=mine: 1,000,001 cells, more than the 100,000"):
        request.cells(tmp_path, ["experiment=mine"])


@pytest.mark.parametrize("word", ["seed=range(nan,3)", "seed=range(1,inf)", "seed=range(1,2,0)", "seed=range(3,1)"])
def test_a_range_without_an_end_or_a_value_is_named(word: str) -> None:
    (override,) = overrides.parse([word])
    with pytest.raises(SpecError, match=r"has no end|matches no values"):
        overrides.expanded(override, Path("/"))


def test_a_mapping_of_names_that_cant_be_read_says_how_else() -> None:
    with pytest.raises(SpecError) as caught:
        words.parse("model.shapes={serving_default_x:0:[1,8]}")
    assert caught.value.next_step == "Give each input a word of its own: 'model.shapes.NAME=[1,8]'"
    assert words.parse(r"model.shapes={serving_default_x\:0:[1,8]}").value() == {"serving_default_x:0": [1, 8]}


@pytest.mark.parametrize("text", [*NAMES, '\\\\"', '"\\', "a\\\\", "TRUE", "nan"])
def test_a_text_of_any_characters_can_be_pasted(text: str) -> None:
    (word,) = shlex.split(advice.setting("model.output", text))
    assert words.parse(word).value() == text


@pytest.mark.parametrize("sign", [",", ";", "|", "\\t"])
def test_a_sign_alone_needs_no_quotes(sign: str) -> None:
    assert words.parse(f"data.delimiter={sign}").value() == sign
