"""One plan run: what is shared, what is left out, what order things have. Nothing is really made or measured here."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from runner.artifacts.store import Artifact
from runner.commands import run
from runner.core import unexpected
from runner.core.errors import SpecError, StepFailed, Unavailable, WorkerLost
from runner.execution import device_locks, record_builder, run_plan
from runner.execution.dask import cluster
from runner.execution.record_identity import Origin
from runner.planning import measurement_key, plan, sources
from runner.planning.graph import Cell, Plan
from runner.planning.requirements import Outcome
from runner.report.views.progress import on_stderr
from runner.results import comparison, records
from runner.results.records import Record
from runner.spec.schedule import INLINE, Settings
from runner.spec.schema import Choice, Limits, Spec
from runner.sweeps import request
from runner.worker import variables

COMMON = ("model=gru", "model.hidden=4", "precision=fp32", "baseline=none")


class Tracker:
    """What the runner's end of tracking offers, without MLflow; `published` are the titles in their order."""

    def __init__(self, problem: Exception | None = None) -> None:
        self.problem = problem
        self.published: list[str] = []

    def open_store(self) -> None: ...

    @contextmanager
    def still(self) -> Iterator[None]:
        yield

    def publish(self, record: Record) -> dict[str, Any]:
        if self.problem:
            raise self.problem
        self.published.append(str(record.content["title"]))
        return {"run_id": "", "model": ""}


@pytest.fixture
def specs(tmp_path: Path) -> list[Spec]:
    """Three specs; the second can't be compiled here."""
    words = [("backend=onnxruntime",), ("backend=torch", "precision=fp16"), ("backend=openvino",)]
    return [request.one(tmp_path, [*COMMON, *more]) for more in words]


