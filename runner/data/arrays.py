"""The data artifact: what its files hold, how they are written and read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Dataset:
    """`splits`: train, val, test and calibration arrays, each `in/<input>` and `target` with samples first;
    `meta`: the artifact's meta (docs/architecture.md); `reference`: a finished model's outputs on the test split
    (a network of ours has them in its export)."""

    splits: Mapping[str, Arrays]
    meta: Mapping[str, Any]
    reference: Arrays = field(default_factory=dict)


def write(dataset: Dataset, out: Path) -> None:
    """One npz a split, and `meta.json`, so that a reader needs nothing but the folder."""
    for split, arrays in dataset.splits.items():
        save(out / f"{split}.npz", arrays)
    if dataset.reference:
        write_reference(out, dataset.reference)
    (out / "meta.json").write_text(json.dumps(dataset.meta, indent=1) + "\n")


def save(file: Path, arrays: Arrays) -> None:
    """Arrays by name as an npz."""
    np.savez(file, **dict(arrays))  # type: ignore[arg-type] # numpy's stubs take the first name for `allow_pickle`


def write_reference(folder: Path, outputs: Arrays) -> None:
    """`reference.npz`: the float model's outputs on the whole test split, as `out/<output>`."""
    save(folder / "reference.npz", {f"out/{name}": array for name, array in outputs.items()})


def read(folder: Path, split: str) -> dict[str, NDArray[Any]]:
    """The arrays of one split of a data artifact."""
    with np.load(folder / f"{split}.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def read_meta(folder: Path) -> dict[str, Any]:
    """The meta of a data artifact."""
    meta: dict[str, Any] = json.loads((folder / "meta.json").read_text())
    return meta


def inputs_of(arrays: Arrays) -> dict[str, NDArray[Any]]:
    """`{input: array}` of a split: what a session is fed with."""
    return {name.removeprefix("in/"): array for name, array in arrays.items() if name.startswith("in/")}
