"""The data artifact: what its files hold, how they are written and read."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from runner.tensors.random_inputs import Drawn
from runner.worker import predictions, values

Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Dataset:
    """`splits`: train, val, test and calibration arrays, each `in/<input>` and `target` with samples first;
    `meta`: the artifact's meta (docs/architecture.md); `reference`: a finished model's outputs on the test split
    (a network of ours has them in its export); `drawn`: splits whose arrays are made while they are written; `raw`: the
    `in/<input>` of test and calibration as they were before what `meta["preprocessing"]` says was done to them
    (`preprocessing/description.py`)."""

    splits: Mapping[str, Arrays]
    meta: Mapping[str, Any]
    reference: Arrays = field(default_factory=dict)
    drawn: Mapping[str, Mapping[str, Drawn]] = field(default_factory=dict)
    raw: Mapping[str, Arrays] = field(default_factory=dict)


def write(dataset: Dataset, out: Path) -> None:
    """One npz a split, and `meta.json`, so that a reader needs nothing but the folder."""
    for split, arrays in dataset.splits.items():
        save(out / f"{split}.npz", arrays)
    for split, drawn in dataset.drawn.items():
        save(out / f"{split}.npz", drawn)
    if dataset.reference:
        write_reference(out, dataset.reference)
    (out / "meta.json").write_text(json.dumps(dataset.meta, indent=1) + "\n")


def save(file: Path, arrays: Arrays | Mapping[str, Drawn]) -> None:
    """Arrays by name as an npz. No pickle: texts are written as numpy's own."""
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                if isinstance(array, Drawn):
                    _stream(member, array)
                else:
                    npy.write_array(member, _plain(np.asarray(array)), allow_pickle=False)


def _plain(array: NDArray[Any]) -> NDArray[Any]:
    """Text as numpy's own, types that numpy lacks as they are kept: it can't read all of them back."""
    return array.astype(str) if array.dtype.kind == "O" else values.raw(array, str(array.dtype))


def _stream(member: IO[bytes], drawn: Drawn) -> None:
    """One sample after the other."""
    dtype = _plain(drawn[:1]).dtype
    header = {"shape": (len(drawn), *drawn.sizes), "fortran_order": False, "descr": npy.dtype_to_descr(dtype)}
    npy.write_array_header_2_0(member, header)
    for number in range(len(drawn)):
        member.write(np.ascontiguousarray(_plain(drawn.sample(number))).tobytes())


def write_reference(folder: Path, outputs: Arrays) -> None:
    """`reference.npz`: the float model's outputs on the whole test split (`runner/worker/predictions.py`)."""
    parts = (predictions.arrays(name, [array]) for name, array in outputs.items())
    save(folder / "reference.npz", {key: part for one in parts for key, part in one.items()})


def read(folder: Path, split: str) -> dict[str, NDArray[Any]]:
    """The arrays of one split of a data artifact."""
    with np.load(folder / f"{split}.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def read_truth(folder: Path, split: str) -> dict[str, NDArray[Any]]:
    """The same without inputs, which may be large: what outputs are compared with."""
    with np.load(folder / f"{split}.npz", allow_pickle=False) as file:
        return {name: file[name] for name in file.files if not name.startswith("in/")}


def as_raw(dataset: Dataset) -> Dataset:
    """Test and calibration with raw samples in the place of ready inputs."""
    splits = {part: {**_truth(dataset.splits[part]), **raw} for part, raw in dataset.raw.items()}
    sizes = {name: list(array.shape[1:]) for name, array in inputs_of(splits["test"]).items()}
    return Dataset(splits, {**dataset.meta, "shapes": {**dataset.meta["shapes"], **sizes}})


def _truth(arrays: Arrays) -> Arrays:
    return {name: array for name, array in arrays.items() if not name.startswith("in/")}


def read_meta(folder: Path) -> dict[str, Any]:
    """The meta of a data artifact."""
    meta: dict[str, Any] = json.loads((folder / "meta.json").read_text())
    return meta


def inputs_of(arrays: Arrays) -> dict[str, NDArray[Any]]:
    """`{input: array}` of a split: what a session is fed with."""
    return {name.removeprefix("in/"): array for name, array in arrays.items() if name.startswith("in/")}