@pytest.fixture(autouse=True)
def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """Steps are taken for made; a measurement is a record that says its title. Returns the titles measured so far."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    titles: list[str] = []

    def prepare(waiting: Plan, *rest: Any) -> dict[str, Outcome]:
        return {key: Artifact(tmp_path, {"key": key, "meta": {}, "retries": 0}) for key in waiting.nodes}

    def measure(cell: Cell, outcomes: Mapping[str, Outcome], root: Path, quiet: Any, *rest: Any) -> Record:
        origin, display = rest
        display.begin(cell.id)
        titles.append(cell.candidate.spec.title)
        identity = record_builder.unmeasured(cell, StepFailed(""), outcomes, origin)
        display.end(cell.id, "done", 0.5, "")
        key = record_builder.measurement(cell)
        return records.write(root, {**identity, **key, "status": "ok", "timing": {"benchmark_s": 0.5}})

    monkeypatch.setattr(run_plan, "prepare", prepare)
    monkeypatch.setattr(record_builder, "measured", measure)
    return titles


def perform(specs: list[Spec], root: Path, tracker: Any = None, **how: Any) -> run_plan.Ran:
    return run_plan.run(plan.make(specs, root), root, tracker or Tracker(), INLINE, on_stderr(), **how)


def test_a_cell_that_can_not_run_leaves_a_record_and_the_others_go_on(
    specs: list[Spec], tmp_path: Path, measured: list[str]
) -> None:
    tracker = Tracker()
    ran = perform(specs, tmp_path, tracker, sweep="s")
    assert [record.content["status"] for record in ran.records] == ["ok", "unsupported", "ok"]
    assert [record.content["spec_key"] for record in ran.records] == [spec.key for spec in specs]
    assert measured == [specs[0].title, specs[2].title]
    assert tracker.published == [spec.title for spec in specs]
    assert {record.content["record_id"] for record in ran.records} == {
        path.name for path in (tmp_path / "records").iterdir()
    }


def test_a_sweep_measures_only_what_it_lacks(specs: list[Spec], tmp_path: Path, measured: list[str]) -> None:
    first = perform([specs[0]], tmp_path, sweep="s").records[0]
    again = perform(specs, tmp_path, sweep="s")
    assert again.records[0].content == first.content
    assert measured == [specs[0].title, specs[2].title]
    perform([specs[0]], tmp_path, sweep="s", fresh=True)
    assert measured[2:] == [specs[0].title]


def test_a_sweep_that_grew_takes_over_what_was_measured_in_another(
    specs: list[Spec], tmp_path: Path, measured: list[str]
) -> None:
    first = perform([specs[0]], tmp_path, sweep="small").records[0]
    grown = perform([specs[0], specs[2]], tmp_path, sweep="grown").records
    assert measured == [specs[0].title, specs[2].title]
    assert grown[0].content == first.content  # its date too
    assert [records.in_sweep(record, "grown") for record in records.read_all(tmp_path)] == [True, True]
    assert [records.in_sweep(record, "small") for record in records.read_all(tmp_path)] == [True, False]
    shown = comparison.compare(records.read_all(tmp_path), sweep="grown")
    assert {row.record.content["record_id"] for row in shown.rows} == {one.content["record_id"] for one in grown}


TIMING = variables.of_timing(os.environ)


@pytest.mark.parametrize(
    ("part", "value", "reason"),
    [
        ("code", "0", "the measuring code changed"),
        ("candidate.machine_id", "0", "another machine"),
        ("candidate.cpus", [0, 99], "cpuset: CPUs {cpus} instead of 0,99"),
        ("candidate.versions", {"numpy": "1.0"}, "numpy: "),
        ("candidate.variables", {**TIMING, "MALLOC_ARENA_MAX": "1"}, "MALLOC_ARENA_MAX: none instead of 1"),
        ("candidate.artifacts", {"compile": "0"}, "the candidate's "),
        ("measure", {}, "measure."),
    ],
)
def test_a_cell_is_measured_anew_where_something_differs_and_it_is_said_what(
    part: str,
    value: Any,
    reason: str,
    specs: list[Spec],
    tmp_path: Path,
    measured: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = record_builder.measurement

    def then(cell: Cell) -> dict[str, Any]:
        parts = now(cell)["measurement"]
        place, _, name = part.rpartition(".")
        (parts[place] if place else parts)[name] = value
        return {"measurement_key": measurement_key.digest(parts), "measurement": parts}

    with monkeypatch.context() as earlier:
        earlier.setattr(record_builder, "measurement", then)
        perform([specs[0]], tmp_path, sweep="s")
    perform([specs[0]], tmp_path, sweep="s")
    assert measured == [specs[0].title] * 2
    cpus = ",".join(map(str, sorted(os.sched_getaffinity(0))))
    assert f"measured anew (1 cell): {reason.format(cpus=cpus)}" in capsys.readouterr().err
    perform([specs[0]], tmp_path, sweep="s")
    assert measured == [specs[0].title] * 2


def test_an_edited_record_is_measured_anew(
    specs: list[Spec], tmp_path: Path, measured: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    file = perform([specs[0]], tmp_path, sweep="s").records[0].folder / "record.json"
    file.write_text(file.read_text().replace('"benchmark_s": 0.5', '"benchmark_s": 0.4'))
    perform([specs[0]], tmp_path, sweep="s")
    assert measured == [specs[0].title] * 2
    assert "measured anew (1 cell): its record was edited" in capsys.readouterr().err


def test_a_record_without_a_key_is_measured_anew(
    specs: list[Spec],
    tmp_path: Path,
    measured: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    with monkeypatch.context() as earlier:
        earlier.setattr(record_builder, "measurement", lambda cell: {})
        perform([specs[0]], tmp_path, sweep="s")
    perform([specs[0]], tmp_path, sweep="s")
    assert measured == [specs[0].title] * 2
    assert "its record is from before measurements had a key" in capsys.readouterr().err


def test_the_reason_is_what_differs_from_the_nearest_record(
    specs: list[Spec],
    tmp_path: Path,
    measured: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    now = record_builder.measurement
    for changes in ({"code": "0"}, {"code": "0", "seed": 7}):  # the newer one is farther away

        def then(cell: Cell, changes: dict[str, Any] = changes) -> dict[str, Any]:
            parts = {**now(cell)["measurement"], **changes}
            return {"measurement_key": measurement_key.digest(parts), "measurement": parts}

        with monkeypatch.context() as earlier:
            earlier.setattr(record_builder, "measurement", then)
            perform([specs[0]], tmp_path, sweep="s", fresh=True)
    perform([specs[0]], tmp_path, sweep="s")
    assert "measured anew (1 cell): the measuring code changed\n" in capsys.readouterr().err


def test_a_cell_whose_record_was_damaged_is_measured_again_and_it_is_said(
    specs: list[Spec], tmp_path: Path, measured: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    first = perform([specs[0], specs[2]], tmp_path, sweep="s")
    file = first.records[0].folder / "record.json"
    file.write_text("{")
    ran = perform([specs[0], specs[2]], tmp_path, sweep="s")
    assert measured == [specs[0].title, specs[2].title, specs[0].title]
    assert [record.content["status"] for record in ran.records] == ["ok", "ok"]
    assert f"warning: left out: {file} is not JSON" in capsys.readouterr().err


def test_a_cell_that_a_clusters_worker_measures_is_tried_once_more_where_its_worker_was_killed(
    specs: list[Spec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tries: list[int] = []

    def there(cell: Cell, outcomes: Mapping[str, Outcome], origin: Origin) -> Record:
        tries.append(origin.again)
        if len(tries) == 1:
            raise WorkerLost("candidate: the worker was killed by SIGKILL while it did `burst`.")
        return records.write(
            tmp_path, {**record_builder.unmeasured(cell, StepFailed(""), outcomes, origin), "status": "ok"}
        )

    monkeypatch.setattr(cluster, "measuring", lambda *given: nullcontext(there))
    far = Settings("tcp://127.0.0.1:8786", None, 2, {}, True)
    ran = run_plan.run(plan.make([specs[0]], tmp_path), tmp_path, Tracker(), far, on_stderr(), sweep="s")  # type: ignore[arg-type]
    assert tries == [0, 1]
    assert ran.records[0].content["status"] == "ok"
    assert "It is tried once more." in capsys.readouterr().err


def test_what_has_one_title_is_told_apart_in_the_display(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    swept = request.cells(tmp_path, ["model=gru", "model.hidden=4,5", "precision=fp32", "baseline=none"])
    run_plan.run(plan.of_sweep(swept, tmp_path), tmp_path, Tracker(), INLINE, on_stderr(), sweep="s")  # type: ignore[arg-type]
    said = capsys.readouterr().err
    for hidden in (4, 5):
        assert f"measure gru fp32 onnxruntime (model.hidden={hidden}): done" in said


def test_a_project_s_name_acts_on_no_terminal(
    specs: list[Spec], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tmp_path / "a\x1b[31m\nb"
    project.mkdir()
    perform([specs[0]], project, sweep="s")
    assert f"project {tmp_path}/a\\x1b[31m b\n" in capsys.readouterr().err


def test_an_unchanged_sweep_has_nothing_to_do(
    specs: list[Spec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    perform([specs[0]], tmp_path, sweep="s")
    monkeypatch.setattr("runner.tracking.sync_state.missing", lambda root, records: [])
    tracker = Tracker(problem=AssertionError("nothing is new"))
    ran = perform([specs[0]], tmp_path, tracker, sweep="s")
    assert ran.schedule["ratio"] is None
    assert ran.schedule["steps"] == {}


def test_a_tracking_server_that_has_gone_costs_no_record(
    specs: list[Spec], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = perform([specs[0]], tmp_path, Tracker(Unavailable("No server.")), sweep="s")
    assert ran.records[0].content["status"] == "ok"
    assert "not in MLflow yet: No server." in capsys.readouterr().err


def test_the_schedule_says_where_the_time_went(specs: list[Spec], tmp_path: Path) -> None:
    found = perform(specs, tmp_path, sweep="s").schedule
    assert found["name"] == "inline"
    assert found["bound"]["measuring_s"] == 1.0  # two cells of 0.5 s
    assert found["makespan_s"] >= sum(found["spent"].values()) - 1e-6
    assert set(found["spent"]) == {"preparing_s", "measuring_s", "waiting_s", "tracking_s", "overhead_s"}


def test_devices_measure_alongside(specs: list[Spec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_locks, "device_of", lambda cell: f"{cell.candidate.spec.backend.name} board")
    names: list[str] = []
    measure = record_builder.measured

    def noted(*arguments: Any) -> Record:
        names.append(threading.current_thread().name)
        return measure(*arguments)

    monkeypatch.setattr(record_builder, "measured", noted)
    ran = perform([specs[0], specs[2]], tmp_path, sweep="s")
    assert [record.content["status"] for record in ran.records] == ["ok", "ok"]
    assert sorted(names) == ["device onnxruntime board", "device openvino board"]


def test_shared_steps_have_the_widest_limits(specs: list[Spec], tmp_path: Path) -> None:
    words = (("limits.step_s=5", "limits.memory_mb=500"), ("limits.step_s=7", "limits.memory_mb=null"))
    own = [request.one(tmp_path, [*COMMON, *more]) for more in words]
    assert run_plan.widest(own) == Limits(step_s=7, answer_s=own[0].limits.answer_s, memory_mb=None)
    assert run_plan.widest(own[:1]).memory_mb == 500


def test_a_sweeps_name_is_its_cells(specs: list[Spec]) -> None:
    assert run_plan.sweep_name(specs) == run_plan.sweep_name(specs[::-1]) != run_plan.sweep_name(specs[:2])


# --- whatever fails, the others go on ---


SPACE = "Free some; what is finished is kept, the same command goes on."
ERRORS = [
    (ValueError("Out of range float values"), "Unexpected ValueError: Out of range float values", unexpected.BUG),
    (KeyError("out/y"), "Unexpected KeyError: 'out/y'", unexpected.BUG),
    (MemoryError(), "out of memory in the runner itself: MemoryError", unexpected.OUT_OF_MEMORY),
    (
        OSError(5, "Input/output error", "a.npz"),
        "a.npz: the disk can't be read or written.",
        "See what the kernel says of it: sudo dmesg",
    ),
    (SpecError("a.npz: no such array.", "Name one."), "a.npz: no such array.", "Name one."),
]


@pytest.mark.parametrize(("error", "reason", "next_step"), ERRORS, ids=lambda one: type(one).__name__)
def test_whatever_measuring_raises_is_that_cells_record(
    specs: list[Spec],
    tmp_path: Path,
    measured: list[str],
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    reason: str,
    next_step: str,
) -> None:
    measure = record_builder.measured

    def odd(cell: Cell, *rest: Any) -> Record:
        if cell.candidate.spec.title == specs[0].title:
            raise error
        return measure(cell, *rest)

    monkeypatch.setattr(record_builder, "measured", odd)
    ran = perform([specs[0], specs[2]], tmp_path, sweep="s")
    assert [record.content["status"] for record in ran.records] == ["failed", "ok"]
    assert (ran.records[0].content["reason"], ran.records[0].content["next_step"]) == (reason, next_step)
    assert run.sweep_code([str(record.content["status"]) for record in ran.records], strict=False) == 5


def test_whatever_planning_a_cell_raises_is_that_cells_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = sources._data_problems

    def odd(data: Choice, needs: str) -> None:
        if data.name == "co2":
            raise IndexError("list index out of range")
        read(data, needs)

    monkeypatch.setattr(sources, "_data_problems", odd)
    swept = request.cells(tmp_path, [*COMMON, "data=co2,mackey_glass"])
    ran = run_plan.run(plan.of_sweep(swept, tmp_path), tmp_path, Tracker(), INLINE, on_stderr(), sweep="s")  # type: ignore[arg-type]
    assert [record.content["status"] for record in ran.records] == ["failed", "ok"]
    assert ran.records[0].content["reason"] == "Unexpected IndexError: list index out of range"
    alone = perform([request.one(tmp_path, [*COMMON, "data=co2"])], tmp_path)
    assert alone.records[0].content["reason"] == "Unexpected IndexError: list index out of range"


def test_what_ends_the_work_on_all_steps_is_each_cells_record(
    specs: list[Spec], tmp_path: Path, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*given: Any) -> Any:
        raise StepFailed("The Dask scheduler has gone.", "The same command goes on.")

    monkeypatch.setattr(run_plan, "prepare", gone)
    ran = perform([specs[0], specs[2]], tmp_path, sweep="s")
    assert [(record.content["status"], record.content["reason"]) for record in ran.records] == [
        ("failed", "The Dask scheduler has gone.")
    ] * 2
    assert measured == []


def test_a_scheduler_that_goes_away_before_measuring_fails_each_cell(
    specs: list[Spec], tmp_path: Path, measured: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*given: Any) -> Any:
        raise Unavailable("no Dask scheduler answers.")

    monkeypatch.setattr(cluster, "measuring", nobody)
    monkeypatch.setattr(cluster, "ask_device", nobody)
    far = Settings("tcp://127.0.0.1:8786", None, 2, {}, True)
    ran = run_plan.run(plan.make(specs[:2], tmp_path), tmp_path, Tracker(), far, on_stderr(), sweep="s")  # type: ignore[arg-type]
    assert [record.content["status"] for record in ran.records] == ["failed", "unsupported"]


def test_a_scheduler_that_never_answered_leaves_no_record(
    specs: list[Spec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(*given: Any) -> Any:
        raise Unavailable("no Dask scheduler answers.")

    monkeypatch.setattr(run_plan, "prepare", nobody)
    with pytest.raises(Unavailable):
        perform(specs, tmp_path, sweep="s")
    assert not (tmp_path / "records").exists()


def test_a_traceback_is_shown_where_it_is_asked_for(
    specs: list[Spec], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(record_builder, "measured", lambda *given: 1 // 0)
    perform([specs[0]], tmp_path)
    assert "Traceback" not in capsys.readouterr().err
    monkeypatch.setenv("RUNNER_DEBUG", "1")
    perform([specs[0]], tmp_path, fresh=True)
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_whatever_tracking_raises_costs_no_record(
    specs: list[Spec], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ran = perform([specs[0]], tmp_path, Tracker(KeyError("run_id")), sweep="s")
    assert ran.records[0].content["status"] == "ok"
    assert "not in MLflow yet: Unexpected KeyError: 'run_id' Send it later" in capsys.readouterr().err
