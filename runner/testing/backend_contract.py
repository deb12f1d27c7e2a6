"""What every backend promises, as tests: `python -m pytest --pyargs runner.testing.backend_contract -k mynpu`.

Each test runs over the backends whose capabilities it is about. A backend says in `contract_marks.py` of its own folder
what it will never do (`NEVER`) or doesn't do yet (`NOT_YET`), by the test's name and with the reason; a test that
passes all the same fails until its mark is removed. `BACKENDS` of a module that imports these tests chooses others.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.backends import loading
from runner.backends.compile_checks import TOLERANCE
from runner.backends.contract import PRECISIONS, Request
from runner.backends.marks import said_of
from runner.backends.worker_query import ask
from runner.core import project_paths as projects
from runner.core import registry
from runner.core.errors import RunnerError, SpecError, StepFailed
from runner.core.setting_rules import Rule, build, rules
from runner.execution.measurements import estimate
from runner.spec import options
from runner.spec.precision import CLASSES
from runner.testing import flips, models, stages
from runner.testing import shared as sharing
from runner.testing.cases import Case, Cases
from runner.testing.chosen import first, reads_graphs, runs_graphs, runs_here, where
from runner.testing.chosen import pytest_generate_tests as pytest_generate_tests
from runner.testing.models import Compiled
from runner.testing.shared import Shared
from runner.transport.local import Worker, open_worker

Compile = Callable[..., Compiled]
BACKENDS = tuple(options.names("backend", projects.root()))
PROFILES = 30  # at most, of which one has to be of a run that nobody interrupted
FLIPS = 12  # of a bit, in as many copies of an artifact
HEAVY = {"torch", "numpy", "onnx", "onnxruntime", "openvino", "tvm", "tensorrt"}


# --- models to compile ---


@pytest.fixture(scope="session")
def cases(tmp_path_factory: pytest.TempPathFactory) -> Cases:
    """Networks and graphs by name, each made when it is asked for."""
    return Cases(tmp_path_factory.mktemp("cases"))


@pytest.fixture(scope="module")
def shared(cases: Cases, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shared]:
    """What is compiled once for all tests, and the processes that do it."""
    with sharing.sharing(tmp_path_factory.mktemp("shared"), cases) as opened:
        yield opened


@pytest.fixture
def compile_case(tmp_path: Path) -> Compile:
    """`compile_case(backend, case, batch, precision, **settings)`, in a fresh worker; it skips a test of a backend of
    which something isn't here."""

    def compiled(backend: str, *about: Any, **changed: Any) -> Compiled:
        skip_without(backend)
        return models.compiled(tmp_path, backend, *about, **changed)

    return compiled


def skip_without(backend: str) -> None:
    """Skips the test where something of the backend isn't here."""
    if missing := stages.lacking(loading.backend(backend)):
        pytest.skip(missing)


def made(shared: Shared, name: str, case: str, batch: int = 1, precision: str = "", **changed: Any) -> Compiled:
    """The case compiled once for all tests, in the precision in which the backend is tested."""
    skip_without(name)
    return sharing.compiled(shared, name, case, batch, precision or first(name), **changed)


def accepted(name: str, case: Case) -> None:
    """Skips the test of a graph where the backend takes networks alone."""
    if not case.network and "onnx" not in loading.backend(name).accepts:
        pytest.skip("the case is a graph")


def built(name: str, **changed: Any) -> Any:
    """The backend's Settings from its YAML."""
    return build(loading.backend(name).settings, models.settings_of(name, **changed), "backend")


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

ALONE = ("bilstm", "gru", "lstm", "mobilenet_v1", "conv", "vit_block")
AGREES = [*((case, 1) for case in ALONE), ("bilstm", 3), ("conv", 3)]


@pytest.mark.parametrize("case, batch", AGREES)
@where(runs_here)
def test_what_is_compiled_agrees_with_the_reference(name: str, case: str, batch: int, shared: Shared) -> None:
    accepted(name, shared.cases[case])
    if refused := loading.backend(name).refusal(first(name), batch):
        pytest.skip(refused)
    compiled = made(shared, name, case, batch)
    (found,) = sharing.answered(shared, compiled, batch).values()
    close(found, shared.cases[case].expected, first(name))
    assert [spec["shape"][0] for spec in compiled.meta["inputs"]] == [batch]
    assert models.read_session(compiled)["batch"] == batch


def close(found: Any, expected: Any, precision: str) -> None:
    """Whether it is what was expected, as far as a precision tells."""
    if precision == "fp32":
        np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-4)
    assert np.abs(found - expected).max() <= TOLERANCE[precision] * np.abs(expected).max()


