"""The record of one cell: what its measurements left, or why there are none."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.core.disk_errors import room
from runner.core.errors import RunnerError
from runner.core.progress import Display
from runner.execution import cell_sides, measurements, record_identity
from runner.execution.measurements.protocol import Artifacts, Left, Work
from runner.execution.record_identity import Origin
from runner.planning import measurement_key
from runner.planning.graph import Cell
from runner.planning.requirements import Outcome
from runner.results import naming, record_schema, records
from runner.results.records import Record
from runner.transport import devices

if TYPE_CHECKING:
    from runner.measure.run import Quiet


def measured(
    cell: Cell, outcomes: Mapping[str, Outcome], root: Path, quiet: Quiet, origin: Origin, display: Display
) -> Record:
    """Measure one cell and keep its record; see `drafted`."""
    with drafted(cell, outcomes, root, quiet, origin, display) as (content, files), room(root):
        return records.write(root, content, files)


@contextmanager
def drafted(
    cell: Cell, outcomes: Mapping[str, Outcome], root: Path, quiet: Quiet, origin: Origin, display: Display
) -> Iterator[tuple[dict[str, Any], dict[str, Path]]]:
    """Measure one cell: the content of its record, and its files, which are gone at the end.

    Everything is timed inside `quiet()`. Raises what a measurement raises.
    """
    display.begin(cell.id)
    key = measurement(cell)
    measurement_key.check_code(cell, key["measurement"])
    artifacts = {role: cell_sides.artifacts_of(chain, outcomes) for role, chain in cell.by_role.items()}
    sides = cell_sides.sides_of(cell, artifacts)
    with room(root), _draft(root, cell.id) as folder:
        tell = partial(display.update, cell.id)
        left = _left(Work(cell, artifacts, sides, root, folder, quiet, origin.comparisons, tell))
        measurement_key.check_code(cell, key["measurement"])
        content = _content(cell, outcomes, origin, key, left, [*origin.warnings, *_warned(artifacts)])
        yield content, {**left.files, **left.draw(record_schema.read(content))}
    display.end(cell.id, "done", left.seconds, "")


def _left(work: Work) -> Left:
    """What all measurements of the cell leave together."""
    left = Left()
    for kind in measurements.kinds_of(work.cell):
        left = left.with_(kind.measure(work, left.content))
    return left


def _content(
    cell: Cell,
    outcomes: Mapping[str, Outcome],
    origin: Origin,
    key: Mapping[str, Any],
    left: Left,
    warnings: list[str],
) -> dict[str, Any]:
    machine = devices.device_of(cell.candidate.spec.hardware.settings).hardware()
    identity = record_identity.identity_of(cell, outcomes, origin, machine)
    content = {**identity, "status": "ok", "reason": "", "next_step": ""}
    content |= {**key, **left.content, "warnings": [*warnings, *left.warnings]}
    content["environment"]["variables"] = key["measurement"]["candidate"]["variables"]  # of its device
    content["title"] = naming.title(record_schema.read(content))
    return content


def measurement(cell: Cell) -> dict[str, Any]:
    """The key of what changes the cell's number, as a record has it, with its parts."""
    parts = measurement_key.parts_of(cell)
    return {"measurement_key": measurement_key.digest(parts), "measurement": parts}


@contextmanager
def _draft(root: Path, name: str) -> Iterator[Path]:
    """A folder for the workers' logs and outputs. Of a benchmark that fails the logs stay: its reason names them."""
    home = root / "artifacts" / ".logs"
    home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=home))
    try:
        yield folder
    except RunnerError:
        for path in folder.glob("*.npz"):
            path.unlink()
        raise
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def unmeasured(cell: Cell, error: RunnerError, outcomes: Mapping[str, Outcome], origin: Origin) -> dict[str, Any]:
    """The content of the record of a cell that could not be measured."""
    ending = {"status": error.status, "reason": error.reason, "next_step": error.next_step}
    nothing: dict[str, Any] = {name: {} for name in ("metrics", "unavailable", "notes", "effective", "conditions")}
    nothing |= {"comparison": None, "warnings": [*origin.warnings]}
    failed_itself = not any(error is outcome for outcome in outcomes.values())
    origin = replace(origin, again=error.retries if failed_itself else 0)
    # A device that isn't this machine is not asked again: perhaps it was the problem.
    device = devices.device_of(cell.candidate.spec.hardware.settings)
    hardware = None if device.remote else device.hardware()
    return {**record_identity.identity_of(cell, outcomes, origin, hardware), **ending, **nothing}


def _warned(parts: Mapping[str, Artifacts]) -> list[str]:
    """What the steps of each side warned of, shared ones once."""
    said = [
        (f"{step}: {text}" if role == "candidate" else f"baseline {step}: {text}")
        for role, artifacts in parts.items()
        for step, artifact in artifacts.items()
        for text in artifact.meta.get("warnings", ())
    ]
    shared = {text.removeprefix("baseline ") for text in said if not text.startswith("baseline ")}
    return [text for text in dict.fromkeys(said) if text.removeprefix("baseline ") not in shared or text in shared]
