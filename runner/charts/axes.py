"""Scales, round numbers on them, and the grid behind a picture."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence

from runner.charts import Mark, Text, line

Scale = Callable[[float], float]


def scale(low: float, high: float, start: float, end: float) -> Scale:
    """From values to px: `low` lies at `start`, `high` at `end`; a single value lies in the middle."""
    if not high > low:
        return lambda value: (start + end) / 2
    return lambda value: start + (value - low) / (high - low) * (end - start)


def log_scale(low: float, high: float, start: float, end: float) -> Scale:
    """As `scale`, for positive values of which factors count."""
    linear = scale(math.log(low), math.log(high), start, end)
    return lambda value: linear(math.log(value))


def ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """About `wanted` round numbers (1, 2 or 5 times a power of ten apart) within [low, high]; 1, 2, 5, 10 … where the
    range is wider than a factor of ten."""
    if low > 0 and high / low > 10:
        powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
        every = [float(f"{digit}e{power}") for power in powers for digit in (1, 2, 5)]
        return [value for value in every if low <= value <= high]
    return even_ticks(low, high, wanted)


def even_ticks(low: float, high: float, wanted: int = 6) -> list[float]:
    """As `ticks`, as far apart as each other however wide the range is."""
    rough = (high - low) / wanted or 1.0
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(size * power for size in (1, 2, 5, 10) if size * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [float(f"{index * step:.12g}") for index in range(first, last + 1)]


def digits(values: Sequence[float]) -> int:
    """Decimals that show each of the round numbers `values` as it is."""
    return max((len(f"{value:g}".partition(".")[2]) for value in values), default=0)


def levels(values: Sequence[float], y: Scale, left: float, right: float, unit: str = "") -> Iterator[Mark]:
    """Lines across at `values`, each named at its left."""
    decimals = digits(values)
    for value in values:
        yield line(left, y(value), right, y(value), "grid")
        yield Text(left - 8, y(value) + 4, f"{value:.{decimals}f}{unit}", anchor="end")


def numbered(numbers: Iterable[int], x: Scale, y: float, most: int = 15) -> Iterator[Mark]:
    """The numbers of replicates at the height `y`, about `most` of them."""
    every = list(numbers)
    for number in every[:: max(1, math.ceil(len(every) / most))]:
        yield Text(x(number), y, str(number), anchor="middle")
