"""The words of a command line: what one word stands for, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import SpecError
from runner.spec import overrides

HERE = Path("/")


def expanded(word: str) -> list[str]:
    (override,) = overrides.parse([word])
    return overrides.expanded(override, HERE)


@pytest.mark.parametrize(
    ("word", "words"),
    [
        ("model=gru", ["model=gru"]),
        ("model=gru,lstm", ["model=gru", "model=lstm"]),
        ("model=choice(gru,lstm)", ["model=gru", "model=lstm"]),
        ("model.hidden=range(8,25,8)", ["model.hidden=8", "model.hidden=16", "model.hidden=24"]),
        ("data.train=range(0.5,0.7,step=0.1)", ["data.train=0.5", "data.train=0.6"]),
        ("model=glob(*lstm)", ["model=bilstm", "model=lstm"]),
        ("precision=glob(*,exclude=int8*)", ["precision=as_built", "precision=fp16", "precision=fp32"]),
        ("measure.pin=[0,1],[2,3]", ["measure.pin=[0,1]", "measure.pin=[2,3]"]),
        ("data.path='a b.csv','c,d.csv'", ["data.path='a b.csv'", "data.path='c,d.csv'"]),
        ("+model.extra=1,2", ["+model.extra=1", "+model.extra=2"]),
        ("seed=sort(3,1,2)", ["seed=1", "seed=2", "seed=3"]),
    ],
)
def test_a_word_stands_for_one_word_a_value(word: str, words: list[str]) -> None:
    assert expanded(word) == words


@pytest.mark.parametrize(
    ("word", "reason"),
    [
        ("model=glob(x*)", "model=glob(x*): matches no values."),
        ("model.hidden=glob(*)", "model.hidden=glob(*): glob() finds options of an axis, not values."),
        ("model.hidden=interval(1,2)", "model.hidden=interval(1,2): an interval can't be swept over."),
        ("model.hidden=range(3,3)", "model.hidden=range(3,3): matches no values."),
    ],
)
def test_what_cant_be_swept_over_is_told(word: str, reason: str) -> None:
    with pytest.raises(SpecError) as caught:
        expanded(word)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("key", "value", "word"),
    [
        ("model", "gru", "model=gru"),
        ("model.hidden", 8, "model.hidden=8"),
        ("data.path", "my file.csv", 'data.path="my file.csv"'),
        ("measure.pin", None, "measure.pin=null"),
        ("data.features", ["a", "b"], 'data.features=["a", "b"]'),
        ("data.relative", False, "data.relative=false"),
    ],
)
def test_a_value_of_a_yaml_is_the_same_value_as_a_word(key: str, value: object, word: str) -> None:
    assert overrides.word(key, value) == word
    (override,) = overrides.parse([word])
    assert override.value() == value


def test_option_none_is_no_option() -> None:
    with pytest.raises(SpecError, match="model=null: one option of model expected"):
        overrides.check(overrides.parse(["model=null"]), HERE, sweeps=False)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        ("[precision=fp32,model.path=b.onnx]", ["precision=fp32", "model.path=b.onnx"]),
        ("[model.shapes.x=[4,8]]", ["model.shapes.x=[4,8]"]),
        ("[measure.pin=[0,1],seed=1]", ["measure.pin=[0,1]", "seed=1"]),
        ("[data.path=a,b.csv,seed=1]", ["data.path=a,b.csv", "seed=1"]),
        ("['data.path=\"a b,c=d.csv\"', seed=1]", ['data.path="a b,c=d.csv"', "seed=1"]),
        ("[]", []),
    ],
)
def test_the_baselines_overrides_need_no_quotes(word: str, value: list[str]) -> None:
    (override,) = overrides.parse([f"baseline.overrides={word}"])
    assert override.value() == value


def test_the_baselines_overrides_can_be_swept_over() -> None:
    words = expanded("baseline.overrides=[seed=1],[measure.pin=[0,1],seed=2]")
    values = [overrides.parse([word])[0].value() for word in words]
    assert values == [["seed=1"], ["measure.pin=[0,1]", "seed=2"]]
