"""Steps side by side on this machine: made once, again where their worker dies; nothing is left of it, nor listens."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from runner.artifacts.store import Artifact
from runner.core.errors import StepFailed
from runner.execution import run_step, thread_pool
from runner.planning.graph import Node
from runner.planning.requirements import Outcome
from tests.doors import listening
from tests.execution.told import LIMITS, Told, key, node
from tests.started import started


def perform(
    todo: list[Node], project: Path, told: Told, there: Mapping[str, Outcome] | None = None, workers: int = 2
) -> dict[str, Outcome]:
    return thread_pool.make_steps(todo, there or {}, project, LIMITS, told, workers)


def text(outcome: Outcome) -> str:
    assert isinstance(outcome, Artifact), outcome
    return (outcome.folder / "text").read_text()


def executions(log: Path) -> Counter[str]:
    return Counter(line.split()[0] for line in log.read_text().splitlines())


def test_steps_run_at_the_same_time_each_after_its_inputs_and_nothing_is_left(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "meet"
    folder.mkdir()
    before = set(threading.enumerate())
    todo = [
        node("data"),
        node("export", "data", meet=str(folder), print="a vendor's words"),
        node("train", "data", meet=str(folder), warnings=["so so"]),
        node("compile", "export", "train"),
    ]
    told = Told()
    came = perform(todo, tmp_path, told)
    assert text(came[key("compile")]) == "".join(["data", "export", "data", "train", "compile"])
    assert Counter(told.ended) == Counter(
        (step, state) for step in ("data", "export", "train", "compile") for state in ("begins", "done")
    )
    assert told.warned == ["train train: so so"]
    assert len(told.updated) >= 1
    assert not started()
    assert set(threading.enumerate()) <= before
    assert capfd.readouterr() == ("", "")


def test_an_input_that_is_there_is_used_and_one_that_failed_is_not(tmp_path: Path) -> None:
    first = perform([node("data")], tmp_path, Told())
    told = Told()
    todo = [node("train", "data"), node("export", "train", fail="no such thing"), node("compile", "export")]
    came = perform(todo, tmp_path, told, first)
    assert text(came[key("train")]) == "datatrain"
    assert "no such thing" in str(came[key("export")])
    assert came[key("compile")].args == came[key("export")].args
    assert ("compile", "skipped") in told.ended


def test_a_step_whose_own_worker_is_killed_is_tried_once_more_and_says_so(tmp_path: Path) -> None:
    told = Told()
    came = perform([node("train", kill="worker"), node("data")], tmp_path, told)
    made = came[key("train")]
    assert isinstance(made, Artifact)
    assert made.content["retries"] == 1
    assert "It is tried once more." in told.warned[0]


def test_a_step_whose_own_worker_is_killed_again_has_failed_and_the_others_go_on(tmp_path: Path) -> None:
    log = tmp_path / "log"
    todo = [node("train", kill="worker", again=True, log=str(log)), node("data"), node("export", "data")]
    came = perform(todo, tmp_path, Told())
    assert "killed by SIGKILL" in str(came[key("train")])
    assert executions(log)["train"] == 2
    assert text(came[key("export")]) == "dataexport"


@pytest.mark.parametrize("workers", [1, 2])
def test_an_exception_of_our_own_code_fails_that_step_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    content = run_step._content

    def odd(one: Node, *rest: Any) -> dict[str, Any]:
        if one.step == "train":
            raise ValueError("Out of range float values\nare not JSON compliant")
        return content(one, *rest)

    monkeypatch.setattr(run_step, "_content", odd)
    todo = [node("data"), node("train", "data"), node("export", "train"), node("compile", "data")]
    told = Told()
    came = perform(todo, tmp_path, told, workers=workers)
    failed = came[key("train")]
    assert isinstance(failed, StepFailed)
    assert failed.reason == "Unexpected ValueError: Out of range float values are not JSON compliant"
    assert [one for one in told.ended if one[1] in ("failed", "skipped")] == [
        ("train", "failed"),
        ("export", "skipped"),
    ]
    assert text(came[key("compile")]) == "datacompile"


def test_the_longest_chain_goes_first(tmp_path: Path) -> None:
    log = str(tmp_path / "log")
    todo = [node("data", log=log), node("train", log=log), node("export", "train", log=log)]
    perform(todo, tmp_path, Told(), workers=1)
    assert list(executions(Path(log))) == ["train", "export", "data"]


def test_nothing_listens_while_steps_run(tmp_path: Path) -> None:
    seen: list[str] = []

    class Looking(Told):
        def begin(self, item: str) -> None:
            seen.extend([item, *listening(os.getpid())])

    todo = [node("data", seconds=0.5), node("train", seconds=0.5)]
    perform(todo, tmp_path, Looking())
    assert seen == [one.id for one in todo] or seen == [one.id for one in reversed(todo)]


def test_an_interrupt_ends_the_workers_at_once_and_keeps_what_is_finished(tmp_path: Path) -> None:
    todo = [node("data"), node("train", "data", seconds=60.0), node("export", "data", seconds=60.0)]
    begun: list[str] = []

    class Interrupting(Told):
        def begin(self, item: str) -> None:
            begun.append(item)
            if len(begun) == 3:
                raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        perform(todo, tmp_path, Interrupting())
    assert not started()
    assert [path.parent.name for path in tmp_path.glob("artifacts/[!.]*/*")] == ["data"]


def test_our_own_steps_share_a_worker_and_a_compile_has_its_own(tmp_path: Path) -> None:
    todo = [node("data"), node("train", "data"), node("compile", "train")]
    came = perform(todo, tmp_path, Told(), workers=1)
    pids = {
        step: made.meta["pid"] for step in ("data", "train", "compile") if isinstance(made := came[key(step)], Artifact)
    }
    assert pids["data"] == pids["train"] != pids["compile"]
