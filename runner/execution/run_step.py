"""Make one artifact: a step in a worker, its output sealed in the store."""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import Any

from runner.artifacts import store
from runner.artifacts.store import Artifact
from runner.core.disk_errors import full, no_space, room
from runner.core.errors import Disturbed, SpecError, StepFailed
from runner.core.progress import Display
from runner.execution import device_locks, given_artifacts
from runner.execution.step_workers import StepWorkers
from runner.planning.graph import Node
from runner.planning.requirements import Lost, as_named
from runner.spec.schema import Limits
from runner.transport import toolchains
from runner.transport.endpoint import Endpoint
from runner.transport.local import OnProgress, Worker
from runner.transport.retry import with_retry

MOST_BYTES = 64 * 10**9  # of what a step makes elsewhere


@dataclass(frozen=True)
class Workplace:
    """The workers that steps run in, the project whose store keeps what they make, and their limits."""

    workers: StepWorkers
    project: Path
    limits: Limits


def get_or_make(node: Node, inputs: Mapping[str, Artifact], place: Workplace, display: Display) -> Artifact:
    """The node's artifact: from the store where another command made it meanwhile, else made now.

    Raises what the step raised, StepFailed, StepTimeout.
    """
    with room(place.project), store.lock(place.project, node.step, node.key):
        found = store.sound(place.project, node.step, node.key, display.warn)
        if found:
            display.end(node.id, "there", 0.0, "")
            return as_named(node, found)
        _check_there(inputs)
        display.begin(node.id)
        start = time.monotonic()
        made = _with_one_retry(node, inputs, place, display)
        display.end(node.id, "done", time.monotonic() - start, "")
    for warning in made.meta.get("warnings", ()):
        display.warn(f"{node.step} {node.title}: {warning}")
    return made


def _check_there(inputs: Mapping[str, Artifact]) -> None:
    """Raises Lost where an input's folder was removed since it was found."""
    for artifact in inputs.values():
        if not (artifact.folder / store.NAME).is_file():
            raise Lost(f"{artifact.folder} has disappeared.", "The same command makes it again.")


def _with_one_retry(node: Node, inputs: Mapping[str, Artifact], place: Workplace, display: Display) -> Artifact:
    """The artifact, made at the first try, or at the second where the first one's worker was killed from outside."""
    tries, progress = itertools.count(), partial(display.update, node.id)

    def made() -> Artifact:
        return build(node, inputs, place, progress, next(tries))

    return with_retry(made, display.warn)[0]


def build(
    node: Node, inputs: Mapping[str, Artifact], place: Workplace, on_progress: OnProgress, retries: int = 0
) -> Artifact:
    """Run the node's step in a worker and seal its output, with how many tries it took beyond the first.

    Raises what the step raised, StepFailed, StepTimeout.
    """
    toolchains.ready(place.project, node.place.toolchain, partial(on_progress, 0, 1))
    with room(place.project), store.draft(place.project, node.step, node.key) as out:
        answer = _fill(out, node, inputs, place, on_progress)
        _check_provided(node, out)
        return store.finish(place.project, out, _content(node, inputs, answer, retries))


def _fill(out: Path, node: Node, inputs: Mapping[str, Artifact], place: Workplace, on_progress: OnProgress) -> Any:
    """What the worker answered that wrote the step's output into `out`, alone on the devices that the step uses."""
    endpoint, folders = node.place.endpoint(), {role: artifact.folder for role, artifact in inputs.items()}
    scratch, limits = store.scratch(place.project, node.step, node.key), place.limits
    with (
        device_locks.all_locked(node.place.alone_on(), partial(on_progress, 0, 1), limits.step_s),
        given_artifacts.copied(node.settings, scratch, f"{node.step} {node.title}") as files,
        endpoint.scratch(scratch) as scratch_there,
        endpoint.folder(out, MOST_BYTES) as out_there,
        place.workers.of(node, limits.memory_mb, [*folders.values()], [out, scratch]) as worker,
    ):
        request = {
            "module": node.module,
            "settings": files.settings,
            "inputs": {role: endpoint.put(folder) for role, folder in folders.items()},
            "out": out_there,
            "scratch": scratch_there,
            "device": node.place.lent(),
        }
        answer = files.named(_ask(worker, place.project, timeout=limits.step_s, on_progress=on_progress, **request))
        _check_code(node, endpoint, worker, limits.step_s)
    return answer


def _check_provided(node: Node, out: Path) -> None:
    """Raises StepFailed where the step left no file of a name that it provides."""
    lacking = [name for name in node.kind.provides if not (out / name).exists()]
    if lacking:
        raise StepFailed(
            f"{node.step} {node.title}: it ended and left no {' and no '.join(lacking)}.",
            f"Its backend declares them as what {node.step} provides: mend one of both.",
        )


def _check_code(node: Node, endpoint: Endpoint, worker: Worker, limit_s: float) -> None:
    """Raises Disturbed where the worker ran other sources, or other versions of its tools, than the key says."""
    edited = node.modules and endpoint.code(worker, node.modules) != node.code
    changed = node.tools and not node.place.holds(node.tools, _versions(worker, list(node.tools), limit_s))
    if edited or changed:
        what = "its code was edited" if edited else f"{' or '.join(node.tools)} was installed anew"
        raise Disturbed(
            f"{node.step} {node.title}: {what} after this command was planned, so its output isn't kept.",
            "Run the same command again.",
        )


def _versions(worker: Worker, distributions: list[str], limit_s: float) -> Any:
    arguments = {"distributions": distributions}
    return worker.ask("call", timeout=limit_s, module="runner.core.installed", function="versions", arguments=arguments)


def _ask(worker: Worker, project: Path, **request: Any) -> Any:
    """The worker's answer. A library that hides why it could not write is believed only while there is space."""
    try:
        return worker.ask("step", **request)
    except StepFailed as error:
        if full(project):
            raise no_space(project) from error
        raise
    except SpecError as error:  # a fault of a user's file that only the work shows: a run that has begun has failed
        raise StepFailed(error.reason, error.next_step) from error


def _content(node: Node, inputs: Mapping[str, Artifact], answer: Mapping[str, Any], retries: int) -> dict[str, Any]:
    return {
        "step": node.step,
        "key": node.key,
        "name": node.title,
        "settings": node.settings,
        "inputs": {role: artifact.key for role, artifact in inputs.items()},
        "tools": node.tools,
        **node.place.identity(),
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "seconds": answer["seconds"],
        "peak_rss_mb": answer["peak_rss_mb"],
        "retries": retries,
        "meta": answer["meta"],
    }
