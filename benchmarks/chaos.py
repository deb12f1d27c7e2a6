"""Kills a real sweep of 24 cells again and again, lets it finish, and looks at what is there.

`python benchmarks/chaos.py [--kills 54] [--seed 0] [--folder FOLDER]`: SIGKILL goes to the command's whole process
group, inside an artifact's rename (its description half written, right before and right after the rename), inside a
record's, inside the tracking upsert, while a lock is held, or at a random moment; which, and at which of the times
that the command comes there, is drawn by seed. Kills while artifacts are made come first, those while cells are
measured after them. Then the same command runs once more to its end.

How often each step and benchmark ran is read from a log outside of the store, written by `tests/chaos/hook`, which
Python loads into every process of the command; the runner's own code knows nothing of it. With `--folder` a second
call goes on where the first one was interrupted. Exit code 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from runner.results import records
from tests.chaos import state
from tests.chaos.command import Place, at, left_running, start

SWEEP = [
    "-m",
    "model=gru,lstm",
    "model.hidden=4,5,6",
    "precision=fp32,int8_dynamic",
    "backend=onnxruntime,openvino",
    "baseline=none",
    "train=smoke",
    "measure=quick",
    "measure.min_pairs=2",
    "measure.max_pairs=2",
    "measure.min_seconds=0.01",
    "telemetry.interval_ms=null",
]
CELLS = 24
LEAST = 50  # kills in all
LEAST_INSIDE = 10  # kills inside each kind of point

UPSERT = ("upsert:create_run", "upsert:log_batch", "upsert:log_artifact", "upsert:set_terminated")

# Kinds of points, the points of each, the latest time that the command comes there at which it is killed, how many.
PREPARING = [
    ("rename", ("rename:half", "rename:before", "rename:after"), 2, 12),
    ("lock held", ("lock:store",), 4, 6),
]
MEASURING = [
    ("record append", ("record:half", "record:before", "record:after"), 1, 12),
    (
        "tracking upsert",
        tuple(f"upsert:{one}" for one in ("create_run", "log_batch", "log_artifact", "set_terminated")),
        2,
        12,
    ),
    ("lock held", ("lock:device", "lock:tracking"), 2, 6),
]
RANDOM = "random moment"
RANDOM_EACH = 3
MOMENTS = (1.0, 4.0)  # seconds: a quick machine is through with all steps in thirty


@dataclass(frozen=True)
class Kill:
    """Where a command is killed: the `nth` time that it comes to `point`, or after `seconds`."""

    kind: str
    point: str = ""
    nth: int = 1
    seconds: float = 0.0


def drawn(seed: int, count: int) -> list[Kill]:
    """`count` kills, those while artifacts are made first."""
    dice = random.Random(seed)
    stages = [_stage(dice, kinds) for kinds in (PREPARING, MEASURING)]
    found = [kill for stage in stages for kill in stage]
    return found + [_moment(dice) for _ in range(count - len(found))]


def _stage(dice: random.Random, kinds: list[tuple[str, tuple[str, ...], int, int]]) -> list[Kill]:
    found = [
        Kill(kind, points[number % len(points)], dice.randint(1, latest))
        for kind, points, latest, count in kinds
        for number in range(count)
    ]
    found += [_moment(dice) for _ in range(RANDOM_EACH)]
    dice.shuffle(found)
    return found


def _moment(dice: random.Random) -> Kill:
    return Kill(RANDOM, seconds=dice.uniform(*MOMENTS))


# --- the kills ---


def done(kill: Kill, place: Place) -> bool:
    """Run the sweep and kill it so; whether it was killed before it was through."""
    running = start(place, *SWEEP, kill_at=kill.point, nth=kill.nth)
    try:
        if not kill.point:
            time.sleep(kill.seconds)
            running.kill()
        code = running.ended()
    except BaseException:  # Ctrl-C: the command is in a session of its own
        running.kill()
        raise
    if code not in (0, -signal.SIGKILL):
        raise RuntimeError(f"the sweep ended with {code}:\n{running.err[-2000:]}")
    return code == -signal.SIGKILL


def campaign(kills: list[Kill], place: Place, progress: Path) -> Iterator[tuple[Kill, bool, int]]:
    """Each kill, whether it came, how many processes outlived it; what `progress` remembers isn't done again."""
    told = [json.loads(line) for line in progress.read_text().splitlines()] if progress.exists() else []
    yield from ((Kill(**one["kill"]), one["killed"], one["left"]) for one in told)
    for kill in kills[len(told) :]:
        began = time.monotonic()
        killed = done(kill, place)
        left = len(left_running(place))
        with progress.open("a") as file:
            file.write(json.dumps({"kill": asdict(kill), "killed": killed, "left": left}) + "\n")
        where = f"{kill.point}, time {kill.nth}" if kill.point else f"after {kill.seconds:.1f} s"
        print(f"{'killed' if killed else 'through before'}  {where}  ({time.monotonic() - began:.1f} s)", flush=True)
        yield kill, killed, left


