"""What a Relax module computes in, and what it gives."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import tvm
from tvm import relax

from runner.backends.tvm import relax_types
from runner.backends.tvm.profiler import KINDS

CONVERSIONS = ("astype", "quantize", "dequantize")


def effective(module: Any) -> dict[str, dict[str, int]]:
    """`{operator: {precision: how many}}` of the operators as Relax calls them, by what they are given."""
    counts: dict[str, Counter[str]] = {}
    for call in calls(module):
        name = call.op.name.rpartition(".")[2]
        kinds = [KINDS.get(dtype, dtype) for dtype in map(relax_types.dtype, call.args) if dtype]
        kind = "conversion" if name in CONVERSIONS else next(iter(kinds), "")
        if kind:
            counts.setdefault(name, Counter())[kind] += 1
    return {name: dict(count) for name, count in sorted(counts.items())}


def calls(module: Any) -> Iterator[Any]:
    """Each call of one of Relax's operators, in order."""
    found: list[Any] = []

    def look(part: Any) -> None:
        if isinstance(part, relax.Call) and isinstance(part.op, tvm.ir.Op):
            found.append(part)

    for function in module.functions.values():
        if isinstance(function, relax.Function):
            relax.analysis.post_order_visit(function, look)
    return iter(found)


def returned(module: Any) -> list[dict[str, Any]]:
    """`[{shape, dtype}]` of what `main` gives; sizes that the data decide as texts."""
    kind = relax_types.returned(module["main"])
    parts = kind.fields if isinstance(kind, relax_types.TUPLE) else [kind]
    return [{"shape": [_size(size) for size in part.shape], "dtype": str(part.dtype)} for part in parts]


def _size(size: Any) -> int | str:
    return int(size) if isinstance(size, tvm.tirx.IntImm) else str(size)
