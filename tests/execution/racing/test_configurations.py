"""Which configurations race: what words leave of backends, precisions, threads and the backends' own settings."""

from __future__ import annotations

from pathlib import Path

import pytest

from runner.core.errors import SpecError
from runner.execution.racing import configurations
from runner.execution.racing.configurations import Asked, confirming
from runner.spec import baseline, options
from runner.sweeps import request

GRU = ("model=gru", "train=smoke")
FEW = ("backend.threads=1", "backend.graph_optimization=all", "backend.execution_mode=sequential")


def read(root: Path, *words: str) -> Asked:
    return configurations.read(root, [*GRU, *words])


def names(asked: Asked) -> list[str]:
    return [one.name for one in asked.configurations]


def test_the_default_comes_first_and_is_among_them_whatever_is_named(tmp_path: Path) -> None:
    asked = read(tmp_path, "backend=openvino", "precision=fp32", "backend.threads=1")
    assert names(asked) == ["gru fp32 onnxruntime", "openvino fp32"]
    assert asked.configurations[0].spec.backend.name == asked.against.backend.name == "onnxruntime"


def test_without_words_every_precision_thread_count_and_own_setting_of_a_backend_races(tmp_path: Path) -> None:
    found = read(tmp_path, "backend=onnxruntime").configurations
    assert {one.spec.precision.name for one in found} == {"fp32", "fp16", "int8", "int8_dynamic"}
    assert {one.spec.backend.settings.graph_optimization for one in found} == {"all", "extended"}
    assert {one.spec.backend.settings.execution_mode for one in found} == {"sequential", "parallel"}
    assert {one.spec.backend.settings.threads for one in found} >= {1}
    assert len({one.name for one in found}) == len(found)


def tried(root: Path, backend: str, *words: str) -> set[str]:
    """The names of what races of a backend, without its own name."""
    found = read(root, f"backend={backend}", "precision=fp32", "backend.threads=1", *words).configurations
    return {one.name.removeprefix(f"{backend} fp32 ") for one in found if one.spec.backend.name == backend}


@pytest.mark.parametrize(
    ("backend", "settings"),
    [
        ("litert", {"api=interpreter", "api=compiled_model", "xnnpack=True", "xnnpack=False"}),
        ("torch", {"compiler=script", "compiler=eager"}),
        ("tvm", {"schedule=generic", "schedule=default"}),
    ],
)
def test_what_a_backend_declares_as_worth_trying_races(backend: str, settings: set[str], tmp_path: Path) -> None:
    assert set(" ".join(tried(tmp_path, backend)).split()) == settings


def test_streams_and_hints_of_openvino_race_where_inferences_overlap_alone(tmp_path: Path) -> None:
    assert tried(tmp_path, "openvino") == {"openvino fp32"}
    assert tried(tmp_path, "openvino", "scenario=offline") == {
        f"hint={hint} streams={streams}" for hint in ("none", "throughput") for streams in ("1", "null")
    }


def test_a_word_for_a_setting_that_races_is_the_only_one_of_it(tmp_path: Path) -> None:
    assert tried(tmp_path, "litert", "backend.xnnpack=true") == {"api=interpreter", "api=compiled_model"}


def test_every_backend_that_measures_races_where_none_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, "precision=fp32", *FEW)
    assert {"onnxruntime", "openvino", "torch"} <= {one.spec.backend.name for one in found.configurations}


def test_words_narrow_the_race_as_a_sweep(tmp_path: Path) -> None:
    asked = read(tmp_path, "backend=onnxruntime", "precision=fp32,int8", *FEW)
    assert names(asked) == ["onnxruntime fp32", "onnxruntime int8"]


def test_a_setting_of_one_backend_leaves_the_others_alone(tmp_path: Path) -> None:
    found = read(tmp_path, "backend=onnxruntime,openvino", "precision=fp32", "backend.graph_optimization=basic")
    assert {
        one.spec.backend.settings.graph_optimization
        for one in found.configurations[1:]
        if one.spec.backend.name == "onnxruntime"
    } == {"basic"}
    assert any(one.spec.backend.name == "openvino" for one in found.configurations)


@pytest.mark.parametrize("word", ["model=gru,lstm", "seed=0,1", "measure=quick,standard"])
def test_a_race_is_of_one_model_measured_in_one_way(tmp_path: Path, word: str) -> None:
    with pytest.raises(SpecError, match=f"best {word}: a race is of the configurations of one"):
        configurations.read(tmp_path, ["model=gru", word] if not word.startswith("model") else [word])


def test_a_setting_that_no_backend_has_is_a_wrong_word(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"backend\.nothing"):
        read(tmp_path, "backend=onnxruntime,openvino", "backend.nothing=1")


def test_the_words_of_a_configuration_are_those_of_a_run_of_it(tmp_path: Path) -> None:
    for one in read(tmp_path, "backend=onnxruntime,openvino", "precision=fp32,int8", *FEW).configurations:
        assert request.one(tmp_path, one.words).measures_the_same(one.spec)


@pytest.mark.parametrize("extra", [(), ("compression=magnitude",)])
def test_the_winner_is_confirmed_against_the_default_and_nothing_else(tmp_path: Path, extra: tuple[str, ...]) -> None:
    asked = read(tmp_path, "backend=onnxruntime,openvino", "precision=int8", *FEW, *extra)
    for one in asked.configurations[1:]:
        spec = request.one(tmp_path, confirming(one, asked.against, GRU, tmp_path, 0.0))
        found = baseline.resolve(spec, tmp_path, options.names("backend", tmp_path))
        assert found is not None
        assert found.measures_the_same(asked.against)
        assert spec.measures_the_same(one.spec)


def test_a_confirmation_has_eight_pairs_and_a_pause_where_blocks_had_one(tmp_path: Path) -> None:
    asked = read(tmp_path, "backend=openvino", "precision=fp32", "backend.threads=1", "measure=quick")
    words = confirming(asked.configurations[1], asked.against, (*GRU, "measure=quick"), tmp_path, 60.0)
    settings = request.one(tmp_path, words).measure.settings
    assert (settings.min_pairs, settings.max_pairs, settings.apart_s) == (8, 12, 60.0)
