"""Drawings that a notebook shows, and that can be saved."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from runner.core.errors import SpecError

if TYPE_CHECKING:
    from runner.charts import Chart
    from runner.results.comparison import Comparison
    from runner.results.records import Record


@dataclass(frozen=True)
class Plot:
    """A drawing; `title` says what it shows. In a notebook it is an SVG picture."""

    title: str
    chart: Chart = field(repr=False)

    def save(self, file: Path | str) -> Path:
        """Write it as `.svg` or `.png` and return the path. Raises SpecError for another suffix, Unavailable for PNG
        without matplotlib."""
        from runner.charts import png, svg

        path = Path(file)
        forms = {".svg": svg.document, ".png": png.document}
        if path.suffix not in forms:
            raise SpecError(f"{path}: a plot is saved as .svg or .png.", f"Call it {path.stem}.svg.")
        path.write_bytes(forms[path.suffix](self.chart))
        return path

    def _repr_svg_(self) -> str:
        from runner.charts import svg

        return svg.document(self.chart).decode()


def of_run(record: Record) -> Plot:
    """The latencies of a record. Raises SpecError where it has none."""
    from runner.pictures import record_pictures
    from runner.results.picture_files import LATENCY

    chart = record_pictures.of_record(record).get(LATENCY)
    if chart is None:
        raise SpecError(f"{record.folder.name} has no samples to draw.", "Its status and reason say why.")
    return Plot(chart.title, chart)


def of_comparison(comparison: Comparison) -> Plot:
    """A comparison's speed-ups. Raises SpecError where it has none."""
    from runner.pictures import sweep
    from runner.report import sweep_page

    found = sweep_page.collect(comparison).speedups
    if not found:
        raise SpecError("No row was compared with a baseline.", "Measure with a baseline: baseline=auto.")
    chart = sweep.speedups(found)
    return Plot(chart.title, chart)
