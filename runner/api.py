"""The runner in Python: the same specs, the same runs, the same result as `--json` on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runner import project
from runner.spec import Spec


def load_spec(*overrides: str, root: Path | None = None) -> Spec:
    """The checked spec of `load_spec("model=gru", "backend=openvino")`, as the command line composes it.

    Raises runner.errors.SpecError.
    """
    from runner import compose

    return compose.one(root or project.root(), overrides)


def run(spec: Spec, root: Path | None = None) -> dict[str, Any]:
    """Run one spec: prepare, measure, keep the record, track it. Returns the JSON of the run as a dict.

    What can't be done ends in its `status` and `reason`, not in an exception. Raises SpecError for a bad spec.
    """
    from runner import cells
    from runner.tracking.client import Tracker

    home = root or project.root()
    with Tracker(home) as tracker:
        tracker.start()
        return dict(cells.run([spec], home, tracker, fresh=True)[0].content)
