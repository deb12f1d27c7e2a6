"""The makespan's lower bound, and where the time went."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from runner.execution import makespan
from runner.execution.makespan import Measuring
from runner.execution.time_accounting import Timeline
from runner.planning.graph import Cell, Chain, Plan
from runner.report import makespan as text
from tests.execution.told import Told, key, node


def cell(name: str, *steps: str, baseline: tuple[str, ...] = ()) -> Cell:
    """A cell whose spec's key is `name`."""
    spec: Any = SimpleNamespace(key=name)
    chains = [Chain(spec, {step: key(step) for step in each}) for each in (steps, baseline)]
    return Cell(chains[0], chains[1] if baseline else None, "")


NODES = [node("data"), node("train", "data"), node("export", "train"), node("compile", "data")]
PLAN = Plan(
    {one.key: one for one in NODES},
    [cell("long", "data", "train", "export"), cell("short", "data", "compile", baseline=("data", "train"))],
)
STEPS = {key("data"): 1.0, key("train"): 10.0, key("export"): 2.0, key("compile"): 3.0}


def test_the_critical_path_ends_in_a_cells_measuring() -> None:
    found = makespan.bound(PLAN, STEPS, {"long": Measuring("local", 1.0), "short": Measuring("local", 5.0)}, 100)
    assert found.critical_path_s == 11.0 + 5.0  # the short cell waits for its baseline's training
    assert found.seconds == found.critical_path_s


def test_the_work_is_shared_out_over_the_cores_and_measuring_here_takes_all_of_them() -> None:
    found = makespan.bound(PLAN, STEPS, {"long": Measuring("local", 20.0), "short": Measuring("board", 5.0)}, 2)
    assert found.work_s == (1 + 10 + 2 + 3) / 2 + 20.0


def test_devices_measure_alongside() -> None:
    found = makespan.bound(PLAN, {}, {"long": Measuring("local", 3.0), "short": Measuring("board", 7.0)}, 2)
    assert (found.measuring_s, found.work_s, found.critical_path_s) == (7.0, 3.0, 7.0)


def test_a_summary_counts_what_ran_and_what_began_again() -> None:
    timeline = Timeline(Told())
    for one in NODES[:3]:
        timeline.begin(one.id)
    timeline.begin(NODES[1].id)
    timeline.end(NODES[0].id, "done", 4.0, "")
    timeline.end(NODES[1].id, "done", 6.0, "")
    timeline.end(NODES[2].id, "failed", 0.0, "broken")
    timeline.end(NODES[3].id, "there", 0.0, "")
    timeline.spent["preparing"] = 8.0
    found = makespan.summary(timeline, PLAN, {"long": Measuring("local", 1.0)}, 12.0, 2)
    assert found["steps"] == {"done": 2, "failed": 1, "there": 1}
    assert found["retries"] == {NODES[1].id: 1}
    assert found["makespan_s"] == 12.0
    assert found["bound_s"] == pytest.approx(4.0 + 6.0 + 1.0, abs=0.1)
    assert found["ratio"] == pytest.approx(12.0 / 11.0, abs=0.02)
    assert found["spent"] == {
        "preparing_s": 8.0, "measuring_s": 0.0, "waiting_s": 0.0, "tracking_s": 0.0, "overhead_s": 4.0,
    }  # fmt: skip


def test_the_text_says_what_bounds_it_and_where_the_time_went() -> None:
    schedule = {
        "cores": 2,
        "makespan_s": 130.0,
        "bound_s": 100.0,
        "ratio": 1.3,
        "bound": {"critical_path_s": 40.0, "work_s": 100.0, "measuring_s": 30.0},
        "spent": {"preparing_s": 70.0, "measuring_s": 30.0},
        "retries": {"train-0123": 1},
    }
    which = "all steps shared out over 2 cores, and the measuring"
    assert text.text(schedule).splitlines() == [
        f"took     2 min 10 s, 1.30× its lower bound of 1 min 40 s ({which})",
        "spent    preparing 70.0 s · measuring 30.0 s",
        "again    train-0123 (1×): the process that ran it had died",
    ]


def test_a_sweep_that_had_nothing_to_do_has_no_bound() -> None:
    found = makespan.summary(Timeline(Told()), Plan({}, []), {}, 0.5, 2)
    assert found["ratio"] is None
    assert text.text(found).splitlines()[0] == "took     0.5 s: there was nothing to make or to measure"
