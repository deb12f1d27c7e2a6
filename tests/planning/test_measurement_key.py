"""The key of a measurement: everything that changes its number, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runner.artifacts import code_closure
from runner.core.errors import StepFailed, Unavailable
from runner.planning import measurement_key, plan
from runner.planning.graph import Cell
from runner.spec import hardware
from runner.spec.profile import settings_class
from runner.spec.schema import Choice
from runner.sweeps import request
from runner.transport.toolchains import Toolchain

ABOUT = {
    "identity": "aaaa",
    "machine_id": "1",
    "python": "CPython 3.11.9",
    "versions": {},
    "cpus": [0],
    "variables": {},
}


@pytest.fixture
def cell(tmp_path: Path) -> Cell:
    spec = request.one(tmp_path, ["model=gru", "precision=int8_dynamic", "baseline=auto"])
    return plan.make([spec], tmp_path).cells[0]


def key(cell: Cell, **about: Any) -> str:
    def ask(settings: Any, release: Toolchain | None, distributions: list[str]) -> Mapping[str, Any]:
        return {"address": hardware.name_of(settings), **ABOUT, **about}

    (parts,) = measurement_key.parts_of_all([cell], ask).values()
    return measurement_key.digest(parts)


def test_both_sides_artifacts_and_settings_are_in_it(cell: Cell) -> None:
    baseline = cell.baseline
    assert baseline
    other = replace(baseline, keys={**baseline.keys, "compile": "0"})
    assert key(replace(cell, baseline=other)) != key(cell) != key(replace(cell, baseline=None))
    backend = replace(baseline.spec.backend, settings=replace(baseline.spec.backend.settings, threads=2))
    assert key(replace(cell, baseline=replace(baseline, spec=replace(baseline.spec, backend=backend)))) != key(cell)


def test_limits_and_words_are_not_in_it(cell: Cell) -> None:
    spec = cell.candidate.spec
    longer = replace(spec, limits=replace(spec.limits, step_s=1.0))
    assert key(replace(cell, candidate=replace(cell.candidate, spec=longer), words="other words")) == key(cell)


def test_a_profile_is_in_it_where_one_is_asked_for(cell: Cell) -> None:
    spec = cell.candidate.spec
    asked = replace(spec, profile=Choice("layers", settings_class("layers")(iterations=10)))
    assert "profile" not in measurement_key.parts_of(cell)
    now = measurement_key.parts_of(replace(cell, candidate=replace(cell.candidate, spec=asked)))
    assert now["profile"] == {"name": "layers", "iterations": 10}
    assert "profile.name: layers instead of none" in measurement_key.differences(measurement_key.parts_of(cell), now)


@pytest.mark.parametrize(
    "other",
    [
        {"machine_id": "2"},  # two boards of one model
        {"address": "ssh:pi"},
        {"identity": "bbbb"},
        {"python": "CPython 3.12.0"},
        {"versions": {"onnxruntime": "2"}},
        {"cpus": [0, 1]},
        {"scheduling": "batch, nice 10"},
        {"variables": {"OMP_NUM_THREADS": "1"}},
        {"files": {"LD_PRELOAD": "1a2b3c4d"}},
    ],
)
def test_the_machine_and_what_runs_on_it_are_in_it(other: dict[str, Any], cell: Cell) -> None:
    assert key(cell, **other) != key(cell)


def test_every_device_is_asked_once_and_one_that_does_not_answer_has_no_keys(cell: Cell) -> None:
    asked: list[list[str]] = []

    def ask(settings: Any, release: Toolchain | None, distributions: list[str]) -> Mapping[str, Any]:
        asked.append(distributions)
        raise Unavailable("ssh:pi does not answer.")

    assert measurement_key.parts_of_all([cell, cell], ask) == {}
    assert asked == [["numpy", "onnxruntime"]]


def test_this_machine_is_asked_what_it_is(cell: Cell) -> None:
    parts = measurement_key.parts_of(cell)
    for role in ("candidate", "baseline"):
        assert parts[role]["address"] == "local"
        assert parts[role]["versions"].keys() == {"numpy", "onnxruntime"}
    assert measurement_key.parts_of(cell) == parts


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"baseline": {"artifacts": {"compile": "0"}}}, "the baseline's "),
        ({"baseline": {"machine_id": "0"}}, "another machine"),
        ({"candidate": {"python": "CPython 3.9.1"}}, "instead of CPython 3.9.1"),
        ({"candidate": {"backend": {}}}, "the candidate's backend.name: onnxruntime instead of none"),
        ({"candidate": {"identity": "0"}}, "the machine changed (its processor, memory, limits or governor)"),
        ({"candidate": {"scheduling": "idle, nice 0"}}, "instead of idle, nice 0"),
        ({"candidate": {"session": "0"}}, "the candidate's session changed"),
        ({"candidate": {"files": {"LD_PRELOAD": "0"}}}, "the libraries that LD_PRELOAD names changed"),
        ({"code": "0"}, "the measuring code changed"),
        ({"seed": 3}, "seed=0 instead of 3"),
    ],
)
def test_what_differs_is_said_in_words(change: dict[str, Any], said: str, cell: Cell) -> None:
    now = measurement_key.parts_of(cell)
    before = {**now, **{name: {**now[name], **one} if isinstance(one, dict) else one for name, one in change.items()}}
    assert said in "; ".join(measurement_key.differences(before, now))
    assert measurement_key.digest(before) != measurement_key.digest(now)


# --- code counts as it ran ---


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one source of a measuring code of its own."""
    package = tmp_path / f"timing_of_{tmp_path.name}"  # a name of its own: where a module lies is remembered
    package.mkdir()
    (package / "__init__.py").touch()
    found = package / "loop.py"
    found.write_text("ROUNDS = 1\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(measurement_key, "MEASURING", (f"{package.name}.loop",))
    monkeypatch.setattr(measurement_key, "ROOMS", (f"{package.name}.",))
    monkeypatch.setattr(measurement_key, "_first", {})
    return found


def test_a_comment_in_the_measuring_code_stops_nothing(cell: Cell, source: Path) -> None:
    parts = measurement_key.parts_of(cell)
    source.write_text("ROUNDS = 1  # as before\n")
    measurement_key.check_code(cell, parts)


def test_what_was_measured_while_its_code_was_edited_is_not_kept(cell: Cell, source: Path) -> None:
    parts = measurement_key.parts_of(cell)
    source.write_text("ROUNDS = 10\n")
    with pytest.raises(StepFailed, match="measuring code was edited since this process began"):
        measurement_key.check_code(cell, parts)


def test_a_process_that_imported_it_before_the_edit_does_not_measure_with_it(cell: Cell, source: Path) -> None:
    measurement_key.parts_of(cell)
    source.write_text("ROUNDS = 10\n")
    code_closure.look_again()  # as planning does
    with pytest.raises(StepFailed, match="restart the kernel"):
        measurement_key.check_code(cell, measurement_key.parts_of(cell))


def test_an_edited_session_is_not_measured_either(cell: Cell) -> None:
    parts = measurement_key.parts_of(cell)
    with pytest.raises(StepFailed):
        measurement_key.check_code(cell, {**parts, "candidate": {**parts["candidate"], "session": "as it was"}})
