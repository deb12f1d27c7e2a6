"""The picture of a record: how long the candidate and the baseline took, process by process, and their ratio.

Imports matplotlib inside functions; drawn in a worker.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from runner import records
from runner.foreign import line
from runner.measure import samples as latencies
from runner.measure.samples import Samples
from runner.report import canvas, naming
from runner.report.naming import title
from runner.report.wording import against, ratio, verdict_line

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NONE: Mapping[str, Any] = {}
CANDIDATE, BASELINE, MUTED = "#1f77b4", "#d95f02", "#666666"
PERCENTILES = (5, 25, 50, 75, 95, 99)


@dataclass(frozen=True)
class Captions:
    """What the plot is called: the candidate's and the baseline's name, and the finding in one line."""

    candidate: str
    baseline: str = "baseline"
    finding: str = ""


def record_plot(folder: Path) -> Path | None:
    """`latency.png` beside a record's samples, drawn unless it is there; None for a record without samples."""
    out = folder / "latency.png"
    if not (folder / "samples.npz").is_file():
        return None
    if not out.is_file():
        content = records.read(folder).content
        latency_plot(folder / "samples.npz", out, _captions(content), content.get("comparison") or {})
    return out


def latency_plot(samples: Path, out: Path, captions: Captions, comparison: Mapping[str, Any] = NONE) -> None:
    """Draw `samples` (npz, `candidate/<pair>` and `baseline/<pair>` in ns) into the PNG `out`.

    Left: each process's latencies (box: quartiles; whiskers: p5 and p95; dot: p99). Right, where the record's
    `comparison` has it: the speed-up of each pair, the estimate's interval shaded.
    """
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    candidate, baseline = latencies.read(samples, "candidate"), latencies.read(samples, "baseline")
    # Fixed margins: the constrained layout draws everything twice, which every run would wait for.
    figure = Figure(figsize=(10, 4.6))
    figure.subplots_adjust(left=0.075, right=0.985, top=0.835, bottom=0.185, wspace=0.2)
    figure.suptitle(captions.candidate, fontsize=13, fontweight="bold", x=0.01, ha="left")
    if ratios := comparison.get("by_pair"):
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        _ratios(right, ratios, (comparison.get("low"), comparison.get("high")))
    else:
        left = figure.subplots()
    _processes(left, candidate, baseline, captions)
    if captions.finding:
        figure.supxlabel(captions.finding, fontsize=10, x=0.01, ha="left")
    canvas.save(figure, out)


def _captions(content: Mapping[str, Any]) -> Captions:
    comparison = content.get("comparison")
    label = naming.baseline(content)
    # A sweep's verdicts stand when all of it is measured: until then a picture has the numbers alone.
    finding = verdict_line(content)
    if comparison and content.get("sweep"):
        finding = f"{ratio(comparison['ratio'], comparison['low'], comparison['high'])} {against(content)}"
    return Captions(*map(_drawn, (f"{title(content)} · {content['date'][:10]}", label, finding)))


def _drawn(text: str) -> str:
    """One line in which a dollar begins no formula."""
    return line(text).replace("$", r"\$")


def _processes(axes: Axes, candidate: Samples, baseline: Samples, captions: Captions) -> None:
    width = 0.36 if baseline else 0.6
    _boxes(axes, candidate, -width / 2 if baseline else 0.0, width, CANDIDATE, "candidate")
    if baseline:
        _boxes(axes, baseline, width / 2, width, BASELINE, f"baseline: {captions.baseline}")
    canvas.titled(axes, "Latency in each process (box: quartiles; whiskers: p5, p95; dot: p99)")
    axes.set_xlabel("pair (a fresh process each)" if baseline else "process (a fresh one each)")
    axes.set_ylabel("latency, ms")
    axes.set_ylim(*_limits([*candidate.values(), *baseline.values()]))
    axes.set_xticks(_ticks(list(candidate)))
    canvas.tidied(axes)
    axes.legend(loc="upper right", fontsize=9, frameon=False, ncols=2)


def _boxes(axes: Axes, samples: Samples, shift: float, width: float, colour: str, label: str) -> None:
    """What `boxplot` draws, with five artists in place of five a box."""
    x = np.array(list(samples)) + shift
    p5, q1, middle, q3, p95, p99 = np.transpose([np.percentile(each, PERCENTILES) for each in samples.values()])
    axes.vlines([x, x], [p5, q3], [q1, p95], color=colour, linewidth=1)
    axes.hlines([p5, p95], [x - width / 5] * 2, [x + width / 5] * 2, color=colour, linewidth=1)
    axes.bar(x, q3 - q1, width * 0.85, bottom=q1, color=colour, edgecolor=colour, alpha=0.75, label=label)
    axes.hlines(middle, x - 0.425 * width, x + 0.425 * width, color="black", linewidth=1)
    axes.scatter(x, p99, s=10, color=colour)


def _limits(processes: list[npt.NDArray[np.float64]]) -> tuple[float, float]:
    """From just below the fastest to above the typical p99, with room for the legend: one bad process's tail is cut."""
    low = min(float(np.percentile(values, 1)) for values in processes)
    tails = [float(np.percentile(values, 99)) for values in processes]
    high = min(max(tails), 3 * float(np.median(tails)))
    room = (high - low) or high * 0.1
    return low - 0.06 * room, high + 0.18 * room


def _ratios(axes: Axes, ratios: Sequence[float], interval: tuple[float | None, float | None]) -> None:
    pairs = list(range(len(ratios)))
    axes.axvline(1.0, color=MUTED, linewidth=1)
    low, high = interval
    if low is not None and high is not None and math.isfinite(low) and math.isfinite(high):
        axes.axvspan(low, high, color=CANDIDATE, alpha=0.18, linewidth=0)
    axes.scatter(ratios, pairs, s=26, color=CANDIDATE, zorder=3)
    shaded = "; shaded: 95 % interval" if low is not None else ""
    canvas.titled(axes, f"Speed-up in each pair{shaded}")
    axes.set_xlabel("baseline's time / candidate's")
    axes.set_ylabel("pair")
    axes.set_ylim(max(pairs, default=0) + 0.7, min(pairs, default=0) - 0.7)
    axes.set_yticks(_ticks(pairs))
    axes.xaxis.set_major_formatter("{x:.2f}×")
    canvas.tidied(axes)


def _ticks(pairs: list[int]) -> list[int]:
    return pairs[:: max(1, math.ceil(len(pairs) / 15))]
