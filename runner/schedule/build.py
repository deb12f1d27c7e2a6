"""Make one artifact: a step in a worker, its output sealed in the store."""

from __future__ import annotations

import errno
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from runner import store
from runner.endpoints.local import OnProgress, Worker
from runner.errors import StepFailed
from runner.plan import Node
from runner.store import Artifact


def build(
    node: Node, inputs: Mapping[str, Artifact], worker: Worker, project: Path, limit_s: float, on_progress: OnProgress
) -> Artifact:
    """Run the node's step in `worker` and seal its output. Raises what the step raised, StepFailed, StepTimeout."""
    with room(project), store.draft(project, node.step, node.key) as out:
        answer = worker.ask(
            "step",
            timeout=limit_s,
            on_progress=on_progress,
            module=node.module,
            settings=node.settings,
            inputs={role: artifact.folder for role, artifact in inputs.items()},
            out=out,
            scratch=store.scratch(project, node.step, node.key),
        )
        return store.finish(project, out, _content(node, inputs, answer))


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


@contextmanager
def room(project: Path) -> Iterator[None]:
    """Turns a full disk, a read-only or forbidden folder into a StepFailed that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno not in ADVICE:
            raise
        what, advice = ADVICE[error.errno]
        raise StepFailed(f"{error.filename or project}: {what}.", advice) from error


ADVICE = {
    errno.ENOSPC: ("no space left on the disk", "Free some; what is finished is kept, the same command goes on."),
    errno.EDQUOT: ("the disk quota is used up", "Free some; what is finished is kept, the same command goes on."),
    errno.EACCES: ("no permission", "Make the folder writable, or run in a project folder of your own."),
    errno.EPERM: ("no permission", "Make the folder writable, or run in a project folder of your own."),
    errno.EROFS: ("the file system is read-only", "Run in a project folder that can be written."),
}
