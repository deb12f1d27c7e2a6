"""A profile of a real session in a process of its own, beside a benchmark that knows nothing of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from runner.core.errors import OddAnswer, StepFailed
from runner.measure.layer_profile import LayerProfile, profiled
from runner.measure.run import Run, sides_of
from runner.measure.settings import Settings
from runner.measure.sides import Side
from runner.transport.local import Worker

MakeSettings = Callable[..., Settings]


@pytest.fixture
def found(side: Side, measure: MakeSettings, tmp_path: Path) -> LayerProfile:
    return profiled(Run(sides_of(side, None), measure("quick"), 0, tmp_path), "candidate", 20, 5000.0)


def test_each_layer_has_its_type_precision_and_calls(found: LayerProfile) -> None:
    seen = [(layer.type, layer.precision, layer.calls) for layer in found.layers]
    assert sorted(seen) == [("MatMul", "fp32", 1), ("MatMul", "fp32", 1), ("Relu", "fp32", 1)]
    assert found.statistic == "median"


def test_shares_are_of_their_sum_the_longest_first(found: LayerProfile) -> None:
    shares = [layer.share for layer in found.layers]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1.0)


def test_it_stands_beside_the_measured_time(found: LayerProfile) -> None:
    content = found.as_dict()
    assert content["measured_ns"] == 5000.0
    assert content["sum_ns"] == pytest.approx(sum(one["ns"] for one in content["layers"]))
    assert content["run_ns"] >= content["sum_ns"] > 0


def test_layers_that_took_longer_than_was_waited_for_are_no_answer(
    side: Side, measure: MakeSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lying(worker: Worker, do: str, **request: Any) -> dict[str, Any]:
        answer: dict[str, Any] = ask(worker, do, **request)
        return answer if do != "profile" else {**answer, "layers": [{**answer["layers"][0], "ns": 10**12}]}

    ask = Worker.ask
    monkeypatch.setattr(Worker, "ask", lying)
    with pytest.raises(OddAnswer, match=r"answer to `profile` can't be right: work of 1e\+04 s by its clock"):
        profiled(Run(sides_of(side, None), measure("quick"), 0, tmp_path), "candidate", 20, 5000.0)


def test_a_session_without_a_profiler_is_named(side: Side, measure: MakeSettings, tmp_path: Path) -> None:
    other = dataclasses.replace(side, session="sessions")
    with pytest.raises(StepFailed, match=r"sessions\.py: it has no open_profiled"):
        profiled(Run(sides_of(other, None), measure("quick"), 0, tmp_path), "candidate", 20, 5000.0)
