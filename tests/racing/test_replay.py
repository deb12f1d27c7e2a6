"""Races replayed on recorded processes: 65 blocks of 12 configurations of three models."""

import numpy as np
import pytest

from benchmarks import racing


def test_the_recorded_pools_are_whole() -> None:
    for model in racing.MODELS:
        found = racing.pool(model)
        assert found.logs.shape == (65, 12)
        assert np.isfinite(found.logs).all()
        assert found.names[0] == "ort-t1-fp32-all"


@pytest.mark.parametrize("model", ["gru", "mlp"])
def test_a_minute_apart_every_race_finds_the_fastest_or_one_within_two_per_cent(model: str) -> None:
    found = racing.replayed(model, stride=4)
    assert sum(one.right for one in found) == 65
    assert np.mean([one.time for one in found]) < 0.36


def test_the_hard_profile_at_48_configurations_takes_a_fifth_of_the_exhaustive_time() -> None:
    found = racing.simulated(48, "five at +3 %", 12, racing.one_thread(True), near=32)
    assert sum(one.right for one in found) >= 11
    assert np.mean([one.time for one in found]) <= 0.20
