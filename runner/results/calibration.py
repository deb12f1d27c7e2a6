"""The noise floor of a machine: how far apart two identical things seem to lie here; and its peaks, how fast it
computes and moves bytes at its best.

`calibration/<hardware identity>.json` in the project holds every calibration of that machine, oldest first; a later
one is appended, and the latest counts.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core import durable_files
from runner.core.errors import SpecError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from runner.measure.noise_floor import NoiseFloor
    from runner.measure.roofline import Peaks
    from runner.measure.settings import Settings

SCHEMA = 1
FOLDER = "calibration"
QUANTILE = 0.95  # of the differences that comparisons of a thing with itself find: so many lie below the floor
LEAST = 0.002  # a floor is never below: the calibrating pairs are a sample too
COMPARISONS = 2000  # resampled ones
MOST = 60  # pairs of one of them: about what the default budget pays for
OLD_DAYS = 30  # from here on a calibration is called old


@dataclass(frozen=True)
class Calibration:
    """One A/A on one machine. `floor`, `low` and `high` are relative (0.01 = 1 %); `ratio` is of the A/A itself with
    its 95 % interval, `spread` the robust standard deviation of a pair."""

    date: str
    identity: str
    floor: float
    pairs: int
    ratio: float
    low: float
    high: float
    spread: float
    title: str
    record_id: str

    @property
    def day(self) -> str:
        return self.date[:10]

    def age_days(self, now: datetime | None = None) -> int:
        """Whole days since."""
        return ((now or datetime.now(timezone.utc)) - datetime.fromisoformat(self.date)).days

    def as_dict(self) -> dict[str, Any]:
        """JSON types."""
        return asdict(self)


def floor_of(logs: npt.NDArray[np.float64], settings: Settings, seed: int = 0) -> float:
    """The relative difference below which QUANTILE of comparisons of a thing with itself stay, on these pairs' noise.

    `logs` (pairs,) are the A/A's effects. Comparisons are resampled from them and stopped as `settings` say, by the
    code that stops real ones. The pairs are used with both signs: which side is called the candidate is arbitrary.
    """
    import numpy as np

    from runner.measure.noise_floor import NoiseFloor
    from runner.measure.stopping_rule import replay

    random = np.random.default_rng(seed)
    none = NoiseFloor(0.0, "calibrating")
    most = min(settings.max_pairs, max(MOST, settings.min_pairs))
    usual, seconds = replace(settings, max_pairs=most), np.zeros(most)
    drawn = random.choice(logs, size=(COMPARISONS, most)) * random.choice((-1.0, 1.0), size=(COMPARISONS, 1))
    estimates = [abs(replay(one, seconds, usual, none)[1].shown.estimate) for one in drawn]
    return max(LEAST, math.expm1(float(np.quantile(estimates, QUANTILE))))


def from_pairs(
    logs: npt.NDArray[np.float64], settings: Settings, identity: str, date: str, title: str, record_id: str
) -> Calibration:
    """A calibration from the pairs of an A/A."""
    import numpy as np

    from runner.measure.statistics import hodges_lehmann

    found = hodges_lehmann(logs, 0.95)
    spread = 1.4826 * float(np.median(np.abs(logs - np.median(logs))))
    return Calibration(
        date=date,
        identity=identity,
        floor=floor_of(logs, settings),
        pairs=len(logs),
        ratio=math.exp(found.estimate),
        low=math.exp(found.low),
        high=math.exp(found.high),
        spread=spread,
        title=title,
        record_id=record_id,
    )


def path(root: Path, identity: str) -> Path:
    """Where a machine's calibrations are kept."""
    return root / FOLDER / f"{identity}.json"


def read(root: Path, identity: str) -> list[Calibration]:
    """All calibrations of a machine, oldest first. Raises SpecError where the file was damaged."""
    with _sound(path(root, identity)) as content:
        return [Calibration(**one) for one in content["calibrations"]]


@contextmanager
def _sound(file: Path) -> Iterator[dict[str, Any]]:
    """What the file holds, no calibrations where there is none; SpecError for what is wrong with it."""
    try:
        yield json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {"calibrations": []}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SpecError(
            f"{file}: not a calibration ({error}).", "Remove it and calibrate again: python -m runner calibrate"
        ) from error


def latest(root: Path, identity: str) -> Calibration | None:
    """The calibration that counts; None for a machine that has none."""
    return next(reversed(read(root, identity)), None)


def add(root: Path, found: Calibration, hardware: Mapping[str, Any]) -> Path:
    """Append one; written beside its place and renamed. Returns the file."""
    return _add(root, found.identity, hardware, "calibrations", [found.as_dict()])


def _add(root: Path, identity: str, hardware: Mapping[str, Any], part: str, more: Sequence[Any]) -> Path:
    """Append to one of the lists in a machine's file."""
    file = path(root, identity)
    durable_files.make_folder(file.parent)
    with _sound(file) as content:
        said = {**content, "schema": SCHEMA, "hardware": dict(hardware), part: [*content.get(part, ()), *more]}
    durable_files.write_text(file, json.dumps(said, indent=1, allow_nan=False) + "\n")
    return file


def peaks(root: Path, identity: str) -> list[Peaks]:
    """The peaks of a machine that count, the latest with each number of threads, fewest threads first. Raises as
    `read`."""
    from runner.measure.roofline import Peaks

    with _sound(path(root, identity)) as content:
        every = [
            Peaks(**{**one, "bytes_per_s": tuple((int(size), float(speed)) for size, speed in one["bytes_per_s"])})
            for one in content.get("peaks", ())
        ]
    return sorted({one.threads: one for one in every}.values(), key=lambda one: one.threads)


def add_peaks(root: Path, found: Sequence[Peaks], hardware: Mapping[str, Any]) -> Path:
    """Append those of one machine. Returns the file."""
    return _add(root, found[0].identity, hardware, "peaks", [one.as_dict() for one in found])


def noise_floor(
    root: Path, identity: str | None = None, now: datetime | None = None, where: str = "this machine"
) -> NoiseFloor | None:
    """The calibrated floor of this machine (or of `identity`, called `where`) with where it comes from; None without a
    calibration."""
    from runner.hardware import detect
    from runner.measure.noise_floor import NoiseFloor

    found = latest(root, identity or detect.detect().identity)
    return NoiseFloor(found.floor, source(found, now, where)) if found else None


def noise_floors(root: Path, now: datetime | None = None) -> dict[str, NoiseFloor]:
    """`{identity: floor}` of every machine that was calibrated in this project. Raises SpecError as `read` does."""
    from runner.hardware import detect
    from runner.measure.noise_floor import NoiseFloor

    known = [file.stem for file in sorted((root / FOLDER).glob("*.json")) if not file.name.startswith(".")]
    here = detect.detect().identity if known else ""
    found = {one: calibration for one in known if (calibration := latest(root, one))}
    places = {one: "this machine" if one == here else f"machine {one}" for one in known}
    return {one: NoiseFloor(made.floor, source(made, now, places[one])) for one, made in found.items()}


def source(found: Calibration, now: datetime | None = None, where: str = "this machine") -> str:
    """`calibrated 2026-11-21 on this machine, 40 pairs, age 3 days`."""
    days = found.age_days(now)
    age = "today" if days < 1 else f"age {days} day{'s' if days > 1 else ''}"
    old = "; old: python -m runner calibrate" if days >= OLD_DAYS else ""
    return f"calibrated {found.day} on {where}, {found.pairs} pairs, {age}{old}"
