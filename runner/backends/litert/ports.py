"""What goes into a `.tflite` and comes out: names, sizes and types, the integers that stand for floats, and images
whose channels stand last."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from runner.core.errors import Unsupported

IMAGES = 4  # axes of what has channels
OPEN = "batch"  # what a free first axis is called

TO_LAST, TO_FIRST = (0, 2, 3, 1), (0, 3, 1, 2)  # axes: the channels moved

# One input or output of the interpreter: its place there, how it is described, the scale and zero point by which its
# integers stand for the floats that it is described as (None: it is described as it is), and whether its channels stand
# last in the file and first in the description.
Port = namedtuple("Port", ["index", "spec", "scale", "turned"])


def ports(interpreter: Any, as_built: bool, channels_last: bool) -> tuple[list[Port], list[Port]]:
    """(Inputs, outputs), by the names of the file's signature where it has one alone, else by its tensors' names.
    `channels_last`: so stand those of images in a file that was converted here."""
    signatures = list(interpreter._get_full_signature_list().values())
    known = signatures[0] if len(signatures) == 1 else {"inputs": {}, "outputs": {}}
    given = (("inputs", interpreter.get_input_details()), ("outputs", interpreter.get_output_details()))
    last = channels_last and not as_built
    inputs, outputs = ([_port(one, known[role], as_built, last) for one in details] for role, details in given)
    return inputs, outputs


def _port(details: dict[str, Any], names: dict[str, int], as_built: bool, last: bool) -> Port:
    own = {index: name for name, index in names.items()}
    name = own.get(details["index"], details["name"])
    signature = details["shape_signature"].tolist() if len(details["shape_signature"]) else details["shape"].tolist()
    shape = [size if size >= 0 else (OPEN if place == 0 else f"d{place}") for place, size in enumerate(signature)]
    dtype = np.dtype(details["dtype"])
    scale, zero = details["quantization"]
    hidden = not as_built and scale and dtype.kind in "iu"
    turned = last and len(shape) == IMAGES
    spec = {"name": name, "shape": _first(shape, turned), "dtype": "float32" if hidden else dtype.name}
    if OPEN in shape[:1]:
        spec["usual"] = _first(details["shape"].tolist(), turned)
    return Port(details["index"], spec, (np.float32(scale), zero, dtype) if hidden else None, turned)


def _first(shape: list[Any], turned: bool) -> list[Any]:
    return [shape[axis] for axis in TO_FIRST] if turned else shape


def inside(array: Any, port: Port) -> Any:
    """An input as the file has it: integers in the place of floats, channels last."""
    turned = np.ascontiguousarray(array.transpose(TO_LAST)) if port.turned else array
    return _integers(_narrowed(turned, port), port)


def _narrowed(array: Any, port: Port) -> Any:
    """Whole numbers in the file's width: of an input that decides nothing the converter makes 32 bits. Raises
    Unsupported where one needs more."""
    if array.dtype != np.int64 or port.spec["dtype"] != "int32":
        return array
    made = array.astype(np.int32)
    if (made != array).any():
        reason = f"input {port.spec['name']} is int32 in the file, and has numbers that don't fit."
        raise Unsupported(reason, "Give it smaller ones.")
    return made


def outside(array: Any, port: Port) -> Any:
    """An output of the file as it is described."""
    found = _floats(array, port)
    return found.transpose(TO_FIRST) if port.turned else found


def _integers(array: Any, port: Port) -> Any:
    if port.scale is None:
        return array
    scale, zero, dtype = port.scale
    limits = np.iinfo(dtype)
    return np.clip(np.rint(array / scale) + zero, limits.min, limits.max).astype(dtype)


def _floats(array: Any, port: Port) -> Any:
    if port.scale is None:
        return array
    scale, zero, _ = port.scale
    return (array.astype(np.float32) - zero) * scale
