"""The graph with the preprocessing of its data before it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from runner.core.errors import Unsupported
from runner.data import arrays
from runner.graphs import float_reference, onnx_graph
from runner.testing import models
from tests.models import onnx_files
from tests.steps import chain

SIZE = 12  # of the network's images: those of 8 pixels are enlarged, those of 20 get smaller
Made = tuple[dict[str, Any], dict[str, Path]]


@pytest.fixture(scope="module")
def sampled(tmp_path_factory: pytest.TempPathFactory) -> Callable[[int], dict[str, Path]]:
    """`{"data": ready digits, "raw": raw ones of a size, "export": y = relu(x) of the ready ones}`."""

    def made(raw_size: int) -> dict[str, Path]:
        base, needs = tmp_path_factory.mktemp("digits"), {"input_size": SIZE}
        settings = chain.values("data", "digits", raw_size=raw_size)
        about = {"name": "digits", "settings": settings, "needs": needs, "seed": 0}
        for step in ("data", "raw"):
            chain.do(step, about, {}, base)
        (base / "export").mkdir()
        shape = ["batch", 1, SIZE, SIZE]
        onnx_files.one_node(base / "export" / "model.onnx", "Relu", shape, shape)
        return {step: base / step for step in ("data", "raw", "export")}

    return made


def fused(roles: dict[str, Path], base: Path, model: str = "export") -> Made:
    meta = chain.do("fuse", {}, {"model": roles[model], "data": roles["raw"]}, base)
    return meta, {**roles, "fuse": base / "fuse"}


def answers(model: onnx.ModelProto, folder: Path) -> np.ndarray:
    (y,) = float_reference.outputs(model, arrays.inputs_of(arrays.read(folder, "test"))).values()
    return y


@pytest.mark.parametrize("raw_size", [8, 20])
def test_it_answers_to_raw_samples_as_the_model_does_to_ready_ones(
    sampled: Callable[[int], dict[str, Path]], raw_size: int, tmp_path: Path
) -> None:
    meta, roles = fused(sampled(raw_size), tmp_path)
    assert meta["inputs"] == [{"name": "x", "shape": ["batch", raw_size, raw_size, 1], "dtype": "uint8"}]
    plain, joined = (onnx.load(roles[name] / "model.onnx") for name in ("export", "fuse"))
    np.testing.assert_allclose(answers(joined, roles["raw"]), answers(plain, roles["data"]), atol=1e-5)
    assert meta["max_abs_error_of_preprocessing"] < 1e-5


def test_raw_samples_are_scored_on_the_same_truth(sampled: Callable[[int], dict[str, Path]]) -> None:
    roles = sampled(8)
    ready, raw = (arrays.read(roles[name], "test") for name in ("data", "raw"))
    assert np.array_equal(ready["target"], raw["target"])
    assert arrays.read_meta(roles["raw"])["shapes"]["x"] == [8, 8, 1]


def test_quantised_nodes_stay_and_preprocessing_stays_in_float(
    sampled: Callable[[int], dict[str, Path]], tmp_path: Path
) -> None:
    roles = {**sampled(20), "quantize": tmp_path / "quantize"}
    asked = {"precision": "int8", "settings": chain.values("precision", "int8"), "dynamic_ops": []}
    shape, y = ["batch", 1, SIZE, SIZE], ["batch", SIZE * SIZE]
    onnx_files.one_node(roles["export"] / "model.onnx", "Flatten", shape, y)
    chain.do("quantize", asked, {"model": roles["export"], "data": roles["data"]}, tmp_path)
    _, roles = fused(roles, tmp_path, "quantize")
    before, after = ([n.op_type for n in _nodes(roles[name])] for name in ("quantize", "fuse"))
    assert after == ["Transpose", "Cast", "Resize", "Sub", "Div", *before]


def _nodes(folder: Path) -> list[onnx.NodeProto]:
    return list(onnx_graph.nodes(onnx.load(folder / "model.onnx").graph))


# --- OpenVINO: by the graph, and by its own PrePostProcessor ---


def compiled(roles: dict[str, Path], base: Path, model: str, **asked: Any) -> dict[str, Any]:
    settings = {"backend": "openvino", "settings": models.settings_of("openvino"), "batch": 2, "precision": "fp32"}
    return chain.do("compile", {**settings, **asked}, {"model": roles[model], "data": roles["raw"]}, base)


def verified(roles: dict[str, Path], base: Path, **more: Path) -> dict[str, Any]:
    settings = {"backend": "openvino", "settings": models.settings_of("openvino"), "batch": 2, "precision": "fp32"}
    return chain.do("verify", settings, {"model": base / "compile", "data": roles["raw"], **more}, base)


@pytest.mark.parametrize("raw_size", [8, 20])
def test_openvino_makes_raw_samples_ready_as_numpy_does(
    sampled: Callable[[int], dict[str, Path]], raw_size: int, tmp_path: Path
) -> None:
    roles = sampled(raw_size)
    meta = compiled(roles, tmp_path, "export", preprocess=True)
    assert meta["max_abs_error_of_preprocessing"] < 1e-5
    assert verified(roles, tmp_path)["inputs"] == [{"name": "x", "shape": [2, raw_size, raw_size, 1], "dtype": "uint8"}]


def test_openvino_reads_the_nodes_of_a_graph_that_enlarges(tmp_path: Path, sampled: Any) -> None:
    _, roles = fused(sampled(8), tmp_path)
    compiled(roles, tmp_path, "fuse")
    assert verified(roles, tmp_path, expected=roles["fuse"])["max_abs_error"] < 1e-5


def test_openvino_is_not_believed_where_it_drops_antialiasing(tmp_path: Path, sampled: Any) -> None:
    _, roles = fused(sampled(20), tmp_path)
    with pytest.raises(Unsupported) as caught:
        compiled(roles, tmp_path, "fuse")
    assert "by the nodes preprocess/x/…" in caught.value.reason
    assert caught.value.next_step == "Use preprocess.by=runtime."
