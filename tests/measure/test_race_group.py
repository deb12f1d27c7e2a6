"""A group of a race: real processes, alive together, in turns; and what they answer where nothing times them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from runner.measure.predict import predict
from runner.measure.race_group import ROUNDS, TURN_S, Turns, run_group
from runner.measure.run import Run
from runner.measure.settings import Settings
from runner.measure.sides import Side


class Counted:
    """A process that notes its turns in a list that all share."""

    done = False

    def __init__(self, name: str, turns: list[tuple[str, int]]) -> None:
        self.name, self.turns = name, turns

    def burst(self, size: int) -> None:
        self.turns.append((self.name, size))


@pytest.fixture
def turns(measure: Callable[..., Settings]) -> Callable[[int, Mapping[str, float | None]], list[tuple[str, int]]]:
    def taken(seed: int, seconds: Mapping[str, float | None]) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        Turns(seed).take_turns({name: Counted(name, found) for name in seconds}, seconds, measure("quick"), dict)
        return found

    return taken


def test_each_process_has_one_turn_in_each_of_ten_rounds_in_an_order_drawn_anew(turns) -> None:
    found = [name for name, _ in turns(3, dict.fromkeys("abc", 1e-4))]
    rounds = [tuple(found[start : start + 3]) for start in range(0, len(found), 3)]
    assert len(rounds) == ROUNDS == 10
    assert all(sorted(one) == ["a", "b", "c"] for one in rounds)
    assert len(set(rounds)) > 2
    assert turns(3, dict.fromkeys("abc", 1e-4)) == turns(3, dict.fromkeys("abc", 1e-4))


def test_a_turn_takes_ten_milliseconds_or_one_inference(turns) -> None:
    sizes = dict(turns(0, {"quick": 1e-4, "slow": 0.3, "unknown": None}))
    assert sizes == {"quick": round(TURN_S / 1e-4), "slow": 1, "unknown": 10}


def test_a_model_that_spins_as_long_as_it_runs_takes_longer_than_the_others(
    slower: Callable[[float], Side], measure: Callable[..., Settings], tmp_path: Path
) -> None:
    settings = measure("quick", warmup_seconds=0.002, max_seconds=None)
    run = Run({"0": slower(0.0), "1": slower(1.0), "2": slower(0.0)}, settings, 0, tmp_path)
    found = run_group(run, 0)
    assert set(found) == {"0", "1", "2"}
    assert math.exp(found["1"] - max(found["0"], found["2"])) > 1.3


def test_a_prediction_is_what_the_model_answers_on_its_test_split(side: Side, tmp_path: Path) -> None:
    file = predict(side, "mlp", tmp_path, 60)
    with np.load(file) as found, np.load(side.reference or "") as expected:
        assert found["out/y"] == pytest.approx(expected["out/y"], abs=1e-5)
