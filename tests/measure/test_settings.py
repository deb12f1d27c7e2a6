"""How much is measured: the shipped values and what can't be asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from runner.core import setting_rules
from runner.core.errors import SpecError
from runner.measure.settings import Settings

CONF = Path(__file__).parents[2] / "conf/measure"


def shipped(name: str, **changed: Any) -> Settings:
    values = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    assert values.pop("name") == name
    return setting_rules.build(Settings, {**values, **changed}, "measure")


@pytest.mark.parametrize("name", ["quick", "standard", "publish", "classic"])
def test_every_shipped_option_obeys_the_rules(name: str):
    assert isinstance(shipped(name), Settings)


def test_standard_measures_at_least_8_pairs_to_within_1_5_percent():
    standard = shipped("standard")
    assert (standard.min_pairs, standard.target) == (8, 0.015)
    assert (standard.iterations, standard.min_seconds) == (100, 0.2)


def test_publish_measures_at_least_20_pairs():
    assert shipped("publish").min_pairs >= 20


def test_classic_is_20_warm_ups_and_100_iterations_and_nothing_asks_for_more():
    classic = shipped("classic")
    assert (classic.warmup, classic.warmup_seconds) == (20, 0)
    assert (classic.iterations, classic.min_seconds, classic.max_seconds) == (100, 0, None)


def test_fewest_pairs_above_most_pairs():
    with pytest.raises(SpecError, match=r"measure.max_pairs=4 is below measure.min_pairs=8"):
        shipped("standard", max_pairs=4)


def test_most_seconds_below_least_seconds():
    with pytest.raises(SpecError, match=r"measure.max_seconds=0.1 is below"):
        shipped("standard", max_seconds=0.1)


def test_a_confidence_in_percent_is_out_of_range():
    with pytest.raises(SpecError, match=r"measure.confidence=95: out of range"):
        shipped("standard", confidence=95)
