"""Euler angles against SciPy."""

from collections.abc import Callable
from itertools import pairwise, product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.transform import Rotation

from liftpose.geometry.rotation import check_axes_order, from_euler

Library = Callable[[Any], Any]
both_libraries = pytest.mark.parametrize("library", [np.asarray, torch.asarray])

SEQUENCES = [
    "".join(letters)
    for alphabet in ("xyz", "XYZ")
    for length in (1, 2, 3)
    for letters in product(alphabet, repeat=length)
    if all(a != b for a, b in pairwise(letters))
]


@both_libraries
@pytest.mark.parametrize("order", SEQUENCES)
def test_every_sequence_means_what_scipy_means(order: str, library: Library) -> None:
    angles = np.random.default_rng(7).uniform(-400, 400, (6, len(order)))
    expected = Rotation.from_euler(order, angles, degrees=True).as_matrix()
    np.testing.assert_allclose(np.asarray(from_euler(order, library(angles))), expected, atol=1e-12)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(SEQUENCES).flatmap(
        lambda order: st.tuples(
            st.just(order),
            hnp.arrays(
                np.float64,
                hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3).map(
                    lambda shape: (*shape, len(order))
                ),
                elements=st.floats(-720, 720),
            ),
        )
    )
)
def test_any_leading_dimensions(case: tuple[str, Any]) -> None:
    order, angles = case
    rotation = from_euler(order, angles)
    assert rotation.shape == (*angles.shape[:-1], 3, 3)
    flat = angles.reshape(-1, len(order))
    if len(flat):
        expected = Rotation.from_euler(order, flat, degrees=True).as_matrix()
        np.testing.assert_allclose(rotation.reshape(-1, 3, 3), expected, atol=1e-12)
    twin = from_euler(order, torch.asarray(angles))
    np.testing.assert_allclose(rotation, twin.numpy(), atol=1e-14)


@both_libraries
def test_dtype_is_kept_and_integers_become_double(library: Library) -> None:
    single = from_euler("zyx", library(np.asarray([[10, 20, 30]], dtype=np.float32)))
    whole = from_euler("zyx", library(np.asarray([[10, 20, 30]])))
    assert str(single.dtype).endswith("float32")
    assert str(whole.dtype).endswith("float64")
    np.testing.assert_allclose(np.asarray(single), np.asarray(whole), atol=1e-6)


@both_libraries
def test_nan_angle_gives_no_half_valid_matrix(library: Library) -> None:
    rotation = np.asarray(from_euler("z", library(np.asarray([[np.nan], [0.0]]))))
    assert np.isnan(rotation[0]).all()
    np.testing.assert_array_equal(rotation[1], np.eye(3))


@pytest.mark.parametrize(
    ("order", "message"),
    [
        ("", "one to three"),
        ("xyzx", "one to three"),
        (None, "one to three"),
        ("xw", "letter 'w'"),
        ("xY", "mixes"),
        ("xxy", "same axis twice"),
    ],
)
def test_bad_sequences_are_named(order: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check_axes_order(order)
    with pytest.raises(ValueError, match=message):
        from_euler(order, np.zeros((2, 3)))


def test_one_angle_for_each_letter() -> None:
    with pytest.raises(ValueError, match=r"\(\.\.\., 3\).*\(5, 2\)"):
        from_euler("zyx", np.zeros((5, 2)))
