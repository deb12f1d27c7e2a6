from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from runner.data import arrays, scoring
from runner.errors import StepFailed
from tests.models import onnx_files
from tests.steps import chain

FREE = {"ids": ["batch", 3], "x": ["batch", 4]}
FIXED = {"ids": [1, 3], "x": [1, 4]}


def prepared(
    base: Path, path: str, seed: int = 0, metric: str = "none", inputs: str | None = None, **shapes: Any
) -> Path:
    """The data artifact of a user's file, after its export."""
    model = chain.model("onnx", path=path, shapes=shapes, inputs=inputs, metric=metric)
    chain.do("export", {"model": model}, {}, base)
    needs = {"inputs": inputs, "metric": metric}
    return chain.data(base, "model_inputs", needs, seed, {"model": base / "export"}, samples=6, integers_below=5)


@pytest.fixture
def dynamic(tmp_path: Path) -> str:
    return onnx_files.lookup_and_add(tmp_path / "my.onnx", ["n", "tokens"], ["n", 4])


def test_random_inputs_have_the_types_and_shapes_of_the_file(dynamic: str, tmp_path: Path) -> None:
    test = arrays.read(prepared(tmp_path, dynamic, **FREE), "test")
    assert (test["in/ids"].shape, test["in/ids"].dtype) == ((6, 3), np.int64)
    assert (test["in/x"].shape, test["in/x"].dtype) == ((6, 4), np.float32)
    assert set(test["in/ids"].ravel().tolist()) <= {0, 1, 2, 3, 4}


def test_without_a_free_batch_each_sample_has_the_whole_shape(dynamic: str, tmp_path: Path) -> None:
    test = arrays.read(prepared(tmp_path, dynamic, **FIXED), "test")
    assert test["in/x"].shape == (6, 1, 4)


def test_the_seed_draws_the_inputs(dynamic: str, tmp_path: Path) -> None:
    seeds = {"a": 1, "b": 1, "c": 2}
    first, same, other = (
        arrays.read(prepared(tmp_path / name, dynamic, seed, **FREE), "test")["in/x"] for name, seed in seeds.items()
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("shapes", [FREE, FIXED])
def test_the_reference_is_the_float_model_on_the_test_split(shapes: Any, dynamic: str, tmp_path: Path) -> None:
    folder = prepared(tmp_path, dynamic, **shapes)
    test, session = arrays.read(folder, "test"), ort.InferenceSession(dynamic)
    reference = np.load(folder / "reference.npz")["out/y"]
    assert len(reference) == 6
    for sample in range(6):
        feed = {"ids": test["in/ids"][sample].reshape(1, 3), "x": test["in/x"][sample].reshape(1, 4)}
        (y,) = session.run(["y"], feed)
        np.testing.assert_allclose(reference[sample].reshape(1, 4), y, atol=1e-6)


def test_the_users_expected_values_are_scored(dynamic: str, tmp_path: Path) -> None:
    ids, x = np.array([[0, 1, 2], [4, 4, 4]]), np.ones((2, 4), np.float32)
    (y,) = ort.InferenceSession(dynamic).run(["y"], {"ids": ids, "x": x})
    path = tmp_path / "my.npz"
    np.savez(path, ids=ids, x=x, y=y + 0.5)
    folder = prepared(tmp_path, dynamic, metric="mae", inputs=str(path), **FIXED)
    outputs = {"y": np.load(folder / "reference.npz")["out/y"]}
    assert scoring.score(folder, outputs) == {"mae": pytest.approx(0.5, abs=1e-6)}
    assert arrays.read_meta(folder)["source"] == "the user's"


def test_the_exported_file_has_the_asked_shapes_and_its_weights_inside(tmp_path: Path) -> None:
    path = onnx_files.with_external_weights(tmp_path / "my.onnx")
    folder = prepared(tmp_path, path)
    assert arrays.read_meta(folder)["shapes"] == {"ids": [1, 3], "x": [1, 4]}
    (tmp_path / "weights.bin").unlink()
    onnx.checker.check_model(tmp_path / "export" / "model.onnx", full_check=True)
    assert ort.InferenceSession(tmp_path / "export" / "model.onnx").get_outputs()[0].shape == [1, 4]


def test_flags_are_drawn_as_coin_flips(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.BOOL, [1, 50])
    y = helper.make_tensor_value_info("y", TensorProto.BOOL, [1, 50])
    graph = helper.make_graph([helper.make_node("Not", ["x"], ["y"])], "not", [x], [y])
    test = arrays.read(prepared(tmp_path, onnx_files.save(tmp_path / "my.onnx", graph)), "test")
    assert set(test["in/x"].ravel().tolist()) == {True, False}


def test_an_input_without_axes_is_one_number_a_sample(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [2, 3])
    gain = helper.make_tensor_value_info("gain", TensorProto.FLOAT, [])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, 3])
    graph = helper.make_graph([helper.make_node("Mul", ["x", "gain"], ["y"])], "gain", [x, gain], [y])
    folder = prepared(tmp_path, onnx_files.save(tmp_path / "my.onnx", graph))
    test = arrays.read(folder, "test")
    assert (test["in/x"].shape, test["in/gain"].shape) == ((6, 2, 3), (6,))
    np.testing.assert_allclose(
        np.load(folder / "reference.npz")["out/y"], test["in/x"] * test["in/gain"][:, None, None], atol=1e-6
    )


def test_a_model_that_does_not_run_is_named(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])
    node = helper.make_node("Odd", ["x"], ["y"], domain="my.domain")
    model = helper.make_model(
        helper.make_graph([node], "odd", [x], [y]),
        opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid("my.domain", 1)],
        ir_version=8,
    )
    onnx.save(model, tmp_path / "my.onnx")
    with pytest.raises(StepFailed, match=r"^ONNX Runtime can't run the model: "):
        prepared(tmp_path, str(tmp_path / "my.onnx"))


def test_a_free_batch_needs_one_row_a_sample(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [])
    graph = helper.make_graph([helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0)], "sum", [x], [y])
    path = onnx_files.save(tmp_path / "my.onnx", graph)
    with pytest.raises(StepFailed, match=r"^Output y has not one row a sample, so the batch can't stay free\."):
        prepared(tmp_path, path, x=["batch", 4])
