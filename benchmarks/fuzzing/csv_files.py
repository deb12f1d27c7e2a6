"""Time series in every dialect of CSV, sound ones and broken ones, through planning and the data step.

A sound file holds known values: whatever is read from it must be these, or be refused.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Sequence
from pathlib import Path

from fuzzing import judge, odd, steps

ROWS = 120
START = datetime.datetime(2024, 1, 1)
CELLS = (
    "", "NA", "nan", "-999", "1e300", "inf", "1.234,5", "1,234.5", "12 kW", "=1", "#N/A", "null", "-", "1e",
    "٣", "\x00", '"',
)  # fmt: skip
TIMES = (
    "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y%m%d", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S+01:00", "%Y%m", "%s",
    "%d.%m.%y", "week %W",
)  # fmt: skip
WORDS = ("model=gru", "model.window=14", "data=csv", "data.path=x.csv", "data.time=time", "data.target=value")


def case(seed: int, folder: Path) -> judge.Case:
    """A file, and a run of it up to its samples."""
    draw = random.Random(f"csv/{seed}")
    values = [round(200 + draw.uniform(-9, 9) + row / 10, 2) for row in range(ROWS)]
    broken = draw.random() < 0.6
    text, delimiter, comma = _table(draw, values)
    data = text.encode(draw.choice(("utf-8", "utf-8", "utf-8-sig", "utf-16", "latin-1")), "replace")
    (folder / "x.csv").write_bytes(_broken(draw, data) if broken else data)
    words = [*WORDS, *_options(draw, delimiter, comma)]
    return judge.Case(lambda: _read(words, folder, None if broken else values), ["plan", *words])


def _options(draw: random.Random, delimiter: str, comma: bool) -> list[str]:
    """Half the time the delimiter is said."""
    found = [f"data.delimiter={delimiter!r}"] if delimiter != "\t" and draw.random() < 0.5 else []
    found += (
        ["data.frequency=" + draw.choice(("1D", "1h", "rows", "1W", "0", "-1D", "1x"))] if draw.random() < 0.3 else []
    )
    return found + (["data.features=[extra]"] if draw.random() < 0.3 else [])


def _table(draw: random.Random, values: Sequence[float]) -> tuple[str, str, bool]:
    delimiter, comma = draw.choice(",,,;\t|"), draw.random() < 0.3
    pattern, step = draw.choice(TIMES), draw.choice((datetime.timedelta(1), datetime.timedelta(hours=1)))
    header = delimiter.join(("time", "value", "extra"))
    lines = [header]
    if draw.random() < 0.1:
        lines.append(draw.choice((header, delimiter.join(("", "kW", "°C")))))
    for row, value in enumerate(values):
        cells = [(START + row * step).strftime(pattern), f"{value:.2f}", f"{draw.uniform(0, 1):.3f}"]
        if comma:
            cells[1:] = [cell.replace(".", ",") for cell in cells[1:]]
        lines.append(delimiter.join(cells) + (delimiter if draw.random() < 0.02 else ""))
    return draw.choice(("\n", "\r\n")).join(lines), delimiter, comma


def _broken(draw: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    for _ in range(draw.randrange(1, 4)):
        at = draw.randrange(len(lines))
        how = draw.randrange(5)
        if how == 0:
            del lines[at:]
        elif how == 1:
            lines.insert(at, lines[at])
        elif how == 2:
            lines[at] = odd.mangled(draw, lines[at])
        elif how == 3:
            lines[at] = lines[at].rpartition(b",")[0] + b"," + draw.choice(CELLS).encode()
        else:
            del lines[at : at + draw.randrange(1, 80)]
        lines = lines or [b""]
    return b"\n".join(lines)


def _read(words: Sequence[str], folder: Path, values: Sequence[float] | None) -> str:
    """The last values of a sound file's windows, which nothing has scaled, are values of its own."""
    made = steps.made(words, folder, ("data",))
    if values is None:
        return ""
    import numpy as np

    with np.load(made["data"] / "train.npz") as arrays:
        read = arrays["offset"].astype(float)
    apart = np.abs(read[:, None] - np.array(values)[None, :]).min(axis=1)
    return "" if (apart < 0.006).all() else "other values than the file's were read"
