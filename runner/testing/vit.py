"""A vision transformer of one block as a graph, node by node: no exporter's version decides what is tested."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import onnx
from onnx import helper

IMAGE = (1, 8, 8)
PATCH, WIDTH, HEADS, CLASSES = 4, 8, 2, 5
TOKENS = (IMAGE[1] // PATCH) ** 2
SIZES = {
    "patches": (WIDTH, 1, PATCH, PATCH),
    "places": (1, TOKENS, WIDTH),
    "query": (WIDTH, WIDTH),
    "key": (WIDTH, WIDTH),
    "value": (WIDTH, WIDTH),
    "mixed": (WIDTH, WIDTH),
    "wide": (WIDTH, 2 * WIDTH),
    "narrow": (2 * WIDTH, WIDTH),
    "classes": (WIDTH, CLASSES),
}


def weights() -> Mapping[str, npt.NDArray[Any]]:
    """Drawn matrices, and constants."""
    random = np.random.default_rng(0)
    drawn = {name: (random.standard_normal(size) / 2).astype(np.float32) for name, size in SIZES.items()}
    numbers = {"scale": (WIDTH / HEADS) ** -0.5, "root": 2**-0.5, "one": 1.0, "half": 0.5}
    shapes = {
        "columns": [0, WIDTH, TOKENS],
        "heads": [0, TOKENS, HEADS, WIDTH // HEADS],
        "joined": [0, TOKENS, WIDTH],
    }
    return {
        **drawn,
        **{name: np.array(value, np.float32) for name, value in numbers.items()},
        **{name: np.array(value, np.int64) for name, value in shapes.items()},
        "tokens axis": np.array([1]),
        "gain": np.ones(WIDTH, np.float32),
    }


def nodes() -> list[onnx.NodeProto]:
    """From the image `x` (batch, 1, 8, 8) to `y` (batch, 5)."""
    return [*_tokens(), *_attention(), *_layers(), *_head()]


def _tokens() -> list[onnx.NodeProto]:
    return [
        _node("Conv", ["x", "patches"], "cut", strides=[PATCH, PATCH]),
        _node("Reshape", ["cut", "columns"], "flat"),
        _node("Transpose", ["flat"], "rows", perm=[0, 2, 1]),
        _node("Add", ["rows", "places"], "tokens"),
    ]


def _attention() -> list[onnx.NodeProto]:
    split = {"query": [0, 2, 1, 3], "key": [0, 2, 3, 1], "value": [0, 2, 1, 3]}
    return [
        _node("LayerNormalization", ["tokens", "gain"], "even"),
        *(one for name, order in split.items() for one in _projected(name, order)),
        _node("MatMul", ["query heads", "key heads"], "products"),
        _node("Mul", ["products", "scale"], "scaled"),
        _node("Softmax", ["scaled"], "shares", axis=-1),
        _node("MatMul", ["shares", "value heads"], "seen"),
        _node("Transpose", ["seen"], "back", perm=[0, 2, 1, 3]),
        _node("Reshape", ["back", "joined"], "together"),
        _node("MatMul", ["together", "mixed"], "attended"),
        _node("Add", ["tokens", "attended"], "informed"),
    ]


def _projected(name: str, order: Sequence[int]) -> list[onnx.NodeProto]:
    return [
        _node("MatMul", ["even", name], f"{name} rows"),
        _node("Reshape", [f"{name} rows", "heads"], f"{name} split"),
        _node("Transpose", [f"{name} split"], f"{name} heads", perm=order),
    ]


def _layers() -> list[onnx.NodeProto]:
    """Two layers with GELU between them: half · x · (1 + erf(x / √2))."""
    return [
        _node("LayerNormalization", ["informed", "gain"], "even again"),
        _node("MatMul", ["even again", "wide"], "hidden"),
        _node("Mul", ["hidden", "root"], "less"),
        _node("Erf", ["less"], "erf"),
        _node("Add", ["erf", "one"], "above"),
        _node("Mul", ["hidden", "above"], "double"),
        _node("Mul", ["double", "half"], "gelu"),
        _node("MatMul", ["gelu", "narrow"], "thought"),
        _node("Add", ["informed", "thought"], "out"),
    ]


def _head() -> list[onnx.NodeProto]:
    return [_node("ReduceMean", ["out", "tokens axis"], "mean", keepdims=0), _node("MatMul", ["mean", "classes"], "y")]


def _node(kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> onnx.NodeProto:
    return helper.make_node(kind, inputs, [output], name=f"{output} node", **attributes)