@pytest.mark.parametrize("precision", PRECISIONS)
@where(runs_here)
def test_every_precision_stays_near_the_float_model(name: str, precision: str, shared: Shared) -> None:
    if refused := loading.backend(name).refusal(precision, 1):
        pytest.skip(refused)
    case = "conv" if reads_graphs(loading.backend(name)) else "bilstm"
    (found,) = sharing.answered(shared, made(shared, name, case, 1, precision)).values()
    close(found, shared.cases[case].expected, precision)


def answers_as_defined(name: str, case: str, shared: Shared) -> None:
    """Every output of a graph has its name, its type and its values, as onnx's own interpreter has them."""
    expected = shared.cases[case].outputs
    found = sharing.answered(shared, made(shared, name, case))
    assert list(found) == list(expected)
    for port, values in expected.items():
        assert (found[port].shape, found[port].dtype) == (values.shape, values.dtype)
        tolerance = TOLERANCE[first(name)] * np.abs(values).max(initial=1) if values.dtype.kind == "f" else 0
        np.testing.assert_allclose(found[port], values, rtol=0, atol=tolerance)


@where(runs_graphs)
def test_every_output_is_that_of_its_name(name: str, shared: Shared) -> None:
    answers_as_defined(name, "ports", shared)


@where(runs_graphs)
def test_whole_numbers_and_truth_values_go_in_and_come_out(name: str, shared: Shared) -> None:
    answers_as_defined(name, "typed", shared)


@where(runs_graphs)
def test_scalars_go_in_and_come_out(name: str, shared: Shared) -> None:
    answers_as_defined(name, "scalar", shared)


@where(runs_graphs)
def test_empty_tensors_go_in_and_come_out(name: str, shared: Shared) -> None:
    answers_as_defined(name, "empty", shared)


@where(lambda declared: runs_graphs(declared) and not declared.capabilities.quantizes)
def test_a_graph_that_is_quantised_already_runs(name: str, shared: Shared) -> None:
    answers_as_defined(name, "quantised", shared)


@where(runs_graphs)
def test_an_rnn_node_runs_in_both_directions(name: str, shared: Shared) -> None:
    answers_as_defined(name, "rnn_node", shared)


@where(runs_graphs)
def test_a_gru_node_runs_in_both_directions(name: str, shared: Shared) -> None:
    answers_as_defined(name, "gru_node", shared)


@where(runs_graphs)
def test_an_lstm_node_runs_in_both_directions(name: str, shared: Shared) -> None:
    answers_as_defined(name, "lstm_node", shared)


@where(reads_graphs)
def test_an_operator_that_it_does_not_know_is_named_in_one_line(name: str, shared: Shared) -> None:
    with pytest.raises(RunnerError) as error:
        made(shared, name, "exotic")
    assert "Zebra" in error.value.reason and "\n" not in error.value.reason


@where(lambda declared: runs_graphs(declared) and {"fp32", "int8"} <= set(declared.precisions))
def test_a_precision_is_computed_in_or_said_not_to_be(name: str, shared: Shared) -> None:
    low, full = (made(shared, name, "conv", 1, precision) for precision in ("int8", "fp32"))
    said = {kind for counts in low.meta["effective"].values() for kind in counts}
    ours, plain = (next(iter(sharing.answered(shared, one).values())) for one in (low, full))
    assert not (np.array_equal(ours, plain) and "int8" in said)


@where(lambda declared: bool(declared.opens))
def test_a_file_that_is_built_already_runs_as_it_is(name: str, shared: Shared, tmp_path: Path) -> None:
    compiled = made(shared, name, "bilstm")
    built = models.built(tmp_path, name, compiled)
    found, expected = (next(iter(sharing.answered(shared, one).values())) for one in (built, compiled))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    file = next(path for path in built.out.iterdir() if path.suffix in loading.backend(name).opens)
    assert file.stem == "model"
    assert file.read_bytes() in [path.read_bytes() for path in models.files(compiled)]


@where(lambda declared: "fp32" in declared.precisions)
def test_it_says_what_every_operator_runs_in(name: str, shared: Shared) -> None:
    meta = made(shared, name, "bilstm").meta
    kinds = {kind for counts in meta["effective"].values() for kind in counts}
    assert "fp32" in kinds
    assert not kinds & {"bf16", "fp16", "int8"}
    assert meta["warnings"] == []
    assert meta["version"]


