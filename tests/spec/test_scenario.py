"""Scenarios: their YAML and their one rule."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from runner.core import setting_rules
from runner.core.errors import SpecError
from runner.spec import scenario

CONF = Path(__file__).parents[2] / "conf/scenario"


@pytest.mark.parametrize(("name", "batch"), [("single_stream", 1), ("offline", 32)])
def test_the_shipped_values(name: str, batch: int):
    values = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    assert values.pop("name") == name
    built = setting_rules.build(scenario.Settings, values, "scenario")
    assert built.batch == batch
    scenario.check(name, built)


def test_single_stream_is_one_sample_at_a_time():
    with pytest.raises(SpecError, match=r"scenario.batch=8") as error:
        scenario.check("single_stream", scenario.Settings(batch=8))
    assert error.value.next_step == "Use scenario=offline scenario.batch=8."


def test_a_batch_of_none_is_refused():
    with pytest.raises(SpecError, match="out of range"):
        setting_rules.build(scenario.Settings, {"batch": 0}, "scenario")
