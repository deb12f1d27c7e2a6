"""The picture of a record: how long the candidate and the baseline took, process by process, and their ratio."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from runner.charts import Chart, Dot, Lines, Mark, Text, box, stacked
from runner.charts.axes import Scale, even_ticks, levels, numbered, scale
from runner.measure.samples import Samples
from runner.pictures import processes
from runner.pictures.comparison import LABEL, LEFT, RIGHT, WIDTH, ratios
from runner.results import naming
from runner.results.formatting import against, number, ratio, verdict_line
from runner.results.record_schema import Result

HEAD, BOXES, HEADING = 56, 330, 30  # heights of the parts, px
PERCENTILES = (1, 5, 25, 50, 75, 95, 99)
ROOM = WIDTH - LABEL - RIGHT

Spread = tuple[int, npt.NDArray[np.float64]]  # a process's number, and its PERCENTILES in ms


def latency(result: Result, candidate: Samples, baseline: Samples) -> Chart:
    """The picture of a record with this result and these latencies (ms, by pair); the baseline may have none.

    Above: each process's latencies. Below, where the record compares pairs: the speed-up of each, the interval shaded.
    """
    sides = {"candidate": _spreads(candidate), **({"baseline": _spreads(baseline)} if baseline else {})}
    parts = [_head(result), _boxes(sides, f"baseline: {naming.baseline(result)}")]
    pairs = [one for one in processes.pairs(result, candidate, baseline) if one.ratio is not None]
    if compared := result.comparison if pairs else None:
        shaded = "; shaded: the interval" if compared.low else ""
        heading = Text(LABEL, 20, f"Speed-up in each pair{shaded}; dashes: the estimate; line: equal", "heading")
        drawn = ratios(pairs, compared.low, compared.high, compared.ratio)
        parts += [Chart(WIDTH, HEADING, "", (heading,)), drawn]
    told = "; ".join(f"{role}: median {_median(spreads)} ms" for role, spreads in sides.items())
    return stacked(parts, f"Latency in each process: {naming.title(result)}", f"{_finding(result)}. {told}")


def _median(spreads: Sequence[Spread]) -> str:
    return number(float(np.median([values[3] for _, values in spreads])))


def _head(result: Result) -> Chart:
    title = Text(LABEL, 22, f"{naming.title(result)} · {result.date[:10]}", "title", room=ROOM)
    return Chart(WIDTH, HEAD, "", (title, Text(LABEL, 44, _finding(result), "finding", room=ROOM)))


def _finding(result: Result) -> str:
    """A sweep's verdicts stand when all of it is measured: until then a picture has the numbers alone."""
    found = result.comparison
    if found and result.sweep:
        return f"{ratio(found.ratio, found.low, found.high)} {against(result, found)}"
    return verdict_line(result)


def _spreads(samples: Samples) -> list[Spread]:
    return [(pair, np.percentile(values, PERCENTILES)) for pair, values in samples.items()]


def _boxes(sides: Mapping[str, Sequence[Spread]], baseline: str) -> Chart:
    """Each process's latencies (box: quartiles; whiskers: p5 and p95; dot: p99)."""
    numbers = [pair for pair, _ in sides["candidate"]]
    low, high = _limits([values for spreads in sides.values() for _, values in spreads])
    top, bottom = 60, BOXES - 40
    y = scale(low, high, bottom, top)
    x = scale(min(numbers) - 0.7, max(numbers) + 0.7, LEFT, WIDTH - RIGHT)
    heading = "Latency in each process, ms (box: quartiles; whiskers: p5, p95; dot: p99)"
    marks: list[Mark] = [Text(LABEL, 16, heading, "heading"), *levels(even_ticks(low, high), y, LEFT, WIDTH - RIGHT)]
    marks += numbered(numbers, x, bottom + 18)
    every = "pair" if len(sides) > 1 else "process"
    marks.append(Text(WIDTH - RIGHT, bottom + 34, f"{every} (fresh processes each)", anchor="end"))
    half = (x(1) - x(0)) * 0.34 / len(sides)
    for place, (role, spreads) in enumerate(sides.items()):
        shift = 2.2 * half * (place - (len(sides) - 1) / 2)
        marks += _side(role, [(x(pair) + shift, values) for pair, values in spreads], half, lambda ms: y(min(ms, high)))
        label = "candidate" if role == "candidate" else baseline
        marks.append(Text(LABEL + place * ROOM / 2, 40, label, f"name {role}", room=ROOM / 2 - 8))
    return Chart(WIDTH, BOXES, heading, tuple(marks))


def _side(role: str, places: Sequence[tuple[float, Any]], half: float, y: Scale) -> Iterator[Mark]:
    whiskers, middles = [], []
    for x, (_, p5, first, middle, third, p95, _) in places:
        whiskers += [((x, y(p5)), (x, y(first))), ((x, y(third)), (x, y(p95)))]
        whiskers += [((x - half / 2, y(end)), (x + half / 2, y(end))) for end in (p5, p95)]
        middles.append(((x - half, y(middle)), (x + half, y(middle))))
        yield box(x - half, y(third), x + half, y(first), f"box {role}")
    yield Lines(tuple(whiskers), f"process {role}")
    yield Lines(tuple(middles), "middle")
    for x, values in places:
        yield Dot(x, y(values[-1]), 2.2, f"dot {role}")


def _limits(spreads: Sequence[npt.NDArray[np.float64]]) -> tuple[float, float]:
    """From just below the fastest to above the typical p99: one bad process's tail is cut."""
    low = min(float(values[0]) for values in spreads)
    tails = [float(values[-1]) for values in spreads]
    high = min(max(tails), 3 * float(np.median(tails)))
    room = (high - low) or high * 0.1
    return low - 0.06 * room, high + 0.06 * room
