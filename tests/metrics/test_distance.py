"""Metrics against slow twins that walk frame by frame, and closed forms."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import procrustes
from scipy.spatial.transform import Rotation

from liftpose import metrics

Library = Callable[[Any], Any]
Array = Any
both_libraries = pytest.mark.parametrize("library", [np.asarray, torch.asarray])
seeds = st.integers(0, 2**32 - 1)

BONES = [(0, 1), (1, 2), (2, 3), (0, 4), (4, 5)]

# Every metric with whatever else it needs, the name of its per-joint switch and columns.
METRICS: dict[str, tuple[Callable[..., Any], str, int]] = {
    "mpjpe": (metrics.mpjpe, "per_joint", 6),
    "pa_mpjpe": (metrics.pa_mpjpe, "per_joint", 6),
    "n_mpjpe": (metrics.n_mpjpe, "per_joint", 6),
    "pck": (lambda t, p, **k: metrics.pck(t, p, 8.0, **k), "per_joint", 6),
    "auc": (lambda t, p, **k: metrics.auc(t, p, 20.0, **k), "per_joint", 6),
    "bone_length_error": (
        lambda t, p, **k: metrics.bone_length_error(t, p, BONES, **k),
        "per_bone",
        5,
    ),
    "velocity_error": (metrics.velocity_error, "per_joint", 6),
    "acceleration_error": (metrics.acceleration_error, "per_joint", 6),
}
every_metric = pytest.mark.parametrize("name", METRICS)


def random_pair(seed: int, frames: int = 6, missing: float = 0.2) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    pair = rng.normal(size=(2, frames, 6, 3)) * 5 + rng.normal(size=3) * 3
    pair[rng.random((2, frames, 6)) < missing] = np.nan
    pair[rng.random(pair.shape) < missing / 5] = np.nan
    return pair[0], pair[1]


def counted(truth: Array, prediction: Array) -> Array:
    return np.isfinite(truth).all(-1) & np.isfinite(prediction).all(-1)


def mean(values: list[Any]) -> float:
    return float(np.mean(values)) if values else np.nan


def slow_errors(truth: Array, prediction: Array) -> Array:
    errors = np.full(truth.shape[:2], np.nan)
    for i, j in np.argwhere(counted(truth, prediction)):
        errors[i, j] = np.linalg.norm(truth[i, j] - prediction[i, j])
    return errors


def slow_pa(truth: Array, prediction: Array) -> Array:
    errors = np.full(truth.shape[:2], np.nan)
    for i, kept in enumerate(counted(truth, prediction)):
        if kept.sum() < 3:
            continue
        t, p = truth[i, kept], prediction[i, kept]
        t0, p0 = t - t.mean(0), p - p.mean(0)
        u, s, vt = np.linalg.svd(t0.T @ p0)
        s[-1] *= np.sign(np.linalg.det(u @ vt))
        u[:, -1] *= np.sign(np.linalg.det(u @ vt))
        errors[i, kept] = np.linalg.norm(s.sum() / (p0**2).sum() * p0 @ (u @ vt).T - t0, axis=-1)
    return errors


def slow_n(truth: Array, prediction: Array) -> Array:
    errors = np.full(truth.shape[:2], np.nan)
    for i, kept in enumerate(counted(truth, prediction)):
        if kept.any():
            t, p = truth[i, kept], prediction[i, kept]
            scale = np.linalg.lstsq(p.reshape(-1, 1), t.ravel(), rcond=None)[0][0]
            errors[i, kept] = np.linalg.norm(scale * p - t, axis=-1)
    return errors


def slow_velocity(truth: Array, prediction: Array) -> Array:
    kept = counted(truth, prediction)
    errors = np.full((len(truth) - 1, truth.shape[1]), np.nan)
    for i, j in np.argwhere(kept[1:] & kept[:-1]):
        step = (truth[i + 1, j] - truth[i, j]) - (prediction[i + 1, j] - prediction[i, j])
        errors[i, j] = np.linalg.norm(step)
    return errors


def slow_acceleration(truth: Array, prediction: Array) -> Array:
    kept = counted(truth, prediction)
    errors = np.full((max(0, len(truth) - 2), truth.shape[1]), np.nan)
    for i in range(len(errors)):
        for j in np.flatnonzero(kept[i : i + 3].all(axis=0)):
            bend = [x[i, j] - 2 * x[i + 1, j] + x[i + 2, j] for x in (truth, prediction)]
            errors[i, j] = np.linalg.norm(bend[0] - bend[1])
    return errors


def slow_bones(truth: Array, prediction: Array) -> Array:
    kept = counted(truth, prediction)
    errors = np.full((len(truth), len(BONES)), np.nan)
    for i, pose in enumerate(kept):
        for k, (a, b) in enumerate(BONES):
            if pose[a] and pose[b]:
                lengths = [np.linalg.norm(x[i, a] - x[i, b]) for x in (truth, prediction)]
                errors[i, k] = abs(lengths[0] - lengths[1])
    return errors


def slow_share(truth: Array, prediction: Array, thresholds: Array) -> Array:
    errors = slow_errors(truth, prediction)
    within = (errors[..., None] <= thresholds).mean(-1)
    return np.where(np.isnan(errors), np.nan, within)


SLOW: dict[str, Callable[[Array, Array], Array]] = {
    "mpjpe": slow_errors,
    "pa_mpjpe": slow_pa,
    "n_mpjpe": slow_n,
    "pck": lambda t, p: slow_share(t, p, np.asarray([8.0])),
    "auc": lambda t, p: slow_share(t, p, np.linspace(0, 20, 31)),
    "bone_length_error": slow_bones,
    "velocity_error": slow_velocity,
    "acceleration_error": slow_acceleration,
}


@every_metric
@settings(deadline=None, max_examples=40)
@given(seed=seeds, frames=st.integers(1, 6), missing=st.sampled_from([0.0, 0.2, 0.6]))
def test_each_is_its_slow_twin_in_both_libraries(
    name: str, seed: int, frames: int, missing: float
) -> None:
    function, switch, columns = METRICS[name]
    truth, prediction = random_pair(seed, frames, missing)
    values = SLOW[name](truth, prediction)
    overall = mean(list(values[~np.isnan(values)]))
    each = [mean(list(column[~np.isnan(column)])) for column in values.T]
    before = truth.copy(), prediction.copy()
    for library in (np.asarray, torch.asarray):
        t, p = library(truth), library(prediction)
        found, found_each = function(t, p), function(t, p, **{switch: True})
        assert tuple(found.shape) == ()
        assert tuple(found_each.shape) == (columns,)
        np.testing.assert_allclose(np.asarray(found), overall, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(np.asarray(found_each), each, rtol=1e-7, atol=1e-9)
    np.testing.assert_array_equal(truth, before[0])
    np.testing.assert_array_equal(prediction, before[1])


@both_libraries
@every_metric
def test_nothing_counted_is_nan_without_warnings(name: str, library: Library) -> None:
    function, switch, columns = METRICS[name]
    poses = np.random.default_rng(0).normal(size=(4, 6, 3))
    for blank in (np.full_like(poses, np.nan), np.full_like(poses, np.inf)):
        for pair in ((poses, blank), (blank, poses), (blank, blank)):
            assert np.isnan(np.asarray(function(*map(library, pair))))
            each = function(*map(library, pair), **{switch: True})
            assert np.isnan(np.asarray(each)).tolist() == [True] * columns
    assert np.isnan(np.asarray(function(library(poses[:0]), library(poses[:0]))))


@both_libraries
@every_metric
def test_single_precision_is_scored_in_double(name: str, library: Library) -> None:
    function, _, _ = METRICS[name]
    truth, prediction = (x.astype(np.float32) for x in random_pair(4))
    single = function(library(truth), library(prediction))
    double = function(truth.astype(np.float64), prediction.astype(np.float64))
    assert str(single.dtype).endswith("float64")
    np.testing.assert_allclose(np.asarray(single), double, rtol=1e-12)


@both_libraries
@every_metric
def test_both_shapes_are_named(name: str, library: Library) -> None:
    function, _, _ = METRICS[name]
    with pytest.raises(ValueError, match=r"\(4, 6, 3\) and \(4, 5, 3\)"):
        function(library(np.zeros((4, 6, 3))), library(np.zeros((4, 5, 3))))
    with pytest.raises(ValueError, match=r"\(6, 3\) and \(6, 3\)"):
        function(library(np.zeros((6, 3))), library(np.zeros((6, 3))))


def test_joint_errors_are_nan_exactly_where_not_counted() -> None:
    truth, prediction = random_pair(9)
    errors = metrics.joint_errors(truth, prediction)
    np.testing.assert_array_equal(np.isnan(errors), ~counted(truth, prediction))
    np.testing.assert_allclose(errors, slow_errors(truth, prediction))


@settings(deadline=None, max_examples=30)
@given(seed=seeds)
def test_pa_mpjpe_forgives_similarities_and_not_mirrors(seed: int) -> None:
    truth, _ = random_pair(seed, missing=0.0)
    rng = np.random.default_rng(seed)
    turn = Rotation.random(len(truth), random_state=seed % 2**31).as_matrix()
    moved = (
        rng.uniform(0.2, 4, (6, 1, 1)) * truth @ turn.swapaxes(-1, -2)
        + rng.normal(size=(6, 1, 3)) * 50
    )
    assert metrics.pa_mpjpe(truth, moved) < 1e-8
    assert metrics.pa_mpjpe(truth, truth * [1, 1, -1]) > 0.01


def test_pa_mpjpe_in_the_plane_agrees_with_scipys_disparity() -> None:
    # In the plane every reflection of a planar 3D figure is a rotation, so SciPy's Procrustes,
    # which allows reflections, must agree.
    rng = np.random.default_rng(3)
    truth, prediction = np.zeros((2, 1, 6, 3))
    truth[..., :2], prediction[..., :2] = rng.normal(size=(2, 1, 6, 2))
    disparity = procrustes(truth[0], prediction[0])[2]
    spread = ((truth[0] - truth[0].mean(0)) ** 2).sum()
    errors = metrics.pa_mpjpe(truth, prediction, per_joint=True)
    np.testing.assert_allclose((errors**2).sum(), disparity * spread, rtol=1e-9)


def test_pa_mpjpe_leaves_out_frames_with_two_joints() -> None:
    truth, prediction = random_pair(1, missing=0.0)
    two_seen = truth.copy()
    two_seen[0, 2:] = np.nan
    np.testing.assert_allclose(
        metrics.pa_mpjpe(two_seen, prediction), metrics.pa_mpjpe(truth[1:], prediction[1:])
    )
    assert np.isnan(metrics.pa_mpjpe(two_seen[:1], prediction[:1]))
    two_seen[0, 2] = truth[0, 2]
    assert np.isfinite(metrics.pa_mpjpe(two_seen[:1], prediction[:1]))


def test_n_mpjpe_of_a_prediction_at_the_root_is_the_size_of_the_truth() -> None:
    truth, _ = random_pair(1, missing=0.0)
    np.testing.assert_allclose(
        metrics.n_mpjpe(truth, np.zeros_like(truth)), np.linalg.norm(truth, axis=-1).mean()
    )
    np.testing.assert_allclose(metrics.n_mpjpe(truth, 0.01 * truth), 0, atol=1e-12)


def test_pck_counts_the_threshold_itself_and_auc_its_ends() -> None:
    truth = np.zeros((1, 4, 1))
    prediction = np.asarray([[[0.0], [1.0], [2.0], [np.nan]]])
    assert metrics.pck(truth, prediction, 1.0) == pytest.approx(2 / 3)
    np.testing.assert_array_equal(
        metrics.pck(truth, prediction, 1.0, per_joint=True), [1, 1, 0, np.nan]
    )
    assert metrics.auc(truth, truth, 5.0) == 1
    assert metrics.auc(truth, truth + 5.01, 5.0) == 0
    assert metrics.auc(truth, truth + 5.0, 5.0, steps=11) == pytest.approx(1 / 11)


def test_bad_thresholds_and_bones_are_refused() -> None:
    poses = np.zeros((2, 3, 3))
    for threshold in (-1.0, np.nan, np.inf):
        with pytest.raises(ValueError, match="threshold"):
            metrics.pck(poses, poses, threshold)
        with pytest.raises(ValueError, match="threshold"):
            metrics.auc(poses, poses, threshold)
    with pytest.raises(ValueError, match="two thresholds"):
        metrics.auc(poses, poses, 1.0, steps=1)
    with pytest.raises(ValueError, match="joint 3"):
        metrics.bone_length_error(poses, poses, [(0, 3)])


def test_the_ground_floor_imports_neither_torch_nor_xarray() -> None:
    code = (
        "import sys, liftpose.metrics, liftpose.geometry.rotation;"
        "sys.exit(bool({'torch', 'xarray'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
