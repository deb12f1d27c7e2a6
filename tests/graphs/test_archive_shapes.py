"""An ONNX file and an archive are enough: sizes that the file leaves open are those of the arrays."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

from runner.core.errors import SpecError
from runner.graphs import archive_shapes
from runner.models import onnx as user_onnx
from tests.models import onnx_files
from tests.models.test_onnx import chosen

FREE = {"ids": ["n", "tokens"], "x": ["n", 4]}


def model(folder: Path, ids: list[Any], x: list[Any]) -> onnx.ModelProto:
    return onnx.load(onnx_files.lookup_and_add(folder / "my.onnx", ids, x))


def archive(folder: Path, **arrays: tuple[int, ...]) -> str:
    np.savez(folder / "my.npz", **{name: np.zeros(sizes, np.int64) for name, sizes in arrays.items()})
    return str(folder / "my.npz")


def test_samples_are_an_arrays_first_axis_and_one_is_run_at_a_time(tmp_path: Path) -> None:
    path = archive(tmp_path, ids=(6, 3), x=(6, 4))
    assert archive_shapes.added(model(tmp_path, *FREE.values()), {}, path) == {"ids": (1, 3), "x": (1, 4)}


def test_which_the_files_first_axis_need_not_be(tmp_path: Path) -> None:
    path = archive(tmp_path, ids=(6, 2, 3), x=(6, 2, 4))
    assert archive_shapes.added(model(tmp_path, *FREE.values()), {}, path) == {"ids": (2, 3), "x": (2, 4)}


def test_what_was_typed_stays_and_what_the_file_says_is_not_asked(tmp_path: Path) -> None:
    path = archive(tmp_path, ids=(6, 3), x=(6, 4))
    assert archive_shapes.added(model(tmp_path, ["n", "tokens"], [1, 4]), {"ids": (1, 5)}, path) == {"ids": (1, 5)}


def test_a_scalar_leaves_no_size_open(tmp_path: Path) -> None:
    path = archive(tmp_path, ids=(6,), x=(6, 4))
    assert archive_shapes.added(model(tmp_path, [], FREE["x"]), {}, path) == {"x": (1, 4)}


def test_a_batch_that_was_left_free_is_free_in_every_input(tmp_path: Path) -> None:
    path = archive(tmp_path, ids=(6, 3), x=(6, 4))
    found = archive_shapes.added(model(tmp_path, *FREE.values()), {"x": ("batch", 4)}, path)
    assert found == {"x": ("batch", 4), "ids": ("batch", 3)}


def test_a_size_of_the_file_stays_and_the_array_is_what_is_wrong(tmp_path: Path) -> None:
    model(tmp_path, *FREE.values())
    path = archive(tmp_path, ids=(6, 3), x=(6, 5))
    with pytest.raises(SpecError, match=r"x has shape \[6, 5\]"):
        user_onnx.problems(chosen(path=str(tmp_path / "my.onnx"), inputs=path))


def test_without_an_archive_sizes_are_asked_for_as_ever(tmp_path: Path) -> None:
    assert archive_shapes.added(model(tmp_path, *FREE.values()), {}, None) == {}


def test_it_is_said() -> None:
    found = archive_shapes.said({"ids": (1, 3), "x": (1, 4)}, {"x": (1, 4)}, "my.npz")
    assert found == ["sizes are those of model.inputs=my.npz: ids [1, 3]"]
    assert archive_shapes.said({"x": (1, 4)}, {"x": (1, 4)}, "my.npz") == []
