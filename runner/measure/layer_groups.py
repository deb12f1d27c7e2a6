"""What kind of work a layer does, whatever its runtime calls it: `QLinearConv`, `GroupConvolution` are convolutions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

Layer = Mapping[str, Any]

CONVERSION, LAYOUT, ELEMENTWISE = "quantising and casts", "layout", "element-wise"
HEAVY = ("convolution", "recurrent", "attention", "matrix product")
# The first that fits; longer names come before the words that they hold.
GROUPS = {
    "convolution": r"conv(?!ert)",
    "recurrent": r"gru|lstm|rnn|tensoriterator",
    "attention": r"attention",
    "matrix product": r"gemm|matmul|fully_?connected|inner_?product|addmm|(^|:)linear|einsum|dense",
    CONVERSION: r"quantize|^cast|^convert|astype|^_?to_copy|(^|:)to$",
    LAYOUT: r"reorder|transpose|permute|nhwc|layout",
    "pooling and reductions": r"pool|reduce|mean|argm",
    "normalisation": r"norm",
    "softmax": r"softmax",
    "moving": r"reshape|concat|gather|slice|split|squeeze|expand|pad|flatten|identity|shape|copy|stack|view|select",
    ELEMENTWISE: r"relu|elu|add|mul|sub|div|sigmoid|tanh|clip|erf|eltwise|exp|sqrt|pow|where|min|max|swish|clamp",
}
PATTERNS = {group: re.compile(pattern) for group, pattern in GROUPS.items()}


def group_of(kind: str) -> str:
    """The group of a layer's type; the type itself where none fits."""
    found = kind.lower()
    return next((group for group, pattern in PATTERNS.items() if pattern.search(found)), kind)


def grouped(layers: Iterable[Layer]) -> dict[str, list[Layer]]:
    """The layers of each group, the longest group first, and within it the longest layer."""
    groups: dict[str, list[Layer]] = {}
    for one in sorted(layers, key=lambda one: -one["ns"]):
        groups.setdefault(group_of(one["type"]), []).append(one)
    return dict(sorted(groups.items(), key=lambda group: -total_ms(group[1])))


def total_ms(layers: Iterable[Layer]) -> float:
    """What they take together."""
    return sum(float(one["ns"]) for one in layers) / 1e6
