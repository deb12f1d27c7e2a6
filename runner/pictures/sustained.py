"""The picture of a long load: latency by window, and below it the machine's clock, temperature and power."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from runner.charts import Chart, Lines, Mark, Text, line, stacked
from runner.charts.axes import Scale, even_ticks, levels, scale
from runner.pictures import machine
from runner.pictures.machine import LEFT, NAMES, WIDTH
from runner.results import naming
from runner.results.record_schema import Result, Sustained
from runner.telemetry.time_series import Profile

HEIGHT, TOP, BOTTOM = 260, 44, 220  # px


def chart(result: Result) -> Chart | None:
    """None of a record that is of no such load."""
    if not result.sustained:
        return None
    parts = [_latency(result)]
    below = machine.chart(_profile(result.sustained["candidate"]))
    told = "; ".join(f"{role}: steady p50 {one.steady_ms:.4g} ms" for role, one in result.sustained.items())
    return stacked([*parts, *([below] if below else [])], f"Latency over time: {naming.title(result)}", told)


def _latency(result: Result) -> Chart:
    sides = result.sustained
    every = [value for one in sides.values() for value in one.p50_ms]
    low, high = min(every), max(every)
    room = (high - low) or 0.1 * high
    y = scale(max(0.0, low - 0.1 * room), high + 0.1 * room, BOTTOM, TOP)
    end = max(one.t_s[-1] for one in sides.values())
    x = scale(0.0, end, LEFT, WIDTH - NAMES)
    heading = "Latency p50 of each window, ms (upright: where it changed first)"
    marks: list[Mark] = [Text(8, 18, heading, "heading")]
    marks += levels(even_ticks(low, high, 5), y, LEFT, WIDTH - NAMES)
    for number, (role, one) in enumerate(sides.items()):
        marks += _side(role, number, one, x, y)
    marks += [Text(x(value), BOTTOM + 16, f"{value:g}", anchor="middle") for value in even_ticks(0.0, end, 8)]
    marks.append(Text(WIDTH - NAMES, BOTTOM + 32, "time under load, s", anchor="end"))
    return Chart(WIDTH, HEIGHT, heading, tuple(marks))


def _side(role: str, number: int, found: Sustained, x: Scale, y: Scale) -> Iterator[Mark]:
    points = tuple((x(t), y(ms)) for t, ms in zip(found.t_s, found.p50_ms, strict=True))
    yield Lines((points,), f"signal s{number}", told=role)
    yield Text(WIDTH - NAMES + 10, TOP + 14 * number, role, f"key s{number}")
    if found.change_s is not None:
        yield line(x(found.change_s), TOP, x(found.change_s), BOTTOM, f"signal s{number}")


def _profile(found: Sustained) -> Profile:
    """The machine's signals by window, as a profile of few samples."""
    t_ns = np.array([round(1e9 * t) for t in found.t_s], dtype=np.int64)
    read = {
        name: np.array([np.nan if one is None else one for one in values]) for name, values in found.signals.items()
    }
    return Profile(t_ns, read)