def test_a_compile_says_what_the_device_needs(name: str, shared: Shared) -> None:
    meta = made(shared, name, "bilstm").meta
    for port in (*meta["inputs"], *meta["outputs"]):
        assert set(port) >= {"name", "shape", "dtype"}
    assert meta["version"] and meta["size"]["file_bytes"] > 0


@where(lambda declared: bool(declared.session_settings))
def test_what_only_the_session_reads_changes_nothing_that_is_compiled(
    name: str, cases: Cases, compile_case: Compile
) -> None:
    """In processes of their own: some libraries number what they make in one."""
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


def called(
    function: str, compiled: Compiled, worker: Worker, changed: Mapping[str, Any] = models.NOTHING, **more: Any
) -> Any:
    """What a function of `runner.testing.sessions` answers of the session, some of its settings `changed`."""
    given = {"session": compiled.meta["session"], "folder": str(compiled.out), **more}
    given |= {"options": {**compiled.settings, **changed}, "inputs": str(compiled.data / "test.npz")}
    module = "runner.testing.sessions"
    return worker.ask("call", timeout=120, module=module, function=function, arguments=given)


@where(lambda declared: runs_here(declared) and declared.capabilities.threads)
def test_threads_are_read_back_from_the_runtime(name: str, shared: Shared, tmp_path: Path) -> None:
    compiled = made(shared, name, "bilstm")
    for threads in (1, 2):
        with open_worker(tmp_path / "log", name=name) as worker:
            assert models.load(worker, compiled, threads=threads)["effective"]["threads"] == threads


@where(lambda declared: runs_here(declared) and declared.capabilities.threads)
def test_more_threads_than_one_are_started(name: str, shared: Shared, tmp_path: Path) -> None:
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("some runtimes start no more threads than there are CPUs")
    case, batch = busy(name)
    compiled = made(shared, name, case, batch)
    alive = []
    for threads in (1, 2):
        with open_worker(tmp_path / "log", name=name) as worker:
            alive.append(called("threads_at_work", compiled, worker, {"threads": threads}, batch=batch))
    assert alive[1] > alive[0]


@where(runs_here)
def test_two_sessions_of_one_process_answer_as_each_does_alone(name: str, shared: Shared) -> None:
    compiled = made(shared, name, "bilstm")
    with sharing.running(shared, compiled) as worker:
        assert called("two_at_once", compiled, worker) == [0.0, 0.0]


@where(runs_here)
def test_what_rereads_its_inputs_infers_what_is_written_there(name: str, shared: Shared) -> None:
    compiled = made(shared, name, "bilstm")
    with sharing.running(shared, compiled) as worker:
        assert called("written_again", compiled, worker) in (0.0, None)


@where(runs_here)
def test_a_closed_session_gives_its_memory_back(name: str, shared: Shared, tmp_path: Path) -> None:
    with open_worker(tmp_path / "log", name=name) as worker:
        assert called("opened_again_and_again", made(shared, name, "bilstm"), worker) < 20


@where(runs_here)
def test_inputs_of_other_sizes_or_another_type_are_refused(name: str, shared: Shared) -> None:
    compiled = made(shared, name, "bilstm")
    with sharing.running(shared, compiled) as worker:
        said = called("given_others", compiled, worker)
    assert isinstance(said["sizes"], str)
    assert isinstance(said["type"], str) or said["type"] <= 1e-4  # converted, and right
    assert said["again"] == 0


@where(lambda declared: runs_here(declared) and bool(declared.capabilities.overlaps))
def test_what_runs_at_once_answers_as_what_runs_alone(name: str, shared: Shared, tmp_path: Path) -> None:
    settings = loading.backend(name).capabilities.overlaps
    compiled = made(shared, name, "bilstm")
    expected = {f"out/{compiled.meta['outputs'][0]['name']}": shared.cases["bilstm"].expected}
    np.savez(tmp_path / "reference.npz", **expected)  # type: ignore[arg-type]
    with open_worker(tmp_path / "log", name=name) as worker:
        loaded = models.load(worker, compiled, reference=tmp_path / "reference.npz", **settings)
        worker.ask("warmup", timeout=60, iterations=3, seconds=0.0, together=True)
        found = worker.ask("burst", timeout=60, iterations=11, together=True)
    assert loaded["at_once"] > 1
    assert len(found["ns"]) == 11
    assert found["error"] <= TOLERANCE[first(name)] ** 2 * found["signal"]


