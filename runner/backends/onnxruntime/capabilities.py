"""Questions that only the installed ONNX Runtime can answer, asked in a worker before any work."""

from __future__ import annotations

import re
from typing import Any

import onnxruntime  # type: ignore[import-untyped,unused-ignore]
from onnx import TensorProto, helper

from runner.backends.onnxruntime.provider import EVERYWHERE
from runner.core.foreign_text import brief

# Its API tells neither; refusing a file, it says them (https://onnxruntime.ai/docs/reference/compatibility.html).
LIMITS = {
    "ir": r"max supported IR version: (\d+)",
    "opset": r"official support for domain ai\.onnx is till opset (\d+)",
}


def reads(ir: int, opset: int) -> dict[str, Any]:
    """Whether it reads a file of this IR version and this opset of ai.onnx: `version`, `limits` (`{"ir" or "opset":
    the newest that it reads}`, empty where it reads the file)."""
    try:
        _session(_tiny(ir, opset), [EVERYWHERE])
    except Exception as error:  # ONNX Runtime's own share no base class
        found = {name: re.search(pattern, str(error)) for name, pattern in LIMITS.items()}
        limits = {name: int(match[1]) for name, match in found.items() if match}
        if not limits:
            raise
        return {"version": onnxruntime.__version__, "limits": limits}
    return {"version": onnxruntime.__version__, "limits": {}}


def refuses(path: str, content: str) -> str:
    """What ONNX Runtime says against the file, "" where it loads it. `content` is its hash: another file at the same
    path is another question."""
    try:
        _session(path, [EVERYWHERE])
    except Exception as error:  # its own share no base class
        return brief(str(error))
    return ""


def _session(model: bytes | str, wanted: list[str]) -> Any:
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=wanted)


def _tiny(ir: int, opset: int) -> bytes:
    """y = x."""
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, [1]) for name in "xy")
    graph = helper.make_graph([helper.make_node("Identity", ["x"], ["y"])], "tiny", [x], [y])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=ir)
    return bytes(model.SerializeToString())
