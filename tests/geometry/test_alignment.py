"""Alignment against SciPy, a slow twin that walks frame by frame, and closed forms."""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

from liftpose.geometry.alignment import align, one_rotation, similarity

Library = Callable[[Any], Any]
Array = Any
both_libraries = pytest.mark.parametrize("library", [np.asarray, torch.asarray])
seeds = st.integers(0, 2**32 - 1)


def random_pair(seed: int, frames: int = 4, joints: int = 7, missing: float = 0.2) -> Any:
    rng = np.random.default_rng(seed)
    pair = rng.normal(size=(2, frames, joints, 3)) * 5 + rng.normal(size=3) * 20
    # Three joints stay seen, so that SciPy has enough for a unique answer.
    pair[:, :, 3:][rng.random((2, frames, joints - 3)) < missing] = np.nan
    return pair[0], pair[1], rng


def random_rotation(rng: Any) -> Array:
    return Rotation.random(random_state=int(rng.integers(2**31))).as_matrix()


def align_slowly(source: Array, target: Array, scale: bool, weights: Array) -> Array:
    """SciPy's best rotation, frame by frame, and the closed forms for the rest."""
    fits = []
    for x, y, w in zip(source, target, weights, strict=True):
        kept = np.isfinite(x).all(-1) & np.isfinite(y).all(-1) & (w > 0)
        x, y, w = x[kept], y[kept], w[kept] / w[kept].sum()
        x_mean, y_mean = w @ x, w @ y
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # SciPy says when the answer is not unique
            rotation = Rotation.align_vectors(y - y_mean, x - x_mean, weights=w)[0].as_matrix()
        turned = (x - x_mean) @ rotation.T
        factor = 1.0
        if scale:
            factor = (w[:, None] * turned * (y - y_mean)).sum() / (
                w[:, None] * (x - x_mean) ** 2
            ).sum()
        fits.append((rotation, y_mean - factor * rotation @ x_mean, factor))
    return [np.asarray(part) for part in zip(*fits, strict=True)]


@both_libraries
@settings(deadline=None, max_examples=40)
@given(seed=seeds, scale=st.booleans(), weighted=st.booleans())
def test_similarity_is_scipys_frame_by_frame(
    library: Library, seed: int, scale: bool, weighted: bool
) -> None:
    source, target, rng = random_pair(seed)
    weights = rng.uniform(0.1, 3, source.shape[:2])
    given_weights = library(weights) if weighted else None
    fit = similarity(library(source), library(target), scale, given_weights)
    expected = align_slowly(source, target, scale, weights if weighted else np.ones_like(weights))
    for found, wanted in zip(fit, expected, strict=True):
        np.testing.assert_allclose(np.asarray(found), wanted, atol=1e-7)


@both_libraries
@settings(deadline=None, max_examples=40)
@given(seed=seeds, dimensions=st.sampled_from([2, 3, 4]))
def test_a_known_similarity_is_found_again(library: Library, seed: int, dimensions: int) -> None:
    rng = np.random.default_rng(seed)
    source = rng.normal(size=(3, dimensions + 3, dimensions)) * 4
    rotation = np.linalg.qr(rng.normal(size=(3, dimensions, dimensions)))[0]
    rotation[np.linalg.det(rotation) < 0, :, 0] *= -1
    translation, factor = rng.normal(size=(3, dimensions)) * 9, rng.uniform(0.2, 5, 3)
    target = factor[:, None, None] * source @ rotation.swapaxes(-1, -2) + translation[:, None]
    target[0, 0] = np.nan
    fit = similarity(library(source), library(target))
    np.testing.assert_allclose(np.asarray(fit.rotation), rotation, atol=1e-8)
    np.testing.assert_allclose(np.asarray(fit.translation), translation, atol=1e-7)
    np.testing.assert_allclose(np.asarray(fit.scale), factor, rtol=1e-8)
    moved = np.asarray(align(library(source), library(target)))
    np.testing.assert_allclose(moved[1:], target[1:], atol=1e-7)
    # The joint the target lacks is moved along with the others.
    np.testing.assert_allclose(
        moved[0, 0], factor[0] * rotation[0] @ source[0, 0] + translation[0], atol=1e-7
    )


@settings(deadline=None, max_examples=30)
@given(seed=seeds)
@example(seed=5192)
def test_a_mirrored_pose_is_never_mirrored_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    source = rng.normal(size=(6, 3))
    target = source * [-1, 1, 1]
    rotation = similarity(source, target).rotation
    np.testing.assert_allclose(np.linalg.det(rotation), 1, atol=1e-9)

    def cost(parameters: Array) -> float:
        turned = source @ Rotation.from_rotvec(parameters[:3]).as_matrix().T
        # The line search of the oracle may leap far; no scale of interest lies beyond e^30.
        scale = np.exp(np.clip(parameters[3], -30, 30))
        return float(((scale * turned + parameters[4:] - target) ** 2).sum())

    found = float(((align(source, target) - target) ** 2).sum())
    starts = [np.concatenate([rng.normal(size=3) * 2, [0, 0, 0, 0]]) for _ in range(3)]
    assert found <= min(minimize(cost, start).fun for start in starts) + 1e-6


@both_libraries
def test_leading_dimensions_broadcast(library: Library) -> None:
    source, target, _ = random_pair(5)
    together = align(library(source[0]), library(target))
    for frame in range(len(target)):
        alone = align(library(source[0]), library(target[frame]))
        np.testing.assert_allclose(np.asarray(together)[frame], np.asarray(alone), atol=1e-10)
    assert similarity(library(source[:0]), library(target[:0])).rotation.shape == (0, 3, 3)


