"""A user's arrays for an ONNX file, sound ones, odd ones and broken archives, up to the samples made of them.

Whatever is made of a sound file holds its values.
"""

from __future__ import annotations

import os
import random
import struct
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.fuzzing import judge, odd, steps

TYPES = (
    *["float32"] * 9, "float64", "float16", "int64", "int32", "int8", "uint8", "bool", "complex64", "datetime64[s]",
    "U5", "S3", "object", ">f4", "float128", "uint64", "V3", "timedelta64[s]",
)  # fmt: skip
SHAPES = (*[(4, 8)] * 9, (1, 8), (8,), (4, 9), (0, 8), (), (4, 8, 1), (4, 2, 4), (1000, 8))
LABELS = ("labels", "y", "z")
BIG = 2**44
MORE = (
    "model.nonfinite=allow", "model.nonfinite=error", "model.calibration=c.npz", "model.calibration=x.npz",
    "model.output=y", "model.output=z",
)  # fmt: skip
WORDS = (
    "model=onnx", "model.path=g.onnx", "model.shapes.x=[batch,8]", "model.inputs=x.npz", "precision=fp32",
    "baseline=none",
)  # fmt: skip


def case(seed: int, folder: Path) -> judge.Case:
    """A graph of one input, and an archive for it."""
    import numpy as np

    draw = random.Random(f"npz/{seed}")
    values = np.random.default_rng(seed).standard_normal((4, 8)).astype(np.float32)
    _graph(folder, draw.choice((1, 1, 1, 7, 6, 9)))
    sound = draw.random() < 0.2
    path = folder / "x.npz"
    np.savez(path, **({"x": values} if sound else _arrays(draw)))
    if not sound and draw.random() < 0.4:
        _damage(draw, path)
    if draw.random() < 0.1:
        _other_file(draw, path)
    np.savez_compressed(folder / "c.npz", **({"x": values} if draw.random() < 0.5 else _arrays(draw)))
    metric = draw.choice(("none", "none", "none", "accuracy", "mae", "rmse", "max_abs_error"))
    words = [*WORDS, f"model.metric={metric}", *(odd.some(draw, MORE, 2) if draw.random() < 0.3 else [])]
    return judge.Case(lambda: _taken(words, folder, values if sound else None), ["plan", *words])


def _graph(folder: Path, kind: int) -> None:
    import onnx
    from onnx import helper

    x, y = (helper.make_tensor_value_info(name, code, ["batch", 8]) for name, code in (("x", kind), ("y", 1)))
    nodes = [helper.make_node("Cast", ["x"], ["c"], to=1), helper.make_node("Softmax", ["c"], ["y"], axis=-1)]
    model = helper.make_model(helper.make_graph(nodes, "g", [x], [y]), opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, folder / "g.onnx")


def _arrays(draw: random.Random) -> dict[str, Any]:
    names = ["x", *odd.some(draw, LABELS, 2), *(odd.some(draw, odd.NAMES, 1) if draw.random() < 0.2 else [])]
    return {name.replace("/", "_").replace("\x00", "") or "x": _array(draw) for name in names}


def _array(draw: random.Random) -> Any:
    import numpy as np

    kind, shape = draw.choice(TYPES), draw.choice(SHAPES)
    found = np.random.default_rng(draw.randrange(999)).integers(-3, 300, shape)
    if kind == "object":
        return np.full(shape, None, dtype=object)
    found = found.astype(kind)
    if found.dtype.kind == "f" and found.size and draw.random() < 0.3:
        found.flat[draw.randrange(found.size)] = draw.choice((np.nan, np.inf, -np.inf, 65504.0))
    return np.asfortranarray(found) if draw.random() < 0.2 else found


def _damage(draw: random.Random, path: Path) -> None:
    """Bytes changed; or a member that claims more than there is, twice, or what it isn't."""
    data = path.read_bytes()
    how = draw.randrange(7)
    if how < 2:
        path.write_bytes(odd.mangled(draw, data))
        return
    if how == 5:
        with zipfile.ZipFile(path, "a") as archive:
            archive.writestr(draw.choice(("d/", "readme.txt", "x", "y.npy/", "\x1b[31m.npy")), b"")
        return
    with zipfile.ZipFile(path, "w", draw.choice((0, 8, 8, 14))) as archive:
        for _ in range(1 + (how == 2)):
            archive.writestr(draw.choice(("x.npy", "x.npy", "../x.npy", "/x.npy", "x")), _member(draw))
    if how == 3:
        raw = bytearray(path.read_bytes())
        at = raw.find(b"PK\x01\x02")
        raw[at + draw.choice((8, 10))] |= draw.choice((1, 99))
        path.write_bytes(raw)
    if how == 4:
        path.write_bytes(draw.choice((b"", b"PK\x03\x04", b"\x93NUMPY", data[: len(data) // 2])))


def _other_file(draw: random.Random, path: Path) -> None:
    """One array alone, a zip behind other bytes or with a comment, a folder, a pipe, a link."""
    import numpy as np

    data, how = path.read_bytes(), draw.randrange(6)
    path.unlink()
    if how == 0:
        with path.open("wb") as file:
            np.save(file, np.zeros((4, 8), np.float32))
    elif how == 1:
        path.write_bytes(b"#!/bin/sh\nexit\n" + data)
    elif how == 2:
        path.write_bytes(data + b"\0" * 70_000)
    elif how == 3:
        path.mkdir()
    elif how == 4:
        os.mkfifo(path)
    else:
        path.symlink_to(draw.choice(("/dev/zero", "x.npz", "nowhere", "g.onnx")))


def _member(draw: random.Random) -> bytes:
    shape = draw.choice(
        (f"({BIG}, 8)", "(10000000000, 1)", "(4, 8)", "(-1, 8)", "(4,", "('a',)", "(" * 3000 + ")" * 3000, "4")
    )
    descr = draw.choice(("<f4", "<f4", "|O", "<x9", "[('a','<f4')]", "<f99"))
    said = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    if draw.random() < 0.1:
        said = b"__import__('os').system('touch opened')"
    said = said[:60_000] + b"\n"
    version, size = draw.choice(((1, "<H"), (1, "<H"), (2, "<I"), (3, "<I"), (9, "<H")))
    length = len(said) + draw.choice((0, 0, 0, 0, 7, 40_000))
    return b"\x93NUMPY" + bytes((version, 0)) + struct.pack(size, length) + said + b"\0" * draw.choice((0, 16, 128))


def _taken(words: Sequence[str], folder: Path, values: Any) -> str:
    """What is made of a sound file holds its values; no code of a file's ran."""
    import numpy as np

    made = steps.made(words, folder, ("export", "data"))
    if (folder / "opened").exists():
        return "code of the file's was run"
    with np.load(made["data"] / "test.npz") as arrays:
        found = arrays["in/x"]
    if not len(found):
        return "no sample was made"
    if values is not None and not np.array_equal(found, values.astype(found.dtype)):
        return "other values than the file's"
    allowed = "model.nonfinite=allow" in words
    return (
        ""
        if found.dtype.kind != "f" or allowed or np.isfinite(found).all()
        else "values that are not finite were taken"
    )
