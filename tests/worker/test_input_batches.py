from pathlib import Path

import numpy as np
import pytest

from runner.core.errors import StepFailed, Unsupported
from runner.worker import input_batches, npz

ARRAYS = {"x": np.arange(10, dtype=np.float32).reshape(10, 1)}


def rows(inputs: dict[str, np.ndarray]) -> list[int]:
    return [int(value) for value in inputs["x"][:, 0]]


def test_drawn_uses_every_row_once_before_one_comes_again() -> None:
    picked = [row for inputs in input_batches.drawn(ARRAYS, 2, 5, 0, True) for row in rows(inputs)]
    assert sorted(picked) == list(range(10))


def test_drawn_stacks_a_batch_larger_than_the_data() -> None:
    (inputs,) = input_batches.drawn(ARRAYS, 25, 1, 0, True)
    assert inputs["x"].shape == (25, 1)
    assert inputs["x"].flags.c_contiguous


def test_drawn_follows_the_seed() -> None:
    first, again, other = ([rows(i) for i in input_batches.drawn(ARRAYS, 2, 5, seed, True)] for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_whole_gives_every_row_in_order_and_fills_up_the_last_batch() -> None:
    assert [(count, rows(inputs)) for count, inputs in input_batches.whole(ARRAYS, 4, True)] == [
        (4, [0, 1, 2, 3]),
        (4, [4, 5, 6, 7]),
        (2, [8, 9, 9, 9]),
    ]


def test_read_casts_to_the_models_type(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", **{"in/ids": np.ones((2, 3), np.float32)})
    found = input_batches.read(str(tmp_path / "d.npz"), [{"name": "ids", "shape": [2, 3], "dtype": "int64"}])
    assert found["ids"].dtype == np.int64


def test_read_names_the_input_that_is_missing_and_those_that_are_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "d.npz", **{"in/a": np.ones((2, 3), np.float32)})
    with pytest.raises(StepFailed, match=r"d\.npz has no array in/b") as error:
        input_batches.read(str(tmp_path / "d.npz"), [{"name": "b", "shape": [2, 3], "dtype": "float32"}])
    assert error.value.next_step == "It has: in/a."


def test_inputs_with_different_numbers_of_samples_are_refused() -> None:
    with pytest.raises(StepFailed, match="different numbers of samples"):
        input_batches.rows({"a": np.zeros((2, 1)), "b": np.zeros((3, 1))})


def test_a_model_without_batch_axis_gets_one_sample_at_a_time() -> None:
    batched = input_batches.has_batch_axis(ARRAYS, [{"name": "x", "shape": [1], "dtype": "float32"}])
    assert not batched
    assert [inputs["x"].shape for inputs in input_batches.drawn(ARRAYS, 1, 2, 0, batched)] == [(1,), (1,)]


def test_a_model_without_batch_axis_refuses_a_batch() -> None:
    with pytest.raises(Unsupported, match="no batch axis"):
        next(input_batches.drawn(ARRAYS, 2, 1, 0, False))


def test_a_scalar_input_stays_a_scalar() -> None:
    (inputs,) = input_batches.drawn({"x": np.arange(3, dtype=np.float32)}, 1, 1, 0, False)
    assert inputs["x"].shape == ()


def test_arrays_are_mapped_as_they_were_saved(tmp_path: Path) -> None:
    saved = {
        "in/x": np.arange(24, dtype=np.float32).reshape(4, 3, 2),
        "in/fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "in/text": np.array(["a", "bc"]),
        "in/scalar": np.float64(3),
        "in/empty": np.zeros((3, 0), np.int8),
    }
    for save in (np.savez, np.savez_compressed):
        save(tmp_path / "my.npz", **saved)
        found = npz.mapped(str(tmp_path / "my.npz"))
        assert list(found) == list(saved)
        for name, array in saved.items():
            assert found[name].dtype == array.dtype
            np.testing.assert_array_equal(found[name], array)


def test_what_is_timed_lies_in_memory_and_can_be_written(tmp_path: Path) -> None:
    np.savez(tmp_path / "my.npz", **{"in/x": np.ones((4, 3), np.float32)})
    spec = [{"name": "x", "shape": [3], "dtype": "float32"}]
    held = input_batches.read(str(tmp_path / "my.npz"), spec)
    assert isinstance(held["x"], np.memmap) or isinstance(held["x"].base, np.memmap)
    for batched in (False, True):
        (drawn,) = input_batches.drawn(held, 1, 1, 0, batched)
        assert type(drawn["x"]) is np.ndarray
        assert drawn["x"].flags["OWNDATA"]
