"""Losses on disk: read back as they were, and found anew where they can't be right."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from runner.execution.racing import losses
from runner.execution.racing.field import Entry
from runner.execution.racing.kept_losses import KeptLosses, key_of
from runner.execution.racing.losses import Losses
from runner.results.quality_loss import Loss, Lost, Stated
from runner.results.record_schema import Absent

LOSS = Loss("mae_ppm", 0.005, 0.001, 0.009, of=1.0)
LOST = Lost(LOSS, Stated(LOSS, 340, apart=False))


def entry(name: str, artifact: str = "a" * 64) -> Entry:
    spec = SimpleNamespace(key=name, seed=0)
    found: Any = SimpleNamespace(
        name=name, artifact=artifact, side=SimpleNamespace(metric=None), configuration=SimpleNamespace(spec=spec)
    )
    return cast(Entry, found)


def parts(compiled: str) -> dict[str, Any]:
    return {"candidate": {"artifacts": {"compile": compiled}}}


DEFAULT, ONE = entry("default", "d" * 64), entry("one")
PARTS = {"default": parts("d"), "one": parts("1")}


@pytest.mark.parametrize("found", [LOST, Absent("no metric")])
def test_what_was_found_is_read_back(found: Lost | Absent, tmp_path: Path) -> None:
    kept = KeptLosses(tmp_path)
    losses.keep(Losses({ONE.artifact: found}), [ONE], DEFAULT, kept, PARTS)
    known = losses.known([DEFAULT, ONE], DEFAULT, kept, PARTS)
    assert known.by_artifact == {ONE.artifact: found}
    assert known.missing([DEFAULT, ONE]) == [DEFAULT]


def test_another_artifact_or_another_float_model_is_another_loss() -> None:
    keys = [
        key_of(ONE, DEFAULT, PARTS),
        key_of(ONE, DEFAULT, {**PARTS, "one": parts("2")}),
        key_of(ONE, DEFAULT, {**PARTS, "default": parts("e")}),
    ]
    assert len(set(keys)) == 3


@pytest.mark.parametrize("text", ["", "{", "{}", '{"key": "k", "lost": {"loss": 1}}', '{"key": "other"}', "[]"])
def test_what_cannot_be_right_is_found_anew(text: str, tmp_path: Path) -> None:
    kept = KeptLosses(tmp_path)
    kept.write("k", LOST)
    kept.file("k").write_text(text)
    assert kept.read("k") is None
