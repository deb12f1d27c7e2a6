"""What a record's telemetry says, for its page: the sampler's report as a table."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from runner.core.errors import SpecError
from runner.results import archive_form
from runner.results.formatting import number, spread
from runner.results.record_schema import ROLES
from runner.results.untrusted_json import Untrusted
from runner.telemetry.summary import REPORT

# The ends of signals' names and their units.
UNITS = {"percent": "%", "mb": "MB", "mhz": "MHz", "c": "°C", "w": "W", "j": "J"}


def read(folder: Path) -> Mapping[str, Any]:
    """The content of `profile_report.yaml` in a record's folder; empty where there is none.

    Raises SpecError where it is damaged.
    """
    file = folder / REPORT
    if not file.is_file():
        return {}
    try:
        return archive_form.profile(file.read_bytes())
    except Untrusted as error:
        raise SpecError(f"{file}: {error}.", "Remove it: the page is then without it.") from error


def rows(found: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    """`(signal with unit, whole run, candidate's bursts, baseline's bursts)`, each `mean (least to most)`; a row of its
    own for each side's peak of memory and for what was not read."""
    sides = found.get("sides", {})
    bursts = [sides.get(role, {}).get("in_bursts", {}) for role in ROLES]
    for name, seen in found.get("signals", {}).items():
        yield worded(name), *(_seen(one) for one in (seen, *(side.get(name) for side in bursts)))
    for name, reason in found.get("absent", {}).items():
        yield name.replace("_", " "), f"not read: {reason}", "", ""


def worded(name: str) -> str:
    """`baseline_cpu_percent` → `baseline cpu, %`."""
    stem, _, end = name.rpartition("_")
    return f"{stem.replace('_', ' ')}, {UNITS[end]}" if stem and end in UNITS else name.replace("_", " ")


def _seen(values: Mapping[str, float] | None) -> str:
    return spread(values["mean"], values["min"], values["max"]) if values else "–"


def how(found: Mapping[str, Any]) -> str:
    """`121 samples, one in 100 ms (asked: 100), 0 missed`; empty where nothing was sampled."""
    if not found:
        return ""
    interval = found.get("interval_ms", {})
    achieved = f", one in {number(interval['achieved'])} ms" if interval.get("achieved") else ""
    asked = f" (asked: {number(interval['asked'])})" if interval.get("asked") else ""
    missed = f", {found['missed']} missed" if "missed" in found else ""
    return f"{found['samples']} samples{achieved}{asked}{missed}"
