from __future__ import annotations

import numpy as np
import pytest

from runner.core.errors import SpecError
from runner.data import digits
from runner.preprocessing import description, host
from tests.data import series


def test_images_are_resized_and_scaled_from_0_to_1() -> None:
    made = series.make("digits", {"input_size": 24})
    x = made.splits["train"]["in/x"]
    assert x.shape[1:] == (1, 24, 24)
    assert x.dtype == np.float32
    assert (x.min(), x.max()) == (0, 1)


def test_at_8_pixels_the_images_are_the_originals() -> None:
    from sklearn.datasets import load_digits  # here: every process of the suite imports this module

    made = series.make("digits", {"input_size": 8})
    originals = {(image / 16).astype(np.float32).tobytes() for image in load_digits().images}
    assert all(x.tobytes() in originals for x in made.splits["test"]["in/x"])


def test_raw_images_are_bytes_of_their_own_size_which_inputs_are_made_of() -> None:
    made = series.make("digits", {"input_size": 12}, raw_size=20)
    raw, one = made.raw["test"]["in/x"], description.of_inputs(made.meta)["x"]
    assert (raw.dtype, raw.shape[1:], raw.max()) == (np.uint8, (20, 20, 1), 240)
    assert (one.size, one.std, one.layout) == ((12, 12), (240.0,), "NHWC to NCHW")
    np.testing.assert_array_equal(host.prepared(one, raw), made.splits["test"]["in/x"])


def test_every_image_is_in_one_part_and_each_digit_split_alike() -> None:
    splits = series.make("digits", {"input_size": 8}).splits
    sizes = {part: len(splits[part]["target"]) for part in ("train", "val", "test")}
    assert sizes == {"train": 1257, "val": 269, "test": 271}
    for part in sizes:
        shares = np.bincount(splits[part]["target"], minlength=10) / sizes[part]
        np.testing.assert_allclose(shares, 0.1, atol=0.01)


def test_the_seed_draws_the_split() -> None:
    one, same, other = (series.make("digits", {"input_size": 8}, seed=seed).splits["test"] for seed in (1, 1, 2))
    assert np.array_equal(one["in/x"], same["in/x"])
    assert not np.array_equal(one["target"], other["target"])


def test_meta_names_classes_and_shapes() -> None:
    meta = series.make("digits", {"input_size": 8}).meta
    assert (meta["task"], meta["metric"], meta["classes"]) == ("classify", "accuracy", 10)
    assert meta["shapes"] == {"x": [1, 8, 8], "y": [10]}


def test_shares_that_leave_no_test_part_are_refused() -> None:
    with pytest.raises(SpecError) as error:
        digits.problems(series.chosen("digits", train=0.7, val=0.3), {"input_size": 8})
    assert error.value.reason == "data.train=0.7 and data.val=0.3 leave no images for testing."
