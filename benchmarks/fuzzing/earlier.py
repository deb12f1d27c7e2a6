"""Commit 8a3e780, whose known faults prove the fuzzer, by the names that the fuzzer knows: it had no rooms yet."""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

# What the fuzzer imports -> where it was.
WAS = {
    "runner.core.errors": "runner.errors", "runner.core.job": "runner.steps",
    "runner.core.project_paths": "runner.project", "runner.spec.options": "runner.options",
    "runner.spec.schema": "runner.spec", "runner.spec.schedule": "runner.schedule.settings",
    "runner.sweeps.request": "runner.compose", "runner.planning.plan": "runner.plan",
    "runner.planning.sources": "runner.plan", "runner.planning.support": "runner.plan",
    "runner.results.import_results": "runner.portable.elsewhere",
}  # fmt: skip


def rename() -> None:
    """Where the source is that commit's, today's names lead to its modules."""
    if find_spec("runner.core"):
        return
    for name, was in WAS.items():
        _put(name, import_module(was))
    _put("runner.execution.run_plan", _module(run=_run))
    _put("runner.report.views.progress", _module(on_stderr=lambda: None))


def _put(name: str, module: ModuleType) -> None:
    room, _, last = name.rpartition(".")
    if room not in sys.modules:
        sys.modules[room] = import_module(room) if find_spec(room) else ModuleType(room)
    sys.modules[name] = module
    setattr(sys.modules[room], last, module)


def _module(**names: Any) -> ModuleType:
    found = ModuleType("")
    vars(found).update(names)
    return found


def _run(made: Any, folder: Path, tracker: Any, schedule: Any, _: Any, *, fresh: bool) -> Any:
    """As it was called: without a display, with a tracker that drew pictures."""
    tracker.start_pictures = lambda: None
    return import_module("runner.cells").perform(made, folder, tracker, schedule, fresh=fresh)
