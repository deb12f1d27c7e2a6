from __future__ import annotations

from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, helper

from runner.core import setting_rules
from runner.core.errors import SpecError
from runner.data import arrays, calibration_set, scoring
from runner.models import onnx as user_onnx
from runner.tensors import random_inputs
from tests.models import onnx_files
from tests.steps import chain

FREE = {"ids": ["batch", 3], "x": ["batch", 4]}
FIXED = {"ids": [1, 3], "x": [1, 4]}


def prepared(
    base: Path,
    path: str,
    seed: int = 0,
    shapes: Any = MappingProxyType({}),
    needs: Any = MappingProxyType({}),
    **changed: Any,
) -> Path:
    """The data artifact of a user's file, after its export."""
    model = chain.model("onnx", path=path, shapes=dict(shapes), **needs)
    chain.do("export", {"model": model}, {}, base)
    chosen = setting_rules.build(user_onnx.Settings, model["settings"], "model")
    options = {"samples": 6, "integers_below": 5, **changed}
    return chain.data(base, "model_inputs", user_onnx.data_needs(chosen), seed, {"model": base / "export"}, **options)


@pytest.fixture
def dynamic(tmp_path: Path) -> str:
    return onnx_files.lookup_and_add(tmp_path / "my.onnx", ["n", "tokens"], ["n", 4])


def test_random_inputs_have_the_types_and_shapes_of_the_file(dynamic: str, tmp_path: Path) -> None:
    test = arrays.read(prepared(tmp_path, dynamic, shapes=FREE), "test")
    assert (test["in/ids"].shape, test["in/ids"].dtype) == ((6, 3), np.int64)
    assert (test["in/x"].shape, test["in/x"].dtype) == ((6, 4), np.float32)
    assert set(test["in/ids"].ravel().tolist()) <= {0, 1, 2, 3, 4}


def test_without_a_free_batch_each_sample_has_the_whole_shape(dynamic: str, tmp_path: Path) -> None:
    test = arrays.read(prepared(tmp_path, dynamic, shapes=FIXED), "test")
    assert test["in/x"].shape == (6, 1, 4)


def test_the_seed_draws_the_inputs(dynamic: str, tmp_path: Path) -> None:
    seeds = {"a": 1, "b": 1, "c": 2}
    first, same, other = (
        arrays.read(prepared(tmp_path / name, dynamic, seed, FREE), "test")["in/x"] for name, seed in seeds.items()
    )
    assert np.array_equal(first, same)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("shapes", [FREE, FIXED])
def test_the_reference_is_the_float_model_on_the_test_split(shapes: Any, dynamic: str, tmp_path: Path) -> None:
    folder = prepared(tmp_path, dynamic, shapes=shapes)
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
    folder = prepared(tmp_path, dynamic, shapes=FIXED, needs={"metric": "mae", "inputs": str(path)})
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


def test_what_onnx_runtime_refuses_has_no_reference(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 4])
    node = helper.make_node("Odd", ["x"], ["y"], domain="my.domain")
    model = helper.make_model(
        helper.make_graph([node], "odd", [x], [y]),
        opset_imports=[helper.make_opsetid("", 13), helper.make_opsetid("my.domain", 1)],
        ir_version=8,
    )
    onnx.save(model, tmp_path / "my.onnx")
    folder = prepared(tmp_path, str(tmp_path / "my.onnx"))  # another runtime may run it; the compile says what doesn't
    assert not (folder / "reference.npz").exists()


def test_an_output_without_one_row_a_sample_of_a_free_batch_has_no_reference(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 4])
    total, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, dims) for name, dims in (("s", []), ("y", None)))
    nodes = [helper.make_node("ReduceSum", ["x"], ["s"], keepdims=0), helper.make_node("Relu", ["x"], ["y"])]
    path = onnx_files.save(tmp_path / "my.onnx", helper.make_graph(nodes, "sum", [x], [total, y]))
    assert list(np.load(prepared(tmp_path, path, shapes={"x": ["batch", 4]}) / "reference.npz")) == ["out/y"]


