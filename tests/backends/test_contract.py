"""What every backend of `conf/backend/` promises (docs/architecture.md, Backends and Sessions)."""

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from runner import registry
from runner.backends import loading
from runner.backends.ask import ask
from runner.backends.contract import Backend, Request
from runner.endpoints.local import open_worker
from runner.errors import RunnerError, StepFailed
from runner.settings import build, rules
from tests.backends.conftest import BACKENDS, CONF, load, predicted, read_session, settings_of

PRECISIONS = ("fp32", "fp16", "int8", "int8_dynamic")

# Every pair of a backend and a model that it reads.
PAIRS = [
    (name, case)
    for name in BACKENDS
    for case in ("bilstm", "conv")
    if case == "bilstm" or "onnx" in loading.backend(name).accepts
]


def refusal(declared: Backend, name: str, precision: str, model: str = "bilstm") -> str | None:
    settings = build(declared.settings, settings_of(name), "backend")
    request = Request(settings, precision, model, "forecast", 1, {}, ask)
    return declared.support(request) or declared.refusal(precision, 1)


@pytest.fixture(params=BACKENDS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def declared(name: str) -> Backend:
    return loading.backend(name)


def test_there_are_backends() -> None:
    assert {"onnxruntime", "openvino", "torch"} <= set(BACKENDS)
    assert {"onnxruntime", "openvino", "torch"} <= set(WITH_SESSION_SETTINGS)


def test_the_yaml_names_itself_and_the_keys_of_its_rules(name: str, declared: Backend) -> None:
    values = yaml.safe_load((CONF / f"{name}.yaml").read_text())
    assert values["name"] == name
    assert list(settings_of(name)) == list(rules(declared.settings))


def test_the_values_keep_the_rules(name: str, declared: Backend) -> None:
    build(declared.settings, settings_of(name), "backend")


def test_it_has_threads_of_which_none_is_not_a_number(name: str, declared: Backend) -> None:
    with pytest.raises(RunnerError, match=r"backend\.threads=0: out of range"):
        build(declared.settings, settings_of(name, threads=0), "backend")


@pytest.mark.parametrize("precision", PRECISIONS)
def test_each_precision_is_taken_or_refused_with_a_reason(name: str, declared: Backend, precision: str) -> None:
    reason = refusal(declared, name, precision)
    assert reason is None or precision in reason
    assert precision != "fp32" or reason is None


def test_what_it_can_is_known_without_loading_its_library(name: str, declared: Backend) -> None:
    code = f"import sys, {registry.module('backend', name)}; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=CONF.parents[1]
    )
    assert not {"torch", "numpy", "onnx", "onnxruntime", "openvino"} & set(loaded.stdout.split())


def test_what_it_is_tuned_to_is_plain(name: str, declared: Backend) -> None:
    settings = build(declared.settings, settings_of(name), "backend")
    tuned = declared.tuned_to(settings, {"isa": ("avx2",), "cpu": "some"})
    assert tuned is None or isinstance(tuned, dict)


@pytest.mark.parametrize("batch", [1, 3])
@pytest.mark.parametrize(("name", "case"), PAIRS)
def test_compiled_fp32_agrees_with_the_reference(name, case, batch, cases, compile_case, tmp_path) -> None:  # type: ignore[no-untyped-def]
    compiled = compile_case(name, cases[case], batch)
    found = predicted(compiled, tmp_path, batch)
    np.testing.assert_allclose(found, cases[case].expected, rtol=1e-3, atol=1e-4)
    assert [spec["shape"][0] for spec in compiled.meta["inputs"]] == [batch]
    assert read_session(compiled)["batch"] == batch


def test_it_says_what_every_operator_runs_in(name, cases, compile_case) -> None:  # type: ignore[no-untyped-def]
    meta = compile_case(name, cases["bilstm"]).meta
    kinds = {kind for counts in meta["effective"].values() for kind in counts}
    assert "fp32" in kinds
    assert not kinds & {"bf16", "fp16", "int8"}
    assert meta["warnings"] == []
    assert meta["version"]


WITH_SESSION_SETTINGS = [name for name in BACKENDS if loading.backend(name).session_settings]
# Values of settings that only sessions read, other than those that compile proves its result with.
OTHER = {"threads": 2, "execution_mode": "parallel", "streams": 2, "hint": "throughput"}


@pytest.mark.parametrize("name", WITH_SESSION_SETTINGS)
def test_what_only_the_session_reads_is_settings_with_valid_values(name: str, declared: Backend) -> None:
    assert set(declared.session_settings) <= set(rules(declared.settings))
    build(declared.settings, settings_of(name, **declared.session_settings), "backend")


@pytest.mark.parametrize("name", WITH_SESSION_SETTINGS)
def test_what_only_the_session_reads_changes_nothing_that_is_compiled(name, declared, cases, compile_case) -> None:  # type: ignore[no-untyped-def]
    changed = {key: OTHER[key] for key in declared.session_settings}
    one, other = (compile_case(name, cases["bilstm"], **values) for values in (declared.session_settings, changed))
    assert contents(one.out) == contents(other.out)
    assert one.meta["effective"] == other.meta["effective"]


def contents(folder: Path) -> dict[str, bytes]:
    """Every file's bytes; of a zip archive (torch's), those of its members, without their dates."""
    found: dict[str, bytes] = {}
    for path in folder.iterdir():
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                found |= {f"{path.name}/{name}": archive.read(name) for name in archive.namelist()}
        else:
            found[path.name] = path.read_bytes()
    return found


def test_threads_are_read_back_from_the_runtime(name, cases, compile_case, tmp_path) -> None:  # type: ignore[no-untyped-def]
    compiled = compile_case(name, cases["bilstm"])
    for threads in (1, 2):
        with open_worker(tmp_path / "log", name=name) as worker:
            assert load(worker, compiled, threads=threads)["effective"]["threads"] == threads


def test_a_changed_weight_in_the_compiled_file_changes_the_outputs(name, cases, compile_case, tmp_path) -> None:  # type: ignore[no-untyped-def]
    compiled = compile_case(name, cases["bilstm"])
    weight = cases["bilstm"].weight
    assert overwritten(compiled.out, weight.tobytes(), (weight + 1).tobytes())
    difference = predicted(compiled, tmp_path) - cases["bilstm"].expected
    assert np.abs(difference[:, 0]).max() > 0.01
    np.testing.assert_allclose(difference[:, 1:], 0, atol=1e-4)


def overwritten(folder: Path, old: bytes, new: bytes) -> int:
    """In how many files `old` was replaced."""
    files = [path for path in folder.iterdir() if old in path.read_bytes()]
    for path in files:
        path.write_bytes(path.read_bytes().replace(old, new))
    return len(files)


def test_a_truncated_artifact_is_named(name, cases, compile_case, tmp_path) -> None:  # type: ignore[no-untyped-def]
    compiled = compile_case(name, cases["bilstm"])
    largest = max(compiled.out.iterdir(), key=lambda path: path.stat().st_size)
    largest.write_bytes(largest.read_bytes()[: largest.stat().st_size // 2])
    with open_worker(tmp_path / "log", name=name) as worker, pytest.raises(StepFailed) as error:
        load(worker, compiled)
    assert str(compiled.out) in error.value.reason
    assert "\n" not in error.value.reason
    assert "damaged" in error.value.next_step
