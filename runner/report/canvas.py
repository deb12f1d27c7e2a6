"""What all PNG pictures share: how they are titled and kept. Every run waits for them, so they take no long way."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def titled(axes: Axes, text: str) -> None:
    """A title at the left above the axes. Its height is given: looking for a free one measures every tick."""
    axes.set_title(text, fontsize=11, loc="left", y=1.0)


def tidied(axes: Axes) -> None:
    """No frame at the top and right, a light grid behind all."""
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="both", color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)


def save(figure: Figure, out: Path) -> None:
    """Write `figure` to the PNG file `out`, drawn beside its place and renamed: a kill leaves no half picture."""
    draft = out.with_name(f".{out.name}")
    fast = {"compress_level": 2}  # a quarter of the time of matplotlib's 6, and a few kB more
    figure.savefig(draft, dpi=120, format="png", metadata={"Software": None}, pil_kwargs=fast)
    draft.replace(out)
