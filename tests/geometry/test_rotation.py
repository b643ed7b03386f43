"""Euler angles and rotation vectors against SciPy."""

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

from liftpose.geometry.rotation import check_axes_order, from_euler, from_vector, to_vector

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


LENGTHS = st.sampled_from([0.0, 1e-12, 1e-6, 0.99e-4, 1.01e-4, 0.01, 1.0, 3.0, np.pi - 1e-7, np.pi])


@both_libraries
@given(seed=st.integers(0, 2**32 - 1), length=LENGTHS)
def test_rotation_vectors_are_those_of_scipy(library: Library, seed: int, length: float) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(2, 3, 3))
    vectors *= length / np.linalg.norm(vectors, axis=-1, keepdims=True)
    theirs = Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix().reshape(2, 3, 3, 3)
    matrices = from_vector(library(vectors))
    np.testing.assert_allclose(np.asarray(matrices), theirs, atol=1e-14)
    back = np.asarray(to_vector(library(theirs)))
    np.testing.assert_allclose(np.asarray(from_vector(back)), theirs, atol=1e-14)
    if length < 3.1:
        np.testing.assert_allclose(back, vectors, rtol=1e-9, atol=1e-15)
    assert (np.linalg.norm(back, axis=-1) <= np.pi + 1e-12).all()


@both_libraries
def test_rotation_vectors_keep_dtype_and_nan(library: Library) -> None:
    single = np.asarray([[0.1, 0.2, 0.3], [np.nan, 0.0, 0.0]], dtype=np.float32)
    matrices = from_vector(library(single))
    assert str(matrices.dtype).endswith("float32")
    assert np.isnan(np.asarray(matrices)[1]).all()
    back = to_vector(matrices)
    assert str(back.dtype).endswith("float32")
    assert np.isnan(np.asarray(back)[1]).all()
    np.testing.assert_allclose(np.asarray(back)[0], single[0], atol=1e-6)
    np.testing.assert_array_equal(np.asarray(from_vector(library(np.zeros(3, int)))), np.eye(3))


def test_shapes_of_rotations_are_named() -> None:
    with pytest.raises(ValueError, match=r"\(\.\.\., 3\); got \(4,\)"):
        from_vector(np.zeros(4))
    with pytest.raises(ValueError, match=r"\(\.\.\., 3, 3\); got \(3,\)"):
        to_vector(np.zeros(3))
