"""A group of a race by energy: real processes beside a real sampler, which reads a counter that runs at 10 W."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from runner.core.errors import Unavailable
from runner.measure import race_energy
from runner.measure.pairs import ENERGY_PAIRS
from runner.measure.run import Run
from runner.measure.settings import Settings
from runner.measure.sides import Side
from runner.spec.telemetry import Settings as Telemetry
from runner.telemetry.sampler import sampling

TELEMETRY = Telemetry(20, 0.3)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """The sampler reads the tree below another root."""
    return lambda root: monkeypatch.setattr(race_energy, "sampling", partial(sampling, root=root))


def test_at_the_same_power_what_takes_longer_takes_more_energy(
    slower: Callable[[float], Side],
    measure: Callable[..., Settings],
    tmp_path: Path,
    powered: Path,
    reads: Callable[[Path], None],
) -> None:
    reads(powered)
    run = Run({"0": slower(0.0), "1": slower(9.0)}, measure("quick", warmup_seconds=0.002), 0, tmp_path)
    found = race_energy.run_group(run, ENERGY_PAIRS, TELEMETRY)  # a late group is read, too
    assert found["1"] - found["0"] > math.log(2)  # of ten times as long


def test_without_a_sensor_it_says_which_are_missing_and_what_to_do(
    tmp_path: Path, reads: Callable[[Path], None]
) -> None:
    (tmp_path / "proc").symlink_to("/proc")
    reads(tmp_path)
    with pytest.raises(Unavailable, match="--by energy: no power sensor: no RAPL zone") as refused:
        race_energy.check(TELEMETRY, tmp_path / "work")
    assert refused.value.next_step.endswith("--by latency")


def test_with_one_it_may_begin(tmp_path: Path, powered: Path, reads: Callable[[Path], None]) -> None:
    reads(powered)
    race_energy.check(TELEMETRY, tmp_path / "work")


@pytest.mark.parametrize("settings", [Telemetry(None, 0.3), Telemetry(20, 0.0)])
def test_words_that_read_no_power_are_named(settings: Telemetry, tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"telemetry\.interval_ms=null and telemetry\.energy_s=0 read no power"):
        race_energy.check(settings, tmp_path)
