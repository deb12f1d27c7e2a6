from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from runner.backends.worker_query import ask
from runner.core import setting_rules
from runner.core.errors import SpecError
from runner.models import onnx as user_onnx
from runner.planning import plan
from runner.sweeps import request
from tests.models import onnx_files

EMPTY: dict[str, Any] = {
    "path": None, "shapes": {}, "inputs": None, "metric": "none", "output": None, "calibration": None,
    "nonfinite": "error",
}  # fmt: skip


def chosen(**values: Any) -> user_onnx.Settings:
    return setting_rules.build(user_onnx.Settings, {**EMPTY, **values}, "model")


def refusal(**values: Any) -> str:
    with pytest.raises(SpecError) as error:
        user_onnx.problems(chosen(**values))
    return str(error.value)


@pytest.fixture
def static(tmp_path: Path) -> str:
    return onnx_files.lookup_and_add(tmp_path / "my.onnx", [1, 3], [1, 4])


@pytest.fixture
def dynamic(tmp_path: Path) -> str:
    return onnx_files.lookup_and_add(tmp_path / "my.onnx", ["n", "tokens"], ["n", 4])


def test_a_file_with_fixed_shapes_needs_nothing_else(static: str) -> None:
    user_onnx.problems(chosen(path=static))
    assert user_onnx.files(chosen(path=static)) == (static,)


def test_no_file_named() -> None:
    assert refusal() == "model=onnx needs a file.\nName it: model.path=my.onnx"


def test_a_file_that_is_not_there() -> None:
    expected = "model.path=no.onnx: no such file.\nCheck the path; it is relative to this folder."
    assert refusal(path="no.onnx") == expected


def test_an_input_whose_name_is_no_text(tmp_path: Path) -> None:
    path = onnx_files.one_node(tmp_path / "my.onnx", "Relu", [1, 4], [1, 4])
    Path(path).write_bytes(Path(path).read_bytes().replace(b"\n\x01x", b"\n\x01\xff"))
    said = f"model.path={path}: the name b'\\xff' is not text in UTF-8.\nCopy or export it again."
    assert refusal(path=path) == said


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_truncated_file(share: float, static: str) -> None:
    content = Path(static).read_bytes()
    Path(static).write_bytes(content[: int(share * len(content))])
    size = Path(static).stat().st_size
    assert refusal(path=static) == (
        f"model.path={static}: an ONNX file that ends too early or is damaged ({size} bytes).\nCopy or export it again."
    )


@pytest.mark.parametrize("content", [b"PK\x03\x04 a torch checkpoint", b"hello, I am text\n", b"\x89PNG\r\n\x1a\n"])
def test_a_file_that_is_no_onnx(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "my.onnx"
    path.write_bytes(content)
    expected = f"model.path={path}: not an ONNX file.\nExport the model to ONNX, and give that file."
    assert refusal(path=str(path)) == expected


@pytest.mark.parametrize("key", ["path", "inputs", "calibration"])
def test_an_empty_file_is_called_empty(key: str, static: str, tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    said = refusal(**{"path": static, key: str(tmp_path / "empty")})
    assert said.startswith(f"model.{key}={tmp_path / 'empty'}: the file is empty.\n")


def test_external_weights_belong_to_the_files(tmp_path: Path) -> None:
    path = onnx_files.with_external_weights(tmp_path / "my.onnx")
    user_onnx.problems(chosen(path=path))
    assert user_onnx.files(chosen(path=path)) == (path, str(tmp_path / "weights.bin"))


def test_external_weights_that_are_missing(tmp_path: Path) -> None:
    path = onnx_files.with_external_weights(tmp_path / "my.onnx")
    (tmp_path / "weights.bin").unlink()
    assert refusal(path=path) == (
        f"model.path={path}: its weights are in weights.bin, which is not beside it.\n"
        "Put weights.bin into the folder of the ONNX file."
    )


def test_external_weights_that_are_truncated(tmp_path: Path) -> None:
    path = onnx_files.with_external_weights(tmp_path / "my.onnx")
    weights = tmp_path / "weights.bin"
    size = weights.stat().st_size
    weights.write_bytes(weights.read_bytes()[:10])
    assert refusal(path=path).startswith(f"model.path={path}: its weights' file weights.bin ends too early (10 of ")
    assert size > 10


@pytest.mark.parametrize("offset", ["-1", "many"])
def test_external_weights_at_no_place_of_a_file(offset: str, tmp_path: Path) -> None:
    path = onnx_files.with_external_weights(tmp_path / "my.onnx")
    model = onnx.load(path, load_external_data=False)
    next(entry for entry in model.graph.initializer[0].external_data if entry.key == "offset").value = offset
    onnx.save(model, path)
    assert refusal(path=path).startswith(
        f"model.path={path}: where weight {model.graph.initializer[0].name} lies is no"
    )


@pytest.mark.parametrize("location", ["a\0b", "a" * 5000], ids=["NUL", "long"])
def test_external_weights_in_a_file_that_none_can_be(location: str, tmp_path: Path) -> None:
    path = onnx_files.with_external_weights(tmp_path / "my.onnx")
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        next(entry for entry in tensor.external_data if entry.key == "location").value = location
    Path(path).write_bytes(model.SerializeToString())
    assert "which is not beside it" in refusal(path=path)


@pytest.mark.parametrize("name", ["a\0b", "a" * 70_000], ids=["NUL", "long"])
def test_a_name_that_no_array_can_have(name: str, tmp_path: Path) -> None:
    value = [helper.make_tensor_value_info(one, onnx.TensorProto.FLOAT, [1]) for one in ("x", name)]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], [name])], "g", value[:1], value[1:])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8), tmp_path / "my.onnx")
    assert "an input or output of that name can't be stored" in refusal(path=str(tmp_path / "my.onnx"))


