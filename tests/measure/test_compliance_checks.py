"""Runtimes that cheat, and outputs that are wrong: caught while they are timed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from runner.core.errors import RunnerError
from runner.measure import repeats
from runner.measure.benchmark import Benchmark, benchmark
from runner.measure.pairs import Side
from runner.measure.run import Run, sides_of
from runner.measure.settings import Settings
from runner.worker import input_batches

MakeSettings = Callable[..., Settings]


@pytest.fixture
def measured(measure: MakeSettings, tmp_path: Path) -> Callable[..., Benchmark]:
    """`side` alone, once."""

    def run(side: Side, **changes: object) -> Benchmark:
        return benchmark(Run(sides_of(side, None), measure("quick", min_pairs=1, max_pairs=1, **changes), 0, tmp_path))

    return run


def test_an_honest_runtime_passes_every_check(side: Side, measured: Callable[..., Benchmark]):
    checks = measured(side).checks["candidate"]
    assert {name: check["status"] for name, check in checks.items()} == {
        "finite": "passed",
        "reference": "passed",
        "outputs": "passed",
        "repeats": "passed",
    }
    assert checks["reference"]["deviation"] < 1e-5


def test_a_runtime_that_remembers_its_inputs_is_caught(side: Side, measured: Callable[..., Benchmark]):
    cheat = dataclasses.replace(side, session="sessions", options={**side.options, "remembers": True, "spin": 5.0})
    found = measured(cheat)
    assert found.checks["candidate"]["repeats"]["status"] == "failed"
    assert found.checks["candidate"]["repeats"]["ratio"] > 2
    assert any("it remembers them" in warning for warning in found.warnings)


def test_a_runtime_whose_first_run_in_new_memory_is_slow_remembers_nothing(
    side: Side, measured: Callable[..., Benchmark]
):
    slow = dataclasses.replace(side, session="sessions", options={**side.options, "settles": True, "spin": 5.0})
    assert measured(slow, inputs=1).checks["candidate"]["repeats"]["status"] == "passed"


def test_more_rounds_decide_alone_where_a_few_say_that_it_remembers():
    answers = {8: {"same_ns": [10.0] * 8, "different_ns": [12.0] * 8}, 32: {"same_ns": [10.0] * 32}}
    answers[32]["different_ns"] = [12.0] * 4 + [10.0] * 28
    asked: list[int] = []

    def ask(rounds: int) -> repeats.Found:
        asked.append(rounds)
        return answers[rounds]

    assert not repeats.remembers(repeats.decided(ask))
    assert asked == [8, 32]


def test_few_rounds_are_enough_where_they_say_that_it_does_not():
    assert repeats.decided(lambda rounds: {"same_ns": [10.0] * rounds, "different_ns": [11.0] * rounds}) == {
        "same_ns": [10.0] * 8,
        "different_ns": [11.0] * 8,
    }


def test_outputs_that_go_wrong_only_while_they_are_timed_are_caught(side: Side, measured: Callable[..., Benchmark]):
    # Right in the first run of the warm-up, wrong from then on: a check before or after alone would miss it.
    wrong = dataclasses.replace(side, session="sessions", options={**side.options, "constant": True})
    check = measured(wrong).checks["candidate"]["reference"]
    assert check["status"] == "failed"
    assert check["deviation"] > check["tolerance"] == 1e-3


def test_a_batch_is_checked_row_by_row(side: Side, measured: Callable[..., Benchmark]):
    assert measured(dataclasses.replace(side, batch=7)).checks["candidate"]["reference"]["status"] == "passed"


def test_without_the_float_models_outputs_nothing_is_claimed(side: Side, measured: Callable[..., Benchmark]):
    check = measured(dataclasses.replace(side, reference=None)).checks["candidate"]["reference"]
    assert check["status"] == "not checked"


def test_how_far_outputs_may_lie_depends_on_the_precision(side: Side, measured: Callable[..., Benchmark]):
    found = measured(dataclasses.replace(side, precision="int8")).checks["candidate"]["reference"]
    assert found["tolerance"] > 0.1


def test_outputs_that_rounding_moves_may_lie_further(side: Side, measured: Callable[..., Benchmark]):
    found = measured(dataclasses.replace(side, rounding=0.02)).checks["candidate"]["reference"]
    assert found["tolerance"] == 0.2


def test_threads_are_pinned_and_where_is_told(side: Side, measured: Callable[..., Benchmark]):
    assert measured(side, pin=[0]).effective["candidate"]["pinned_to_cpus"] == [0]
    assert "pinned_to_cpus" not in measured(side).effective["candidate"]


def test_a_cpu_that_is_not_there_is_unavailable(side: Side, measured: Callable[..., Benchmark]):
    with pytest.raises(RunnerError, match=r"measure.pin=\[4000\]") as caught:
        measured(side, pin=[4000])
    assert caught.value.status == "unavailable"


def test_inputs_of_the_probe_were_never_seen_and_differ_in_their_last_bits():
    inputs = {"x": np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32), "ids": np.arange(20)}
    drawn = list(input_batches.never_seen(inputs, "x", 12, 3))
    assert len({one["x"].tobytes() for one in drawn} | {inputs["x"].tobytes()}) == 13
    for one in drawn:
        np.testing.assert_allclose(one["x"], inputs["x"], rtol=1e-4)
        assert one["ids"] is inputs["ids"]
    assert {one["x"].dtype for one in drawn} == {np.dtype(np.float32)}


def test_whole_numbers_of_the_probe_change_places():
    drawn = next(input_batches.never_seen({"ids": np.arange(20)}, "ids", 1, 3))["ids"]
    assert sorted(drawn) == list(range(20))
    assert (drawn != np.arange(20)).sum() == 2


def test_a_probed_scalar_stays_an_array():
    drawn = next(input_batches.never_seen({"a": np.array(2.0, np.float32)}, "a", 1, 0))
    assert (type(drawn["a"]), drawn["a"].shape) == (np.ndarray, ())


def test_the_probe_changes_the_largest_input_that_has_values_to_change():
    inputs = {
        "scales": np.ones(4),
        "axes": np.arange(4),
        "x": np.ones(30),
        "zeros": np.zeros(99),
        "mask": np.ones(99, int),
    }
    assert input_batches.changeable(inputs) == ["x", "scales", "axes"]
