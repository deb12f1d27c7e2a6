"""Scenarios: their YAML, their rules, how their processes take turns and what is compared."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
import yaml

from runner.core import setting_rules
from runner.core.errors import SpecError
from runner.measure import scenarios
from runner.measure.scenarios import Scenario, offline, single_stream
from runner.measure.settings import Settings
from runner.measure.timed import Pair, Timed

ROOT = Path(__file__).parents[3]
EVERY: tuple[Scenario, ...] = (single_stream, offline)  # the type checker proves that each is one


class Clock:
    """A process whose inferences take so many ns, and which is done after so many."""

    def __init__(self, name: str, iterations: int, log: list[str]) -> None:
        self.name, self.left, self.log = name, iterations, log

    @property
    def done(self) -> bool:
        return self.left <= 0

    def burst(self, size: int) -> None:
        self.left -= size
        self.log.append(f"{self.name} {size}")


def settings() -> Settings:
    values = yaml.safe_load((ROOT / "conf/measure/quick.yaml").read_text())
    del values["name"]
    changes = {"iterations": 100, "min_seconds": 0.0, "burst": 10, "burst_seconds": 0.0}
    return setting_rules.build(Settings, {**values, **changes}, "measure")


def timed(starts: list[int], ns: list[int]) -> Timed:
    return Timed(np.array(ns), np.array(starts), np.ones(len(ns), np.int64), True, 1.0, {}, None)


@pytest.mark.parametrize(("name", "batch"), [("single_stream", 1), ("offline", 32)])
def test_the_shipped_values(name: str, batch: int) -> None:
    values = yaml.safe_load((ROOT / f"conf/scenario/{name}.yaml").read_text())
    assert values.pop("name") == name
    built = setting_rules.build({"single_stream": single_stream, "offline": offline}[name].Settings, values, "scenario")
    assert built.batch == batch
    scenarios.named(name).check(built)


def test_single_stream_is_one_sample_at_a_time() -> None:
    with pytest.raises(SpecError, match=r"scenario.batch=8") as error:
        single_stream.check(single_stream.Settings(batch=8))
    assert error.value.next_step == "Use scenario=offline scenario.batch=8."


def test_a_batch_of_none_is_refused() -> None:
    with pytest.raises(SpecError, match="out of range"):
        setting_rules.build(offline.Settings, {"batch": 0}, "scenario")


def test_a_scenario_that_nobody_provides_is_told() -> None:
    with pytest.raises(SpecError, match="scenario=rush_hour has a YAML but no module"):
        scenarios.named("rush_hour")


@pytest.mark.parametrize("scenario", EVERY)
def test_processes_take_turns_in_bursts_until_each_is_done(scenario: Scenario) -> None:
    log: list[str] = []
    processes = {name: Clock(name, 20, log) for name in ("baseline", "candidate")}
    scenario.take_turns(processes, {"baseline": None, "candidate": None}, settings(), lambda everybody=False: {})
    assert log == ["baseline 10", "candidate 10"] * 2


@pytest.mark.parametrize("scenario", EVERY)
def test_the_effect_of_a_pair_is_how_much_longer_the_baseline_took(scenario: Scenario) -> None:
    sides = {"candidate": timed([0, 20], [100, 100]), "baseline": timed([10, 30], [150, 150])}
    assert scenario.effect(Pair(0, tuple(sides), sides, {}, {})) == pytest.approx(math.log(1.5))


@pytest.mark.parametrize("scenario", EVERY)
def test_the_level_of_a_process_is_that_of_its_median_time(scenario: Scenario) -> None:
    assert scenario.level(timed([0, 10, 20], [90, 100, 500])) == math.log(100)


def test_offline_is_published_of_enough_samples_alone() -> None:
    assert list(offline.unpublishable(24_575)) == ["24575 samples of at least 24576 (measure.iterations)"]
    assert list(offline.unpublishable(24_576)) == list(single_stream.unpublishable(1)) == []
