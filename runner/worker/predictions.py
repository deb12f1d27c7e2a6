"""A model's outputs for all samples, in one npz: `out/<output>` with samples first; where their shapes differ from
sample to sample, `flat/<output>` has all values one after the other and `sizes/<output>` how many are each sample's."""

from __future__ import annotations

from typing import Any

import numpy as np

from runner.worker.npz import mapped


def arrays(name: str, parts: list[Any]) -> dict[str, Any]:
    """What is written of one output. `parts`: arrays with samples first, in order."""
    found = joined(parts)
    if found.dtype.kind != "O":
        return {"out/" + name: found}
    return {"flat/" + name: np.concatenate(found), "sizes/" + name: np.array([row.size for row in found])}


def joined(parts: list[Any]) -> Any:
    """All samples of one output; where shapes differ, an array of objects, each a sample's values in a row."""
    if len(parts) == 1:
        return parts[0]
    if len({part.shape[1:] for part in parts}) == 1:
        return np.concatenate(parts)
    return objects([row.reshape(-1) for part in parts for row in part])


def objects(rows: list[Any]) -> Any:
    found = np.empty(len(rows), object)
    found[:] = rows
    return found


def read(npz: str) -> dict[str, Any]:
    """`{output: array}` as `joined` made them."""
    file = mapped(npz)
    names = [name for name in file if name.startswith(("out/", "flat/"))]
    return {name.partition("/")[2]: _of(file, name) for name in names}


def _of(file: dict[str, Any], name: str) -> Any:
    if name.startswith("out/"):
        return file[name]
    sizes = file["sizes/" + name.partition("/")[2]]
    return objects(np.split(file[name], np.cumsum(sizes)[:-1]))
