"""Tables as CSV, in which no text begins as a formula does."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any

from runner.core.foreign_text import cell


def written(heads: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """The text of a file; None is an empty cell."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(map(cell, heads))
    for row in rows:
        writer.writerow(map(cell, row))
    return out.getvalue()
