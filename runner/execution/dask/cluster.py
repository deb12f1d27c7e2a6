"""Steps on a Dask cluster that is there, whose workers share no disk with this command nor with each other.

A step runs on a worker, which keeps its artifact in a store of its own; another worker that needs it pulls it from
there. What only this command can make, because it reads a user's files, is made here and sent. In the end the command
fetches what records are made of.
"""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from distributed import Client, Security

from runner.artifacts import store
from runner.artifacts.store import Artifact
from runner.core.disk_errors import room
from runner.core.errors import RunnerError, Unavailable
from runner.core.progress import Display
from runner.execution import critical_path, device_locks, inline
from runner.execution.dask import submission, tasks, transfer, version_check
from runner.execution.dask.quiet import silenced
from runner.execution.dask.transfer import Held
from runner.execution.record_identity import Origin
from runner.planning import measurement_key
from runner.planning.graph import Cell, Node
from runner.planning.requirements import Outcome, artifact_keys
from runner.results import records
from runner.results.records import Record
from runner.spec import hardware
from runner.spec.schedule import TLS, Settings
from runner.spec.schema import Limits
from runner.transport.toolchains import Toolchain
from runner.worker import orphan_reaper

T = TypeVar("T")

SECONDS = "15s"  # to reach the scheduler
RESOURCE = f"device:{device_locks.LOCAL}"  # the Dask resource of the worker on whose machine cells are measured
FIRST = 1e9  # priority of what is sent: steps wait for it


def make_steps(
    todo: Sequence[Node],
    there: Mapping[str, Outcome],
    project: Path,
    limits: Limits,
    display: Display,
    schedule: Settings,
) -> dict[str, Outcome]:
    """Make the nodes of `todo`, inputs first; `there` has what they need beside each other. Goes on past a failure.

    Raises Unavailable where no scheduler answers, or a worker has another runner.
    """
    with connected(schedule, display.warn) as client:
        owned = bool(_owners(client))
        first, away, last = _shared_out(todo, owned)
        made: dict[str, Outcome] = inline.make_steps(first, there, project, limits, display)
        terms = submission.Terms(limits, schedule.attempts, partial(_tend, client), _needs)
        made |= _away(client, away, {**there, **made}, project, terms, display, {one.key for one in last})
        client.run(tasks.close_idle_workers)
    return made | inline.make_steps(last, {**there, **made}, project, limits, display)


def _shared_out(todo: Sequence[Node], owned: bool) -> tuple[list[Node], list[Node], list[Node]]:
    """What is made here first (it reads a user's files, or is read by what does), what the cluster makes, and what is
    made here last: in a toolchain or on a device that this machine reaches, or tuned to this machine, where cells are
    measured unless the cluster has the device; and what reads that."""
    nodes = {node.key: node for node in todo}
    first: set[str] = set()
    for node in reversed(todo):
        if node.settings.get("files") or node.key in first:
            first |= {node.key, *(nodes.keys() & node.inputs.values())}
    last: set[str] = set()
    for node in todo:
        if node.key not in first and (_is_made_here(node, owned) or last & {*node.inputs.values()}):
            last.add(node.key)
    away = [node for node in todo if node.key not in first | last]
    return [node for node in todo if node.key in first], away, [node for node in todo if node.key in last]


def _is_made_here(node: Node, owned: bool) -> bool:
    """Whether the cluster can't make a node: this machine reaches the place of it, or is the one that it is for."""
    reaches = node.place.toolchain is not None or {*node.place.alone_on()} - {device_locks.LOCAL}
    return bool(reaches) or (_is_of_the_device(node) and not owned)


def _is_of_the_device(node: Node) -> bool:
    return bool(node.settings.get("tuned_to")) or node.place.device is not None


