"""From specs to records: one plan, its steps prepared, each cell measured, each record kept and tracked."""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, fields, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from runner.artifacts import leases
from runner.core import hashing
from runner.core.disk_errors import room
from runner.core.errors import RunnerError, StepFailed, Unavailable
from runner.core.progress import Reporter
from runner.core.unexpected import attempt
from runner.execution import device_locks, makespan, record_builder, resume
from runner.execution.cpu_count import cores
from runner.execution.makespan import Measuring
from runner.execution.prepare import prepare
from runner.execution.record_identity import Origin
from runner.execution.time_accounting import Timeline
from runner.planning import measurement_key
from runner.planning.graph import Cell, Plan, blocked
from runner.planning.requirements import Outcome, artifact_keys, failure
from runner.results import records
from runner.results.naming import title
from runner.results.records import Record
from runner.spec.schedule import Inline, Schedule
from runner.spec.schema import Limits, Spec
from runner.spec.tracking import NOTHING
from runner.spec.tracking import Settings as Tracking
from runner.tracking import sync_state
from runner.tracking.client import Tracker
from runner.transport.retry import with_retry

if TYPE_CHECKING:
    from runner.measure.run import Quiet


@dataclass(frozen=True)
class Family:
    """Comparisons that are corrected together: the name of a sweep or of a grid, and how many it has."""

    name: str
    comparisons: int


Measure = Callable[[Cell, Mapping[str, Outcome], Origin], Record]


@dataclass(frozen=True)
class Ran:
    """What a plan left: one record a cell, in their order, and the `schedule` of a sweep's JSON."""

    records: list[Record]
    schedule: dict[str, Any]


def run(
    made: Plan,
    root: Path,
    tracker: Tracker,
    schedule: Schedule,
    reporter: Reporter,
    *,
    sweep: str = "",
    fresh: bool = False,
    started: float | None = None,
    family: Family | None = None,
    tracking: Tracking = NOTHING,
) -> Ran:
    """Run a plan; one record a cell, in their order. A cell that fails leaves a record that says so.

    Without `fresh` a cell that was measured before, in whichever sweep, is not measured again where nothing differs
    that changes its number (`measurement_key.py`). `family` is the larger one that the plan's comparisons are of, where
    it isn't the sweep that the plan is; `tracking` is what the runs of new records in MLflow bear. The makespan counts
    from `started` (of the monotonic clock; now, if not given).
    """
    start = time.monotonic() if started is None else started
    known = set(records.names(root))
    say = reporter.say
    say(f"project {root}")
    wanted = {} if fresh else measurement_key.parts_of_all(made.cells, _device_query(schedule, say))
    done = _measured_before(root, wanted, known if wanted else (), say)
    records.join(root, sweep, done.values())
    waiting = Plan(made.nodes, [cell for cell in made.cells if cell.candidate.spec.key not in done])
    with reporter.display(_display_names(waiting)) as display:
        timeline, declared = Timeline(display), family or Family(sweep, comparison_count(made))
        shared = (made, root, tracker, tracking, say, sweep, declared, wanted, known)
        command = _Command(*shared, {}, timeline, threading.Lock())
        new = _prepare_and_measure(waiting, command, schedule) if waiting.cells else {}
        _catch_up(done.values(), command)
    spent = _time_spent(waiting, new, timeline, time.monotonic() - start)
    return Ran([(done | new)[cell.candidate.spec.key] for cell in made.cells], {"name": schedule.name, **spent})


def _measured_before(
    root: Path, wanted: Mapping[str, measurement_key.Parts], names: Collection[str], say: Callable[[str], None]
) -> dict[str, Record]:
    """The records among `names` that hold for cells `wanted`, by spec key; says why the others are measured anew."""
    found = resume.find_measured(root, wanted, names, lambda text: say(f"warning: {text}"))
    for line in resume.reason_lines(found.reasons):
        say(line)
    return dict(found.done)


@dataclass(frozen=True)
class _Command:
    """What all cells of one command share. `wanted` are the parts of the measurements' keys by spec key, none where
    everything is to be measured afresh. `known` are the names of records that it has looked at, `meanwhile`
    those of other commands by spec key. `working` is held
    while this process works for tracking or waits for a measurement on this machine: never both."""

    made: Plan
    root: Path
    tracker: Tracker
    tracking: Tracking
    say: Callable[[str], None]
    sweep: str
    family: Family
    wanted: Mapping[str, measurement_key.Parts]
    known: set[str]
    meanwhile: dict[str, Record]
    timeline: Timeline
    working: threading.Lock