def test_external_weights_outside_the_models_folder(tmp_path: Path) -> None:
    path = onnx_files.with_external_weights(tmp_path / "my.onnx")
    model = onnx.load(path, load_external_data=False)
    for tensor in model.graph.initializer:
        next(entry for entry in tensor.external_data if entry.key == "location").value = "../weights.bin"
    onnx.save(model, path)
    expected = f"model.path={path}: its weights lie outside its folder (../weights.bin).\nSave it as one file."
    assert refusal(path=path) == expected


def test_a_graph_that_is_not_valid(static: str) -> None:
    model = onnx.load(static)
    model.graph.node[0].op_type = "NoSuchOp"
    onnx.save(model, static)
    with pytest.raises(SpecError, match=rf"^model.path={static}: not a valid ONNX model: .*NoSuchOp"):
        user_onnx.unread(chosen(path=static), ask)


def test_what_onnx_finds_fault_with_and_onnx_runtime_reads_is_read(static: str) -> None:
    model = onnx.load(static)
    model.graph.name = ""  # the checker wants a name
    onnx.save(model, static)
    assert user_onnx.unread(chosen(path=static), ask) is None
    user_onnx.problems(chosen(path=static))


def test_a_size_of_nothing_is_a_size(tmp_path: Path) -> None:
    path = onnx_files.lookup_and_add(tmp_path / "my.onnx", [1, 3], [0, 4])
    user_onnx.problems(chosen(path=path))
    user_onnx.problems(chosen(path=path, shapes={"x": [1, 4]}))  # some exporters write 0 for any size


def test_a_dynamic_dimension_says_what_to_type(dynamic: str) -> None:
    assert refusal(path=dynamic) == (
        f"model.path={dynamic}: input ids has dynamic dimensions: [n,tokens].\n"
        "Give their sizes, for example: 'model.shapes.ids=[1,32]' 'model.shapes.x=[1,4]'"
    )


