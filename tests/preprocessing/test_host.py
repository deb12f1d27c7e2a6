"""What numpy makes of raw samples."""

from __future__ import annotations

import numpy as np
import pytest

from runner.preprocessing import description, host
from runner.preprocessing.description import AS_IT_IS, CHANNELS_FIRST, Preprocessing


def image(shape: tuple[int, ...], size: tuple[int, int] | None, std: float = 1.0) -> Preprocessing:
    channels = shape[2]
    return Preprocessing(shape, "uint8", size, (0.0,) * channels, (std,) * channels, CHANNELS_FIRST)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (2, 4, [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]]),
        (4, 2, [[3 / 7, 3 / 7, 1 / 7, 0], [0, 1 / 7, 3 / 7, 3 / 7]]),
        (3, 1, [[2 / 7, 3 / 7, 2 / 7]]),
    ],
)
def test_new_pixels_are_weighted_by_a_triangle_without_what_lies_outside(
    old: int, new: int, expected: list[list[float]]
) -> None:
    places, shares = host.weights(old, new)
    dense = np.zeros((new, old))
    np.add.at(dense, (np.arange(new)[:, None], places), shares)
    np.testing.assert_allclose(dense, expected, atol=1e-7)


def test_an_image_is_resized_along_both_axes_and_its_channels_come_first() -> None:
    raw = np.array([[[0, 7], [0, 0]], [[0, 0], [240, 0]]], np.uint8)[None]
    ready = host.prepared(image((2, 2, 2), (1, 2)), raw)
    assert (ready.shape, ready.dtype) == ((1, 2, 1, 2), np.float32)
    np.testing.assert_array_equal(ready, [[[[0, 120]], [[3.5, 0]]]])


def test_each_channel_has_its_own_mean_and_deviation() -> None:
    one = Preprocessing((2, 2), "float64", None, (1.0, 100.0), (2.0, 4.0), AS_IT_IS)
    np.testing.assert_array_equal(host.prepared(one, np.array([[[3.0, 104.0], [1.0, 92.0]]])), [[[1, 1], [0, -2]]])


def test_float64_samples_are_normalised_before_they_are_rounded() -> None:
    one = Preprocessing((1, 1), "float64", None, (1e9,), (1.0,), AS_IT_IS)
    assert host.prepared(one, np.array([[[1e9 + 0.25]]])) == 0.25


@pytest.mark.parametrize("one", [image((8, 6, 3), (4, 4)), image((8, 6, 3), None)])
def test_a_description_is_read_as_it_is_written(one: Preprocessing) -> None:
    assert description.read(one.as_dict()) == one