def _prepare_and_measure(waiting: Plan, command: _Command, schedule: Schedule) -> dict[str, Record]:
    """The new records by spec key: everything is prepared, then each device measures its cells."""
    limits = widest([cell.candidate.spec for cell in waiting.cells])
    with ExitStack() as stack:
        with room(command.root):
            stack.enter_context(leases.lease(command.root, _keys_in_use(waiting)))
        with command.timeline.spending("preparing"):
            outcomes = _prepared(waiting, command, limits, schedule)
        command.tracker.open_store()  # steps need every core
        begun_again = _retries_by_step(command)
        family = (command.family.name, command.family.comparisons)
        origin = Origin(*family, begun_again, warnings=schedule.warnings, tracking=command.tracking)
        measure = _open_measure(stack, command, schedule)
        groups = device_locks.grouped(waiting.cells, device_locks.device_of)
        found = device_locks.run_by_device(
            groups, lambda cell: (cell, _record_of(cell, outcomes, origin, command, measure))
        )
    return {cell.candidate.spec.key: record for group in found.values() for cell, record in group}


def _prepared(waiting: Plan, command: _Command, limits: Limits, schedule: Schedule) -> Mapping[str, Outcome]:
    """What became of every artifact that the cells are made of. What ends the work on all of them, such as a scheduler
    that goes away, is why there is none. Raises Unavailable where the schedule can't be had at all."""
    came = attempt(lambda: prepare(waiting, command.root, limits, command.timeline, schedule))
    if isinstance(came, Unavailable):
        raise came
    made_of = (key for cell in waiting.cells for key in artifact_keys(cell))
    return dict.fromkeys(made_of, came) if isinstance(came, RunnerError) else came


def _open_measure(stack: ExitStack, command: _Command, schedule: Schedule) -> Measure:
    """How cells are measured, open until the stack ends; where it can't be opened, each cell's record says why."""
    opened = attempt(lambda: stack.enter_context(_measuring(command, schedule)))
    if not isinstance(opened, RunnerError):
        return opened

    def fail(*about: Any) -> Record:
        raise StepFailed(opened.reason, opened.next_step)

    return fail


def _keys_in_use(waiting: Plan) -> set[str]:
    """The keys of the steps and specs of the plan's cells."""
    chains = [chain for cell in waiting.cells for chain in cell.chains]
    return {key for chain in chains for key in (chain.spec.key, *chain.keys.values())}


def widest(specs: Sequence[Spec]) -> Limits:
    """The limits of steps that several specs share: the widest of each; null, which is none, is wider than any."""
    each = {one.name: [getattr(spec.limits, one.name) for spec in specs] for one in fields(Limits)}
    found: dict[str, Any] = {name: None if None in values else max(values) for name, values in each.items()}
    return Limits(**found)


@contextmanager
def _measuring(command: _Command, schedule: Schedule) -> Iterator[Measure]:
    """How cells are measured: on the worker of a cluster that owns their device, else on this machine."""
    if isinstance(schedule, Inline) or schedule.address is None:
        yield partial(_measure_here, command)
        return
    from runner.execution.dask import cluster

    with cluster.measuring(schedule, command.root, command.timeline) as there:
        yield partial(_measure_on_its_machine, command, there) if there else partial(_measure_here, command)


def _measure_here(command: _Command, cell: Cell, outcomes: Mapping[str, Outcome], origin: Origin) -> Record:
    """Measure a cell from this machine, alone: no other command measures on its devices, and where this machine is one
    of them, this one does nothing else."""
    timeline = command.timeline
    with ExitStack() as alone:
        with timeline.spending("waiting"):
            alone.enter_context(device_locks.locked(cell, timeline.warn))
        found = _measured_by_another_command(cell, command)
        if found:
            timeline.end(cell.id, "there", 0.0, "")
            return found
        here = device_locks.LOCAL in device_locks.devices_of(cell)
        quiet = command.tracker.still if here else nullcontext
        with command.working if here else nullcontext(), timeline.spending("measuring"):
            record = _with_one_retry(_holding_locks(command, cell, outcomes, quiet), origin, timeline)
        command.known.add(record.folder.name)
        _track(record, command)
    return record


def _holding_locks(
    command: _Command, cell: Cell, outcomes: Mapping[str, Outcome], quiet: Quiet
) -> Callable[[Origin], Record]:
    """How the cell is measured once, its devices held; everything is timed inside `quiet()`."""

    def measure(origin: Origin) -> Record:
        device_locks.lock_again(cell, command.timeline.warn)
        return record_builder.measured(cell, outcomes, command.root, quiet, origin, command.timeline)

    return measure


def _with_one_retry(measure: Callable[[Origin], Record], origin: Origin, timeline: Timeline) -> Record:
    """Measured at the first try, or at the second where a worker of the first was killed from outside."""
    tries = itertools.count()
    return with_retry(lambda: measure(replace(origin, again=next(tries))), timeline.warn)[0]


def _measured_by_another_command(cell: Cell, command: _Command) -> Record | None:
    """The record of another command that measured the cell while this one waited for the device."""
    if not command.wanted:
        return None
    new = records.new_names(command.root, command.known)
    command.known.update(new)
    if new:
        command.meanwhile.update(resume.find_measured(command.root, command.wanted, new, command.timeline.warn).done)
    found = command.meanwhile.get(cell.candidate.spec.key)
    records.join(command.root, command.sweep, [found] if found else [])
    return found


