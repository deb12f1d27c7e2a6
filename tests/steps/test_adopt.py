"""Files that other toolchains built: described, fed and taken into the store as they are."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import openvino
import pytest
import torch

from runner.core import registry, setting_rules
from runner.core.errors import SpecError, StepFailed, Unsupported
from runner.data import arrays
from runner.models import file
from runner.worker import session_loader
from tests.models import onnx_files
from tests.steps import chain

SHAPES = {"ids": ["batch", 3], "x": ["batch", 4]}


class Pair(torch.nn.Module):
    """Two inputs, two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = torch.nn.Linear(3, 2)

    def forward(self, series: torch.Tensor, shift: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """(linear(series) + shift, the sum of the series)."""
        return self.linear(series) + shift, series.sum(dim=1)


class Lookup(torch.nn.Module):
    """An input of whole numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.table = torch.nn.Embedding(5, 2)

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """The rows."""
        found: torch.Tensor = self.table(ids)
        return found


def described(base: Path, backend: str, path: Path, shapes: Any = None, **beside: str) -> dict[str, Any]:
    """The meta of `describe`; `beside`: names in the artifact of files by their suffix."""
    places = [[str(path), f"model{path.suffix}"]]
    places += [[str(path.with_suffix(f".{suffix}")), name] for suffix, name in beside.items()]
    settings = chain.values("backend", backend)
    asked = {"backend": backend, "opener": "as_built", "settings": settings, "places": places, "shapes": shapes or {}}
    return chain.do("describe", asked, {}, base)


def adopted(base: Path, backend: str, path: Path, shapes: Any = None, needs: Any = None, **beside: str) -> Any:
    """(`describe`'s meta, `adopt`'s meta, the session, its data)."""
    found = described(base, backend, path, shapes, **beside)
    chosen = setting_rules.build(file.Settings, chain.values("model", "file", **(needs or {})), "model")
    data = chain.data(base, "model_inputs", file.data_needs(chosen), 0, {"model": base / "describe"}, integers_below=5)
    places = [[str(path), f"model{path.suffix}"]]
    places += [[str(path.with_suffix(f".{suffix}")), name] for suffix, name in beside.items()]
    settings = chain.values("backend", backend)
    asked = {"backend": backend, "settings": settings, "precision": "as_built", "places": places}
    meta = chain.do("adopt", asked, {"data": data}, base)
    module = f"{registry.module('backend', backend)}.session"
    assert meta["session"] == module
    return found, meta, session_loader.load(module, str(base / "adopt"), settings), data


def answers(session: Any, data: Path) -> tuple[dict[str, Any], list[Any]]:
    """(The first row of the test split, what the session answers)."""
    test = arrays.inputs_of(arrays.read(data, "test"))
    feed = {name: np.ascontiguousarray(array[:1]) for name, array in test.items()}
    return feed, [np.array(one) for one in session.run(session.bind(feed))]


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return Path(onnx_files.lookup_and_add(tmp_path / "my.onnx", ["n", "tokens"], ["n", 4]))


@pytest.fixture
def pair() -> Pair:
    torch.manual_seed(0)
    return Pair().eval()


def test_an_onnx_file_is_optimised_at_each_load_as_far_as_the_backend_is_told(graph: Path, tmp_path: Path) -> None:
    found, meta, session, data = adopted(tmp_path, "onnxruntime", graph, SHAPES)
    assert [(one["name"], one["shape"], one["dtype"]) for one in found["inputs"]] == [
        ("ids", ["batch", 3], "int64"),
        ("x", ["batch", 4], "float32"),
    ]
    feed, outputs = answers(session, data)
    expected = onnxruntime.InferenceSession(str(graph)).run(None, feed)
    np.testing.assert_array_equal(outputs[0], expected[0])
    assert session.effective["load_time_optimization"] == "ORT_ENABLE_ALL"
    assert meta["effective"] == {"Gather": {"fp32": 1}, "Gemm": {"fp32": 1}, "ReduceMean": {"fp32": 1}}
    assert (tmp_path / "adopt/model.onnx").read_bytes() == graph.read_bytes()
    assert meta["size"]["file_bytes"] == graph.stat().st_size
    assert json.loads((tmp_path / "adopt/session.json").read_text())["precision"] == "as_built"


def test_a_file_in_onnxruntimes_own_format(graph: Path, tmp_path: Path) -> None:
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "my.ort")
    options.add_session_config_entry("session.save_model_format", "ORT")
    onnxruntime.InferenceSession(str(graph), options)
    _, _, session, data = adopted(tmp_path, "onnxruntime", tmp_path / "my.ort", SHAPES)
    feed, outputs = answers(session, data)
    expected = onnxruntime.InferenceSession(str(graph)).run(None, feed)
    np.testing.assert_allclose(outputs[0], expected[0], rtol=1e-6)


def test_an_ir_with_its_weights_beside_it(graph: Path, tmp_path: Path) -> None:
    openvino.save_model(openvino.Core().read_model(str(graph)), str(tmp_path / "my.xml"), compress_to_fp16=False)
    _, meta, session, data = adopted(tmp_path, "openvino", tmp_path / "my.xml", SHAPES, bin="model.bin")
    feed, outputs = answers(session, data)
    expected = onnxruntime.InferenceSession(str(graph)).run(None, feed)
    np.testing.assert_allclose(outputs[0], expected[0], rtol=1e-5, atol=1e-6)
    assert session.effective["inference_precision"] == "f32"
    assert meta["effective"]["FullyConnected"] == {"fp32": 1}


def test_a_program_of_torch_export(pair: Pair, tmp_path: Path) -> None:
    example = (torch.zeros(1, 3), torch.zeros(1, 2))
    torch.export.save(torch.export.export(pair, example), str(tmp_path / "my.pt2"))
    found, meta, session, data = adopted(tmp_path, "torch", tmp_path / "my.pt2")
    assert [(one["name"], one["shape"]) for one in found["inputs"]] == [("series", [1, 3]), ("shift", [1, 2])]
    assert meta["effective"]["linear"] == {"fp32": 1}
    check_pair(pair, session, data)


@pytest.mark.parametrize("freeze", [False, True])
def test_torchscript_learns_its_sizes_from_the_words(pair: Pair, freeze: bool, tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(pair)
        torch.jit.save(torch.jit.freeze(scripted) if freeze else scripted, str(tmp_path / "my.pt"))
    with pytest.raises(SpecError) as error:
        described(tmp_path / "without", "torch", tmp_path / "my.pt")
    assert error.value.reason == f"model.path={tmp_path / 'my.pt'}: input series has no shape."
    shapes = {"series": [1, 3], "shift": [1, 2]}
    _, meta, session, data = adopted(tmp_path, "torch", tmp_path / "my.pt", shapes)
    assert [(one["name"], one["shape"]) for one in session.outputs] == [("y0", [1, 2]), ("y1", [1])]
    assert meta["effective"] == ({} if freeze else {"Linear": {"fp32": 1}})
    check_pair(pair, session, data)


def check_pair(pair: Pair, session: Any, data: Path) -> None:
    test = arrays.inputs_of(arrays.read(data, "test"))
    feed = {name: array[0] for name, array in test.items()}
    outputs = session.run(session.bind(feed))
    expected = pair(*(torch.from_numpy(feed[name]) for name in ("series", "shift")))
    for found, one in zip(outputs, expected, strict=True):
        np.testing.assert_allclose(found, one.detach().numpy(), rtol=1e-5, atol=1e-6)


def test_torchscript_of_whole_numbers_is_refused_with_the_format_that_says_its_types(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.script(Lookup().eval()), str(tmp_path / "my.pt"))
    with pytest.raises(Unsupported) as error:
        adopted(tmp_path, "torch", tmp_path / "my.pt", {"ids": [1, 3]})
    assert error.value.reason.startswith("torch can't run the network with its inputs: ")
    assert error.value.next_step.endswith("save it by torch.export as .pt2.")


@pytest.mark.parametrize(("backend", "name"), [("onnxruntime", "my.ort"), ("openvino", "my.xml"), ("torch", "my.pt2")])
def test_a_damaged_file_is_named(backend: str, name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"\x00damaged" * 10)
    with pytest.raises(StepFailed) as error:
        described(tmp_path, backend, tmp_path / name)
    assert error.value.reason.startswith(f"{tmp_path / name}: {backend} can't open it: ")
    assert error.value.next_step == "Build it again, for the version here."
    assert "scratch" not in error.value.reason


def test_weights_alone_are_no_network(pair: Pair, tmp_path: Path) -> None:
    torch.save(pair.state_dict(), tmp_path / "my.pt")
    with pytest.raises(Unsupported) as error:
        described(tmp_path, "torch", tmp_path / "my.pt")
    assert error.value.reason == f"{tmp_path / 'my.pt'}: torch: no network is in it, weights or a pickle alone."
    assert error.value.next_step == "Save the network itself, by torch.export as .pt2 or as TorchScript."


def test_given_inputs_are_all_measured_and_scored(graph: Path, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    given = {"ids": draw.integers(0, 5, (8, 3)), "x": draw.normal(size=(8, 4)).astype(np.float32)}
    (expected,) = onnxruntime.InferenceSession(str(graph)).run(None, given)
    np.savez(tmp_path / "my.npz", **given, y=expected)
    needs = {"inputs": str(tmp_path / "my.npz"), "metric": "mae"}
    _, _, _, data = adopted(tmp_path, "onnxruntime", graph, SHAPES, needs)
    test = arrays.read(data, "test")
    assert [len(array) for array in test.values()] == [8, 8, 8]
    assert not (data / "reference.npz").exists()
