"""Make one artifact: a step in a worker, its output sealed in the store."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from runner import store
from runner.disk import full, no_space, room
from runner.endpoints.local import OnProgress, Worker
from runner.errors import StepFailed
from runner.plan import Node
from runner.store import Artifact


def build(
    node: Node, inputs: Mapping[str, Artifact], worker: Worker, project: Path, limit_s: float, on_progress: OnProgress
) -> Artifact:
    """Run the node's step in `worker` and seal its output. Raises what the step raised, StepFailed, StepTimeout."""
    with room(project), store.draft(project, node.step, node.key) as out:
        answer = _ask(
            worker,
            project,
            timeout=limit_s,
            on_progress=on_progress,
            module=node.module,
            settings=node.settings,
            inputs={role: artifact.folder for role, artifact in inputs.items()},
            out=out,
            scratch=store.scratch(project, node.step, node.key),
        )
        return store.finish(project, out, _content(node, inputs, answer))


def _ask(worker: Worker, project: Path, **request: Any) -> Any:
    """The worker's answer. A library that hides why it could not write is believed only while there is space."""
    try:
        return worker.ask("step", **request)
    except StepFailed as error:
        if full(project):
            raise no_space(project) from error
        raise


def _content(node: Node, inputs: Mapping[str, Artifact], answer: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "step": node.step,
        "key": node.key,
        "name": node.title,
        "settings": node.settings,
        "inputs": {role: artifact.key for role, artifact in inputs.items()},
        "tools": node.tools,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "seconds": answer["seconds"],
        "peak_rss_mb": answer["peak_rss_mb"],
        "meta": answer["meta"],
    }
