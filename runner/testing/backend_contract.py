"""What every backend promises, as tests: `python -m pytest --pyargs runner.testing.backend_contract -k mynpu`.

Each test runs over the backends whose capabilities it is about. A backend says in `contract_marks.py` of its own folder
what it will never do (`NEVER`) or doesn't do yet (`NOT_YET`), by the test's name and with the reason; a test that
passes all the same fails until its mark is removed. `BACKENDS` of a module that imports these tests chooses others.
"""

from __future__ import annotations

import importlib
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest

from runner.backends import loading
from runner.backends.compile_checks import TOLERANCE
from runner.backends.contract import Backend, Request
from runner.backends.worker_query import ask
from runner.core import project_paths as projects
from runner.core import registry
from runner.core.errors import RunnerError, SpecError, StepFailed
from runner.core.setting_rules import Rule, build, rules
from runner.execution.measurements import estimate
from runner.spec import options
from runner.spec.precision import CLASSES
from runner.testing import models, stages
from runner.testing.models import Case, Compiled
from runner.transport.local import open_worker

F = TypeVar("F", bound=Callable[..., None])
Compile = Callable[..., Compiled]
BACKENDS = tuple(options.names("backend", projects.root()))
HEAVY = {"torch", "numpy", "onnx", "onnxruntime", "openvino", "tvm", "tensorrt"}


# --- which test runs over which backend ---


def where(condition: Callable[[Backend], bool]) -> Callable[[F], F]:
    """A test about backends of which `condition` holds."""

    def mark(test: F) -> F:
        test.condition = condition  # type: ignore[attr-defined]
        return test

    return mark


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """One test for each backend that it is about, with the backend's own marks."""
    if "name" in metafunc.fixturenames:
        condition = getattr(metafunc.function, "condition", None)
        about = [one for one in metafunc.module.BACKENDS if condition is None or _holds(condition, one)]
        metafunc.parametrize(
            "name", [pytest.param(one, marks=list(_marks(one, metafunc.function.__name__))) for one in about]
        )


def _holds(condition: Callable[[Backend], bool], name: str) -> bool:
    """A declaration that can't be read fails the test that is about it, and no other."""
    try:
        return condition(loading.backend(name))
    except SpecError:
        return False


def _marks(name: str, test: str) -> Iterator[pytest.MarkDecorator]:
    try:
        never, not_yet = said_of(name)
    except SpecError:  # told by the test of the declaration
        return
    if test in never:
        yield pytest.mark.skip(reason=never[test])
    if test in not_yet:
        yield pytest.mark.xfail(reason=not_yet[test], strict=True)


def said_of(name: str) -> tuple[Mapping[str, str], Mapping[str, str]]:
    """(`NEVER`, `NOT_YET`) of a backend's `contract_marks.py`, `{test: reason}`; nothing where it has none."""
    module = registry.load("backend", name)
    if not Path(str(module.__file__)).with_name("contract_marks.py").is_file():
        return {}, {}
    marks = importlib.import_module(f"{module.__name__}.contract_marks")
    return getattr(marks, "NEVER", {}), getattr(marks, "NOT_YET", {})


# --- models to compile ---


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Case]:
    """A recurrent network, a convolution, a graph with several ports, and one with an operator that nobody knows."""
    every = (models.bilstm, models.conv, models.ports, models.exotic)
    return {make.__name__: make(tmp_path_factory.mktemp(make.__name__)) for make in every}


@pytest.fixture
def compile_case(tmp_path: Path) -> Compile:
    """`compile_case(backend, case, batch, precision, **settings)`, in a fresh worker; it skips a test of a backend of
    which something isn't here."""

    def compiled(backend: str, *about: Any, **changed: Any) -> Compiled:
        if missing := stages.lacking(loading.backend(backend)):
            pytest.skip(missing)
        return models.compiled(tmp_path, backend, *about, **changed)

    return compiled


def first(name: str) -> str:
    """The precision that a backend is tested in: fp32 where it has that, else its first."""
    precisions = loading.backend(name).precisions
    return "fp32" if "fp32" in precisions else precisions[0]


def built(name: str, **changed: Any) -> Any:
    """The backend's Settings from its YAML."""
    return build(loading.backend(name).settings, models.settings_of(name, **changed), "backend")


def runs_here(declared: Backend) -> bool:
    """Whether what it compiles opens on this machine."""
    return declared.opens_here()


