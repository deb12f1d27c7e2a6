"""The next pair's processes start while this one warms up, and stand still while anything is timed."""

from __future__ import annotations

import dataclasses
import json
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psutil
import pytest

from runner.core.errors import WorkerLost
from runner.measure.next_pair import starting
from runner.measure.pairs import run_pair
from runner.measure.run import Run
from runner.measure.scenarios import single_stream
from runner.measure.settings import Settings
from runner.measure.sides import Side, Started, order
from tests.conftest import REPOSITORY
from tests.transport.test_local import state

MakeSettings = Callable[..., Settings]


@pytest.fixture
def run(side: Side, measure: MakeSettings, tmp_path: Path) -> Run:
    return Run({"candidate": side, "baseline": side}, measure("classic", max_pairs=20), 3, tmp_path, 60)


@dataclasses.dataclass(frozen=True)
class Watching:
    """The single stream, and what the next pair's processes did in the middle of it."""

    started: Started
    seen: dict[str, str] = dataclasses.field(default_factory=dict)

    def take_turns(self, *about: Any) -> list[Mapping[str, Any]]:
        self.seen.update({role: state(one.worker.pid) for role, one in self.started.items()})
        return single_stream.take_turns(*about)


def watched(run: Run) -> tuple[Run, dict[str, str]]:
    scenario = Watching(run.started)
    return dataclasses.replace(run, scenario=scenario), scenario.seen  # type: ignore[arg-type]


def test_they_stand_still_while_this_pair_is_timed_and_go_on_afterwards(run: Run) -> None:
    watching, seen = watched(run)
    with starting(watching) as ready:
        run_pair(ready, 0)
        assert seen == dict.fromkeys(("candidate", "baseline"), psutil.STATUS_STOPPED)
        assert tuple(ready.started) == order(list(run.sides), run.seed, 1)
        pids = {role: one.worker.pid for role, one in ready.started.items()}
        for one in ready.started.values():
            one.importing.result(60)  # it goes on
        run_pair(ready, 1)
        assert not {one.worker.pid for one in ready.started.values()} & set(pids.values())  # pair 1 has taken them


def test_what_no_pair_took_is_closed_in_the_end(run: Run) -> None:
    with starting(run) as ready:
        run_pair(ready, 0)
        pids = [one.worker.pid for one in ready.started.values()]
        assert len(pids) == 2
    assert [state(pid) for pid in pids] == ["gone", "gone"]


def test_after_the_last_pair_that_there_may_be_none_starts(run: Run) -> None:
    last = dataclasses.replace(run, settings=dataclasses.replace(run.settings, min_pairs=1, max_pairs=1))
    with starting(last) as ready:
        run_pair(ready, 0)
        assert ready.started == {}


def test_none_starts_where_memory_is_watched(run: Run) -> None:
    """This process would wake up now and then to look at it, while another is timed."""
    sides = {role: dataclasses.replace(side, memory_mb=4000.0) for role, side in run.sides.items()}
    with starting(dataclasses.replace(run, sides=sides)) as ready:
        run_pair(ready, 0)
        assert ready.started == {}


def test_one_that_was_killed_meanwhile_is_why_the_next_pair_fails(run: Run) -> None:
    with starting(run) as ready:
        run_pair(ready, 0)
        psutil.Process(ready.started["candidate"].worker.pid).kill()
        with pytest.raises(WorkerLost, match="candidate"):
            run_pair(ready, 1)


HANGING = """
import json, pickle, sys, time
from pathlib import Path
from runner.measure.next_pair import starting
from runner.measure.pairs import run_pair
from runner.measure.run import Run

class Hanging:
    def take_turns(self, processes, *about):
        pids = [one.worker.pid for one in (*run.started.values(), *processes.values())]
        print(json.dumps(pids), flush=True)
        time.sleep(600)

sides, settings = pickle.load(sys.stdin.buffer)
run = Run(sides, settings, 3, Path(sys.argv[1]), 60, scenario=Hanging())
with starting(run) as ready:
    run_pair(ready, 0)
"""


def test_a_killed_command_leaves_none_behind_not_even_one_that_stood_still(run: Run, tmp_path: Path) -> None:
    command = [sys.executable, "-c", HANGING, str(tmp_path)]
    with subprocess.Popen(command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        process.stdin.write(pickle.dumps((run.sides, run.settings)))
        process.stdin.close()
        pids = json.loads(process.stdout.readline())
        assert [state(pid) for pid in pids[:2]] == [psutil.STATUS_STOPPED] * 2
        process.kill()
    assert len(pids) == 4
    assert not psutil.wait_procs([psutil.Process(pid) for pid in pids if psutil.pid_exists(pid)], timeout=10)[1]
