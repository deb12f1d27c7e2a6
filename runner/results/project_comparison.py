"""A project's records compared, with a choice where one is asked for; two of them side by side."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from runner.core.errors import SpecError
from runner.results import calibration, comparison, find_record, quality_loss, record_diff, records, row_cost
from runner.results.comparison import Comparison
from runner.results.record_diff import Beside
from runner.results.records import Record


def read(
    root: Path,
    warn: Callable[[str], None],
    sweep: str | None = None,
    baseline: str | None = None,
    sort: str | None = None,
    max_loss: str | None = None,
    by: str | None = None,
) -> Comparison:
    """As `comparison.compare` and `comparison.chosen`, whose words these are; `warn` is told of records that can't be
    read. Raises SpecError."""
    budget = quality_loss.parse(max_loss) if max_loss is not None else None
    if by and not budget:
        raise SpecError(f"--by {by} without --max-loss.", "State what may be lost, such as --max-loss 1%.")
    floors = calibration.noise_floors(root)
    found = comparison.compare(records.readable(root, warn), sweep, baseline, sort, floors)
    return comparison.chosen(found, budget, by or row_cost.LATENCY, floors) if budget else found


def of_these(found: Sequence[Record], root: Path) -> Comparison:
    """Records of a project that are at hand already: a sweep's that has just ended."""
    return comparison.compare(found, calibrated=calibration.noise_floors(root))


def two(root: Path, candidate: str, baseline: str) -> Beside:
    """Two records side by side: record_ids, or exported files. Raises SpecError."""
    with ExitStack() as stack:
        found = [stack.enter_context(find_record.opened(name, root)) for name in (candidate, baseline)]
        return record_diff.beside(found[0], found[1], calibration.noise_floors(root))
