"""`layers.json` as others tell it: an estimate, or a runtime's own tool."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from runner.core.forms import fields, maybe, number, text
from runner.measure.layer_profile import FILE

LAYER = fields({"name": text, "type": text, "place": text, "ns": maybe(number(0)), "calls": number(1, whole=True)})


def written(layers: Sequence[Mapping[str, Any]], source: str, statistic: str, folder: Path) -> dict[str, Path]:
    """The file, where there are layers: each one's share of the time that is told of all."""
    if not layers:
        return {}
    whole = sum(one["ns"] or 0.0 for one in layers)
    shares = [None if one["ns"] is None else one["ns"] / whole if whole else 0.0 for one in layers]
    found = [{**one, "share": share} for one, share in zip(layers, shares, strict=True)]
    content = {"schema": 1, "version": source, "statistic": statistic, "sum_ns": whole, "layers": found}
    (folder / FILE).write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    return {FILE: folder / FILE}