def _away(
    client: Client,
    nodes: Sequence[Node],
    there: Mapping[str, Outcome],
    project: Path,
    terms: submission.Terms,
    display: Display,
    read_here: set[str],
) -> dict[str, Outcome]:
    """What became of `nodes` on the cluster, by key: what records are made of, or a step in `read_here` reads, is
    fetched."""
    if not nodes:
        return {}
    held: dict[str, Held | RunnerError] = dict(_artifacts_held(client, [(node.step, node.key) for node in nodes]))
    fetched = {node.key for node in nodes if node.kind.role or node.key in read_here}
    make = _lacking(nodes, fetched, held)
    for node in nodes:
        if node.key in held:
            display.end(node.id, "there", 0.0, "")
    inputs = {key for node in make for key in node.inputs.values()} & there.keys()
    known = {**held, **{key: _placed(client, there[key]) for key in inputs}}
    ranks = critical_path.ranks(make, critical_path.seconds(make, project))
    came = held | submission.make_steps(client, make, known, ranks, terms, display)
    return {key: _fetched(client, came[key], project) for key in came if key in fetched}


def _lacking(nodes: Sequence[Node], wanted: Iterable[str], held: Mapping[str, object]) -> list[Node]:
    """The nodes (inputs first) that have to be made for the `wanted` ones, where some are `held`."""
    needed = set(wanted)
    for node in reversed(nodes):
        if node.key in needed and node.key not in held:
            needed |= set(node.inputs.values())
    return [node for node in nodes if node.key in needed and node.key not in held]


def _needs(node: Node) -> dict[str, float]:
    """What is tuned to a machine is made on the one that measures it; without an owner it is not made here at all."""
    return {RESOURCE: 1.0} if _is_of_the_device(node) else {}


# --- artifacts between this command and the workers ---


def _artifacts_held(client: Client, wanted: list[tuple[str, str]]) -> dict[str, Held]:
    """Which of the artifacts (step, key) a worker has, by key."""
    answers: Mapping[str, list[Held]] = client.run(tasks.stored, wanted)
    return {one.key: one for found in answers.values() for one in found}


def _placed(client: Client, artifact: Outcome) -> Held | RunnerError:
    """Where a worker can pull an artifact of this store from: one that has it, or else one that it is sent to."""
    if isinstance(artifact, RunnerError):
        return artifact
    step = str(artifact.content["step"])
    return _artifacts_held(client, [(step, artifact.key)]).get(artifact.key) or _sent(client, artifact)


def _sent(client: Client, artifact: Artifact) -> Held | RunnerError:
    read = partial(transfer.pieces, partial(transfer.piece, artifact.folder))
    names = (store.NAME, *artifact.content["files"])
    files = {name: [client.scatter(part, hash=False) for part in read(name)] for name in names}  # type: ignore[no-untyped-call]
    kept = client.submit(tasks.receive, transfer.held(artifact), files, priority=FIRST, pure=False)
    result: Held | RunnerError = submission.outcome(f"sending {artifact.folder.name}", submission.returned(kept)).result
    return result


def _fetched(client: Client, made: Held | RunnerError, project: Path) -> Outcome:
    """The artifact in this command's store, or why there is none."""
    if isinstance(made, RunnerError):
        return made
    try:
        return tasks.pull(client, made, project)
    except RunnerError as error:
        return error


# --- measuring ---


@contextmanager
def measuring(
    schedule: Settings, root: Path, display: Display
) -> Iterator[Callable[[Cell, Mapping[str, Outcome], Origin], Record] | None]:
    """How the worker that owns this machine's device measures a cell; None where none does."""
    with connected(schedule, display.warn) as client:
        yield partial(_measured, client, root, display) if _owners(client) else None


def ask_device(
    schedule: Settings,
    say: Callable[[str], None],
    settings: Any,
    release: Toolchain | None,
    distributions: list[str],
) -> Mapping[str, Any]:
    """What a measurement depends on (`measurement_key.ask_device`) at the worker that owns this machine's device, where
    one does."""
    if hardware.name_of(settings) == device_locks.LOCAL:
        with connected(schedule, say) as client:
            for owner in _owners(client)[:1]:
                answers = client.run(measurement_key.ask_device, settings, release, distributions, workers=[owner])
                return dict(answers[owner])
    return measurement_key.ask_device(settings, release, distributions)