# --- what must hold ---


Outcomes = list[tuple[Kill, bool, int]]


def judged(place: Place, outcomes: Outcomes) -> bool:
    """One line a target; whether all are reached."""
    return all([*map(_told, _of_kills(outcomes)), *map(_told, _of_records(place)), *map(_told, _of_store(place))])


def _told(line: tuple[str, int, bool, str]) -> bool:
    what, found, reached, target = line
    print(f"{what:<52}{found:>6}  {target}: {'reached' if reached else 'missed'}")
    return reached


def _of_kills(outcomes: Outcomes) -> Iterator[tuple[str, int, bool, str]]:
    kinds = Counter(kill.kind for kill, killed, _ in outcomes if killed)
    count, left = sum(kinds.values()), sum(left for *_, left in outcomes)
    yield "kills of the sweep's process group", count, count >= LEAST, f"at least {LEAST}"
    for kind in sorted({kind for kind, *_ in PREPARING + MEASURING}):
        yield f"  inside: {kind}", kinds[kind], kinds[kind] >= LEAST_INSIDE, f"at least {LEAST_INSIDE}"
    yield "processes that outlived their command", left, left == 0, "none"


def _of_records(place: Place) -> Iterator[tuple[str, int, bool, str]]:
    kept = records.read_all(place.project)
    faults = _shown([fault for record in kept if (fault := state.faulty(record))])
    keys = Counter(str(record.content["spec_key"]) for record in kept)
    tracked, names = state.tracked(place), {record.folder.name for record in kept}
    twice = sum(count > 1 for count in keys.values())
    strange = sum(tracked[name] != 1 for name in names) + len(tracked.keys() - names)
    yield "correct records", len(kept) - faults, len(kept) - faults == CELLS, f"{CELLS}"
    yield "cells without a record", CELLS - len(keys), len(keys) == CELLS, "none"
    yield "cells with more than one record", twice, twice == 0, "none"
    yield "records that MLflow has not, or more than once", strange, strange == 0, "none"


def _of_store(place: Place) -> Iterator[tuple[str, int, bool, str]]:
    for what, found in (
        ("finished artifacts and records that are lost", _shown(state.lost(place))),
        ("corrupt artifacts", _shown(state.corrupt(place))),
        ("finished steps and cells that were begun again", _shown(state.done_again(place))),
    ):
        yield what, found, found == 0, "none"


def _shown(faults: list[str]) -> int:
    for fault in faults:
        print(f"  {fault}")
    return len(faults)


def executions(place: Place) -> str:
    """How often steps and benchmarks began, and how many of each there are."""
    begun = state.begun(place)
    parts = []
    for kind in ("step", "measure"):
        counts = [count for what, count in begun.items() if what.startswith(f"{kind} ")]
        parts.append(f"{kind}: {len(counts)} keys, begun {sum(counts)} times, at most {max(counts)}")
    return "; ".join(parts)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=54, help="how many (54)")
    parser.add_argument("--seed", type=int, default=0, help="draws points and moments (0)")
    parser.add_argument("--folder", type=Path, help="where it is done; a second call goes on there")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = (chosen.folder or Path(temporary)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        place = Place(folder / "project", folder / "outside") if (folder / "project").exists() else at(folder)
        began = time.monotonic()
        outcomes = list(campaign(drawn(chosen.seed, chosen.kills), place, folder / "outside" / "kills"))
        last = start(place, *SWEEP)
        if last.ended(600) != 0:
            print(last.err)
        print(f"\n{len(outcomes)} commands and one more in {time.monotonic() - began:.0f} s; {executions(place)}")
        return 0 if judged(place, outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
