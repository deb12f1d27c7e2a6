"""The noise floor in reports: which one holds for stored records, and how it is worded."""

from __future__ import annotations

from collections.abc import Mapping

from runner.measure.noise_floor import NoiseFloor
from runner.results.record_schema import Result

CALIBRATE = "python -m runner calibrate"
UNCALIBRATED: Mapping[str, NoiseFloor] = {}  # where no machine's floor is known


def worded(floor: NoiseFloor) -> str:
    """`noise floor: 1.3 % (calibrated 2026-11-21 on this machine, 40 pairs, age 3 days)`; of a machine without a
    calibration with what to do."""
    advice = "" if _calibrated(floor) else f": {CALIBRATE}"
    return f"noise floor: {_percent(floor)} ({floor.source}{advice})"


def advice(floor: NoiseFloor | None) -> str:
    """What would make a floor that is a setting a known one; empty where it is the machine's own, or there is none."""
    if floor is None or _calibrated(floor):
        return ""
    return f"A calibration: the noise floor, {_percent(floor)}, is a setting, not this machine's: {CALIBRATE}."


def _percent(floor: NoiseFloor) -> str:
    return f"{100 * floor.value:.2g} %"


def _calibrated(floor: NoiseFloor) -> bool:
    return not floor.source.startswith("measure.floor")


def between(mine: Result, theirs: Result, calibrated: Mapping[str, NoiseFloor]) -> NoiseFloor:
    """The floor for a comparison of two stored records: the larger of their machines'.

    `calibrated` holds the floors that are known here by the hardware's identity (`calibration.noise_floors`).
    """
    return max((of_record(one, calibrated) for one in (mine, theirs)), key=lambda floor: floor.value)


def of_record(result: Result, calibrated: Mapping[str, NoiseFloor]) -> NoiseFloor:
    """The floor of a record's machine: as calibrated here; else as the record says; else the setting of its spec."""
    known = calibrated.get(result.environment.identity or "")
    if known:
        return known
    recorded = result.comparison and result.comparison.floor
    if recorded and recorded.source.startswith("calibrated"):
        return NoiseFloor(recorded.value, f"{recorded.source}, says record {result.record_id}")
    return NoiseFloor(result.measure.floor, "measure.floor; its machine is not calibrated")
