"""Whether a record's quality holds where it was measured again: by what it differs from the baseline's or the float
model's, which answered the same samples."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from runner.results import formatting
from runner.results.record_schema import Difference, Quality, Result

Answer = Literal["not told apart", "differs", "can't be told", "none"]


@dataclass(frozen=True)
class QualityAgain:
    """The answer, and both figures in words; `none` where nothing was scored."""

    answer: Answer
    text: str


NONE = QualityAgain("none", "quality: none was scored")


def compared(here: Result, there: Result) -> QualityAgain:
    """The quality `here` against that `there`. It differs where the intervals of the two differences lie apart; where
    one has no interval it can't be told."""
    mine, theirs = here.quality, there.quality
    figures = [_figure(one) for one in (here, there)]
    if not mine or not theirs or mine.metric != theirs.metric:
        return _told("can't be told", figures, "") if any(figures) else NONE
    return _by_differences(mine, theirs, figures)


def _by_differences(mine: Quality, theirs: Quality, figures: list[str]) -> QualityAgain:
    sides = {
        "the baseline": (mine.vs_baseline, theirs.vs_baseline),
        "the float model": (mine.vs_float, theirs.vs_float),
    }
    for name, (one, other) in sides.items():
        if isinstance(one, Difference) and isinstance(other, Difference):
            shown = [formatting.quality_interval(each, mine.metric) for each in (one, other)]
            return _told(_answer(one, other), figures, f"; against {name} {shown[0]} here, {shown[1]} there")
    return _told("can't be told", figures, "")


def _answer(one: Difference, other: Difference) -> Answer:
    if one.verdict == other.verdict == "equal":
        return "not told apart"
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return "can't be told"
    return "differs" if one.low > other.high or other.low > one.high else "not told apart"


def _figure(one: Result) -> str:
    """The first quality, `mae 0.515 ppm`; empty without one."""
    own = {name: value for name, value in one.metrics.items() if name.startswith("quality/")}
    return next(iter(formatting.quality(own)), "").partition(";")[0]


def _told(answer: Answer, figures: list[str], beside: str) -> QualityAgain:
    here, there = (figure or "none" for figure in figures)
    return QualityAgain(answer, f"quality: {here} here, {there} there{beside}: {answer}")
