"""LiteRT's session, on files that are built already: names, sizes, integers, who runs which operator."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed here")

from ai_edge_litert import interpreter as litert

from runner.backends.contract import AS_BUILT
from runner.backends.litert import APIS, Settings, nodes
from runner.backends.litert.described import described
from runner.backends.litert.session import Session, open_session
from runner.core.errors import SpecError, Unavailable, Unsupported
from runner.core.setting_rules import build
from tests.backends import tflite_files
from tests.backends.conftest import settings_of

WEIGHT = np.array([[1, 2, 3], [-1, -2, -3]], np.float32)
X = np.array([[1, 0, 2]], np.float32)

both_apis = pytest.mark.parametrize("api", APIS)


def opened(folder: Path, precision: str = AS_BUILT, **changed: Any) -> Session:
    (folder / "session.json").write_text(json.dumps({"precision": precision}))
    return open_session(str(folder), settings_of("litert", **changed))


def answer(session: Session, x: Any) -> list[list[float]]:
    (found,) = session.run(session.bind({session.inputs[0]["name"]: x}))
    return found.tolist()  # type: ignore[no-any-return]


@both_apis
def test_tensors_name_inputs_and_outputs_where_no_signature_does(api: str, tmp_path: Path) -> None:
    tflite_files.dense(tmp_path / "model.tflite", WEIGHT, [1, 3])
    session = opened(tmp_path, api=api)
    assert session.inputs == [{"name": "x", "shape": [1, 3], "dtype": "float32"}]
    assert session.outputs == [{"name": "y", "shape": [1, 2], "dtype": "float32"}]
    assert answer(session, X) == [[7, 0]]


@both_apis
def test_a_signature_names_them(api: str, tmp_path: Path) -> None:
    tflite_files.dense(tmp_path / "model.tflite", WEIGHT, [1, 3], names=("image/0", "scores: all"))
    session = opened(tmp_path, api=api)
    assert [spec["name"] for spec in (*session.inputs, *session.outputs)] == ["image/0", "scores: all"]
    assert answer(session, X) == [[7, 0]]


@both_apis
def test_channels_that_stand_last_in_the_file_stand_first_outside(api: str, tmp_path: Path) -> None:
    tflite_files.relu(tmp_path / "model.tflite", [1, 2, 3, 4])
    x = np.random.default_rng(0).standard_normal((1, 4, 2, 3)).astype(np.float32)
    session = opened(tmp_path, "fp32", api=api, channels="last")
    assert [spec["shape"] for spec in (*session.inputs, *session.outputs)] == [[1, 4, 2, 3]] * 2
    assert answer(session, x) == np.maximum(x, 0).tolist()


def test_whole_numbers_of_64_bits_go_into_32_where_they_fit(tmp_path: Path) -> None:
    tensors = {name: tflite_files.Tensor([1, 2], "int32") for name in ("x", "y")}
    tflite_files.write(tmp_path / "model.tflite", tensors, [("ABS", ["x"], ["y"])], ["x"], ["y"], None)
    session = opened(tmp_path)
    assert answer(session, np.array([[-3, 4]])) == [[3, 4]]
    with pytest.raises(Unsupported, match="input x is int32 in the file, and has numbers that don't fit"):
        session.bind({"x": np.array([[2**40, 0]])})


def test_a_file_that_is_built_already_has_its_own_order(tmp_path: Path) -> None:
    tflite_files.relu(tmp_path / "model.tflite", [1, 2, 3, 4])
    assert opened(tmp_path, channels="last").inputs[0]["shape"] == [1, 2, 3, 4]


def test_a_file_that_runs_with_none_of_its_usual_sizes_takes_the_inputs_own(tmp_path: Path) -> None:
    tensors = {
        "x": tflite_files.Tensor([-1, 3]),
        "sizes": tflite_files.Tensor([2], "int32", np.array([2, 3], np.int32)),
        "y": tflite_files.Tensor([2, 3]),
    }
    tflite_files.write(tmp_path / "model.tflite", tensors, [("RESHAPE", ["x", "sizes"], ["y"])], ["x"], ["y"], None)
    session = opened(tmp_path)
    assert session.inputs[0]["shape"] == ["batch", 3]
    x = np.arange(6, dtype=np.float32).reshape(2, 3)
    assert answer(session, x) == x.tolist()
    with pytest.raises(Unsupported, match="litert can't run this model"):
        session.bind({"x": x[:1]})


@both_apis
def test_an_open_batch_is_1_as_in_any_application_and_takes_the_inputs_own(api: str, tmp_path: Path) -> None:
    tflite_files.dense(tmp_path / "model.tflite", WEIGHT, [-1, 3])
    session = opened(tmp_path, api=api)
    assert session.inputs == [{"name": "x", "shape": ["batch", 3], "dtype": "float32", "usual": [1, 3]}]
    assert answer(session, X) == [[7, 0]]
    assert answer(session, np.concatenate([X, -X])) == [[7, 0], [0, 7]]
    assert answer(session, X) == [[7, 0]]


@both_apis
def test_integers_of_a_built_file_stay_integers(api: str, tmp_path: Path) -> None:
    tflite_files.integers(tmp_path / "model.tflite")
    session = opened(tmp_path, api=api)
    assert session.inputs == [{"name": "x", "shape": [1, 4], "dtype": "int8"}]
    assert answer(session, np.array([[0, 1, 2, -3]], np.int8)) == [[0, -2, -4, 6]]


@both_apis
def test_integers_of_a_model_that_was_quantised_here_are_floats_outside(api: str, tmp_path: Path) -> None:
    tflite_files.integers(tmp_path / "model.tflite")
    session = opened(tmp_path, precision="int8", api=api)
    assert {spec["dtype"] for spec in (*session.inputs, *session.outputs)} == {"float32"}
    # 0.7 is rounded to the nearest half, 1000 to the largest int8, and of -63.5 in quarters 128 are left
    assert answer(session, np.array([[0.5, 0.7, -1.0, 1000]], np.float32)) == [[-0.5, -0.5, 1.0, -32]]


def test_xnnpack_takes_what_it_can_unless_told_otherwise(tmp_path: Path) -> None:
    tflite_files.dense(tmp_path / "model.tflite", WEIGHT, [1, 3])
    both = {"FULLY_CONNECTED": 1, "RELU": 1}
    assert opened(tmp_path).effective["nodes"] == {nodes.XNNPACK: both}
    assert opened(tmp_path, xnnpack=False).effective["nodes"] == {nodes.BUILT_IN: both}
    assert answer(opened(tmp_path, xnnpack=False), X) == [[7, 0]]


@both_apis
@pytest.mark.parametrize("threads", [1, 2])
def test_threads_are_those_that_xnnpack_has_started(api: str, tmp_path: Path, threads: int) -> None:
    tflite_files.dense(tmp_path / "model.tflite", WEIGHT, [1, 3])
    assert opened(tmp_path, threads=threads, api=api).effective["threads"] == threads


def test_what_a_file_computes_in_is_told_by_operator(tmp_path: Path) -> None:
    tflite_files.integers(tmp_path / "model.tflite")
    found = described(tmp_path, settings_of("litert"), as_built=True)
    assert found["effective"] == {"SUB": {"int8": 1}}
    assert found["fallback"] == {}


def test_a_runtime_that_tells_no_types_of_operators_is_read_by_its_tensors(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = litert.Interpreter._get_ops_details
    fewer = ("index", "op_name", "inputs", "outputs")  # all that tflite-runtime 2.14 tells
    monkeypatch.setattr(
        litert.Interpreter, "_get_ops_details", lambda self: [{key: one[key] for key in fewer} for one in told(self)]
    )
    tflite_files.integers(tmp_path / "model.tflite")
    assert described(tmp_path, settings_of("litert"), as_built=True)["effective"] == {"SUB": {"int8": 1}}


def test_an_operator_that_is_nobodys_is_unsupported_and_named(tmp_path: Path) -> None:
    tflite_files.unknown(tmp_path / "model.tflite")
    with pytest.raises(Unsupported, match=r"litert can't run this model: .*unresolved custom op: mine"):
        opened(tmp_path)


@pytest.mark.filterwarnings("ignore:.*Delegate.__del__")  # LiteRT's own, of one that didn't load
def test_a_delegate_that_isnt_there_is_unavailable(tmp_path: Path) -> None:
    tflite_files.dense(tmp_path / "model.tflite", WEIGHT, [1, 3])
    with pytest.raises(Unavailable, match=r"backend.delegate=/no/such.so: /no/such.so: cannot open"):
        opened(tmp_path, delegate="/no/such.so")


def test_what_a_delegate_leaves_to_the_cpu_has_fallen_back() -> None:
    left = nodes.Node("SOFTMAX", "int8", nodes.XNNPACK)
    taken = nodes.Node("CONV_2D", "int8", nodes.DELEGATE)
    assert nodes.fallback([left, taken, left]) == {"SOFTMAX": 2}


def test_the_newer_interface_says_that_it_is_used_and_whether_kernels_take_all(tmp_path: Path) -> None:
    tflite_files.dense(tmp_path / "model.tflite", WEIGHT, [1, 3])
    fast, plain = (opened(tmp_path, api="compiled_model", xnnpack=xnnpack) for xnnpack in (True, False))
    assert fast.effective == {"api": "compiled_model", "threads": 1, "fully_accelerated": True}
    assert plain.effective == {"api": "compiled_model", "threads": 1, "fully_accelerated": False}
    assert answer(fast, X) == answer(plain, X) == [[7, 0]]


def test_the_newer_interface_takes_no_delegates_library() -> None:
    with pytest.raises(SpecError) as error:
        build(Settings, settings_of("litert", api="compiled_model", delegate="/x.so"), "backend")
    assert error.value.reason == "backend.api=compiled_model: a delegate's library is loaded by the interpreter alone."


def test_an_older_runtime_has_the_interpreter_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tflite_files.dense(tmp_path / "model.tflite", WEIGHT, [1, 3])
    monkeypatch.setitem(sys.modules, "ai_edge_litert.compiled_model", None)
    monkeypatch.delattr("ai_edge_litert.compiled_model", raising=False)
    with pytest.raises(Unavailable, match=r"backend.api=compiled_model: this runtime has the interpreter alone"):
        opened(tmp_path, api="compiled_model")
