"""What a candidate is compared with."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import SpecError, Unavailable
from runner.spec import baseline, hydra_compose, options
from runner.sweep import request


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