def test_whole_numbers_that_were_drawn_are_told_with_what_they_steer(dynamic: str, tmp_path: Path) -> None:
    model = chain.model("onnx", path=dynamic, shapes=FIXED)
    chain.do("export", {"model": model}, {}, tmp_path)
    drawing = chain.values("data", "model_inputs", samples=2, integers_below=5)
    needs = user_onnx.data_needs(setting_rules.build(user_onnx.Settings, model["settings"], "model"))
    asked = {"name": "model_inputs", "settings": drawing, "needs": needs, "seed": 0}
    (said,) = chain.do("data", asked, {"model": tmp_path / "export"}, tmp_path)["warnings"]
    assert said == (
        "whole numbers of ids were drawn from 0 to 4 (data.integers_below=5); as sizes, axes or places: ids (Gather); "
        "real ones: model.inputs=my.npz"
    )


def test_a_quarter_of_the_users_rows_calibrates_and_is_not_measured(dynamic: str, tmp_path: Path) -> None:
    ids, x = np.zeros((40, 3), np.int64), np.arange(160, dtype=np.float32).reshape(40, 4)
    given = saved(tmp_path / "my.npz", ids=ids, x=x, y=x)
    needs = {"inputs": given, "metric": "mae"}
    folder = prepared(tmp_path, dynamic, shapes=FREE, needs=needs, calibration=128)
    test, calibration = (arrays.read(folder, part)["in/x"] for part in ("test", "calibration"))
    assert (len(test), len(calibration)) == (30, 10)
    assert sorted([*test[:, 0], *calibration[:, 0]]) == x[:, 0].tolist()
    np.testing.assert_array_equal(arrays.read(folder, "test")["expected/y"], test)
    assert scoring.note(folder) == "30 rows, 10 others are for calibration"
    assert calibration_set.notes(folder) == [
        "calibrated on 10 of the 40 rows of model.inputs, which aren't measured; "
        "a set of its own: model.calibration=my.npz"
    ]


def test_too_few_rows_are_all_measured_and_calibration_is_random_and_says_so(dynamic: str, tmp_path: Path) -> None:
    x = np.arange(20, dtype=np.float32).reshape(5, 4)
    given = saved(tmp_path / "my.npz", ids=np.zeros((5, 3), np.int64), x=x)
    folder = prepared(tmp_path, dynamic, shapes=FREE, needs={"inputs": given}, calibration=9)
    np.testing.assert_array_equal(arrays.read(folder, "test")["in/x"], x)
    used = calibration_set.read(folder, 7)["x"]
    assert len(used) == 7
    assert not np.isin(used[:], x).any()
    assert calibration_set.notes(folder)[0].startswith(
        "calibrated on random inputs: the 5 rows of model.inputs are too"
    )


def test_a_calibration_set_of_its_own_leaves_every_row_to_be_measured(dynamic: str, tmp_path: Path) -> None:
    x = np.ones((40, 4), np.float32)
    given = saved(tmp_path / "my.npz", ids=np.zeros((40, 3), np.int64), x=x)
    own = saved(tmp_path / "own.npz", ids=np.zeros((3, 3), np.int64), x=2 * x[:3])
    folder = prepared(tmp_path, dynamic, shapes=FREE, needs={"inputs": given, "calibration": own})
    np.testing.assert_array_equal(arrays.read(folder, "test")["in/x"], x)
    np.testing.assert_array_equal(calibration_set.read(folder, 99)["x"][:], 2 * x[:3])
    assert calibration_set.notes(folder) == []


def test_random_inputs_are_calibrated_with_others_than_are_measured(dynamic: str, tmp_path: Path) -> None:
    folder = prepared(tmp_path, dynamic, shapes=FREE, calibration=9)
    test, used = arrays.read(folder, "test")["in/x"], calibration_set.read(folder, 99)["x"]
    assert len(used) == 9
    assert not np.isin(used[:], test).any()
    np.testing.assert_array_equal(used[:], arrays.read(folder, "calibration")["in/x"])


