"""What a runtime hands in and out, as numpy arrays: element types that numpy lacks, text, sequences, maps.

A float type that numpy lacks (bfloat16, float8, …) is kept as its bits, an integer narrower than a byte as int8 or
uint8; `dtype` is its name in ml_dtypes.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

TEXT = "object"
INTEGERS = {"int4": "int8", "uint4": "uint8", "int2": "int8", "uint2": "uint8"}
IN_A_BYTE = {"int4": 2, "uint4": 2, "float4_e2m1fn": 2, "int2": 4, "uint2": 4}
# (bits of the exponent, bits of the mantissa, what is no number) of types of 8 bits and fewer: the OCP's FP8 and
# Graphcore's variants without infinities and negative zero (https://onnx.ai/onnx/technical/float8.html).
SMALL = {
    "float8_e4m3fn": (4, 3, "all ones"),
    "float8_e5m2": (5, 2, "as IEEE"),
    "float8_e4m3fnuz": (4, 3, "negative zero"),
    "float8_e5m2fnuz": (5, 2, "negative zero"),
    "float4_e2m1fn": (2, 1, "nothing"),
}


def stored(dtype: str) -> str:
    """The numpy type in which values of `dtype` are kept."""
    if dtype == "bfloat16":
        return "uint16"
    if dtype in SMALL or dtype == "float8_e8m0fnu":
        return "uint8"
    return INTEGERS.get(dtype, dtype)


def raw(found: Any, dtype: str) -> Any:
    """An array of `dtype` as it is kept. numpy without ml_dtypes reads one of its types as void."""
    if found.dtype.kind == "V" or str(found.dtype) == dtype != stored(dtype):
        return found.view(stored(dtype))
    return np.asarray(found, dtype=stored(dtype), order="C")


def in_a_byte(dtype: str) -> int:
    """How many values of a type share a byte; 1 where each has its own bytes."""
    return IN_A_BYTE.get(dtype, 1)


def packed(array: Any, dtype: str) -> Any:
    """Values narrower than a byte, several in one, the first in the lowest bits; the shape stays, as ONNX Runtime takes
    it for the tensor's, and the bytes are the first of the memory."""
    in_one = in_a_byte(dtype)
    if in_one == 1:
        return array
    bits = 8 // in_one
    flat = np.zeros(-(-array.size // in_one) * in_one, np.uint8)
    flat[: array.size] = array.reshape(-1).astype(np.uint8) & (1 << bits) - 1
    together = sum(flat[place::in_one].astype(np.uint8) << place * bits for place in range(in_one))
    found = np.zeros(array.size, np.uint8)
    found[: len(flat) // in_one] = together
    return found.reshape(array.shape)


def unpacked(memory: Any, dtype: str, shape: tuple[int, ...]) -> Any:
    """The values of `shape` in `memory` (bytes, uint8), as they are kept."""
    in_one, count = in_a_byte(dtype), math.prod(shape)
    if in_one == 1:
        return memory.view(stored(dtype)).reshape(shape)
    bits = 8 // in_one
    parts = [memory >> place * bits & (1 << bits) - 1 for place in range(in_one)]
    found = np.stack(parts, axis=1).reshape(-1)[:count].reshape(shape)
    if dtype.startswith("int"):
        signed = found.astype(np.int8)
        return np.where(signed >= 1 << bits - 1, signed - (1 << bits), signed).astype(np.int8)
    return found


def array(value: Any, dtype: str = "") -> Any:
    """An output as one array of numbers or text: bits decoded to float32; a sequence of tensors joined, stacked where
    their shapes are alike; a map's values in its own order; an absent optional is an empty array."""
    if value is None:
        return np.zeros(0, np.float32)
    if isinstance(value, dict):
        return np.asarray(list(value.values()))
    if isinstance(value, (list, tuple)):
        return _joined([array(one, dtype) for one in value])
    return _decoded(_text(np.asarray(value)), dtype)


def _joined(parts: list[Any]) -> Any:
    if len({part.shape for part in parts}) == 1:
        return np.stack(parts)
    return np.concatenate([part.reshape(-1) for part in parts]) if parts else np.zeros(0, np.float32)


def _text(found: Any) -> Any:
    return found.astype(str) if found.dtype.kind == "O" else found


def _decoded(bits: Any, dtype: str) -> Any:
    if dtype == "bfloat16":
        return (bits.astype(np.uint32) << 16).view(np.float32)
    if dtype == "float8_e8m0fnu":
        return np.where(bits == 255, np.nan, np.exp2(bits.astype(np.float64) - 127)).astype(np.float32)
    if dtype in SMALL:
        return _table(dtype)[bits]
    return bits


def _table(dtype: str) -> Any:
    """The float32 value of each of the 256 bit patterns."""
    exponents, mantissas, nan = SMALL[dtype]
    bits = np.arange(256)
    sign = np.where(bits >> (exponents + mantissas) & 1, -1.0, 1.0)
    power, rest = bits >> mantissas & (1 << exponents) - 1, (bits & (1 << mantissas) - 1) / (1 << mantissas)
    bias = (1 << exponents - 1) - (0 if nan == "negative zero" else 1)
    found = sign * np.where(power == 0, rest * 2.0 ** (1 - bias), (1 + rest) * 2.0 ** (power - bias))
    top = power == (1 << exponents) - 1
    if nan == "as IEEE":
        found = np.where(top, np.where(rest == 0, sign * np.inf, np.nan), found)
    elif nan == "all ones":
        found = np.where(top & (rest == 1 - 2.0**-mantissas), np.nan, found)
    elif nan == "negative zero":
        found = np.where(bits == 128, np.nan, found)
    return found.astype(np.float32)


def finite(found: Any) -> bool:
    """Whether an array has numbers only, neither NaN nor infinite; text has none."""
    return found.dtype.kind in "USO" or bool(np.isfinite(found).all())


def differences(ours: Any, theirs: Any) -> Any:
    """The absolute difference of each value, in float64: 0 where both are the same, infinite or NaN too; 1 where a
    text is another, infinite where one alone is NaN or infinite. Shapes are the same."""
    if ours.dtype.kind == "U" or theirs.dtype.kind == "U":
        return (ours != theirs).astype(np.float64)
    one, other = _wide(ours), _wide(theirs)
    with np.errstate(invalid="ignore", over="ignore"):
        found = np.abs(one - other)
        found = np.where((one == other) | (np.isnan(one) & np.isnan(other)), 0.0, found)
    return np.where(np.isnan(found), np.inf, found).astype(np.float64)


def sizes(found: Any) -> Any:
    """The magnitude of each value, in float64; 1 for a text, 0 for what is not finite."""
    if found.dtype.kind == "U":
        return np.ones(found.shape)
    magnitudes = np.abs(_wide(found)).astype(np.float64)
    return np.where(np.isfinite(magnitudes), magnitudes, 0.0)


def _wide(found: Any) -> Any:
    """As float64, or as complex128."""
    return found.astype(np.complex128 if found.dtype.kind == "c" else np.float64)
