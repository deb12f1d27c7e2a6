import numpy as np
import pytest

from runner.measure.noise_floor import NoiseFloor
from runner.results.record_schema import Environment
from runner.results.unpaired import compared, kind


def environment(identity: str | None) -> Environment:
    return Environment(hardware={"identity": identity} if identity else {})


def test_other_hardware_is_across_devices_and_all_else_is_unpaired() -> None:
    assert kind(environment("aa"), environment("bb")) == "across devices"
    assert kind(environment("aa"), environment("aa")) == "unpaired"
    assert kind(environment("aa"), environment(None)) == kind(Environment(), Environment()) == "unpaired"


def test_processes_on_two_devices_become_a_records_comparison() -> None:
    candidate = [np.full(20, 2.0 + 0.01 * block) for block in range(8)]
    baseline = [np.full(20, 3.0 + 0.01 * block) for block in range(7)]
    found = compared(candidate, baseline, "across devices", NoiseFloor(0.01, "calibrated"))
    assert (found.verdict, found.kind, found.pairs, found.processes) == ("faster", "across devices", 7, (8, 7))
    assert found.floor == NoiseFloor(0.01, "calibrated")
    assert found.low is not None
    assert found.high is not None
    assert found.low < 3.03 / 2.035 < found.high
    assert found.ratio == pytest.approx(3.03 / 2.035, rel=0.003)
    assert found.p_value == pytest.approx(2 / 6435)  # 15 over 7: the sides don't overlap


def test_three_processes_a_side_have_no_interval_and_an_ambiguous_verdict() -> None:
    sides = [[np.full(5, value)] * 3 for value in (1.0, 2.0)]
    found = compared(sides[0], sides[1], "unpaired", NoiseFloor(0.01, "measure.floor"))
    assert (found.ratio, found.low, found.high, found.verdict) == (
        pytest.approx(2.0),
        None,
        None,
        "ambiguous",
    )
