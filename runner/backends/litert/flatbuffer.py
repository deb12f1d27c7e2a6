"""A `.tflite` file read and written as data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import flatbuffers  # type: ignore[import-untyped,unused-ignore]
from ai_edge_litert import schema_py_generated as schema  # type: ignore[import-untyped,import-not-found,unused-ignore]

IDENTIFIER = b"TFL3"


def rename(file: Path, inputs: Sequence[str], outputs: Sequence[str]) -> None:
    """Call what the file's only signature takes and gives so, in its order."""
    model = schema.ModelT.InitFromPackedBuf(file.read_bytes(), 0)
    (signature,) = model.signatureDefs
    for ports, names in ((signature.inputs, inputs), (signature.outputs, outputs)):
        for port, name in zip(sorted(ports, key=_place), names, strict=True):
            port.name = name.encode()
    builder = flatbuffers.Builder(0)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    file.write_bytes(builder.Output())


def _place(port: schema.TensorMapT) -> int:
    """`args_10` stands after `args_9`, `output_1` after `output_0`."""
    return int(port.name.decode().rpartition("_")[2])
