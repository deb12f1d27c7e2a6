"""A column of times: ISO, numbers, dates written as digits, or a format that the user gives. Standard library only."""

from __future__ import annotations

import calendar
import itertools
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone

from runner.core.errors import BadFile, SpecError
from runner.data import _text

HOUR, DAY = 3600.0, 86400.0
FORMATS = "For example data.time_format=%d.%m.%Y; all codes: docs.python.org/3/library/datetime.html#format-codes"
NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?"
# Dates as digits, by their length; read so only where every time of the column is one.
DIGITS = {6: "%Y%m", 8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
YEARS = (1900, 2100)
MONTH = "%Y-%m"
COMMON = (
    "%d.%m.%Y", "%d.%m.%y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S", "%m/%d/%Y", "%m/%d/%Y %H:%M", "%m/%d/%Y %I:%M %p",
    "%d/%m/%Y", "%d/%m/%Y %H:%M", "%Y/%m/%d", "%Y/%m/%d %H:%M", "%Y/%m/%d %H:%M:%S", "%m/%Y", "%m.%Y", "%Y/%m", "%b %Y",
    "%d %b %Y", "%d-%b-%Y", "%Y.%m.%d", "%Y.%m.%d %H:%M",
)  # fmt: skip


@dataclass(frozen=True)
class Times:
    """`seconds` since 1970 (UTC where no zone is given), the numbers themselves, or, where `monthly`, months; `local`:
    when a wall's clock showed them, where no zone is given; `said`: what a reader should know of how they were read."""

    seconds: tuple[float, ...]
    local: tuple[datetime, ...] = ()
    monthly: bool = False
    said: tuple[str, ...] = ()


def column(where: Sequence[str], name: str, texts: Sequence[str], form: str | None) -> Times:
    """The times of a column; `where` names each one's line, `form` is `data.time_format`. Raises SpecError."""
    stripped = [text.strip() for text in texts]
    if form:
        _check_form(form)
        return _found([_formatted(line, name, text, form) for line, text in zip(where, stripped, strict=True)], where)
    digits = _digits(stripped)
    if digits:
        return _of_digits(stripped, digits)
    if all(len(text) == 7 and _fits(text, MONTH) for text in stripped):
        return _months([datetime.strptime(text, MONTH) for text in stripped])
    if all(re.fullmatch(NUMBER, text) for text in stripped):
        return Times(tuple(map(float, stripped)))
    return _found([_iso(line, name, text) for line, text in zip(where, stripped, strict=True)], where)


def _digits(texts: Sequence[str]) -> str:
    """The format of dates written as digits alone, or ""."""
    form = DIGITS.get(len(texts[0]), "")
    return form if form and all(_is_date(text, form) for text in texts) else ""


def _is_date(text: str, form: str) -> bool:
    if not re.fullmatch(r"\d+", text) or DIGITS.get(len(text)) != form:
        return False
    try:
        return YEARS[0] <= datetime.strptime(text, form).year <= YEARS[1]
    except ValueError:
        return False


def _of_digits(texts: Sequence[str], form: str) -> Times:
    when = [datetime.strptime(text, form) for text in texts]
    said = f"times such as {texts[0]} are read as {'year and month' if form == '%Y%m' else 'dates'} ({form})"
    found = _months(when) if form == "%Y%m" or _one_a_month(when) else _moments(when)
    return replace(found, said=(said, *found.said))


def _months(when: Sequence[datetime]) -> Times:
    return Times(tuple(float(12 * one.year + one.month) for one in when), monthly=True)


def _one_a_month(when: Sequence[datetime]) -> bool:
    """Whether each is the first, or each the last day of a month: months are of unequal length, yet evenly spaced."""
    if any((one.hour, one.minute, one.second) != (0, 0, 0) for one in when):
        return False
    firsts = all(one.day == 1 for one in when)
    return firsts or all(one.day == calendar.monthrange(one.year, one.month)[1] for one in when)


def _found(when: list[datetime], where: Sequence[str]) -> Times:
    zoned = [one.tzinfo is not None for one in when]
    if any(zoned) and not all(zoned):
        line = where[zoned.index(not zoned[0])]
        raise BadFile(
            f"{line}: {'a time without a zone' if zoned[0] else 'a time with a zone'}, unlike those above it.",
            "Write all times with a zone, or all without.",
        )
    return _months(when) if _one_a_month(when) else _moments(when)


def _moments(when: Sequence[datetime]) -> Times:
    """Seconds; whole days where times lie an hour beside them, as midnights do where a clock is changed."""
    seconds = tuple((one if one.tzinfo else one.replace(tzinfo=timezone.utc)).timestamp() for one in when)
    local = () if when[0].tzinfo else tuple(when)
    days = [round((one - seconds[0]) / DAY) for one in seconds]
    beside = {abs(one - seconds[0] - day * DAY) for one, day in zip(seconds, days, strict=True)}
    if beside != {0.0, HOUR} or any(after <= before for before, after in itertools.pairwise(days)):
        return Times(seconds, local)
    said = ("times lie an hour beside whole days, as where a clock is changed: they are read as days",)
    return Times(tuple(seconds[0] + day * DAY for day in days), local, said=said)


def _check_form(form: str) -> None:
    sample = datetime(2024, 1, 31, 12, tzinfo=timezone.utc)
    try:
        datetime.strptime(sample.strftime(form), form)
    except (ValueError, re.error) as error:
        raise SpecError(f"data.time_format={form}: no format of a time: {error}.", FORMATS) from error


def _formatted(line: str, name: str, text: str, form: str) -> datetime:
    try:
        return datetime.strptime(text, form)
    except ValueError as error:
        raise BadFile(
            f"{line}: {name} is {_text.cut(text)!r}, which isn't of data.time_format={form}.",
            f"Mend it, or say how it is written. {FORMATS}",
        ) from error


def _iso(line: str, name: str, text: str) -> datetime:
    try:
        return datetime.fromisoformat(f"{text[:-1]}+00:00" if text.endswith("Z") else text)
    except ValueError as error:
        raise BadFile(f"{line}: {name} is {_text.cut(text)!r}, which is no time.", _advice(text)) from error


def _advice(text: str) -> str:
    forms = [form for form in COMMON if _fits(text, form)]
    if not re.search(r"\d", text):
        return "Delete that line if it holds no data; times are written as 2024-01-31 or 2024-01-31T12:00."
    if not forms:
        return "Write times as 2024-01-31 or 2024-01-31T12:00."
    either = " or ".join(_typed(form) for form in forms[:2])
    return f"Say how it is written: {either}"


def _fits(text: str, form: str) -> bool:
    try:
        datetime.strptime(text, form)
    except ValueError:
        return False
    return True


def _typed(form: str) -> str:
    return f"'data.time_format=\"{form}\"'" if " " in form else f"data.time_format={form}"


def clock_went_back(times: Times, row: int) -> bool:
    """Whether a wall's clock that was put back shows `row`'s time again: within an hour, at night, in spring or
    autumn."""
    if not times.local:
        return False
    before, now = times.local[row - 1], times.local[row]
    back = (before - now).total_seconds()
    return 0 <= back <= HOUR and now.hour <= 3 and now.month in (3, 4, 9, 10, 11) and _has_hours(times)


def clock_went_forward(times: Times) -> int:
    """How often an hour is missing at night in spring or autumn, as where a wall's clock is put forward."""
    if not times.local or not _has_hours(times):
        return 0
    step = min(after - before for before, after in itertools.pairwise(times.seconds))
    found = [
        after
        for before, after in itertools.pairwise(times.local)
        if (after - before).total_seconds() == HOUR + step and after.hour <= 4 and after.month in (3, 4, 9, 10)
    ]
    return len(found) if step <= HOUR else 0


def _has_hours(times: Times) -> bool:
    return any(one.hour for one in times.local[:48])
