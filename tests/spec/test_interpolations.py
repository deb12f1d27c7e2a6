"""Interpolations that stand for too much are answered before they are resolved."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from runner.core.errors import SpecError
from runner.spec import interpolations, yaml_files
from runner.sweeps import request

CHAIN = {f"a{n}": f"${{a{n + 1}}}${{a{n + 1}}}" for n in range(60)} | {"a60": "x"}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (CHAIN, "stand for too much"),
        ({"m": {f"a{n}": f"${{.a{n + 1}}}${{.a{n + 1}}}" for n in range(60)} | {"a60": "x"}}, "stand for too much"),
        (
            {f"a{n}": {"x": f"${{a{n + 1}}}", "y": f"${{a{n + 1}}}"} for n in range(60)} | {"a60": "x"},
            "stand for too much",
        ),
        ({f"a{n}": [f"${{a{n + 1}[0]}}${{a{n + 1}[0]}}"] for n in range(60)} | {"a60": ["x"]}, "stand for too much"),
        ({f"a{n}": f"${{oc.select:a{n + 1}}}" * 2 for n in range(60)} | {"a60": "x"}, "stand for too much"),
        ({"x": "y" * 1_000_000, "z": "${x}" * 20}, "stand for too much"),
        ({f"a{n}": f"${{b.${{c}}}}${{a{n + 1}}}" for n in range(20)}, "stand for too much"),
        ({"a": "${b}", "b": "${a}"}, "its interpolation comes back to itself"),
        ({"a": {"b": "${a}"}}, "its interpolation comes back to itself"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bomb_is_named(values: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError, match=said):
        interpolations.check(values)


@pytest.mark.parametrize(
    "values",
    [
        {"a": "${b}", "b": 3, "c": {"d": "${..b}", "e": "${.d}"}},
        {"a": "${b.${c}}", "b": {"x": 1}, "c": "x"},
        {"a": "${oc.env:HOME,none}", "b": "${none}"},
        {"a": ["${.1}", 2], "b": "${a[1]}"},
        {"m": {"hidden": "${train.epochs}"}, "train": {"epochs": 3}},
        {"a": "${b.x}", "b": "${c}", "c": {"x": 1}},
    ],
    ids=str,
)
def test_others_are_omegaconfs(values: dict[str, Any]) -> None:
    interpolations.check(values)


@pytest.mark.parametrize("many", [False, True])
def test_a_bomb_in_an_experiment_is_bad_spec(tmp_path: Path, many: bool) -> None:
    (tmp_path / "runner.toml").touch()
    (tmp_path / "experiments").mkdir()
    lines = [f"  a{n}: ${{.a{n + 1}}}${{.a{n + 1}}}" for n in range(60)]
    (tmp_path / "experiments" / "mine.yaml").write_text("\n".join(["model:", *lines, "  a60: x", ""]))
    with pytest.raises(SpecError, match="Its interpolations stand for too much"):
        if many:
            request.cells(tmp_path, ["experiment=mine", "seed=1,2"])
        else:
            request.one(tmp_path, ["experiment=mine"])


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("${nope}", "can't be resolved: Interpolation key 'nope' not found."),
        (
            "${oc.decode:4}",
            "can't be resolved: `oc.decode` can only take strings or None as input, but `4` is of type int.",
        ),
        ("${oc.env:NO_SUCH_NAME}", "can't be resolved: \"Environment variable 'NO_SUCH_NAME' not found\"."),
        ("${oc.select:4}", "can't be resolved: 'int' object has no attribute 'startswith'."),
        (
            "${oc.dict.keys:seed}",
            "can't be resolved: `oc.dict.keys` cannot be applied to objects of type: int.",
        ),
        ("${oc.create:'[&a [x,x], [*a,*a]]'}", "none of oc.env, oc.select, oc.decode, oc.dict.keys, oc.dict.values."),
        ("${oc.deprecated:train.epochs}", "none of oc.env, oc.select, oc.decode, oc.dict.keys, oc.dict.values."),
        ("${now:%Y}", "none of oc.env, oc.select, oc.decode, oc.dict.keys, oc.dict.values."),
    ],
)
@pytest.mark.parametrize("at", ["train.patience", "data.features.1", "schedule.workers"])
def test_what_cant_be_resolved_is_named_by_its_key(value: str, said: str, at: str) -> None:
    part, name, *place = at.split(".")
    config = OmegaConf.create({"seed": 3, part: {name: [1, value] if place else value}})
    with pytest.raises(SpecError) as error:
        interpolations.resolved(config, part if part == "schedule" else "")
    assert error.value.reason == f"{at}={value}: {said}"


def test_a_variable_of_the_environment_is_text_unless_it_is_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIZE", "7")
    config = OmegaConf.create({"text": "${oc.env:SIZE}", "number": "${oc.decode:${oc.env:SIZE}}"})
    assert interpolations.resolved(config) == {"text": "7", "number": 7}


@pytest.mark.parametrize("value", ["${", "${}", "a ${model.hidden", "${a:"])
def test_half_an_interpolation_is_named_by_file_and_key(tmp_path: Path, value: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"model: {{hidden: '{value}'}}\n")
    with pytest.raises(SpecError, match=re.escape(f"mine.yaml: model.hidden: {value}: no interpolation: ")):
        yaml_files.load(path)
