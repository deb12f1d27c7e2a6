"""LiteRT from a graph to a file in each precision: by the real converter and quantiser, in their toolchain."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed here")

from runner.backends.litert.quantize_tflite import recipe
from runner.backends.litert.session import Session
from runner.core.errors import Unsupported
from tests.backends.conftest import Case, Compiled, predicted, settings_of

CompileCase = Callable[..., Compiled]
INT8 = {"per_channel": True, "calibration": "minmax", "exclude": []}

with_toolchain = pytest.mark.toolchain("litert")


@with_toolchain
@pytest.mark.parametrize(
    ("precision", "settings", "runs_in", "least_db"),
    [
        ("fp16", {}, "fp32", 50),
        ("int8_dynamic", {}, "int8", 25),
        ("int8", {}, "int8", 25),
        ("int8", {"activations": 16}, "int8", 35),
    ],
)
def test_each_precision_runs_in_what_is_said_and_stays_close(
    precision: str,
    settings: dict[str, Any],
    runs_in: str,
    least_db: float,
    cases: dict[str, Case],
    compile_case: CompileCase,
    tmp_path: Path,
) -> None:
    compiled = compile_case("litert", cases["conv"], 1, precision, **settings)
    assert compiled.meta["effective"]["CONV_2D"] == {runs_in: 1}
    found, expected = predicted(compiled, tmp_path), cases["conv"].expected
    assert 10 * np.log10((expected**2).sum() / ((found - expected) ** 2).sum()) >= least_db


@with_toolchain
def test_fp16_says_that_its_operators_run_in_fp32(cases: dict[str, Case], compile_case: CompileCase) -> None:
    compiled = compile_case("litert", cases["conv"], 1, "fp16")
    assert "precision=fp16: 0 of 1 Conv runs in fp16 (1 in fp32)" in compiled.meta["warnings"]
    assert compiled.meta["size"]["file_bytes"] < compile_case("litert", cases["conv"]).meta["size"]["file_bytes"]


@with_toolchain
@pytest.mark.parametrize(("io", "dtype"), [("integer", "int8"), ("float", "float32")])
def test_int8_files_take_integers_where_asked_and_sessions_floats(
    io: str, dtype: str, cases: dict[str, Case], compile_case: CompileCase
) -> None:
    compiled = compile_case("litert", cases["conv"], 1, "int8", io=io)
    as_it_is = Session(compiled.out / "model.tflite", settings_of("litert"), as_built=True)
    assert [spec["dtype"] for spec in as_it_is.inputs] == [dtype]
    assert [spec["dtype"] for spec in compiled.meta["inputs"]] == ["float32"]


@with_toolchain
def test_a_file_with_its_channels_last_answers_as_the_model_does(
    cases: dict[str, Case], compile_case: CompileCase, tmp_path: Path
) -> None:
    compiled = compile_case("litert", cases["conv"], channels="last")
    assert [spec["shape"] for spec in compiled.meta["inputs"]] == [[1, 3, 8, 8]]
    np.testing.assert_allclose(predicted(compiled, tmp_path), cases["conv"].expected, rtol=1e-4, atol=1e-4)


@with_toolchain
def test_a_node_that_isnt_mapped_is_named(cases: dict[str, Case], compile_case: CompileCase, tmp_path: Path) -> None:
    strange = Case(tmp_path / "strange", cases["conv"].expected, cases["conv"].weight)
    (strange.folder / "graph").mkdir(parents=True)
    (strange.folder / "data").symlink_to(cases["conv"].folder / "data")
    model = onnx.load(cases["conv"].folder / "graph/model.onnx")
    model.graph.node[1].op_type = "Sinh"
    onnx.save(model, strange.folder / "graph/model.onnx")
    with pytest.raises(Unsupported, match=r"litert can't convert node .*\(Sinh\): no such operator is mapped"):
        compile_case("litert", strange)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"calibration": "entropy"}, "precision.calibration=entropy: LiteRT's quantiser knows ranges alone."),
        ({"exclude": ["Conv_1"]}, "precision.exclude=['Conv_1']: they are names of an ONNX graph's nodes."),
    ],
)
def test_what_the_quantiser_hasnt_is_refused(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(Unsupported) as error:
        recipe("int8", {"settings": settings_of("litert"), "precision_settings": {**INT8, **settings}})
    assert error.value.reason == said