def _measured(
    client: Client,
    root: Path,
    display: Display,
    cell: Cell,
    outcomes: Mapping[str, Outcome],
    origin: Origin,
) -> Record:
    """Have one cell measured, and keep its record here. Raises what measuring raised."""
    placed = [_placed(client, outcomes[key]) for key in artifact_keys(cell)]
    held = [_or_raise(one) for one in placed]
    with submission.listening(client, 1, display) as desk:
        job = tasks.Measuring(cell, held, origin, version_check.here(), desk.topic)
        how = {"resources": {RESOURCE: 1}, "retries": 0}
        key = f"{cell.id}-{uuid.uuid4().hex}"  # measured afresh, whatever the scheduler remembers
        title = f"measure {cell.candidate.spec.title}"
        desk.hand_out(cell.id, title, lambda again: client.submit(tasks.measure, job, key=key, **how))
        measured: tasks.Drafted = _or_raise(desk.next(_watch_owner(client, display))[1])
    return _kept(measured, root)


def _or_raise(result: T | RunnerError) -> T:
    if isinstance(result, RunnerError):
        raise result
    return result


def _kept(measured: tasks.Drafted, root: Path) -> Record:
    with room(root), tempfile.TemporaryDirectory(dir=orphan_reaper.folder()) as folder:
        files = {name: Path(folder) / name for name in measured.files}
        for name, path in files.items():
            path.write_bytes(measured.files[name])
        return records.write(root, measured.content, files)


# --- the cluster ---


@contextmanager
def connected(schedule: Settings, warn: Callable[[str], None]) -> Iterator[Client]:
    """A client of the scheduler at the schedule's address, once it has a worker; all of its workers run this runner.

    Raises Unavailable where none answers or it turns the certificates away, or a worker has another runner.
    """
    address = str(schedule.address)
    with silenced():
        client = _client(address, schedule.files)
        with client:
            _await_workers(client, address, warn)
            version_check.check(client, address)
            yield client


def _client(address: str, files: Mapping[str, Path]) -> Client:
    closed = address.startswith("tls://")
    try:
        # Raises TypeError where the scheduler asks for a certificate that this end has none of.
        security = _security(files) if closed else None
        return Client(address, timeout=SECONDS, set_as_default=False, security=security)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, ValueError, TypeError) as error:
        refused = ", or it turned the certificates away" if closed else ""
        raise Unavailable(
            f"schedule.address={address}: no Dask scheduler answers{refused}.",
            "Start one (docs/cluster.md), or mend schedule.address" + (" and schedule.tls." if closed else "."),
        ) from error


def _security(files: Mapping[str, Path]) -> Security:
    """Both ends show certificates of one authority; nothing goes unencrypted."""
    ca, cert, key = (str(files[name]) for name in TLS)
    return Security(tls_ca_file=ca, tls_client_cert=cert, tls_client_key=key, require_encryption=True)  # type: ignore[no-untyped-call]


def _owners(client: Client) -> list[str]:
    """The workers that own this machine's device: started with `--resources device:local=1`."""
    workers = client.scheduler_info()["workers"]
    return [address for address, about in workers.items() if about["resources"].get(RESOURCE)]


def _await_workers(client: Client, address: str, warn: Callable[[str], None]) -> None:
    if not client.scheduler_info()["workers"]:
        warn(f"The cluster at {address} has no worker yet: waiting for the first.")
        client.wait_for_workers(1)


def _watch_owner(client: Client, display: Display) -> Callable[[], None]:
    """To be called while a measurement is waited for: says, once, that the worker that owns the device has gone."""
    gone: list[str] = []

    def tend() -> None:
        _tend(client)
        if not gone and not _owners(client):
            gone.append(RESOURCE)
            display.warn(f"The worker that owns {RESOURCE} has gone: waiting for one (--resources {RESOURCE}=1).")

    return tend


def _tend(client: Client) -> None:
    """Raises StepFailed where the scheduler has gone."""
    if client.status != "running":
        raise submission.gone()