def compiles_in_no_toolchain(declared: Backend) -> bool:
    """Whether a library of this interpreter does all of its compile: an SDK takes minutes for each case."""
    return runs_here(declared) and not any(stage.toolchain for stage in declared.stages)


# --- what it declares ---


def test_its_declaration_is_right(name: str) -> None:
    loading.backend(name)


def test_its_marks_name_tests_and_reasons(name: str) -> None:
    known = {test for test in globals() if test.startswith("test_")}
    for marks in said_of(name):
        assert set(marks) <= known
        assert all(isinstance(reason, str) and reason for reason in marks.values())


def test_the_yaml_names_itself_and_the_keys_of_its_rules(name: str) -> None:
    assert options.values("backend", name, projects.root())["name"] == name
    assert list(models.settings_of(name)) == list(rules(loading.backend(name).settings))


def test_the_values_keep_the_rules(name: str) -> None:
    built(name)


@where(lambda declared: declared.capabilities.threads)
def test_it_has_threads_of_which_none_is_not_a_number(name: str) -> None:
    with pytest.raises(RunnerError, match=r"backend\.threads=0: out of range"):
        built(name, threads=0)


@pytest.mark.parametrize("precision", CLASSES)
def test_each_precision_is_taken_or_refused_with_a_reason(name: str, precision: str) -> None:
    declared = loading.backend(name)
    request = Request(built(name), precision, "bilstm", "forecast", 1, {}, ask, ask)
    reason = loading.ask(name, "support", request) or declared.refusal(precision, 1)
    assert reason is None or precision in reason
    assert precision != first(name) or reason is None


@where(lambda declared: declared.capabilities.largest_batch is not None)
def test_a_batch_that_is_too_large_is_refused(name: str) -> None:
    declared = loading.backend(name)
    largest = declared.capabilities.largest_batch or 1
    assert declared.refusal(first(name), largest) is None
    assert f"scenario.batch={largest + 1}" in str(declared.refusal(first(name), largest + 1))


def test_what_it_can_is_known_without_loading_its_library(name: str) -> None:
    code = f"import sys; sys.path[:] = {sys.path!r}; import {registry.module('backend', name)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(loaded.stdout.split())


def test_what_it_is_tuned_to_is_plain(name: str) -> None:
    tuned = loading.ask(name, "tuned_to", built(name), {"isa": ("avx2",), "cpu": "some"})
    assert tuned is None or isinstance(tuned, dict)


@where(lambda declared: bool(declared.session_settings))
def test_what_only_the_session_reads_is_settings_with_valid_values(name: str) -> None:
    built(name, **loading.backend(name).session_settings)


