"""A file of outputs that a device made is believed as far as it is one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from runner.core.errors import OddAnswer
from runner.measure import predicted
from runner.worker import predictions

Y = np.ones((4, 3), np.float32)


def file(folder: Path, **arrays: Any) -> Path:
    np.savez(folder / "y.npz", **{name.replace("__", "/"): array for name, array in arrays.items()})
    return folder / "y.npz"


def test_what_a_worker_writes_is_taken(tmp_path: Path) -> None:
    ragged = predictions.arrays("sizes", [np.ones((1, 2)), np.ones((1, 5))])
    found = file(tmp_path, out__y=Y, out__text=np.array(["a", "b"]), **ragged)
    predicted.check(found, "the cell")
    assert set(predictions.read(str(found))) == {"y", "text", "sizes"}


@pytest.mark.parametrize(
    ("arrays", "said"),
    [
        ({"out__y": np.array([{}], object)}, "array out/y holds Python objects"),
        ({"out__y": np.array(5.0)}, r"array out/y is none: \[\] of float64"),
        ({"out__y": np.array(["2020-01-01"], "M8[D]")}, r"array out/y is none: \[1\] of datetime64"),
        ({"y": Y}, "array y is none"),
        ({"flat__y": np.ones(4)}, "array flat/y comes without the size of each sample"),
        ({"flat__y": np.ones(4), "sizes__y": np.array([-1, 5])}, "array flat/y comes without the size of each sample"),
        ({"flat__y": np.ones(4), "sizes__y": np.array([2, 3])}, "array flat/y is not as long as its samples"),
    ],
)
def test_anything_else_is_told(tmp_path: Path, arrays: dict[str, Any], said: str) -> None:
    with pytest.raises(OddAnswer, match=said) as error:
        predicted.check(file(tmp_path, **arrays), "candidate on ssh:pi")
    assert error.value.reason.startswith("candidate on ssh:pi: the worker's answer to `predict` can't be right: ")


@pytest.mark.parametrize("kind", ["pipe", "link", "folder", "nothing"])
def test_what_is_no_file_is_told_and_not_waited_for(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "link":
        path.symlink_to(file(tmp_path, out__y=Y))
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(OddAnswer, match="of its outputs there is no file"):
        predicted.check(path, "the cell")


def test_a_file_that_is_none_is_told(tmp_path: Path) -> None:
    (tmp_path / "y.npz").write_bytes(b"PK garbage")
    with pytest.raises(OddAnswer, match=r"it is no \.npz file"):
        predicted.check(tmp_path / "y.npz", "the cell")
