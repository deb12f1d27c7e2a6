import math
from typing import Any

import pytest

from runner.report import recommendations
from runner.results import record_schema
from tests.report import pages


def comparing(**changes: Any) -> dict[str, Any]:
    content = pages.content()
    content["comparison"] |= {"verdict_interval": None, **changes}
    return content


def advice(content: dict[str, Any]) -> tuple[str, ...]:
    return recommendations.advice(record_schema.read(content))


def test_an_interval_narrows_with_the_root_of_the_number_of_pairs() -> None:
    assert recommendations.pairs_needed(8, 0.04, 0.02) == 32
    assert recommendations.pairs_needed(8, 0.01, 0.02) == 8


def test_what_would_settle_an_ambiguous_verdict_comes_first() -> None:
    half = math.log(1.07 / 0.97) / 2  # of the interval that decides
    wanted = 0.9 * math.log(1.02)  # then 1 lies outside, if the estimate stays
    needed = math.ceil(8 * (half / wanted) ** 2)
    assert needed == 61
    assert advice(pages.content(conditions={})) == (
        "To settle this verdict: about 61 pairs in all, 61 s, at the spread of these 8 "
        "(measure.target=0.018 measure.budget_s=120).",
        "To know the ratio to ±3 %: about 22 pairs in all, 22 s, at the spread of these 8 "
        "(measure.target=0.03 measure.budget_s=60).",
        "To know the ratio to ±2 %: about 49 pairs in all, 49 s, at the spread of these 8 "
        "(measure.target=0.02 measure.budget_s=90).",
        "A calibration: the noise floor, 1 %, is a setting, not this machine's: python -m runner calibrate.",
    )


def test_an_estimate_below_the_floor_can_only_become_the_same() -> None:
    found = advice(comparing(ratio=1.005, low=0.965, high=1.045))
    assert "(measure.target=0.022 " in found[0]  # 0.9 · (log 1.03 - log 1.005)


def test_where_more_pairs_would_not_settle_it_that_is_said() -> None:
    found = advice(comparing(ratio=1.03, low=1.015, high=1.045, floor={"value": 0.05, "source": "calibrated"}))
    assert found[0].startswith("More pairs alone won't settle this verdict")


def test_more_pairs_than_are_allowed_need_another_limit() -> None:
    content = comparing(low=0.7, high=1.5)
    content["spec"]["measure"]["max_pairs"] = 20
    # 8 · (log(1.5 / 0.7) / 2 / (0.9 · log 1.02))² = 3657.4
    assert "about 3658 pairs in all, 61 min" in advice(content)[0]
    assert "measure.max_pairs=7316)" in advice(content)[0]


def test_without_an_interval_the_least_number_of_pairs_is_named() -> None:
    content = comparing(low=None, high=None)
    assert "at 98 % no interval is finite below 7" in advice(content)[0]
    del content["spec"]["measure"]["verdict_confidence"]
    assert "at 95 % no interval is finite below 6" in advice(content)[0]


def test_a_calibrated_floor_needs_no_advice() -> None:
    found = advice(comparing(floor={"value": 0.004, "source": "calibrated 2026-11-20"}))
    assert not any("calibrat" in line for line in found)


@pytest.mark.parametrize(
    ("conditions", "told"),
    [
        (
            {"competing_cpus": {"min": 0.5, "median": 0.96, "max": 1.5}},
            "A quieter machine: other processes kept 0.96 CPUs",
        ),
        ({"steal_cpus": {"min": 0, "median": 0, "max": 0.3}}, "A machine of one's own: the hypervisor gave up to 0.30"),
        ({"throttled": {"min": 0, "median": 0, "max": 2}}, "A cooler machine: it throttled up to 2 times"),
        ({"governor": "powersave"}, "A fixed clock: the governor is powersave, not performance."),
    ],
)
def test_the_machine(conditions: dict[str, Any], told: str) -> None:
    assert advice(pages.content(conditions=conditions))[-1].startswith(told)
    odd = {"governor": "performance", "pairs": pages.by_pair("hot")}
    assert advice(pages.content(conditions=odd))[-1].endswith("1 pair flagged.")


def test_nothing_compared_nothing_to_be_surer_of() -> None:
    assert advice(pages.content(comparison=None)) == ()
