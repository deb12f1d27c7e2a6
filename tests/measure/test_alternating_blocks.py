"""Blocks on two devices. Both are this machine here, under two addresses: what counts as two devices is the address."""

from __future__ import annotations

import dataclasses
import itertools
import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from runner.core import setting_rules as rules
from runner.measure import comparison_design, metrics
from runner.measure.alternating_blocks import Across
from runner.measure.benchmark import Benchmark, benchmark
from runner.measure.noise_floor import NoiseFloor
from runner.measure.pairs import Side, order
from runner.measure.run import Run, sides_of
from runner.measure.scenarios import single_stream
from runner.measure.settings import Settings
from runner.measure.timed import Pair, Timed
from runner.measure.verdict import Verdict
from runner.telemetry.summary import OFF
from runner.transport.device import Here

MakeSettings = Callable[..., Settings]
ROLES = ("candidate", "baseline")
FLOOR = NoiseFloor(0.01, "a test")
ACROSS = Across(single_stream)


def elsewhere(side: Side) -> Side:
    return dataclasses.replace(side, label="there", device=Here(name="there"))


def timed(median_ns: int) -> Timed:
    starts, sizes = np.array([0]), np.array([3])
    return Timed(np.array([median_ns - 1, median_ns, median_ns + 1]), starts, sizes, True, 1.0, {}, None)


def rounds(candidate: list[int], baseline: list[int]) -> list[Pair]:
    """Rounds whose blocks have these medians in ns."""
    made = []
    for number, medians in enumerate(zip(candidate, baseline, strict=True)):
        sides = {role: timed(ns) for role, ns in zip(ROLES, medians, strict=True)}
        each = {role: Pair(number, (role,), {role: sides[role]}, {}, {}) for role in ROLES}
        made.append(Pair(number, ROLES, sides, {}, {}, (), each))
    return made


# --- what they say ---


def test_two_addresses_are_two_devices_and_one_address_is_one(
    side: Side, measure: MakeSettings, tmp_path: Path
) -> None:
    def kind(candidate: Side, baseline: Side | None) -> str:
        return comparison_design.design_of(Run(sides_of(candidate, baseline), measure("quick"), 0, tmp_path)).kind

    assert kind(side, elsewhere(side)) == "across devices"
    assert kind(elsewhere(side), elsewhere(side)) == "paired"
    assert kind(side, None) == "paired"


def test_the_ratio_is_the_median_over_all_pairs_of_blocks(measure: MakeSettings) -> None:
    found = ACROSS.decide(rounds([100, 110, 120], [200, 220, 240]), 1.0, measure("quick"), FLOOR)
    assert math.exp(found.shown.estimate) == pytest.approx(2.0)
    assert found.shown.half_width == math.inf  # three blocks a side are too few at 95 %
    assert (found.verdict, found.stopped_by) == (Verdict.AMBIGUOUS, None)


def test_it_stops_at_the_target_when_the_blocks_agree(measure: MakeSettings) -> None:
    quiet = rounds([1000, 1001, 1002, 1003, 1004, 1005, 1006], [2000, 2001, 2002, 2003, 2004, 2005, 2006])
    found = ACROSS.decide(quiet, 1.0, measure("quick", min_pairs=7), FLOOR)
    assert (found.verdict, found.stopped_by) == (Verdict.FASTER, "target")


def test_what_scatters_between_blocks_widens_the_interval_though_each_round_agrees(measure: MakeSettings) -> None:
    # Both devices drift alike: pairs would cancel that, two machines must not.
    levels = [1000, 1300, 900, 1500, 1100, 800, 1200, 1400]
    found = ACROSS.decide(rounds(levels, levels), 1.0, measure("quick"), FLOOR)
    assert found.shown.half_width > 0.1
    assert found.verdict is Verdict.AMBIGUOUS


def test_blocks_of_each_side_are_counted_and_the_budget_ends_it(measure: MakeSettings) -> None:
    noisy = rounds([1000, 1300, 900, 1500, 1100, 800, 1200], [1500, 1100, 900, 1300, 1000, 1200, 800])
    assert ACROSS.decide(noisy, 1e6, measure("quick", max_pairs=12), FLOOR).stopped_by == "budget"
    assert ACROSS.decide(noisy, 1.0, measure("quick", max_pairs=7), FLOOR).stopped_by == "max_pairs"
    assert ACROSS.decide(noisy[:6], 1e6, measure("quick"), FLOOR).stopped_by is None