def test_large_random_inputs_for_calibration_are_not_written_down(tmp_path: Path) -> None:
    path = onnx_files.one_node(tmp_path / "large.onnx", "Relu", [1, 3_000_000], [1, 3_000_000])
    folder = prepared(tmp_path, path, samples=2, calibration=1000)
    assert len(arrays.read(folder, "calibration")["in/x"]) == 1  # for the compile's proof
    used = calibration_set.read(folder, 500)["x"]
    assert len(used) == 500
    np.testing.assert_array_equal(used[:1], arrays.read(folder, "calibration")["in/x"])


def test_an_input_larger_than_the_memory_is_refused_before_it_is_drawn(tmp_path: Path) -> None:
    path = onnx_files.one_node(tmp_path / "vast.onnx", "Relu", [1, 2**40, 3], [1, 2**40, 3])
    with pytest.raises(SpecError, match=r"input x: one sample, \[1, 1099511627776, 3\] of float32, takes 1.32e\+04 GB"):
        prepared(tmp_path, path)


@pytest.mark.parametrize("sizes", [[1, 0, 2**62], [1, 2**62, 2**62, 0], [2, 0, 3, 2**60]])
def test_sizes_that_no_array_can_have_are_refused_though_nothing_is_in_it(tmp_path: Path, sizes: list[int]) -> None:
    path = onnx_files.one_node(tmp_path / "empty.onnx", "Relu", sizes, sizes)
    with pytest.raises(SpecError, match=r"input x: no array can have \[\d, .* for its sizes"):
        prepared(tmp_path, path)


def test_an_axis_of_size_0_beside_a_large_one_is_drawn(tmp_path: Path) -> None:
    path = onnx_files.one_node(tmp_path / "empty.onnx", "Relu", [1, 0, 2**30], [1, 0, 2**30])
    assert arrays.read(prepared(tmp_path, path), "test")["in/x"].shape == (6, 1, 0, 2**30)


@pytest.mark.parametrize("below", [5, 1000])
def test_whole_numbers_are_drawn_within_their_type(below: int) -> None:
    values = random_inputs.Drawn(200, (4,), "int8", below, (0, 0, 0))[:]
    assert (values.dtype, values.min() >= 0, values.max() < below) == (np.int8, True, True)


def test_one_sample_is_the_same_however_many_are_drawn() -> None:
    many, few = (random_inputs.Drawn(samples, (2, 3), "float32", 2, (7, 0, 1)) for samples in (50, 3))
    np.testing.assert_array_equal(many[2:3], few[2:3])
    assert many[:].dtype == np.float32


def test_labels_are_read_by_the_float_models_outputs(tmp_path: Path) -> None:
    path = onnx_files.one_node(tmp_path / "one.onnx", "ReduceMax", ["n", 4], ["n", 1], axes=[1])
    x = np.repeat(np.array([[3], [-2], [0.2]], np.float32), 4, axis=1)
    given = saved(tmp_path / "my.npz", x=x, labels=[1, 0, 1])
    needs = {"inputs": given, "metric": "accuracy"}
    folder = prepared(tmp_path, path, shapes={"x": ["batch", 4]}, needs=needs)
    y = np.load(folder / "reference.npz")["out/y"]
    assert scoring.score(folder, {"renamed": y}) == {"accuracy": 1.0}
    assert scoring.note(folder) == "one column: above 0 is 1 (outputs leave 0 to 1)"


def test_labels_that_do_not_fit_an_output_whose_size_only_a_run_shows(tmp_path: Path) -> None:
    path = onnx_files.rows_of_a_size_in_the_input(tmp_path / "sized.onnx")
    given = saved(tmp_path / "my.npz", x=np.ones((3, 4), np.float32), size=np.full((3, 1), 4), labels=[1, 2, 4])
    with pytest.raises(SpecError, match=r"labels run from 1 to 4; output y \[samples, 4\] has the classes 0 to 3\."):
        prepared(tmp_path, path, needs={"inputs": given, "metric": "accuracy"})


def saved(path: Path, **given: Any) -> str:
    np.savez(path, **given)
    return str(path)
