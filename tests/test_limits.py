"""Limits of time and memory: the status says which was reached, where, and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import QUICK, Command

pytestmark = pytest.mark.slow

WORDS = ("model=gru", "precision=fp32", "baseline=none", *QUICK)


def test_a_step_that_takes_too_long_is_a_timeout(command: Command, tmp_path: Path) -> None:
    done = command(*WORDS, "train.epochs=5000", "train.patience=5000", "limits.step_s=4", "--json")
    assert (done.code, done.json["status"]) == (5, "timeout")
    assert "`step` took longer than 4 s and was stopped." in done.json["reason"]
    assert "limits.step_s" in done.json["next_step"]
    assert not list(tmp_path.glob("artifacts/train/*"))


def test_a_step_that_needs_too_much_memory_fails_with_the_limit(command: Command, tmp_path: Path) -> None:
    done = command(*WORDS, "limits.memory_mb=150", "--json")
    assert (done.code, done.json["status"]) == (5, "failed")
    assert done.json["reason"].startswith("out of memory: step held ")
    assert done.json["reason"].endswith("limits.memory_mb=150.")
    assert done.json["retries"] == {}
    assert not list(tmp_path.glob("artifacts/train/*"))


@pytest.mark.usefixtures("already_trained")
def test_a_measured_worker_that_holds_too_much_fails_with_the_limit(command: Command) -> None:
    made = command(*WORDS, "model.hidden=4", "--json")
    assert made.json["status"] == "ok"
    done = command(*WORDS, "model.hidden=4", "limits.memory_mb=100", "backend=torch", "--json")
    assert (done.code, done.json["status"]) == (5, "failed")
    assert done.json["reason"].startswith("out of memory: ")


@pytest.mark.usefixtures("already_trained")
def test_a_limit_that_suffices_changes_nothing(command: Command) -> None:
    done = command(*WORDS, "model.hidden=4", "limits.memory_mb=4000", "--json")
    assert done.json["status"] == "ok"
    assert done.json["spec"]["limits"]["memory_mb"] == 4000
