"""What the store has got is remembered, for each store by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.results import records
from runner.tracking import sync_state


def test_a_record_is_missing_until_it_is_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    one, two = (records.write(tmp_path, {}) for _ in range(2))
    assert sync_state.missing(tmp_path, [one, two]) == [one, two]
    sync_state.remember(tmp_path, one.folder.name)
    assert sync_state.missing(tmp_path, [one, two]) == [two]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert sync_state.missing(tmp_path, [one, two]) == [one, two]


def test_each_experiment_is_another_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = records.write(tmp_path, {})
    sync_state.remember(tmp_path, one.folder.name)
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "night shift")
    assert sync_state.missing(tmp_path, [one]) == [one]
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "edge-runner")
    assert sync_state.missing(tmp_path, [one]) == []


def test_a_sweeps_page_is_there_as_long_as_it_was_made_of_the_same(tmp_path: Path) -> None:
    assert not sync_state.has_page(tmp_path, "aa11", "one")
    sync_state.remember_page(tmp_path, "aa11", "one")
    assert sync_state.has_page(tmp_path, "aa11", "one")
    assert not sync_state.has_page(tmp_path, "aa11", "other")
    assert not sync_state.has_page(tmp_path, "bb22", "one")
