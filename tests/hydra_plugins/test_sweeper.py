"""Our sweeper gets all words of a sweep at once, and composes nothing by itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra_plugins.edge_runner.sweeper import EdgeSweeper
from runner import compose


@dataclass
class Task:
    """What the run command is to the sweeper."""

    loaders: list[Any] = field(default_factory=list)
    words: list[list[str]] = field(default_factory=list)

    def __call__(self, config: Any) -> None:
        raise AssertionError("composed one by one")

    def sweep(self, loader: Any, words: list[str]) -> None:
        self.loaders.append(loader)
        self.words.append(words)


def test_it_hands_on_every_word_but_hydras_own(tmp_path: Path) -> None:
    task = Task()
    words = ["model=mobilenet_v1,gru", "hydra.verbose=false", "model.width=0.5"]
    with compose.loader(tmp_path) as loader:
        compose.through_sweeper(loader, task, words)
        assert task.loaders == [loader]
    assert task.words == [["model=mobilenet_v1,gru", "model.width=0.5"]]


def test_it_is_the_default(tmp_path: Path) -> None:
    with compose.loader(tmp_path) as loader:
        target = compose.compose(loader, []).hydra.sweeper._target_
    assert target == f"{EdgeSweeper.__module__}.{EdgeSweeper.__name__}"


@dataclass
class Jobs:
    """What Hydra's own sweeper runs, one job a cell."""

    seeds: list[int] = field(default_factory=list)

    def __call__(self, config: Any) -> None:
        self.seeds.append(config.seed)


def test_hydras_own_sweeper_can_be_asked_for_and_runs_cell_by_cell(tmp_path: Path) -> None:
    task = Jobs()
    words = ["hydra/sweeper=basic", "hydra/launcher=basic", f"hydra.sweep.dir={tmp_path}/out", "seed=1,2"]
    with compose.loader(tmp_path) as loader:
        compose.through_sweeper(loader, task, words)
    assert task.seeds == [1, 2]
