"""The pictures of a record, as the runner asks a worker for them: its own process imports no matplotlib."""

from __future__ import annotations

import gc
import io
from pathlib import Path

from runner.report.plot import record_plot
from runner.telemetry.graph import profile_plot


def prepare() -> list[str]:
    """Import matplotlib and draw an empty figure once, which fills its caches of fonts and texts."""
    gc.disable()  # imports make many objects and free none
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().set_title("0123456789 ms")
    figure.savefig(io.BytesIO(), format="png")
    return [matplotlib.__version__]


def draw(record: str) -> list[str]:
    """Draw the pictures of the record in the folder `record`; those that are there stay."""
    drawn = [record_plot(Path(record)), profile_plot(Path(record))]
    return [path.name for path in drawn if path]
