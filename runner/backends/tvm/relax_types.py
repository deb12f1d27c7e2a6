"""What a Relax expression is: its `ty`, which TVM 0.25 calls a struct info."""

from __future__ import annotations

from typing import Any

from tvm import relax

_OLD = not hasattr(relax.Var, "ty")
TENSOR: Any = relax.TensorStructInfo if _OLD else relax.TensorType
TUPLE: Any = relax.TupleStructInfo if _OLD else relax.TupleType


def of(value: Any) -> Any:
    """A tensor's has `shape` and `dtype`; None of what has none."""
    return getattr(value, "struct_info_" if _OLD else "ty", None)


def dtype(value: Any) -> str:
    """The element type of a tensor, "" of anything else."""
    kind = of(value)
    return str(kind.dtype) if isinstance(kind, TENSOR) else ""


def returned(function: Any) -> Any:
    """That of what a function gives."""
    return function.ret_struct_info if _OLD else function.ret_ty
