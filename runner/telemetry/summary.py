"""What a profile says: of the machine over the whole run, and of each side."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from runner.telemetry import energy, time_series
from runner.telemetry.energy import Energy, Window
from runner.telemetry.sampler import Sampler
from runner.telemetry.time_series import Profile, Span

REPORT = "profile_report.yaml"
OFF = "telemetry is off (telemetry.interval_ms=null)"
ELSEWHERE = "telemetry on a remote device is not built yet"


@dataclass(frozen=True)
class Work:
    """What one side did: its timed bursts and, where its power was to be read, its uninterrupted work."""

    bursts: list[Span]
    windows: list[Window]


@dataclass(frozen=True)
class Observed:
    """What was seen of one side; a str says why a figure is missing. `pss_samples` are behind `peak_pss_mb`."""

    peak_pss_mb: float | str
    pss_samples: int
    energy: Energy | str


@dataclass(frozen=True)
class Summary:
    """`sides` by role; `report` is what `profile_report.yaml` holds (None where nothing was sampled)."""

    sides: Mapping[str, Observed]
    report: Mapping[str, Any] | None = field(default=None)
    problem: str = ""


def summarise(sampler: Sampler | None, work: Mapping[str, Work], elsewhere: Collection[str] = ()) -> Summary:
    """Stops the sampler and says what it saw: nothing of the sides that ran `elsewhere`, not on this machine."""
    here = _summarised(sampler, {role: one for role, one in work.items() if role not in elsewhere})
    return replace(here, sides={role: here.sides.get(role) or Observed(ELSEWHERE, 0, ELSEWHERE) for role in work})


def _summarised(sampler: Sampler | None, work: Mapping[str, Work]) -> Summary:
    if sampler is None:
        return Summary({role: Observed(OFF, 0, OFF) for role in work})
    sampler.stop()
    if sampler.problem:
        return Summary({role: Observed(sampler.problem, 0, sampler.problem) for role in work}, None, sampler.problem)
    found = time_series.read(sampler.file)
    sides = {role: _observed(found, sampler, role, one.windows) for role, one in work.items()}
    report = _whole(found, sampler) | {"sides": {role: _side(found, one, sides[role]) for role, one in work.items()}}
    return Summary(sides, report)


def write(summary: Summary, folder: Path) -> dict[str, Path]:
    """Writes `profile_report.yaml` beside `system_profile.txt`; `{name: file}` of what there is for the record."""
    import yaml

    from runner.telemetry.sampler import PROFILE

    if summary.report is None:
        return {}
    # libyaml's is ten times as fast, where PyYAML was built with it
    quick = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    content = dict(summary.report)
    text = yaml.dump(content, Dumper=quick, sort_keys=False, allow_unicode=True, width=200, default_flow_style=None)
    (folder / REPORT).write_text(text, encoding="utf-8")
    return {name: folder / name for name in (PROFILE, REPORT)}


def _observed(found: Profile, sampler: Sampler, role: str, windows: Sequence[Window]) -> Observed:
    values = found.signals.get(f"{role}_pss_mb")
    seen = time_series.spread(values) if values is not None else None
    meter = sampler.meter
    reckoned = (
        energy.measured(found, meter, windows) if meter else f"{no_meter(sampler.ready['absent'])} ({REPORT} says why)"
    )
    if seen is None:
        why = sampler.ready["absent"].get("PSS", "no sample fell into the process's life: lower telemetry.interval_ms")
        return Observed(why, 0, reckoned)
    return Observed(seen["max"], int(seen["samples"]), reckoned)


def no_meter(absent: Mapping[str, str]) -> str:
    """RAPL's reason in full: on a PC it is the one that a user can mend. `absent`: why a sensor isn't there."""
    rapl = absent.get("RAPL", "RAPL reads no package")
    return f"no power sensor: {rapl}; nor tegrastats, INA, NVML or Hailo"


def _whole(found: Profile, sampler: Sampler) -> dict[str, Any]:
    intervals = np.diff(found.t_ns) / 1e6
    signals = {name: time_series.spread(values) for name, values in found.signals.items()}
    return {
        "clock": "CLOCK_MONOTONIC, that of the bursts",
        "interval_ms": {
            "asked": sampler.settings.interval_ms,
            "achieved": round(float(np.median(intervals)), 3) if len(intervals) else None,
        },
        "samples": len(found.t_ns),
        "missed": sampler.ended["missed"],
        "priority": sampler.ready["priority"],
        "meter": sampler.ready["meter"],
        "signals": {name: seen for name, seen in signals.items() if seen},
        "absent": {
            **sampler.ready["absent"],
            **{name: "never read" for name, seen in signals.items() if not seen},
        },
        "failures": sampler.ended["failures"],
    }


def _side(found: Profile, work: Work, observed: Observed) -> dict[str, Any]:
    inside = found.within(work.bursts)
    signals = {name: time_series.spread(values[inside]) for name, values in found.signals.items()}
    return {
        "bursts": len(work.bursts),
        "samples_in_bursts": int(inside.sum()),
        "in_bursts": {name: seen for name, seen in signals.items() if seen},
        "peak_pss": _peak(observed),
        "energy": asdict(observed.energy) if isinstance(observed.energy, Energy) else {"unavailable": observed.energy},
    }


def _peak(observed: Observed) -> dict[str, Any]:
    if isinstance(observed.peak_pss_mb, str):
        return {"unavailable": observed.peak_pss_mb}
    return {"mb": observed.peak_pss_mb, "samples": observed.pss_samples, "note": "a lower bound: sampled"}
