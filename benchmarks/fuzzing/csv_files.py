"""Time series in every dialect of CSV, sound ones and broken ones, through planning and the data step.

A sound file holds known values: whatever is read from it must be these, be refused, or be said to be in doubt. One of
six is a table of results for `import` (`imports`).
"""

from __future__ import annotations

import datetime
import json
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from benchmarks.fuzzing import imports, judge, odd, steps

ROWS = 200
START = datetime.datetime(2024, 1, 1)
DAY, HOUR = datetime.timedelta(days=1), datetime.timedelta(hours=1)
BERLIN = ZoneInfo("Europe/Berlin")
CELLS = (
    "", "NA", "nan", "-999", "1e300", "inf", "1.234,5", "1,234.5", "12 kW", "=1", "#N/A", "null", "-", "1e",
    "٣", "\x00", '"', "−5", "(12)", "€ 3", "1.234.567", "9999", "1 2", "0x1F", "1_000", "1e-400", "+-1", "½",
)  # fmt: skip
PATTERNS = (
    "%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y%m%d", "%d.%m.%Y", "%m/%d/%Y", "%Y-%m-%d %H:%M:%S+01:00", "%Y%m", "%s",
    "%d.%m.%y", "week %W", "%Y-%jT%H", "%G-W%V-%u", "%H:%M",
)  # fmt: skip
READ = PATTERNS[:3] + PATTERNS[5:8]  # without their format
ENCODINGS = ("utf-8", "utf-8", "utf-8", "utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-32", "latin-1", "cp1252")
# How a number is written, and its decimal sign.
NUMBERS: tuple[tuple[Callable[[float], str], str], ...] = (
    (lambda value: f"{value:.2f}", "point"),
    (lambda value: f"{value:.2f}", "point"),
    (lambda value: f"{value:.3f}", "point"),
    (lambda value: f"{value:.2f}".replace(".", ","), "comma"),
    (lambda value: f"{value:,.2f}", "point"),
    (lambda value: f"{value:,.2f}".translate({44: ".", 46: ","}), "comma"),
    (lambda value: f"{value:,.2f}".replace(",", "\u00a0"), "point"),
    (lambda value: f"{value:,.2f}".replace(",", "'"), "point"),
    (lambda value: f"{value:.6e}", "point"),
    (lambda value: f"{value:.2f} kW", "point"),
)
# Whole numbers with thousands apart: 995, 1.004.
WHOLE: tuple[tuple[Callable[[float], str], str], ...] = (
    (lambda value: f"{value:,.0f}".replace(",", "."), "comma"),
    (lambda value: f"{value:,.0f}", "point"),
)
DOUBTS = ("decimal", "thousands")  # what a warning speaks of where numbers may be others
WORDS = ("model=gru", "model.window=14", "data=csv", "data.path=x.csv", "data.time=time", "data.target=value")


def case(seed: int, folder: Path) -> judge.Case:
    """A file, and a run of it up to its samples."""
    draw = random.Random(f"csv/{seed}")
    if draw.random() < 1 / 6:
        return imports.case(draw, folder)
    whole = draw.random() < 0.2
    write, sign = draw.choice(WHOLE if whole else NUMBERS)
    values = [round(985 + draw.uniform(-9, 9) + row / 2, 0 if whole else 2) for row in range(ROWS)]
    broken = draw.random() < 0.4
    when, form = _times(draw)
    text, delimiter = _table(draw, when, [write(value) for value in values], sign)
    data = text.encode(draw.choice(ENCODINGS), "replace")
    (folder / "x.csv").write_bytes(_broken(draw, data) if broken else data)
    typed = (
        draw.choice(("", sign, "auto", "comma", "point", "dot")) if draw.random() < 0.3 else sign.replace("point", "")
    )
    words = [*WORDS, *_options(draw, delimiter), *([f"data.decimal={typed}"] if typed else [])]
    words += [f'data.time_format="{form}"'] if form and draw.random() < 0.8 else []
    known = not broken and typed in ("", "auto", sign)
    return judge.Case(lambda: _read(words, folder, values if known else None), ["plan", *words])