def test_without_the_marked_blocks_only_their_side_is_shorter(measure: MakeSettings) -> None:
    noisy = rounds([100, 100, 100, 900], [200, 200, 200, 200])
    found, left = ACROSS.without(noisy, {"candidate": {3: ["hot"]}, "baseline": {}}, measure("quick"), FLOOR)
    assert found is not None
    assert left == 3
    assert math.exp(found.shown.estimate) == pytest.approx(2.0)
    every = {0: ["hot"], 1: ["hot"], 2: ["hot"], 3: ["hot"]}
    assert ACROSS.without(noisy, {"candidate": every, "baseline": {}}, measure("quick"), FLOOR) == (None, 0)


def test_many_comparisons_need_more_blocks(measure: MakeSettings) -> None:
    settings = measure("quick", min_pairs=4, max_pairs=70, verdict_confidence=0.98)
    assert ACROSS.least(settings, 1) == 4
    assert ACROSS.least(settings, 48) == 8  # 2 · 8! · 8! / 16! = 0.00016 <= 0.02 / 48


# --- the real thing ---


@pytest.fixture(scope="module")
def across(side: Side, tmp_path_factory: pytest.TempPathFactory) -> tuple[Benchmark, list[tuple[int, int, str]]]:
    """An A/A of one artifact on two addresses, with the progress that it told."""
    values = yaml.safe_load((Path(__file__).parents[2] / "conf/measure/quick.yaml").read_text())
    del values["name"]
    quick = {
        "min_pairs": 5,
        "max_pairs": 5,
        "target": 0.0,
        "iterations": 50,
        "min_seconds": 0.02,
        "warmup_seconds": 0.002,
    }
    told: list[tuple[int, int, str]] = []
    settings = rules.build(Settings, {**values, **quick}, "measure")
    run = Run(sides_of(side, elsewhere(side)), settings, 4, tmp_path_factory.mktemp("across"))
    found = benchmark(run, progress=lambda *what: told.append(what))
    return found, told


def test_each_round_has_a_block_of_either_side_in_an_order_drawn_by_seed(across: tuple[Benchmark, Any]) -> None:
    for number, one in enumerate(across[0].pairs):
        assert (one.number, one.order) == (number, order(ROLES, 4, number))
        assert set(one.sides) == set(one.blocks) == set(ROLES)


def test_no_block_overlaps_another(across: tuple[Benchmark, Any]) -> None:
    # Both addresses are one machine here, so that the clocks are the same.
    spans = [sorted(one.sides[role].spans()) for one in across[0].pairs for role in one.order]
    assert all(before[-1][1] <= after[0][0] for before, after in itertools.pairwise(spans))


def test_the_comparison_is_a_two_sample_one(across: tuple[Benchmark, Any]) -> None:
    comparison = across[0].comparison
    assert comparison is not None
    found = comparison.as_dict()
    assert (found["kind"], across[0].stopped_by) == ("across devices", "max_pairs")
    assert [len(found["by_block_ms"][role]) for role in ROLES] == [5, 5]
    assert "by_pair" not in found
    medians = {role: np.log(found["by_block_ms"][role]) for role in ROLES}
    shift = np.median(np.subtract.outer(medians["baseline"], medians["candidate"]))
    assert found["ratio"] == pytest.approx(math.exp(shift))
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_conditions_of_both_devices_stand_side_by_side(across: tuple[Benchmark, Any]) -> None:
    found = across[0].conditions
    assert len(found["pairs"]) == len(found["baseline"]["pairs"]) == 5
    assert found["seconds"]["median"] > 0 < found["baseline"]["seconds"]["median"]
    assert found["seconds"] != found["baseline"]["seconds"]


def test_every_sample_is_kept_and_scored(across: tuple[Benchmark, Any]) -> None:
    samples = across[0].samples()
    assert {name for name in samples if "/" in name and not name.startswith("bursts")} == {
        f"{role}/{number}" for role in ROLES for number in range(5)
    }
    assert metrics.numbers(across[0].metrics)["quality/accuracy"] == 0.9
    assert metrics.numbers(across[0].baseline_metrics)["quality/accuracy"] == 0.9
    assert metrics.reasons(across[0].metrics)["memory/peak_pss_mb"] == OFF


def test_two_addresses_of_one_machine_are_told(across: tuple[Benchmark, Any]) -> None:
    assert any("local and there say that they are the same hardware" in line for line in across[0].warnings)


def test_it_tells_how_far_it_is_between_rounds(across: tuple[Benchmark, list[tuple[int, int, str]]]) -> None:
    assert [done for done, _, _ in across[1]] == [0, 1, 2, 3, 4, 5]