def recurrent(path: Path) -> str:
    """Of x `[n,steps]` and a state `[2,n,steps]`, as recurrent networks have them."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", "steps"])
    state = helper.make_tensor_value_info("state", TensorProto.FLOAT, [2, "n", "steps"])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [2, "n", "steps"])
    return onnx_files.save(
        path, helper.make_graph([helper.make_node("Add", ["x", "state"], ["y"])], "g", [x, state], [y])
    )


def test_an_axis_that_two_inputs_share_gets_one_size(tmp_path: Path) -> None:
    path = recurrent(tmp_path / "my.onnx")
    assert refusal(path=path).endswith("for example: 'model.shapes.x=[1,32]' 'model.shapes.state=[2,1,32]'")
    user_onnx.problems(chosen(path=path, shapes={"x": [1, 32], "state": [2, 1, 32]}))


def test_the_sizes_that_were_given_are_those_of_the_other_inputs(tmp_path: Path) -> None:
    path = recurrent(tmp_path / "my.onnx")
    assert refusal(path=path, shapes={"x": [3, 5]}).endswith("for example: 'model.shapes.state=[2,3,5]'")
    assert refusal(path=path, shapes={"state": [2, 3, 5]}).endswith("for example: 'model.shapes.x=[3,5]'")


def test_axes_without_a_name_share_none(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [-1, 4])
    other = helper.make_tensor_value_info("other", TensorProto.FLOAT, [4, -1])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, None)
    graph = helper.make_graph([helper.make_node("MatMul", ["x", "other"], ["y"])], "g", [x, other], [y])
    said = refusal(path=onnx_files.save(tmp_path / "my.onnx", graph))
    assert said.endswith("for example: 'model.shapes.x=[1,4]' 'model.shapes.other=[4,32]'")


def test_a_name_with_a_dot_is_typed_as_it_is(tmp_path: Path) -> None:
    x = helper.make_tensor_value_info("input.1", TensorProto.FLOAT, ["n", 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 4])
    graph = helper.make_graph([helper.make_node("Relu", ["input.1"], ["y"])], "relu", [x], [y])
    path = onnx_files.save(tmp_path / "my.onnx", graph)
    assert refusal(path=path).endswith("for example: 'model.shapes.input.1=[1,4]'")


def test_what_the_error_says_to_type_is_accepted(dynamic: str) -> None:
    user_onnx.problems(chosen(path=dynamic, shapes={"ids": [1, 32], "x": [1, 4]}))


def test_the_batch_may_stay_free(dynamic: str) -> None:
    user_onnx.problems(chosen(path=dynamic, shapes={"ids": ["batch", 32], "x": ["batch", 4]}))


SHAPES: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown input": (
        {"idx": [1, 2]},
        "model.shapes.idx: {path} has no such input. Did you mean ids?\nIts inputs: ids, x.",
    ),
    "a contradiction to the file": (
        {"ids": [1, 2], "x": [1, 5]},
        "model.shapes.x=[1,5] contradicts {path}, which has [n,4].\nLeave the 4 as it is.",
    ),
    "a contradiction between inputs": (
        {"ids": [1, 2], "x": [3, 4]},
        "model.shapes.x=[3,4]: axis n is 3 here and 1 in model.shapes.ids.\n{path} has one size for both.",
    ),
    "too few axes": (
        {"ids": [1], "x": [1, 4]},
        "model.shapes.ids=[1]: {path} has 2 axes there: [n,tokens].\nGive a size for each.",
    ),
    "a size below nothing": (
        {"ids": [1, -1], "x": [1, 4]},
        "model.shapes.ids=[1,-1]: -1 is no size.\nSizes are whole numbers from 0, or `batch` for the first axis.",
    ),
    "a word that is no size": (
        {"ids": [1, "tokens"], "x": [1, 4]},
        "model.shapes.ids=[1,tokens]: tokens is no size.\n"
        "Sizes are whole numbers from 0, or `batch` for the first axis.",
    ),
    "only one of two given": (
        {"ids": [1, 2]},
        "model.path={path}: input x has dynamic dimensions: [n,4].\n"
        "Give their sizes, for example: 'model.shapes.x=[1,4]'",
    ),
    "a free batch for only one": (
        {"ids": ["batch", 2]},
        "model.shapes.ids has a free batch axis, input x has none.\n"
        "Give `batch` as the first axis of every input, or numbers.",
    ),
}


@pytest.mark.parametrize("fault", SHAPES)
def test_shapes_that_do_not_fit(fault: str, dynamic: str) -> None:
    shapes, expected = SHAPES[fault]
    assert refusal(path=dynamic, shapes=shapes) == expected.format(path=dynamic)


def npz(tmp_path: Path, **given: Any) -> str:
    path = tmp_path / "my.npz"
    np.savez(path, **given)
    return str(path)


IDS, X, Y = np.zeros((6, 3), np.int64), np.zeros((6, 4), np.float32), np.zeros((6, 4), np.float32)

INPUTS: dict[str, tuple[dict[str, Any], str, str]] = {
    "an input is missing": ({"ids": IDS}, "none", "model.inputs={npz} lacks input x.\nIt has: ids."),
    "an unknown name": (
        {"ids": IDS, "x": X, "label": Y},
        "none",
        "model.inputs={npz}: label is no input or output of the model. Did you mean labels?\nKnown: ids, x, y, labels.",
    ),
    "a wrong shape": (
        {"ids": IDS, "x": X[:, :2]},
        "none",
        "model.inputs={npz}: x has shape [6, 2].\nThe model wants [samples, 1, 4].",
    ),
    "a wrong type": (
        {"ids": X[:, :3], "x": X},
        "none",
        "model.inputs={npz}: ids is float32.\nThe model wants int64.",
    ),
    "different numbers of samples": (
        {"ids": IDS, "x": X[:5]},
        "none",
        "model.inputs={npz}: numbers of samples differ or are 0: ids 6, x 5.\nGive as many of each.",
    ),
    "a whole number that its type can't hold": (
        {"ids": IDS.astype(np.uint64) + np.array([0, 2**63, 0], np.uint64), "x": X},
        "none",
        "model.inputs={npz}: ids[0,1] is 9223372036854775808, which int64 can't hold.\n"
        "The model wants int64: -9223372036854775808 to 9223372036854775807.",
    ),
    "a number too large for its type": (
        {"ids": IDS, "x": np.where(np.arange(4) == 2, 1e39, np.zeros((6, 4)))},
        "none",
        "model.inputs={npz}: x[0,2] is 1e+39, which float32 can't hold.\n"
        "The model wants float32: give values that it can hold, or export the model with a wider type.",
    ),
    "numbers most of which would become 0": (
        {"ids": IDS, "x": np.where(np.arange(4) == 2, 1e-60, np.zeros((6, 4)))},
        "none",
        "model.inputs={npz}: x[0,2] is 1e-60, which float32 can't hold.\n"
        "The model wants float32: give values that it can hold, or export the model with a wider type.",
    ),
    "a whole number that rounding would change": (
        {"ids": IDS, "x": np.full((6, 4), 2**24 + 1)},
        "none",
        "model.inputs={npz}: x[0,0] is 16777217, which float32 can't hold.\n"
        "The model wants float32: give values that it can hold, or export the model with a wider type.",
    ),
    "NaN": (
        {"ids": IDS, "x": np.where(np.arange(24).reshape(6, 4) > 21, np.nan, X)},
        "none",
        "model.inputs={npz}: x[5,2] is nan (2 of 24 values are NaN or infinite).\n"
        "Mend the file; if the model takes such values, type model.nonfinite=allow",
    ),
    "text": (
        {"ids": IDS, "x": np.full((6, 4), "1.5")},
        "none",
        "model.inputs={npz}: x is text.\nThe model wants float32.",
    ),
    "expected outputs of another shape": (
        {"ids": IDS, "x": X, "y": Y[:, :2]},
        "mae",
        "model.inputs={npz}: y has shape [6, 2].\nThe model's output is [samples, 1, 4].",
    ),
    "expected outputs that are NaN": (
        {"ids": IDS, "x": X, "y": np.where(np.arange(4) == 1, -np.inf, Y)},
        "rmse",
        "model.inputs={npz}: y[0,1] is -inf (6 of 24 values are NaN or infinite).\n"
        "Mend the file, or leave those samples out.",
    ),
    "labels from 1": (
        {"ids": IDS, "x": X, "labels": [1, 2, 3, 4, 1, 2]},
        "accuracy",
        "model.inputs={npz}: labels run from 1 to 4; output y [samples, 1, 4] has the classes 0 to 3.\n"
        "Count them from 0: labels - 1",
    ),
    "labels as text": (
        {"ids": IDS, "x": X, "labels": [*"cowcow"]},
        "accuracy",
        "model.inputs={npz}: labels are text ('c', 'o', 'w'); output y is numbers, and which class is which isn't "
        "said.\nGive class numbers from 0; in alphabetical order: numpy.unique(labels, return_inverse=True)[1]",
    ),
    "no labels": (
        {"ids": IDS, "x": X},
        "accuracy",
        "model.metric=accuracy needs an array `labels` in {npz} and a model with one output.\n"
        "Add the labels, or choose another metric.",
    ),
    "no expected values": (
        {"ids": IDS, "x": X, "labels": np.zeros(6)},
        "mae",
        "model.metric=mae needs expected outputs in {npz}.\nAdd an array named as an output: y.",
    ),
}


@pytest.mark.parametrize("fault", INPUTS)
def test_inputs_that_do_not_fit(fault: str, static: str, tmp_path: Path) -> None:
    given, metric, expected = INPUTS[fault]
    path = npz(tmp_path, **given)
    assert refusal(path=static, inputs=path, metric=metric) == expected.format(npz=path)


def test_a_number_too_small_beside_others_is_rounded_to_0(static: str, tmp_path: Path) -> None:
    values = np.where(np.arange(24).reshape(6, 4) == 5, 1e-60, 1.0)
    user_onnx.problems(chosen(path=static, inputs=npz(tmp_path, ids=IDS, x=values)))


def test_inputs_that_fit_belong_to_the_files(static: str, tmp_path: Path) -> None:
    path = npz(tmp_path, ids=IDS, x=X, y=Y)
    user_onnx.problems(chosen(path=static, inputs=path, metric="mae"))
    assert user_onnx.files(chosen(path=static, inputs=path)) == (static, path)


def test_a_model_that_takes_nan_is_given_it_when_asked(static: str, tmp_path: Path) -> None:
    path = npz(tmp_path, ids=IDS, x=np.full((6, 4), np.nan))
    user_onnx.problems(chosen(path=static, inputs=path, nonfinite="allow"))


def test_a_calibration_file_is_checked_like_the_inputs(static: str, tmp_path: Path) -> None:
    path = npz(tmp_path, ids=IDS, x=X[:, :2])
    expected = f"model.calibration={path}: x has shape [6, 2].\nThe model wants [samples, 1, 4]."
    assert refusal(path=static, calibration=path) == expected
    assert user_onnx.files(chosen(path=static, calibration=path)) == (static, path)


def test_labels_of_a_model_with_two_outputs_say_which_they_are_for(tmp_path: Path) -> None:
    path = onnx_files.two_outputs(tmp_path / "my.onnx")
    given = npz(tmp_path, x=X, labels=[0, 1, 2, 3, 0, 1])
    assert refusal(path=path, inputs=given, metric="accuracy") == (
        "model.metric=accuracy: the model has 2 outputs (scores, size).\n"
        "Say which the labels are for, for example: model.output=scores"
    )
    user_onnx.problems(chosen(path=path, inputs=given, metric="accuracy", output="scores"))
    assert refusal(path=path, output="score") == (
        "model.output=score: the model has no such output. Did you mean scores?\nIts outputs: scores, size."
    )


def test_a_file_of_inputs_that_is_not_there(static: str) -> None:
    expected = "model.inputs=no.npz: no such file.\nCheck the path; it is relative to this folder."
    assert refusal(path=static, inputs="no.npz") == expected


@pytest.mark.parametrize("content", [b"hello", b"PK\x03\x04 broken"])
def test_a_file_of_inputs_that_is_no_npz(content: bytes, static: str, tmp_path: Path) -> None:
    path = tmp_path / "my.npz"
    path.write_bytes(content)
    said = refusal(path=static, inputs=str(path))
    assert said.startswith(f"model.inputs={path}: it is no .npz file (")
    assert said.endswith("\nExpected are plain arrays: numpy.savez writes them.")


def test_a_file_of_pickled_objects_is_not_opened(static: str, tmp_path: Path) -> None:
    path = npz(tmp_path, ids=np.array([{"an": "object"}], object), x=X)
    expected = f"model.inputs={path}: array ids holds Python objects, which are never unpickled."
    assert refusal(path=static, inputs=path).startswith(expected)


def test_a_metric_without_inputs(static: str) -> None:
    assert refusal(path=static, metric="mae") == (
        "model.metric=mae needs expected outputs or labels.\nGive them with the inputs: model.inputs=my.npz"
    )


def test_an_unknown_metric_names_the_nearest(static: str) -> None:
    with pytest.raises(SpecError) as error:
        chosen(path=static, metric="acuracy")
    assert error.value.reason == (
        "model.metric=acuracy: not one of none, accuracy, mae, rmse, max_abs_error. Did you mean accuracy?"
    )


@pytest.mark.parametrize("where", ["constant", "branch", "loop", "function"])
def test_weights_outside_are_files_of_the_model_wherever_they_are_used(where: str, tmp_path: Path) -> None:
    path = onnx_files.weights_in(where, tmp_path / "my.onnx")
    assert user_onnx.files(chosen(path=path)) == (path, str(tmp_path / "w.bin"))
    (tmp_path / "w.bin").unlink()
    with pytest.raises(SpecError, match=r"its weights are in w\.bin, which is not beside it") as error:
        user_onnx.files(chosen(path=path))
    assert error.value.next_step == "Put w.bin into the folder of the ONNX file."


@pytest.mark.parametrize("where", ["constant", "branch"])
def test_other_weights_outside_are_another_key(where: str, tmp_path: Path) -> None:
    path = onnx_files.weights_in(where, tmp_path / "my.onnx")
    words = ["model=onnx", f"model.path={path}", "precision=fp32", "baseline=none"]
    spec = request.one(tmp_path, words)
    before = plan.make([spec], tmp_path).cells[0].candidate.keys["export"]
    assert plan.make([spec], tmp_path).cells[0].candidate.keys["export"] == before
    (tmp_path / "w.bin").write_bytes(bytes(64))
    assert plan.make([spec], tmp_path).cells[0].candidate.keys["export"] != before
    (tmp_path / "w.bin").unlink()
    with pytest.raises(SpecError, match=r"its weights are in w\.bin, which is not beside it"):
        plan.make([spec], tmp_path)