def _measure_on_its_machine(
    command: _Command, there: Measure, cell: Cell, outcomes: Mapping[str, Outcome], origin: Origin
) -> Record:
    """The cluster's worker has this machine's place; a device over ssh is reached from here as ever."""
    if device_locks.devices_of(cell) == [device_locks.LOCAL]:
        return _measure_there(command, there, cell, outcomes, origin)
    return _measure_here(command, cell, outcomes, origin)


def _measure_there(
    command: _Command, there: Measure, cell: Cell, outcomes: Mapping[str, Outcome], origin: Origin
) -> Record:
    """Measure a cell on a worker of the cluster, which waits for its device there."""
    with command.timeline.spending("measuring"):
        record = _with_one_retry(lambda again: there(cell, outcomes, again), origin, command.timeline)
    _track(record, command)
    return record


def sweep_name(specs: Sequence[Spec]) -> str:
    """The same for the same cells: the same command again goes on with the same sweep."""
    return hashing.digest(sorted(spec.key for spec in specs))[:8]


def _display_names(waiting: Plan) -> list[tuple[str, str]]:
    """The display's names: of steps with one title the key says which is meant, of cells the words of the sweep."""
    chains = [chain for cell in waiting.cells for chain in cell.chains]
    nodes = {node.id: node for chain in chains for node in waiting.of(chain)}
    steps = [(one, f"{node.step} {node.title}", node.key[:8]) for one, node in nodes.items()]
    cells = [(cell.id, f"measure {cell.candidate.spec.title}", cell.words) for cell in waiting.cells]
    often = Counter(title for _, title, _ in (*steps, *cells))
    return [(item, f"{title} ({which})" if often[title] > 1 else title) for item, title, which in (*steps, *cells)]


def comparison_count(made: Plan) -> int:
    """How many comparisons the plan's table will have: Holm's correction is over so many."""
    return sum(cell.baseline is not None for cell in made.cells)


def _device_query(schedule: Schedule, say: Callable[[str], None]) -> measurement_key.Ask:
    """How devices are asked what they are: through the cluster where one has this machine's place."""
    if isinstance(schedule, Inline) or schedule.address is None:
        return measurement_key.ask_device
    from runner.execution.dask import cluster

    return partial(cluster.ask_device, schedule, say)


def _record_of(
    cell: Cell, outcomes: Mapping[str, Outcome], origin: Origin, command: _Command, measure: Measure
) -> Record:
    """Measure one cell, or say why not; keep the record; track it."""
    came = attempt(lambda: _measure(cell, outcomes, origin, command, measure))
    if isinstance(came, Record):
        return came
    command.timeline.end(cell.id, came.status, 0.0, came.reason)
    with room(command.root):
        record = records.write(command.root, record_builder.unmeasured(cell, came, outcomes, origin))
    _track(record, command)
    return record


def _measure(
    cell: Cell, outcomes: Mapping[str, Outcome], origin: Origin, command: _Command, measure: Measure
) -> Record:
    """The record of a cell of which everything is there. Raises why it can't be measured, and what measuring raises."""
    error = blocked(cell, command.made) or failure(cell, outcomes)
    if error:
        raise error
    return measure(cell, outcomes, origin)


def _retries_by_step(command: _Command) -> dict[str, int]:
    """How often a step (by key) was begun beyond the first time in this command."""
    begun = {node.key: command.timeline.begun[node.id] - 1 for node in command.made.nodes.values()}
    return {key: times for key, times in begun.items() if times > 0}


def _track(record: Record, command: _Command) -> None:
    """The record is kept whatever happens to the tracking server; `runner sync` sends it later."""
    with command.working, command.timeline.spending("tracking"):
        sent_there = attempt(lambda: command.tracker.publish(record))
        if isinstance(sent_there, RunnerError):
            command.timeline.warn(f"not in MLflow yet: {sent_there.reason} Send it later: python -m runner sync")
        elif sent_there["model"]:
            command.say(f"MLflow has the model of {title(record.result)}: {sent_there['model']}")


def _catch_up(done: Iterable[Record], command: _Command) -> None:
    """Send what an earlier command of the sweep measured and was killed before it had sent it."""
    for record in sync_state.missing(command.root, done):
        command.tracker.open_store()
        _track(record, command)


def _time_spent(waiting: Plan, new: Mapping[str, Record], timeline: Timeline, seconds: float) -> dict[str, Any]:
    return makespan.summary(timeline, waiting, _seconds_measured(waiting, new, timeline), seconds, cores())


def _seconds_measured(waiting: Plan, new: Mapping[str, Record], timeline: Timeline) -> dict[str, Measuring]:
    """How long each cell was measured in this command; of one that failed meanwhile, until it did."""
    found = {}
    for cell in waiting.cells:
        key, span = cell.candidate.spec.key, timeline.spans.get(cell.id)
        timing = new[key].content.get("timing", {})
        if span and timeline.begun[cell.id]:
            found[key] = Measuring(device_locks.device_of(cell), timing.get("benchmark_s", span.seconds))
    return found
