from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest

from runner.core.errors import StepFailed
from runner.data import arrays
from tests.steps import chain

RECURRENT = {"gru": "GRU", "lstm": "LSTM", "bilstm": "LSTM"}


@pytest.mark.parametrize("name", RECURRENT)
@pytest.mark.parametrize("layers", [1, 2])
def test_a_recurrent_model_is_right_at_any_batch(name: str, layers: int, tmp_path: Path) -> None:
    chosen, roles = chain.trained(tmp_path, name, layers=layers)
    meta = chain.do("export", {"model": chosen}, roles, tmp_path)
    x = arrays.read(roles["data"], "test")["in/x"]
    reference = np.load(tmp_path / "export" / "reference.npz")["out/y"]
    session = ort.InferenceSession(tmp_path / "export" / "model.onnx")
    for batch in (1, 2, 5, len(x)):
        (y,) = session.run(["y"], {"x": x[:batch]})
        np.testing.assert_allclose(y, reference[:batch], atol=1e-5)
    assert len(reference) == len(x)
    assert meta["max_abs_error"] < 1e-5


@pytest.mark.parametrize("name", RECURRENT)
def test_layers_stay_one_node_each_without_initial_states(name: str, tmp_path: Path) -> None:
    chosen, roles = chain.trained(tmp_path, name, layers=2)
    chain.do("export", {"model": chosen}, roles, tmp_path)
    nodes = onnx.load(tmp_path / "export" / "model.onnx").graph.node
    layers = [node for node in nodes if node.op_type == RECURRENT[name]]
    assert [len(node.input) for node in layers] == [4, 4]  # X, W, R, B: absent initial states are zero
    assert not {node.op_type for node in nodes} & {"Shape", "Loop", "Scan", "Expand", "ConstantOfShape"}


def test_the_file_describes_itself(exported: dict[str, Path]) -> None:
    model = onnx.load(exported["model"] / "model.onnx")
    onnx.checker.check_model(model, full_check=True)
    x, y = model.graph.input[0], model.graph.output[0]
    assert (x.name, [d.dim_param or d.dim_value for d in x.type.tensor_type.shape.dim]) == ("x", ["batch", 8, 1])
    assert (y.name, [d.dim_param or d.dim_value for d in y.type.tensor_type.shape.dim]) == ("y", ["batch", 2])


def test_meta_names_inputs_outputs_and_sizes(tmp_path: Path) -> None:
    chosen, roles = chain.trained(tmp_path, "gru")
    meta = chain.do("export", {"model": chosen}, roles, tmp_path)
    del meta["max_abs_error"]
    params = 3 * 4 * (1 + 4 + 2) + (4 + 1) * 2
    assert meta == {
        "inputs": [{"name": "x", "shape": ["batch", 8, 1], "dtype": "float32"}],
        "outputs": [{"name": "y", "shape": ["batch", 2], "dtype": "float32"}],
        "opset": 17,
        "params": params,
        "nonzero_params": params,
    }


def test_a_classifier_has_its_batch_normalisation_folded(classifier: dict[str, Path]) -> None:
    nodes = onnx.load(classifier["model"] / "model.onnx").graph.node
    kinds = [node.op_type for node in nodes]
    assert "BatchNormalization" not in kinds
    assert kinds.count("Conv") == 27


def test_an_export_that_differs_from_torch_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runner.steps import _torch_onnx

    chosen, roles = chain.trained(tmp_path, "gru")
    right = _torch_onnx._torch_outputs
    monkeypatch.setattr(_torch_onnx, "_torch_outputs", lambda network, x: right(network, x) + 1)
    with pytest.raises(StepFailed, match="differs from the torch network by 1"):
        chain.do("export", {"model": chosen}, roles, tmp_path)