# --- what it compiles ---


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize("case", ["bilstm", "conv"])
@where(runs_here)
def test_what_is_compiled_agrees_with_the_reference(
    name: str, case: str, batch: int, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    declared = loading.backend(name)
    if case == "conv" and "onnx" not in declared.accepts:
        pytest.skip("the convolution is a graph")
    if declared.refusal(first(name), batch):
        pytest.skip(f"{declared.refusal(first(name), batch)}")
    compiled = compile_case(name, cases[case], batch, first(name))
    found, expected = models.predicted(compiled, tmp_path, batch), cases[case].expected
    if first(name) == "fp32":
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert np.abs(found - expected).max() <= TOLERANCE[first(name)] * np.abs(expected).max()
    assert [spec["shape"][0] for spec in compiled.meta["inputs"]] == [batch]
    assert models.read_session(compiled)["batch"] == batch


@where(lambda declared: compiles_in_no_toolchain(declared) and "onnx" in declared.accepts)
def test_every_output_is_that_of_its_name(
    name: str, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    found = models.answered(compile_case(name, cases["ports"], 1, first(name)), tmp_path)
    assert list(found) == ["the/sum:0", "the.difference"]
    np.testing.assert_allclose(
        np.concatenate(list(found.values()), axis=1), cases["ports"].expected, rtol=1e-4, atol=0.1
    )


@where(lambda declared: compiles_in_no_toolchain(declared) and "onnx" in declared.accepts)
def test_an_operator_that_it_does_not_know_is_named_in_one_line(
    name: str, cases: dict[str, Case], compile_case: Compile
) -> None:
    with pytest.raises(RunnerError) as error:
        compile_case(name, cases["exotic"], 1, first(name))
    assert "Zebra" in error.value.reason and "\n" not in error.value.reason


@where(
    lambda declared: (
        compiles_in_no_toolchain(declared)
        and {"fp32", "int8"} <= set(declared.precisions)
        and "onnx" in declared.accepts
    )
)
def test_a_precision_is_computed_in_or_said_not_to_be(
    name: str, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    low, full = (compile_case(name, cases["conv"], 1, precision) for precision in ("int8", "fp32"))
    said = {kind for counts in low.meta["effective"].values() for kind in counts}
    same = np.array_equal(models.predicted(low, tmp_path), models.predicted(full, tmp_path))
    assert not (same and "int8" in said)


@where(lambda declared: bool(declared.opens))
def test_a_file_that_is_built_already_runs_as_it_is(
    name: str, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    compiled = compile_case(name, cases["bilstm"], 1, first(name))
    built = models.built(tmp_path, name, compiled)
    found, expected = models.predicted(built, tmp_path), models.predicted(compiled, tmp_path)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    file = next(path for path in built.out.iterdir() if path.suffix in loading.backend(name).opens)
    assert file.stem == "model"
    assert file.read_bytes() in [path.read_bytes() for path in compiled.out.iterdir()]


@where(lambda declared: "fp32" in declared.precisions)
def test_it_says_what_every_operator_runs_in(name: str, cases: dict[str, Case], compile_case: Compile) -> None:
    meta = compile_case(name, cases["bilstm"]).meta
    kinds = {kind for counts in meta["effective"].values() for kind in counts}
    assert "fp32" in kinds
    assert not kinds & {"bf16", "fp16", "int8"}
    assert meta["warnings"] == []
    assert meta["version"]


def test_a_compile_says_what_the_device_needs(name: str, cases: dict[str, Case], compile_case: Compile) -> None:
    meta = compile_case(name, cases["bilstm"], 1, first(name)).meta
    for port in (*meta["inputs"], *meta["outputs"]):
        assert set(port) >= {"name", "shape", "dtype"}
    assert meta["version"] and meta["size"]["file_bytes"] > 0


@where(lambda declared: bool(declared.session_settings))
def test_what_only_the_session_reads_changes_nothing_that_is_compiled(
    name: str, cases: dict[str, Case], compile_case: Compile
) -> None:
    declared = loading.backend(name)
    known = rules(declared.settings)
    changed = {key: other(value, known[key][1]) for key, value in declared.session_settings.items()}
    alone = {key: value for key, value in changed.items() if stands_alone(name, key, value)}
    sides = (declared.session_settings, {**declared.session_settings, **alone})
    one, two = (compile_case(name, cases["bilstm"], 1, first(name), **values) for values in sides)
    assert contents(one.out) == contents(two.out)
    assert one.meta["effective"] == two.meta["effective"]


def stands_alone(name: str, key: str, value: Any) -> bool:
    """Whether a setting may have this value without another one beside it, as a tool needs its program."""
    try:
        built(name, **{key: value})
    except SpecError:
        return False
    return True


def other(value: Any, rule: Rule) -> Any:
    """Another valid value of a setting; the same one of a free text."""
    if rule.choices:
        return next((one for one in reversed(rule.choices) if one != value), value)
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, (int, float)) else value


def contents(folder: Path) -> dict[str, bytes]:
    """Every file's bytes; of a zip archive (torch's), those of its members, without their dates."""
    found: dict[str, bytes] = {}
    for path in (one for one in folder.rglob("*") if one.is_file()):
        name = str(path.relative_to(folder))
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found |= {f"{name}/{member}": archive.read(member) for member in archive.namelist()}
        else:
            found[name] = path.read_bytes()
    return found


# --- what its session does ---


@where(lambda declared: runs_here(declared) and declared.capabilities.threads)
def test_threads_are_read_back_from_the_runtime(
    name: str, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    compiled = compile_case(name, cases["bilstm"], 1, first(name))
    for threads in (1, 2):
        with open_worker(tmp_path / "log", name=name) as worker:
            assert models.load(worker, compiled, threads=threads)["effective"]["threads"] == threads


def called(function: str, compiled: Compiled, folder: Path) -> Any:
    """What a function of `runner.testing.sessions` answers of the session, in a process of its own."""
    given = {"session": compiled.meta["session"], "folder": str(compiled.out), "options": dict(compiled.settings)}
    given["inputs"] = str(compiled.data / "test.npz")
    with open_worker(folder / "log", name=function) as worker:
        module = "runner.testing.sessions"
        return worker.ask("call", timeout=120, module=module, function=function, arguments=given)


@where(compiles_in_no_toolchain)
def test_two_sessions_of_one_process_answer_as_each_does_alone(
    name: str, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    assert called("two_at_once", compile_case(name, cases["bilstm"], 1, first(name)), tmp_path) == [0.0, 0.0]


@where(compiles_in_no_toolchain)
def test_what_rereads_its_inputs_infers_what_is_written_there(
    name: str, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    assert called("written_again", compile_case(name, cases["bilstm"], 1, first(name)), tmp_path) in (0.0, None)


@where(compiles_in_no_toolchain)
def test_a_closed_session_gives_its_memory_back(
    name: str, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    grown = called("opened_again_and_again", compile_case(name, cases["bilstm"], 1, first(name)), tmp_path)
    assert grown < 20


@where(lambda declared: runs_here(declared) and bool(declared.capabilities.overlaps))
def test_what_runs_at_once_answers_as_what_runs_alone(
    name: str, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    settings = loading.backend(name).capabilities.overlaps
    compiled = compile_case(name, cases["bilstm"], 1, first(name))
    expected = {f"out/{compiled.meta['outputs'][0]['name']}": cases["bilstm"].expected}
    np.savez(tmp_path / "reference.npz", **expected)  # type: ignore[arg-type]
    with open_worker(tmp_path / "log", name=name) as worker:
        loaded = models.load(worker, compiled, reference=tmp_path / "reference.npz", **settings)
        worker.ask("warmup", timeout=60, iterations=3, seconds=0.0, together=True)
        found = worker.ask("burst", timeout=60, iterations=11, together=True)
    assert loaded["at_once"] > 1
    assert len(found["ns"]) == 11
    assert found["error"] <= TOLERANCE[first(name)] ** 2 * found["signal"]


@where(lambda declared: runs_here(declared) and declared.capabilities.profile)
def test_its_profiler_names_the_layers_and_their_times(
    name: str, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    compiled = compile_case(name, cases["bilstm"], 1, first(name))
    with open_worker(tmp_path / "log", name=name) as worker:
        found = models.profile(worker, compiled, iterations=5)
    assert found["statistic"] in ("median", "mean")
    assert found["run_ns"] > 0 < found["resolution_ns"]
    assert len({one["name"] for one in found["layers"]}) == len(found["layers"]) > 0
    assert all(one["calls"] >= 1 and one["ns"] >= 0 and one["type"] and one["precision"] for one in found["layers"])


@where(lambda declared: declared.capabilities.estimate)
def test_its_estimate_has_figures_and_names_its_source(
    name: str, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    compiled = compile_case(name, cases["bilstm"], 1, first(name))
    given = {"folder": str(compiled.out), "options": dict(compiled.settings)}
    with open_worker(tmp_path / "log", name=name) as worker:
        session = compiled.meta["session"]
        answer = worker.ask("call", timeout=60, module=session, function="estimate", arguments=given)
    assert estimate.checked(answer, session) == answer


@where(lambda declared: runs_here(declared) and declared.capabilities.raw_weights and "fp32" in declared.precisions)
def test_a_changed_weight_in_the_compiled_file_changes_the_outputs(
    name: str, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    compiled = compile_case(name, cases["bilstm"])
    weight = cases["bilstm"].weight
    assert overwritten(compiled.out, weight.tobytes(), (weight + 1).tobytes())
    difference = models.predicted(compiled, tmp_path) - cases["bilstm"].expected
    assert np.abs(difference[:, 0]).max() > 0.01
    np.testing.assert_allclose(difference[:, 1:], 0, atol=1e-4)


def overwritten(folder: Path, old: bytes, new: bytes) -> int:
    """In how many files `old` was replaced."""
    files = [path for path in folder.rglob("*") if path.is_file() and old in path.read_bytes()]
    for path in files:
        path.write_bytes(path.read_bytes().replace(old, new))
    return len(files)


@where(runs_here)
def test_a_truncated_artifact_is_named(
    name: str, cases: dict[str, Case], compile_case: Compile, tmp_path: Path
) -> None:
    compiled = compile_case(name, cases["bilstm"], 1, first(name))
    largest = max((path for path in compiled.out.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[: largest.stat().st_size // 2])
    with open_worker(tmp_path / "log", name=name) as worker, pytest.raises(StepFailed) as error:
        models.load(worker, compiled)
    assert str(compiled.out) in error.value.reason
    assert "\n" not in error.value.reason
    assert "damaged" in error.value.next_step