def _options(draw: random.Random, delimiter: str) -> list[str]:
    """Mostly the delimiter is said."""
    found = [f"data.delimiter={'tab' if delimiter == chr(9) else repr(delimiter)}"] if draw.random() < 0.9 else []
    found += (
        ["data.frequency=" + draw.choice(("1D", "1h", "rows", "1W", "0", "-1D", "1x", "1M", "15min"))]
        if draw.random() < 0.2
        else []
    )
    return found + (["data.features=[extra]"] if draw.random() < 0.3 else [])


def _table(draw: random.Random, when: Callable[[int], str], numbers: Sequence[str], sign: str) -> tuple[str, str]:
    delimiter, quotes = draw.choice(",,;;\t|"), draw.random() < 0.9
    extras = [one.replace(".", "," if sign == "comma" else ".") for one in ("0.25", "0.125", "1.125", "7")]
    header = delimiter.join(("time", "value", "extra"))
    lines = [header]
    if draw.random() < 0.1:
        lines.append(draw.choice((header, delimiter.join(("", "W/m2", "°C")))))
    if draw.random() < 0.1:
        lines.insert(0, draw.choice((f"sep={delimiter}", "# from the meter", "")))
    for row, number in enumerate(numbers):
        cells = [when(row), number, draw.choice(extras)]
        cells = [f'"{cell}"' if quotes and delimiter in cell else cell for cell in cells]
        lines.append(delimiter.join(cells) + (delimiter if draw.random() < 0.02 else ""))
    return draw.choice(("\n",) * 9 + ("\r\n",) * 9 + ("\r",)).join(lines), delimiter


def _times(draw: random.Random) -> tuple[Callable[[int], str], str]:
    """How the time of a row is written, and the format to type for it, if any: by a pattern, as months, or as a wall's
    clock that is changed."""
    how = draw.randrange(6)
    if how == 0:
        form, last = draw.choice(("%Y-%m", "%Y-%m-%d", "%m/%Y", "%b %Y", "%Y%m%d")), draw.randrange(2)
        months = [datetime.datetime(2004 + row // 12, row % 12 + 1, 1) - last * DAY for row in range(ROWS)]
        return lambda row: months[row].strftime(form), "" if form.startswith("%Y") else form
    if how == 1:
        first = datetime.datetime(2024, draw.choice((3, 8)), 1, tzinfo=BERLIN)
        return lambda row: f"{first + row * DAY}", ""  # local midnights
    if how == 2:
        first = datetime.datetime(2024, *draw.choice(((3, 30), (10, 26))), 23, tzinfo=datetime.timezone.utc)
        form, step = draw.choice(("%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M%z")), draw.choice((HOUR, HOUR / 4))
        return lambda row: (first + row * step).astimezone(BERLIN).strftime(form), form
    pattern, step = draw.choice(PATTERNS), draw.choice((DAY, HOUR))
    return lambda row: (START + row * step).strftime(pattern), "" if pattern in READ else pattern


def _broken(draw: random.Random, data: bytes) -> bytes:
    lines = data.split(b"\n")
    for _ in range(draw.randrange(1, 4)):
        at = draw.randrange(len(lines))
        how = draw.randrange(5)
        sign = b";" if b";" in lines[at] else b","
        if how == 0:
            del lines[max(at, 1) :]
        elif how == 1:
            lines.insert(at, lines[at])
        elif how == 2:
            lines[at] = odd.mangled(draw, lines[at])
        elif how == 3:
            lines[at] = lines[at].rpartition(sign)[0] + sign + draw.choice(CELLS).encode()
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
    said = json.loads((made["data"] / "meta.json").read_text(encoding="utf-8")).get("warnings", [])
    doubted = any(word in text for text in said for word in DOUBTS)
    return "" if (apart < 0.006).all() or doubted else "other values than the file's were read"
