"""What goes into a `.tflite` and comes out: names, sizes and types, and the integers that stand for floats."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

OPEN = "batch"  # what a free first axis is called

# One input or output of the interpreter: its place there, how it is described, and the scale and zero point by which
# its integers stand for the floats that it is described as (None: it is described as it is).
Port = namedtuple("Port", ["index", "spec", "scale"])


def ports(interpreter: Any, as_built: bool) -> tuple[list[Port], list[Port]]:
    """(Inputs, outputs), by the names of the file's signature where it has one alone, else by its tensors' names."""
    signatures = list(interpreter._get_full_signature_list().values())
    known = signatures[0] if len(signatures) == 1 else {"inputs": {}, "outputs": {}}
    given = (("inputs", interpreter.get_input_details()), ("outputs", interpreter.get_output_details()))
    inputs, outputs = ([_port(one, known[role], as_built) for one in details] for role, details in given)
    return inputs, outputs


def _port(details: dict[str, Any], names: dict[str, int], as_built: bool) -> Port:
    own = {index: name for name, index in names.items()}
    name = own.get(details["index"], details["name"])
    signature = details["shape_signature"].tolist() if len(details["shape_signature"]) else details["shape"].tolist()
    shape = [size if size >= 0 else (OPEN if place == 0 else f"d{place}") for place, size in enumerate(signature)]
    dtype = np.dtype(details["dtype"])
    scale, zero = details["quantization"]
    hidden = not as_built and scale and dtype.kind in "iu"
    spec = {"name": name, "shape": shape, "dtype": "float32" if hidden else dtype.name}
    if OPEN in shape[:1]:
        spec["usual"] = details["shape"].tolist()
    return Port(details["index"], spec, (np.float32(scale), zero, dtype) if hidden else None)


def quantised(array: Any, port: Port) -> Any:
    """Floats as the integers that stand for them."""
    if port.scale is None:
        return array
    scale, zero, dtype = port.scale
    limits = np.iinfo(dtype)
    return np.clip(np.rint(array / scale) + zero, limits.min, limits.max).astype(dtype)


def floats(array: Any, port: Port) -> Any:
    """The floats that integers stand for."""
    if port.scale is None:
        return array
    scale, zero, _ = port.scale
    return (array.astype(np.float32) - zero) * scale