@both_libraries
def test_frames_without_joints_are_nan_and_without_warnings(library: Library) -> None:
    source, target, _ = random_pair(5, missing=0.0)
    source[1] = np.nan
    source[2, :, 1] = np.nan
    target[3, 2:] = np.inf
    fit = similarity(library(source), library(target))
    for part in fit:
        unknown = np.isnan(np.asarray(part)).reshape(4, -1)
        assert unknown[1:3].all()
        assert not unknown[[0, 3]].any()
    moved = np.asarray(align(library(source), library(target)))
    assert np.isnan(moved[1:3]).all()
    assert np.isfinite(moved[[0, 3]]).all()


@both_libraries
def test_one_point_is_moved_and_not_turned(library: Library) -> None:
    point = np.full((1, 3, 3), np.nan)
    point[0, 1] = [1e5, 2e5, 3.3e5]
    weights = np.asarray([0.1, 0.3, 0.7])
    fit = similarity(library(point), library(point + 1), weights=library(weights))
    np.testing.assert_array_equal(np.asarray(fit.rotation)[0], np.eye(3))
    np.testing.assert_array_equal(np.asarray(fit.scale), [1.0])
    np.testing.assert_allclose(np.asarray(fit.translation), [[1, 1, 1]], atol=1e-9)


def test_all_joints_to_one_point_needs_no_scale() -> None:
    source = np.random.default_rng(0).normal(size=(5, 3))
    target = np.broadcast_to([1.0, 2.0, 3.0], (5, 3))
    fit = similarity(source, target)
    np.testing.assert_array_equal(fit.rotation, np.eye(3))
    np.testing.assert_allclose(fit.scale, 0, atol=1e-12)
    np.testing.assert_allclose(align(source, target), target, atol=1e-12)


def test_one_dimension_does_not_turn_round() -> None:
    source = np.asarray([[0.0], [1.0], [2.0]])
    fit = similarity(source, -source)
    assert fit.rotation.tolist() == [[1.0]]
    assert fit.scale == 0


@both_libraries
def test_dtype_is_that_of_the_source(library: Library) -> None:
    source, target, _ = random_pair(2)
    single = library(source.astype(np.float32))
    assert similarity(single, library(target)).rotation.dtype == single.dtype
    assert align(single, library(target)).dtype == single.dtype
    assert one_rotation(single, library(target)).after.dtype == single.dtype
    assert str(align(library(np.eye(3, dtype=int)), library(target[0, :3])).dtype).endswith("64")


@both_libraries
@settings(deadline=None, max_examples=30)
@given(seed=seeds)
def test_one_rotation_is_scipys_over_all_joints(library: Library, seed: int) -> None:
    source, target, rng = random_pair(seed)
    turn = random_rotation(rng)
    target = source @ turn.T + 0.3 * target
    found = one_rotation(library(source), library(target))
    kept = np.isfinite(source).all(-1) & np.isfinite(target).all(-1)
    x, y = source[kept], target[kept]
    rotation = Rotation.align_vectors(y, x)[0].as_matrix()
    np.testing.assert_allclose(np.asarray(found.rotation), rotation, atol=1e-7)
    root_mean_square = [np.sqrt(((z - y) ** 2).sum(-1).mean()) for z in (x, x @ rotation.T)]
    np.testing.assert_allclose([float(found.before), float(found.after)], root_mean_square)
    assert found.after <= found.before


@both_libraries
def test_one_rotation_tells_another_frame_from_noise(library: Library) -> None:
    rng = np.random.default_rng(11)
    poses = rng.normal(size=(50, 6, 3))
    noisy = poses + 0.01 * rng.normal(size=poses.shape)
    other_frame = noisy @ random_rotation(rng).T
    same = one_rotation(library(poses), library(noisy))
    turned = one_rotation(library(poses), library(other_frame))
    assert turned.after < 0.05 * turned.before
    assert same.after > 0.9 * same.before


@both_libraries
def test_equal_poses_need_no_rotation(library: Library) -> None:
    poses, _, _ = random_pair(8)
    found = one_rotation(library(poses), library(poses))
    np.testing.assert_array_equal(np.asarray(found.rotation), np.eye(3))
    assert float(found.before) == float(found.after) == 0
    nothing = one_rotation(library(poses), library(np.full_like(poses, np.nan)))
    assert all(np.isnan(np.asarray(part)).all() for part in nothing)


def test_mismatches_are_named() -> None:
    with pytest.raises(ValueError, match=r"\(4, 5, 3\) and \(4, 6, 3\)"):
        align(np.zeros((4, 5, 3)), np.zeros((4, 6, 3)))
    for library in (np.zeros, torch.zeros):
        with pytest.raises(ValueError, match=r"\(4, 5, 3\) and \(2, 5, 3\)"):
            similarity(library((4, 5, 3)), library((2, 5, 3)))
    with pytest.raises(ValueError, match=r"\(4, 5, 3\) and \(1, 5, 3\)"):
        one_rotation(np.zeros((4, 5, 3)), np.zeros((1, 5, 3)))
    with pytest.raises(ValueError, match=r"\(\.\.\., 5\).*\(4,\)"):
        similarity(np.zeros((5, 3)), np.zeros((5, 3)), weights=np.ones(4))
    with pytest.raises(ValueError, match="negative"):
        similarity(np.zeros((5, 3)), np.zeros((5, 3)), weights=-np.ones(5))
