"""Interpolations that stand for too much are answered before they are resolved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runner import compose, interpolations, sweep
from runner.errors import SpecError

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
            sweep.read(tmp_path, ["experiment=mine", "seed=1,2"])
        else:
            compose.one(tmp_path, ["experiment=mine"])
