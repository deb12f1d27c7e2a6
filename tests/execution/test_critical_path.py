"""Ranks: the seconds of the chain that begins with a step, from earlier ones of its kind."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.artifacts import store
from runner.execution import critical_path
from tests.execution.told import key, node

TODO = [node("train"), node("export", "train"), node("compile", "export"), node("quantize", "export")]


def recorded(project: Path, step: str, title: str, number: int, seconds: float) -> Path:
    made_by = f"{number:016}".ljust(64, "0")
    with store.draft(project, step, made_by) as out:
        content = {"step": step, "key": made_by, "name": title, "seconds": seconds, "meta": {}}
        return store.finish(project, out, content).folder


def test_a_rank_is_the_longest_chain_from_there() -> None:
    seconds = {key("train"): 10.0, key("export"): 1.0, key("compile"): 2.0, key("quantize"): 5.0}
    assert critical_path.ranks(TODO, seconds) == {
        key("train"): 16.0,
        key("export"): 6.0,
        key("compile"): 2.0,
        key("quantize"): 5.0,
    }


def test_seconds_are_the_median_of_the_same_title_then_of_the_step_then_rough(tmp_path: Path) -> None:
    for number, (title, took) in enumerate([("train", 3.0), ("train", 5.0), ("train", 40.0), ("other", 1.0)]):
        recorded(tmp_path, "train", title, number, took)
    recorded(tmp_path, "export", "other", 0, 7.0)
    assert critical_path.seconds(TODO, tmp_path) == {
        key("train"): 5.0,
        key("export"): 7.0,
        key("compile"): 1.0,
        key("quantize"): 1.0,
    }


def test_a_broken_artifact_counts_for_nothing(tmp_path: Path) -> None:
    (recorded(tmp_path, "train", "train", 0, 3.0) / store.NAME).write_text("{")
    assert critical_path.seconds(TODO[:1], tmp_path)[key("train")] == pytest.approx(30.0)
