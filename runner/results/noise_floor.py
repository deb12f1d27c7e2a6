"""The noise floor in reports: which one holds for stored records, and how it is worded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from runner.measure.verdict import NoiseFloor
from runner.results.unpaired import identity

CALIBRATE = "python -m runner calibrate"


def worded(floor: Mapping[str, Any]) -> str:
    """`noise floor: 1.3 % (calibrated 2026-11-21 on this machine, 40 pairs, age 3 days)`; of a machine without a
    calibration with what to do."""
    advice = "" if _calibrated(floor) else f": {CALIBRATE}"
    return f"noise floor: {_percent(floor)} ({floor['source']}{advice})"


def advice(floor: Mapping[str, Any]) -> str:
    """What would make a floor that is a setting a known one; empty where it is the machine's own, or there is none."""
    if not floor or _calibrated(floor):
        return ""
    return f"A calibration: the noise floor, {_percent(floor)}, is a setting, not this machine's: {CALIBRATE}."


def _percent(floor: Mapping[str, Any]) -> str:
    return f"{100 * floor['value']:.2g} %"


def _calibrated(floor: Mapping[str, Any]) -> bool:
    return not str(floor["source"]).startswith("measure.floor")


def between(mine: Mapping[str, Any], theirs: Mapping[str, Any], calibrated: Mapping[str, NoiseFloor]) -> NoiseFloor:
    """The floor for a comparison of two stored records' content: the larger of their machines'.

    `calibrated` holds the floors that are known here by the hardware's identity (`calibration.noise_floors`).
    """
    return max((of_record(content, calibrated) for content in (mine, theirs)), key=lambda floor: floor.value)


def of_record(content: Mapping[str, Any], calibrated: Mapping[str, NoiseFloor]) -> NoiseFloor:
    """The floor of a record's machine: as calibrated here; else as the record says; else the setting of its spec."""
    known = calibrated.get(identity(content.get("environment") or {}) or "")
    if known:
        return known
    recorded = (content.get("comparison") or {}).get("floor")
    if recorded and recorded["source"].startswith("calibrated"):
        return NoiseFloor(float(recorded["value"]), f"{recorded['source']}, says record {content['record_id']}")
    return NoiseFloor(content["spec"]["measure"].get("floor", 0.01), "measure.floor; its machine is not calibrated")
