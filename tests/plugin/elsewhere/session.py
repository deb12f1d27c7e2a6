"""ONNX Runtime's session."""

from __future__ import annotations

from typing import Any

import onnxruntime

from runner.backends.contract import HOST


def open_session(folder: str, options: dict[str, Any]) -> Session:
    """The graph in `folder`."""
    return Session(folder)


class Session:
    """A loaded graph of batch 1."""

    def __init__(self, folder: str) -> None:
        chosen = onnxruntime.SessionOptions()
        chosen.add_free_dimension_override_by_name("batch", 1)
        self._session = onnxruntime.InferenceSession(f"{folder}/model.onnx", chosen)
        self.version, self.effective = onnxruntime.__version__, {}
        self.memory = self.clock = HOST
        self.inputs = [_described(one) for one in self._session.get_inputs()]
        self.outputs = [_described(one) for one in self._session.get_outputs()]

    def bind(self, arrays: dict[str, Any]) -> dict[str, Any]:
        """The arrays as they are."""
        return arrays

    def run(self, bound: dict[str, Any]) -> list[Any]:
        """The outputs."""
        return self._session.run(None, bound)

    def close(self) -> None:
        """Nothing to give back."""


def _described(one: Any) -> dict[str, Any]:
    shape = [1 if isinstance(size, str) else size for size in one.shape]
    return {"name": one.name, "shape": shape, "dtype": "float32"}
