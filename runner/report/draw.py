"""The pictures of a record, as the runner asks a worker for them: its own process imports no matplotlib."""

from __future__ import annotations

import gc
import io
import os
from multiprocessing import get_context
from pathlib import Path

from runner.errors import StepFailed
from runner.report.plot import record_plot
from runner.telemetry.graph import profile_plot
from runner.worker import arrival


def prepare() -> list[str]:
    """Import matplotlib and draw an empty figure once, which fills its caches of fonts and texts."""
    gc.disable()  # imports make many objects and free none
    # Its list of fonts goes where ours go, and no settings of the user's change what a picture looks like.
    os.environ["MPLCONFIGDIR"] = str(arrival.home() / "matplotlib")
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib.figure import Figure

    figure = Figure()
    figure.subplots().set_title("0123456789 ms")
    figure.savefig(io.BytesIO(), format="png")
    return [matplotlib.__version__]


def draw(record: str) -> list[str]:
    """Draw the pictures of the record in the folder `record`; those that are there stay.

    Both at once, one of them by a fork, which has matplotlib imported already. Raises StepFailed where the fork fails.
    """
    folder = Path(record)
    profile = get_context("fork").Process(target=profile_plot, args=(folder,))
    profile.start()
    try:
        record_plot(folder)
    except StepFailed as error:  # samples that no run wrote: the record has its other files all the same
        print(error)
    finally:
        profile.join()
    if profile.exitcode:
        raise StepFailed(
            f"The profile of {folder.name} could not be drawn (exit code {profile.exitcode}).",
            f"mlruns/.tracking.log says why; the figures are in {folder.name}/system_profile.txt.",
        )
    return sorted(path.name for path in folder.glob("*.png"))
