"""A user's array in the type that the model has, without changing a value: what wouldn't survive is named."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from runner.core.errors import BadFile
from runner.tensors.random_inputs import whole_range

Array = NDArray[Any]
TEXT = "object"  # numpy's name for ONNX's strings


def cast(where: str, array: Array, wanted: str, finite: bool) -> Array:
    """`array` as `wanted` (numpy's name of the type). Rounding of floating-point values is allowed, nothing else:
    raises SpecError for another kind of value, a value that `wanted` can't hold, values most of which would become 0,
    and, where `finite`, NaN or infinity.
    `where` names the array (`model.inputs=my.npz: x`).
    """
    if wanted == TEXT:
        return _text(where, array)
    raw = _unpacked(array, wanted)
    if raw.dtype.kind not in "biufc" and str(raw.dtype) != wanted:
        raise BadFile(f"{where} is {_named(array)}.", f"The model wants {wanted}.")
    if finite:
        check_finite(where, raw)
    return raw if str(raw.dtype) == wanted else _converted(where, raw, wanted)


ALLOW = "Mend the file; if the model takes such values, type model.nonfinite=allow"


def check_finite(where: str, array: Array, advice: str = ALLOW) -> None:
    """Raises SpecError where a value is NaN or infinite, naming the first."""
    if not _kind(str(array.dtype)).startswith("float") and array.dtype.kind != "c":
        return
    odd = ~np.isfinite(array)
    if odd.any():
        count = int(odd.sum())
        more = f" ({count} of {array.size} values are NaN or infinite)" if count > 1 else ""
        raise BadFile(f"{where}{place(odd)} is {array[first(odd)]}{more}.", advice)


def _text(where: str, array: Array) -> Array:
    if array.dtype.kind != "U":
        raise BadFile(f"{where} is {_named(array)}.", "The model wants text.")
    return array


def _unpacked(array: Array, wanted: str) -> Array:
    """numpy saves types that it doesn't know (bfloat16, float8, int4) as bytes."""
    dtype = np.dtype(wanted)
    raw = array.dtype.kind == "V" and array.dtype.names is None and array.dtype.itemsize == dtype.itemsize
    return array.view(dtype) if raw and dtype.isbuiltin != 1 else array  # 2 is another library's type


def _converted(where: str, array: Array, wanted: str) -> Array:
    own, other = _kind(str(array.dtype)), _kind(wanted)
    if (own, other) not in ALLOWED:
        raise BadFile(f"{where} is {_named(array)}.", f"The model wants {wanted}.")
    with np.errstate(all="ignore"):
        made = array.astype(np.dtype(wanted))
        rounds = own == other in ("float", "complex")
        lost = _overflows(array, made) | _vanishes(array, made) if rounds else _changed(array, made)
    if lost.any():
        raise BadFile(f"{where}{place(lost)} is {array[first(lost)]}, which {wanted} can't hold.", _advice(wanted))
    return made


ALLOWED = {
    ("bool", "int"), ("bool", "float"), ("int", "bool"), ("int", "int"), ("int", "float"), ("float", "float"),
    ("complex", "complex"),
}  # fmt: skip


def _overflows(array: Array, made: Array) -> Any:
    return np.isfinite(array) & ~np.isfinite(made)


def _vanishes(array: Array, made: Array) -> Any:
    """Where a value became 0, if most did: beside larger ones of its array what is as small counts for nothing."""
    gone = (array != 0) & (made == 0)
    return gone & (2 * np.count_nonzero(gone) > np.count_nonzero(array))


def _changed(array: Array, made: Array) -> Any:
    """Where a value is another one: it doesn't come back, or its sign has changed (2^63 comes back from int64)."""
    return (made.astype(array.dtype) != array) | ((made < 0) != (array < 0))


def _advice(wanted: str) -> str:
    if _kind(wanted) == "int":
        low, high = whole_range(wanted)
        return f"The model wants {wanted}: {low} to {high}."
    if wanted == "bool":
        return "The model wants bool: 0 or 1."
    return f"The model wants {wanted}: give values that it can hold, or export the model with a wider type."


def _kind(name: str) -> str:
    """bool, int, float or complex; by the name, since numpy knows nothing of ml_dtypes' types."""
    for kind in ("bool", "complex", "int"):
        if name.startswith(("u" + kind, kind)):
            return kind
    return "float"


def _named(array: Array) -> str:
    return {"U": "text", "S": "bytes", "O": "objects", "M": "dates", "V": "raw bytes"}.get(
        array.dtype.kind, str(array.dtype)
    )


def first(where: Any) -> tuple[int, ...]:
    """The first place where a mask holds."""
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(where)), where.shape))


def place(where: Any) -> str:
    """The same in words: `[0,2]`, and nothing of a single value."""
    return f"[{','.join(map(str, first(where)))}]" if np.ndim(where) else ""
