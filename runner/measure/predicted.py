"""Outputs that a worker predicted: a file of its own making, looked at before anything of it is read."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from runner.core.errors import OddAnswer
from runner.tensors import npz
from runner.tensors.npz import Header, Unreadable

KINDS = "biufcSU"  # of plain values; V stands for types that numpy has no name for (bfloat16)


def check(file: Path, whose: str) -> None:
    """Raises OddAnswer where `file` is no regular file, isn't what a worker writes (`runner/worker/predictions.py`), or
    takes more memory than is free."""
    try:
        if file.is_symlink() or not file.is_file():  # a pipe would be waited for
            raise Unreadable("there is no file")
        claimed = npz.bounded(file)
        sizes = npz.read(file, [name for name in claimed if name.startswith("sizes/")])
        for name in claimed:
            _check(name, claimed, sizes)
    except (Unreadable, OSError) as error:
        raise OddAnswer(
            f"{whose}: the worker's answer to `predict` can't be right: of its outputs {error}.",
            "Does the worker that was sent run there, and nothing else?",
        ) from error


def _check(name: str, claimed: Mapping[str, Header], sizes: Mapping[str, NDArray[Any]]) -> None:
    kind, _, output = name.partition("/")
    one = claimed[name]
    if kind not in ("out", "flat", "sizes") or not output or not one.shape or one.dtype.kind not in KINDS + "V":
        raise Unreadable(f"array {npz.shown(name)} is none: {list(one.shape)} of {one.dtype}")
    if kind == "flat":
        each = sizes.get(f"sizes/{output}")
        if each is None or each.ndim != 1 or each.dtype.kind not in "iu" or (each < 0).any():
            raise Unreadable(f"array {npz.shown(name)} comes without the size of each sample")
        if len(one.shape) != 1 or sum(map(int, each)) != one.count:
            raise Unreadable(f"array {npz.shown(name)} is not as long as its samples")
