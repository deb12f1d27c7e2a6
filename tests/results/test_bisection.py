"""Which release changed it, asked of an oracle that knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from runner.core.errors import SpecError
from runner.results import bisection, record_schema
from runner.results.bisection import Answer, Found, Kind, Oracle
from tests.report.fixtures import measured, not_measured, spec

TEN = [f"1.{minor}.0" for minor in range(10)]


def kinds(text: str) -> dict[str, Kind]:
    """`..-ssss?!` of ten releases: good, unavailable, slower, undecided, wrong, refused (`x`)."""
    known: Mapping[str, Kind] = {
        ".": "good",
        "s": "slower",
        "w": "wrong",
        "x": "refused",
        "?": "undecided",
        "-": "unavailable",
    }
    return {release: known[letter] for release, letter in zip(TEN, text, strict=True)}


def searched(text: str, neighbours: Kind = "slower") -> tuple[Found, Oracle]:
    """What is found where each release, beside a good one, is as `text` says; neighbours beside each other are as
    `neighbours` says."""
    known = kinds(text)

    def runs(release: str) -> Answer:
        kind = known[release]
        return Answer(kind if kind in ("refused", "unavailable") else "good", f"{release} alone")

    def compare(release: str, against: str) -> Answer:
        first = next(one for one in TEN if known[one] not in ("refused", "unavailable"))
        kind = known[release] if against == first else neighbours
        return Answer(kind, f"{release} beside {against}")

    oracle = Oracle(runs, compare)
    return bisection.search(TEN, oracle), oracle


def compared(oracle: Oracle) -> int:
    return sum(bool(one.against) for one in oracle.asked)


@pytest.mark.parametrize("first", range(1, 10))
def test_the_first_slower_release_is_found_in_few_comparisons(first: int) -> None:
    found, oracle = searched("." * first + "s" * (10 - first))
    assert (found.verdict, found.good, found.bad, found.between) == ("slower", TEN[first - 1], TEN[first], ())
    assert found.said == f"{TEN[first]} beside {TEN[first - 1]}"
    assert compared(oracle) <= 6  # the ends, ceil(log2(9)) halves, the neighbours


def test_no_question_is_asked_twice() -> None:
    _, oracle = searched(".ssssssssss"[:10])
    questions = [(one.release, one.against) for one in oracle.asked]
    assert len(questions) == len({*questions})


def test_nothing_happened_is_an_answer_after_one_comparison() -> None:
    found, oracle = searched("." * 10)
    assert (found.verdict, compared(oracle)) == ("none", 1)
    assert found.said == "1.9.0 is neither slower than 1.0.0 nor wrong: 1.9.0 beside 1.0.0"


def test_wrong_outputs_are_found_before_the_slowness_that_came_later() -> None:
    found, _ = searched("...wwwwsss", neighbours="wrong")
    assert (found.verdict, found.good, found.bad) == ("wrong", "1.2.0", "1.3.0")


def test_releases_of_which_nothing_can_be_told_stay_between() -> None:
    found, _ = searched("....??ssss")
    assert (found.verdict, found.good, found.bad, found.between) == ("slower", "1.3.0", "1.6.0", ("1.4.0", "1.5.0"))


def test_a_release_that_cant_be_had_is_stepped_over() -> None:
    found, _ = searched("..-.-sssss")
    assert (found.good, found.bad, found.between) == ("1.3.0", "1.5.0", ("1.4.0",))


def test_what_the_noise_hides_at_the_end_is_undecided() -> None:
    found, oracle = searched(".........?")
    assert (found.verdict, found.said, compared(oracle)) == ("undecided", "1.9.0 against 1.0.0: 1.9.0 beside 1.0.0", 1)


def test_what_came_little_by_little_is_no_releases_fault() -> None:
    found, _ = searched(".....sssss", neighbours="undecided")
    assert found.verdict == "undecided"
    assert found.said == "1.5.0 is slower, but not beside its neighbour 1.4.0: 1.5.0 beside 1.4.0"


def test_a_file_that_old_releases_refuse_is_searched_from_the_first_that_runs_it() -> None:
    found, oracle = searched("xxxx...sss")
    assert (found.reads_from, found.verdict, found.good, found.bad) == ("1.4.0", "slower", "1.6.0", "1.7.0")
    assert [one.release for one in oracle.asked if one.answer.kind == "refused" and one.against] == []


def test_a_file_that_new_releases_refuse_is_an_answer_of_its_own() -> None:
    found, oracle = searched("......xxxx")
    assert (found.verdict, found.good, found.bad, compared(oracle)) == ("refused", "1.5.0", "1.6.0", 0)


def test_one_release_that_runs_it_has_no_other_to_compare_with() -> None:
    found, _ = searched("xxxxxxxxx.")
    assert (found.verdict, found.reads_from) == ("none", "1.9.0")


def test_no_release_that_runs_it_at_either_end_ends_the_search() -> None:
    found, oracle = searched("xxxx..xxxx")
    assert (found.verdict, len(oracle.asked)) == ("undecided", 2)
    assert found.said == "neither 1.0.0 nor 1.9.0 runs it: 1.9.0 alone"


def test_an_end_that_cant_be_had_is_named() -> None:
    found, _ = searched("-.........")
    assert (found.verdict, found.said) == ("undecided", "1.0.0: 1.0.0 alone")


OFFERED = ["1.16.0", "1.18.0", "1.18.1", "1.19.2", "1.20.0rc1", "1.22.0", "1.22.1"]


def test_a_short_number_is_the_outermost_of_its_releases() -> None:
    assert bisection.between(OFFERED, "1.18", "1.22") == ["1.18.0", "1.18.1", "1.19.2", "1.22.0", "1.22.1"]
    assert bisection.between(OFFERED, "1.18.1", "1.22.0") == ["1.18.1", "1.19.2", "1.22.0"]


@pytest.mark.parametrize(
    ("low", "high", "reason"),
    [
        ("1.17", "1.22", "1.17: the index has no such release for this Python."),
        ("1.22.1", "1.22.1", "--from 1.22.1 --to 1.22.1: 1.22.1 is the only release there."),
        ("1.22", "1.18", "--from 1.22 --to 1.18: the older one comes first."),
        ("latest", "1.22", "latest: no release's number."),
    ],
)
def test_ends_that_there_are_not_are_named(low: str, high: str, reason: str) -> None:
    with pytest.raises(SpecError) as error:
        bisection.between(OFFERED, low, high)
    assert error.value.reason == reason


def test_named_releases_are_sorted_as_numbers() -> None:
    assert bisection.in_order(["1.10.0", "1.9.0"]) == ["1.9.0", "1.10.0"]
    with pytest.raises(SpecError, match="two different releases"):
        bisection.in_order(["1.9.0", "1.9"])


RECORD = "20261121T090100-00000001"


def answered(speedup: float, **changes: Any) -> tuple[str, str]:
    content = measured(RECORD, spec(), spec(), "onnxruntime 1.18.0 fp32", speedup, **changes)
    found = bisection.answer_of(record_schema.read(content))
    assert found.record == RECORD
    return found.kind, found.said


def check(status: str) -> dict[str, Any]:
    return {"outputs": {"status": status, "reason": "y is constant"}}


def test_a_verdict_is_the_answer() -> None:
    assert answered(0.8) == ("slower", "0.80× [0.78, 0.82] as fast: slower")
    assert answered(1.0) == ("good", "1.00× [0.98, 1.02] as fast: same")
    assert answered(1.2)[0] == "good"


def test_an_interval_that_is_too_wide_is_none() -> None:
    content = measured(RECORD, spec(), spec(), "onnxruntime 1.18.0 fp32", 0.98)
    content["comparison"]["verdict"] = "ambiguous"
    assert bisection.answer_of(record_schema.read(content)).kind == "undecided"


def test_outputs_that_the_other_release_had_right_are_wrong_however_fast() -> None:
    checks = {"candidate": check("failed"), "baseline": check("passed")}
    assert answered(1.2, checks=checks) == ("wrong", "y is constant")
    assert answered(1.2, checks={**checks, "baseline": check("failed")})[0] == "good"


def test_a_quality_that_is_surely_worse_is_wrong() -> None:
    worse = {"difference": 0.004, "low": 0.001, "high": 0.007, "method": "paired bootstrap", "verdict": "worse"}
    quality = {"metric": "mae_ppm", "samples": 280, "vs_baseline": worse}
    assert answered(1.0, quality=quality) == ("wrong", "mae_ppm is worse by 0.004")


@pytest.mark.parametrize(
    ("status", "kind"),
    [("unsupported", "refused"), ("failed", "wrong"), ("unavailable", "unavailable"), ("timeout", "undecided")],
)
def test_how_a_run_ended_is_an_answer_too(status: str, kind: str) -> None:
    content = not_measured(RECORD, spec(), status, "opset 22", "Wait.")
    assert bisection.answer_of(record_schema.read(content)) == Answer(kind, "opset 22", RECORD)  # type: ignore[arg-type]