@where(lambda declared: runs_here(declared) and declared.capabilities.profile)
def test_its_profiler_names_the_layers_and_their_times(name: str, shared: Shared) -> None:
    compiled = made(shared, name, "bilstm")
    with sharing.running(shared, compiled) as worker:
        found = models.profile(worker, compiled, iterations=5)
    assert found["statistic"] in ("median", "mean")
    assert found["run_ns"] > 0 < found["resolution_ns"]
    assert len({one["name"] for one in found["layers"]}) == len(found["layers"]) > 0
    assert all(one["calls"] >= 1 and one["ns"] >= 0 and one["type"] and one["precision"] for one in found["layers"])


@where(lambda declared: runs_here(declared) and declared.capabilities.profile)
def test_the_layers_of_a_profile_make_up_a_run(name: str, shared: Shared) -> None:
    """Of a run of milliseconds: none of several profiles says more than it took, and one says all but a tenth of it.
    Each is of one run: where others are busy it may be interrupted between two layers, and the next one isn't."""
    case, batch = busy(name)
    compiled = made(shared, name, case, batch)
    shares: list[float] = []
    with sharing.running(shared, compiled) as worker:
        while len(shares) < PROFILES and max(shares, default=0.0) < 0.9:
            found = models.profile(worker, compiled, 1, batch)
            shares.append(sum(one["ns"] for one in found["layers"]) / found["run_ns"])
    assert 0.9 <= max(shares) <= 1.05, f"of a run its layers make up {', '.join(f'{one:.2f}' for one in shares)}"


def busy(name: str) -> tuple[str, int]:
    """A case and a batch that give several threads something to do, for milliseconds."""
    return ("conv", 2048) if reads_graphs(loading.backend(name)) else ("mobilenet_v1", 128)


@where(lambda declared: declared.capabilities.estimate)
def test_its_estimate_has_figures_and_names_its_source(name: str, shared: Shared, tmp_path: Path) -> None:
    compiled = made(shared, name, "bilstm")
    given = {"folder": str(compiled.out), "options": dict(compiled.settings)}
    with open_worker(tmp_path / "log", name=name) as worker:
        session = compiled.meta["session"]
        answer = worker.ask("call", timeout=60, module=session, function="estimate", arguments=given)
    assert estimate.checked(answer, session) == answer


# --- what becomes of a damaged file ---


@where(lambda declared: runs_here(declared) and declared.capabilities.raw_weights and "fp32" in declared.precisions)
def test_a_changed_weight_in_the_compiled_file_changes_the_outputs(name: str, shared: Shared, tmp_path: Path) -> None:
    compiled, case = sharing.copied(made(shared, name, "bilstm"), tmp_path / "out"), shared.cases["bilstm"]
    assert overwritten(compiled.out, case.weight.tobytes(), (case.weight + 1).tobytes())
    (found,) = sharing.answered(shared, compiled).values()
    difference = found - case.expected
    assert np.abs(difference[:, 0]).max() > 0.01
    np.testing.assert_allclose(difference[:, 1:], 0, atol=1e-4)


def overwritten(folder: Path, old: bytes, new: bytes) -> int:
    """In how many files `old` was replaced."""
    files = [path for path in folder.rglob("*") if path.is_file() and old in path.read_bytes()]
    for path in files:
        path.write_bytes(path.read_bytes().replace(old, new))
    return len(files)


@where(runs_here)
def test_a_truncated_artifact_is_named(name: str, shared: Shared, tmp_path: Path) -> None:
    compiled = sharing.copied(made(shared, name, "bilstm"), tmp_path / "out")
    largest = max(models.files(compiled), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[: largest.stat().st_size // 2])
    with sharing.running(shared, compiled, "damaged") as worker, pytest.raises(StepFailed) as error:
        models.load(worker, compiled)
    assert str(compiled.out) in error.value.reason
    assert "\n" not in error.value.reason
    assert "damaged" in error.value.next_step


@where(runs_here)
def test_a_flipped_bit_ends_no_command(name: str, shared: Shared, tmp_path: Path) -> None:
    """The store's seal tells one before anything is opened. Where one passes it all the same, a session may fail, or
    its process end, or its answers differ: the command has an answer or an error of one line, and goes on."""
    compiled = made(shared, name, "bilstm")
    errors = [flips.outcome(shared, one) for one in flips.flipped(compiled, tmp_path, FLIPS)]
    assert all(error.reason and "\n" not in error.reason for error in errors if error)
    (found,) = sharing.answered(shared, compiled).values()
    close(found, shared.cases["bilstm"].expected, first(name))
