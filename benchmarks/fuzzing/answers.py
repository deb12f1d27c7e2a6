"""What a device may answer while a model is measured on it: the worker is a liar, the rest of the run is real.

Whatever it says, the cell has a record; times that can't be are never in one that is `ok`. A worker that never lies is
believed.
"""

from __future__ import annotations

import shutil
import sys
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.fuzzing import judge, steps, template
from benchmarks.support.no_tracker import NoTracker

LIAR = Path(__file__).with_name("liar.py")
LIES = (0.0, 0.02, 0.05, 0.1, 0.3)  # shares of a worker's answers
LONG_MS = 1000.0  # no run of a liar's takes so long


def case(seed: int, folder: Path) -> judge.Case:
    """One benchmark of the template's model by a worker that lies by the seed."""
    from runner.planning import plan

    shutil.copytree(template.project() / "artifacts", folder / "artifacts", symlinks=True)
    words = [*template.WORDS, "telemetry.interval_ms=null", "limits.answer_s=2", "measure.budget_s=0", "baseline=none"]
    made = plan.make([steps.spec(tuple(words))], folder)
    seldom = LIES[seed % len(LIES)]
    liar = folder / "liar"
    said = f"#!/bin/sh\nexec {sys.executable} -S -E {LIAR} {seed} {folder} {predicted()} {seldom}\n"
    liar.write_text(said, encoding="utf-8")
    liar.chmod(0o755)
    return judge.Case(lambda: _measured(made, folder, liar, honest=not seldom), [str(seed)])


def _measured(made: Any, folder: Path, liar: Path, honest: bool) -> str:
    """What is wrong with the record."""
    from runner.execution import run_plan
    from runner.report.views import progress
    from runner.spec.schedule import INLINE

    true, sys.executable = sys.executable, str(liar)
    try:
        ran = run_plan.run(made, folder, NoTracker(), INLINE, progress.on_stderr(), fresh=True)  # type: ignore[arg-type]
    finally:
        sys.executable = true
    content = ran.records[0].content
    if content["status"] == "ok":
        return "impossible times were believed" if _impossible(content["metrics"]) else ""
    if judge.BUG in content["next_step"] or "Unexpected" in content["reason"]:
        return f"a bug of the runner: {content['reason'][:60]}"
    if honest:
        return f"a worker that never lies is not believed: {content['reason'][:80]}"
    return judge.said_badly(judge.printed(content["reason"]), judge.printed(content["next_step"]))


def _impossible(metrics: Any) -> bool:
    times = [value for name, value in metrics.items() if name.startswith("latency/") and name.endswith("_ms")]
    return any(not 0 < value < LONG_MS for value in times if isinstance(value, (int, float)))


@cache
def predicted() -> Path:
    """The outputs that an honest worker predicts, as it writes them."""
    import numpy as np

    reference = next((template.project() / "artifacts").glob("*/*/reference.npz"))
    with np.load(reference) as arrays:
        found = {name: arrays[name] for name in arrays.files}
    path = template.project() / "predicted.npz"
    if not path.exists():
        np.savez(path.with_suffix(f".{id(found)}.npz"), **found)
        path.with_suffix(f".{id(found)}.npz").rename(path)
    return path
