"""A run's steps in this process, one after the other, as far as they are asked for."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from benchmarks.fuzzing import template


def made(words: Sequence[str], folder: Path, wanted: Collection[str]) -> dict[str, Path]:
    """The artifacts' folders, by step. Raises what planning and the steps raise, and a node's own reason where it is
    blocked."""
    from runner.core.job import Job
    from runner.planning import plan, sources, support

    sources.ask = support.ask = _ask()  # type: ignore[attr-defined]
    planned = plan.make([spec(tuple(words))], folder)
    found: dict[str, Path] = {}
    by_key: dict[str, Path] = {}
    for node in planned.of(planned.cells[0].candidate):
        if node.step not in wanted:
            continue
        if node.blocked:
            raise node.blocked
        out, scratch = folder / "made" / node.step, folder / "scratch" / node.step
        out.mkdir(parents=True)
        scratch.mkdir(parents=True)
        import_module(node.module).run(
            Job(node.settings, {role: by_key[key] for role, key in node.inputs.items()}, out, scratch)
        )
        found[node.step] = by_key[node.key] = out
    return found


@cache
def spec(words: tuple[str, ...]) -> Any:
    """A spec is composed once: it is of words alone, and their files are read by planning."""
    from runner.sweeps import request

    return request.one(template.project(), words)


@cache
def _ask() -> Callable[..., Any]:
    """Questions that only a library answers, in one worker that stays, where the source has such workers."""
    from runner.core.errors import StepFailed, StepTimeout, Unavailable
    from runner.planning import sources

    try:
        from benchmarks.support.restarting_worker import RestartingWorker
        from runner.backends.worker_query import SECONDS
    except ImportError:
        return sources.ask  # type: ignore[attr-defined]

    worker = RestartingWorker(template.project() / f"asked-{os.getpid()}.log", name="fuzz")

    def asked(module: str, function: str, **arguments: Any) -> Any:
        try:
            return worker.call(module, function, timeout=SECONDS, **arguments)
        except (StepFailed, StepTimeout) as error:
            raise Unavailable(error.reason, "") from error

    return asked
