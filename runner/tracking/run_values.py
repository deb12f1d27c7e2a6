"""What MLflow is told of a record, as plain values: names that it takes, texts that it has room for."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from runner.core.foreign_text import line, markdown
from runner.results import naming, picture_files, seal
from runner.results.formatting import verdict_line
from runner.results.naming import title
from runner.spec.labels import flatten

PARAM_LENGTH = 6000
CUT = " … (cut)"
FILES = (seal.RECORD, *seal.EVIDENCE, *picture_files.FILES)  # of a record's folder
PARTS = ("environment", "keys")  # of a record's content: each is a JSON file of the run, too


@dataclass(frozen=True)
class Values:
    """One run. `moment` is the record's date in ms since 1970, the run's start and end and each metric's time; `status`
    as MLflow calls it; `tags` without `record_id`, which marks the run from its beginning."""

    record_id: str
    name: str
    moment: int
    status: str
    metrics: Mapping[str, float]
    params: list[tuple[str, str]]
    tags: Mapping[str, str]


def of(content: Mapping[str, Any]) -> Values:
    """The run of a record with this content."""
    return Values(
        record_id=str(content["record_id"]),
        name=_cut(title(content)),
        moment=_milliseconds(content["date"]),
        status="FINISHED" if content["status"] == "ok" else "FAILED",
        metrics=metrics(content["metrics"]),
        params=[(_name(name), _cut(value)) for name, value in flatten(content["spec"])],
        tags={name: _cut(value) for name, value in _tags(content).items()},
    )


def metrics(measured: Mapping[str, Any]) -> dict[str, float]:
    """The finite ones: MLflow would store inf as 1.8e308, a number that nobody measured."""
    values = {_name(name): float(value) for name, value in measured.items()}
    return {name: value for name, value in values.items() if math.isfinite(value)}


def _tags(content: Mapping[str, Any]) -> dict[str, str]:
    return {
        "sweep": content.get("sweep") or "",
        "precision": naming.precision(content, "candidate"),  # the one that ran: params say what was asked for
        "baseline": naming.baseline(content) or "none",
        "status": content["status"],
        "origin": content.get("origin") or ("measured" if content["status"] == "ok" else ""),
        "reason": content.get("reason") or "",
        "date": content["date"],
        "mlflow.runName": title(content),
        "mlflow.note.content": _note(content),
        "mlflow.source.name": "python -m runner",
    }


def _note(content: Mapping[str, Any]) -> str:
    """The finding, for a page that takes it for Markdown. A sweep's cells are sent one by one: what the whole table
    makes of each verdict isn't known yet."""
    sweep = content.get("sweep")
    alone = (
        f" (by itself; among its sweep: python -m runner compare --sweep {sweep})"
        if sweep and content["comparison"]
        else ""
    )
    return markdown(verdict_line(content) + alone)


def _cut(value: str) -> str:
    shown = line(value, longest=len(value) + 1)
    return shown if len(shown) <= PARAM_LENGTH else shown[: PARAM_LENGTH - len(CUT)] + CUT


def _name(name: str) -> str:
    """MLflow admits letters, digits and `_ - . space : /` in names; a model's input may be called otherwise."""
    return re.sub(r"[^\w\-. :/]", "_", name)


def _milliseconds(date: str) -> int:
    # Python 3.10 doesn't read the Z.
    return int(datetime.fromisoformat(date.replace("Z", "+00:00")).timestamp() * 1000)
