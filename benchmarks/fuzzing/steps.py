"""A run's steps in this process, one after the other, as far as they are asked for."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import import_module
from pathlib import Path


def made(words: Sequence[str], folder: Path, wanted: Collection[str]) -> dict[str, Path]:
    """The artifacts' folders, by step. Raises what planning and the steps raise, and a node's own reason where it is
    blocked."""
    from runner import compose, plan
    from runner.steps import Job

    planned = plan.make([compose.one(folder, words)], folder)
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
