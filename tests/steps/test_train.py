from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from runner.core.errors import StepFailed
from runner.models import checkpoint
from tests.steps import chain

MODEL = chain.model("gru", **chain.TINY)
FIVE_EPOCHS = {**chain.TRAIN, "epochs": 5, "patience": 5}


class Killed(BaseException):
    """Stands for a kill: nothing in the step may catch it."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return chain.data(tmp_path_factory.mktemp("data"), "co2", {"window": 8, "horizon": 2})


def train(base: Path, data: Path, **job: Any) -> dict[str, Any]:
    return chain.do("train", {"model": MODEL, "train": FIVE_EPOCHS, "seed": 7}, {"data": data}, base, **job)


def weights(base: Path) -> dict[str, torch.Tensor]:
    state: dict[str, torch.Tensor] = torch.load(base / "train" / "model.pt", weights_only=True)
    return state


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_the_same_seed_gives_the_same_weights(data: Path, tmp_path: Path) -> None:
    train(tmp_path / "a", data)
    train(tmp_path / "b", data)
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))


def test_a_killed_training_goes_on_from_its_last_epoch_to_the_same_end(data: Path, tmp_path: Path) -> None:
    whole = train(tmp_path / "whole", data)
    seen: list[int] = []

    def kill_after_three(done: int, total: int, note: str = "") -> None:
        seen.append(done)
        if done == 3:
            raise Killed

    with pytest.raises(Killed):
        train(tmp_path / "killed", data, progress=kill_after_three)
    (tmp_path / "killed" / "train").rmdir()
    resumed = train(tmp_path / "killed", data, progress=lambda done, total, note: seen.append(done))
    assert seen == [1, 2, 3, 4, 5]
    assert resumed == whole
    assert same(weights(tmp_path / "killed"), weights(tmp_path / "whole"))


def test_the_weights_kept_are_those_of_the_best_validation_loss(data: Path, tmp_path: Path) -> None:
    meta = train(tmp_path, data)
    history = json.loads((tmp_path / "train" / "history.json").read_text())
    losses = [epoch["val_loss"] for epoch in history]
    assert len(history) == meta["epochs"] == 5
    assert losses.index(min(losses)) + 1 == meta["best_epoch"]
    assert meta["val_loss"] == min(losses)


def test_training_stops_when_validation_no_longer_improves(data: Path, tmp_path: Path) -> None:
    hyper = {**chain.TRAIN, "epochs": 50, "patience": 1, "learning_rate": 0.5}
    meta = chain.do("train", {"model": MODEL, "train": hyper, "seed": 0}, {"data": data}, tmp_path)
    assert meta["epochs"] == meta["best_epoch"] + 1 < 50


def test_a_diverging_training_says_which_setting_to_change(data: Path, tmp_path: Path, monkeypatch: Any) -> None:
    from runner.steps import _fit

    monkeypatch.setattr(_fit, "_loss", lambda y, target, meta: y.sum() * float("inf"))
    with pytest.raises(StepFailed) as error:
        train(tmp_path, data)
    assert str(error.value) == ("Training diverged: the loss is not a number.\nMake train.learning_rate smaller.")


def test_params_counts_the_network(data: Path, tmp_path: Path) -> None:
    gru = 3 * 4 * (1 + 4 + 2)  # gates × hidden × (features + hidden + two biases)
    assert train(tmp_path, data)["params"] == gru + (4 + 1) * 2


def test_a_checkpoint_loads_into_a_network_of_its_model(data: Path, tmp_path: Path) -> None:
    train(tmp_path, data)
    network = checkpoint.load(tmp_path / "train", MODEL, {"features": ["co2_ppm"]})
    assert network(torch.zeros(3, 8, 1)).shape == (3, 2)
