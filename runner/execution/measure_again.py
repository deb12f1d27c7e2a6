"""A record's spec measured again here, and whether its result holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from runner.core import project_paths
from runner.core.errors import BY_STATUS
from runner.core.progress import Reporter
from runner.execution import run_plan
from runner.planning import plan
from runner.results import calibration, find_record, reproduction
from runner.results.records import Record
from runner.results.reproduction import Reproduction
from runner.spec import record_words
from runner.spec.schedule import INLINE
from runner.sweeps import request
from runner.tracking.client import Tracker


@dataclass(frozen=True)
class Again:
    """The answer, and the record that was made here."""

    found: Reproduction
    here: Record


def measure_again(record: str, typed: Sequence[str], root: Path, reporter: Reporter) -> Again:
    """Run the spec of `record` (a record_id, or an exported file) in the project `root`; `typed` are the words that a
    record isn't followed in, such as `model.path=mine.onnx`.

    Raises SpecError for a record that can't be reproduced and for wrong words; what a run ends in where nothing could
    be measured.
    """
    home = project_paths.home(root)
    with find_record.opened(record, home) as there:
        reproduction.check(there)
        here = _measured(there, typed, root, home, reporter)
        if here.result.status != "ok":
            raise BY_STATUS[here.result.status](f"Can't be told: {here.result.reason}", here.result.next_step)
        return Again(reproduction.compared(here.result, there.result, calibration.noise_floors(home)), here)


def _measured(there: Record, typed: Sequence[str], root: Path, home: Path, reporter: Reporter) -> Record:
    """The new record of a record's own spec. Nothing runs before its files are known to be the same."""
    asked = request.single(root, record_words.again(there.result.spec, typed, root))
    with Tracker(home) as tracker:
        tracker.start()
        made = plan.make([asked.spec], root)
        reproduction.check_files(there.result, made.input_files)
        ran = run_plan.run(made, home, tracker, INLINE, reporter, fresh=True, tracking=asked.tracking)
    return ran.records[0]
