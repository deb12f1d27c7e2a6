"""A step where its node says: in another interpreter, or in a container, with the same artifact as here."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from runner.artifacts import code_closure, store
from runner.core.errors import StepFailed
from runner.execution import run_step
from runner.execution.run_step import Workplace
from runner.execution.step_workers import StepWorkers
from runner.planning.place import Place
from runner.transport import toolchains
from runner.transport.toolchains import Toolchain
from tests import other_python
from tests.doubles import podman
from tests.execution.told import LIMITS, Told, key, node
from tests.transport.test_toolchains import wheel

ELSEWHERE = [pytest.param((other_python.with_numpy(), None), marks=other_python.needed), (None, "sdk")]


@pytest.fixture(params=ELSEWHERE, ids=["interpreter", "container"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setenv("PATH", f"{podman.write(tmp_path / 'double')}:{os.environ['PATH']}")
    return Place(toolchains.pointed_to(*request.param))


def test_a_step_elsewhere_reads_its_inputs_and_fills_its_artifact(tmp_path: Path, place: Place) -> None:
    first, second = node("data"), replace(node("compile", "data"), place=place)
    told = Told()
    with StepWorkers(tmp_path) as workers:
        made = run_step.get_or_make(first, {}, Workplace(workers, tmp_path, LIMITS), told)
        found = run_step.get_or_make(second, {"data": made}, Workplace(workers, tmp_path, LIMITS), told)
    assert (found.folder / "text").read_text() == "datacompile"
    assert found.meta["pid"] != made.meta["pid"]
    assert told.ended[-1] == ("compile", "done")
    assert found.content.get("image") == (podman.IMAGE_ID if place.identity() else None)


def test_a_step_that_fails_elsewhere_leaves_no_artifact(tmp_path: Path, place: Place) -> None:
    wrong = replace(node("compile", fail="no licence"), place=place)
    with StepWorkers(tmp_path) as workers, pytest.raises(StepFailed, match="no licence"):
        run_step.get_or_make(wrong, {}, Workplace(workers, tmp_path, LIMITS), Told())
    assert store.find(tmp_path, "compile", key("compile")) is None
    assert list((tmp_path / "artifacts" / "compile").iterdir()) == []


@other_python.needed
def test_code_that_was_edited_after_planning_is_not_kept(tmp_path: Path) -> None:
    modules = ("tests.execution.odd_steps",)
    toolchain = Toolchain(python=other_python.with_numpy())
    planned = replace(node("compile"), place=Place(toolchain), modules=modules, code=code_closure.code(modules))
    with StepWorkers(tmp_path) as workers:
        run_step.get_or_make(planned, {}, Workplace(workers, tmp_path, LIMITS), Told())
        edited = replace(planned, key=key("other"), code="0" * 64)
        with pytest.raises(StepFailed, match="its code was edited after this command was planned"):
            run_step.get_or_make(edited, {}, Workplace(workers, tmp_path, LIMITS), Told())


@pytest.mark.slow
def test_a_toolchain_that_is_not_there_is_made_before_its_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of the `numpy` that a wheel brings: a double of one line, which is all that the step needs."""
    folder = tmp_path / "pinned"
    folder.mkdir()
    wheel(folder, "1.0", "numpy")
    (folder / "sdk.txt").write_text(f"--no-index\n--find-links {folder}\nnumpy==1.0\n")
    monkeypatch.setattr(toolchains, "PINNED", folder)
    place, told = Place(toolchains.on_demand(tmp_path, "sdk")), Told()
    planned = replace(node("compile"), place=place, tools=place.versions(["numpy"]))
    with StepWorkers(tmp_path) as workers:
        found = run_step.get_or_make(planned, {}, Workplace(workers, tmp_path, LIMITS), told)
    assert found.content["tools"] == {"numpy": "1.0"}
    assert "toolchain sdk: 1 of 1  numpy-1.0-py3-none-any.whl" in told.notes
