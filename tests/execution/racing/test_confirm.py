"""What fresh pairs without a record say: the interval and the verdict that pairs of times would have."""

from __future__ import annotations

import pytest

from runner.core import project_paths, setting_rules
from runner.execution.racing.confirm import told_by
from runner.measure.settings import Settings
from runner.spec import options

LESS = [1.20, 1.22, 1.18, 1.21, 1.19, 1.25, 1.20, 1.23]


@pytest.fixture(scope="module")
def settings() -> Settings:
    values = dict(options.values("measure", "quick", project_paths.root()))
    del values["name"]
    return setting_rules.build(Settings, values, "measure")


@pytest.mark.parametrize(
    ("ratios", "verdict"),
    [
        (LESS, "faster"),
        ([1 / one for one in LESS], "slower"),
        ([1.001, 0.999, 1.0, 1.002, 0.998, 1.0, 1.001, 0.999], "same"),
    ],
)
def test_the_verdict_is_that_of_pairs(ratios: list[float], verdict: str, settings: Settings) -> None:
    found = told_by(ratios, settings)
    assert (found.verdict, found.pairs, found.record_id, found.ms) == (verdict, 8, "", None)


def test_the_interval_is_of_the_signed_ranks(settings: Settings) -> None:
    found = told_by(LESS, settings)
    assert [found.ratio, found.low, found.high] == pytest.approx([1.21, 1.19, 1.23], abs=0.005)
