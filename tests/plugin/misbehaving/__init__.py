"""Somebody else's package: backends that go wrong, found by entry point. What they have in common."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from runner.backends.contract import Backend, Capabilities


@dataclass(frozen=True)
class Settings:
    """Nothing to set."""


BACKEND = Backend(
    settings=Settings,
    accepts=("onnx",),
    precisions=("fp32",),
    distributions=("misbehaving",),
    install="pip install misbehaving",
    capabilities=Capabilities(threads=False),
)


def compile_copy(job: Any) -> dict[str, Any]:
    """The graph as it is."""
    shutil.copy(Path(job.inputs["model"]) / "model.onnx", job.out)
    return {"effective": {}, "version": "1.0", "fallback": {}}


class Session:
    """ONNX Runtime's session, which does `fault` from the second inference on: the first is compile's proof."""

    def __init__(self, folder: str, options: dict[str, Any], fault: Any) -> None:
        import onnxruntime

        chosen = onnxruntime.SessionOptions()
        chosen.add_free_dimension_override_by_name("batch", 1)
        self.session = onnxruntime.InferenceSession(f"{folder}/model.onnx", chosen)
        self.fault, self.runs, self.version, self.effective = fault, 0, "1.0", dict(options)
        self.memory = self.clock = "host"
        self.inputs = [_spec(one) for one in self.session.get_inputs()]
        self.outputs = [_spec(one) for one in self.session.get_outputs()]

    def bind(self, arrays: Any) -> Any:
        return arrays

    def run(self, bound: Any) -> Any:
        self.runs += 1
        if self.runs > 1:
            self.fault()
        return self.session.run(None, bound)

    def close(self) -> None:
        """Nothing to close."""


def _spec(one: Any) -> dict[str, Any]:
    shape = [1 if isinstance(size, str) else size for size in one.shape]
    return {"name": one.name, "shape": shape, "dtype": "float32"}
