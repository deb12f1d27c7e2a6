"""What a candidate is compared with."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import Impossible, SpecError, Unavailable
from runner.spec import baseline, hydra_compose, options
from runner.sweeps import request


def resolved(tmp_path: Path, *words: str) -> tuple[hydra_compose.Spec, hydra_compose.Spec | None]:
    spec = request.one(tmp_path, words)
    return spec, baseline.resolve(spec, tmp_path, options.names("backend", tmp_path))


def test_auto_is_onnxruntime_fp32_uncompressed_with_the_same_threads(tmp_path: Path) -> None:
    _, found = resolved(tmp_path, "backend=openvino", "precision=int8", "compression=magnitude", "backend.threads=2")
    assert found is not None
    assert (found.backend.name, found.precision.name, found.compression.name) == ("onnxruntime", "fp32", "none")
    assert found.backend.settings.threads == 2


def test_self_is_the_candidate(tmp_path: Path) -> None:
    spec, found = resolved(tmp_path, "baseline=self")
    assert found == spec
    assert baseline.label(spec, spec) == "self"


def test_none_is_no_baseline(tmp_path: Path) -> None:
    assert resolved(tmp_path, "baseline=none")[1] is None


def test_spec_is_this_one_with_overrides(tmp_path: Path) -> None:
    spec, found = resolved(tmp_path, "baseline=spec", "baseline.overrides=[precision=fp32,model.hidden=8]")
    assert found is not None
    assert (found.precision.name, found.model.settings.hidden) == ("fp32", 8)
    assert found.backend == spec.backend


def test_an_option_comes_before_its_settings_whatever_their_order(tmp_path: Path) -> None:
    _, found = resolved(tmp_path, "baseline=spec", "baseline.overrides=[backend.hint=latency,backend=openvino]")
    assert found is not None
    assert (found.backend.name, found.backend.settings.hint) == ("openvino", "latency")


def test_tensorrt_is_unavailable_where_there_is_none(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        resolved(tmp_path, "baseline=tensorrt")
    assert caught.value.reason == "baseline=tensorrt: no TensorRT backend is installed here."


def test_a_built_file_has_none_but_the_one_that_is_named(tmp_path: Path) -> None:
    words = ("model=file", "model.path=my.onnx")
    assert resolved(tmp_path, *words)[1] is None
    assert resolved(tmp_path, *words, "baseline=auto")[1] is None  # it is its own
    _, other = resolved(tmp_path, *words, "baseline=spec", "baseline.overrides=[model.path=old.onnx]")
    assert other is not None
    assert (other.model.settings.path, other.precision.name) == ("old.onnx", "as_built")
    with pytest.raises(Impossible) as caught:
        resolved(tmp_path, "model=file", "model.path=my.xml", "backend=openvino", "baseline=auto")
    assert caught.value.reason == "baseline=auto: backend=onnxruntime doesn't open my.xml."


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["model=file", "precision=fp32"], "precision=fp32 with model=file: the file is built already."),
        (["model=gru", "precision=as_built"], "precision=as_built with model=gru, which is built here."),
        (["model=file", "compression=magnitude"], "compression=magnitude needs a model that can be trained; "),
    ],
)
def test_a_built_file_has_its_own_precision_and_nothing_else_has_that(
    tmp_path: Path, words: list[str], reason: str
) -> None:
    with pytest.raises(Impossible) as caught:
        request.one(tmp_path, words)
    assert caught.value.reason.startswith(reason)


@pytest.mark.parametrize("backend", options.names("backend", Path("/")))
def test_a_built_file_brings_its_precision_whatever_the_backend_does(tmp_path: Path, backend: str) -> None:
    assert request.one(tmp_path, [f"backend={backend}", "model=file"]).precision.name == "as_built"


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["baseline=spec"], "baseline=spec without baseline.overrides."),
        (["baseline.overrides=[seed=1]"], "baseline.overrides with baseline=auto."),
        (["baseline=spec", "baseline.overrides=[precision=fp99]"], "precision=fp99: no such precision."),
        (
            ["baseline=spec", "baseline.overrides=[backend.thread=2]"],
            "backend.thread: no such key. Did you mean threads?",
        ),
        (["baseline=spec", "baseline.overrides=[seeds=2]"], "seeds: no such key. Did you mean seed?"),
    ],
)
def test_wrong_overrides_are_named(tmp_path: Path, words: list[str], reason: str) -> None:
    with pytest.raises(SpecError) as caught:
        resolved(tmp_path, *words)
    assert caught.value.reason.startswith(reason)
