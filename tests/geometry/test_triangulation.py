"""Triangulation against SciPy's slow least squares, OpenCV, and cameras that are wrong."""

import warnings
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from liftpose.geometry.camera import Camera
from liftpose.geometry.triangulation import triangulate

Array = Any
seeds = st.integers(0, 2**32 - 1)
ZOO = Path(__file__).parents[3] / "shared" / "data" / "zoo"
LENS = [-0.25, 0.08, 0.001, -0.002]
astray = pytest.mark.filterwarnings("ignore:.*from where they are put:UserWarning")
quiet = pytest.mark.filterwarnings("ignore:.*found from two cameras:UserWarning")


def ring(count: int, dist: Any = LENS, focal: float = 1000.0, distance: float = 300.0) -> list[Any]:
    """Cameras all around the origin, some from above and some from below."""
    cameras = []
    for number in range(count):
        R = Rotation.from_euler(
            "YX", [360.0 * number / (count + 0.5), 25.0 * (-1) ** number], degrees=True
        ).as_matrix()
        K = [[focal, 0, 319.5], [0, 1.05 * focal, 239.5], [0, 0, 1]]
        cameras.append(Camera(K, R, [3.0, -2.0, distance], dist, (640, 480), f"cam{number}"))
    return cameras


def seen(cameras: list[Any], truth: Array, noise: float = 0.0, seed: int = 0) -> Array:
    pixels = np.stack([camera.project(truth) for camera in cameras])
    return pixels + np.random.default_rng(seed).normal(0, 1, pixels.shape) * noise


def cloud(seed: int, frames: int = 6, joints: int = 4) -> Array:
    return np.random.default_rng(seed).uniform(-30, 30, (frames, joints, 3))


def slowly(cameras: list[Any], pixels: Array, weights: Array, start: Array) -> Array:
    """One point by SciPy, with derivatives by differences."""
    views = [c for c in range(len(cameras)) if np.isfinite(pixels[c]).all() and weights[c] > 0]

    def off(point: Array) -> Array:
        return np.concatenate(
            [np.sqrt(weights[c]) * (cameras[c].project(point) - pixels[c]) for c in views]
        )

    return least_squares(off, start, xtol=1e-14, ftol=1e-14, gtol=1e-14, x_scale=1.0).x


@quiet
@astray
@settings(max_examples=20, deadline=None)
@given(seed=seeds, count=st.integers(2, 6), noise=st.sampled_from([0.0, 0.5, 3.0]))
def test_the_points_are_those_of_least_squares(seed: int, count: int, noise: float) -> None:
    rng = np.random.default_rng(seed)
    cameras, truth = ring(count), cloud(seed, 2, 2)
    pixels = seen(cameras, truth, noise, seed)
    weights = rng.uniform(0.1, 1.0, pixels.shape[:3])
    found = triangulate(pixels, cameras, weights, robust=False)
    for place in np.ndindex(2, 2):
        expected = slowly(cameras, pixels[:, *place], weights[:, *place], truth[place])
        np.testing.assert_allclose(found.points[place], expected, atol=2e-5)
    np.testing.assert_allclose(
        found.errors,
        np.linalg.norm(np.stack([c.project(found.points) for c in cameras]) - pixels, axis=-1),
        atol=1e-9,
    )


@quiet
def test_exact_pixels_of_two_views_give_what_opencv_gives() -> None:
    cv2 = pytest.importorskip("cv2")
    cameras, truth = ring(2), cloud(1, 5, 8)
    pixels = seen(cameras, truth)
    matrices = [camera.K @ np.column_stack([camera.R, camera.t]) for camera in cameras]
    straight = [
        cv2.undistortPoints(
            flat.reshape(-1, 1, 2),
            camera.K,
            camera.dist,
            P=camera.K,
        )
        .reshape(-1, 2)
        .T
        for camera, flat in zip(cameras, pixels, strict=True)
    ]
    theirs = cv2.triangulatePoints(*matrices, *straight)
    theirs = (theirs[:3] / theirs[3]).T.reshape(truth.shape)
    found = triangulate(pixels, cameras)
    np.testing.assert_allclose(found.points, theirs, atol=1e-3)  # OpenCV stops undistorting early
    np.testing.assert_allclose(found.points, truth, atol=1e-7)


@quiet
@settings(max_examples=25, deadline=None)
@given(seed=seeds, count=st.integers(3, 7), share=st.floats(0, 0.8))
def test_joints_are_found_from_whichever_cameras_saw_them(
    seed: int, count: int, share: float
) -> None:
    rng = np.random.default_rng(seed)
    cameras, truth = ring(count), cloud(seed)
    pixels = seen(cameras, truth)
    pixels[rng.random(pixels.shape[:3]) < share] = np.nan
    pixels[0, 0, 0] = [np.nan, 7.0]
    there = np.isfinite(pixels).all(axis=-1)
    enough = there.sum(axis=0) >= 2
    found = triangulate(pixels, cameras)
    np.testing.assert_array_equal(np.isfinite(found.points).all(axis=-1), enough)
    np.testing.assert_array_equal(np.isnan(found.points).any(axis=-1), ~enough)
    np.testing.assert_allclose(found.points[enough], truth[enough], atol=1e-5)
    np.testing.assert_array_equal(np.isfinite(found.errors), there & enough)
    np.testing.assert_array_equal(found.used, there & enough)


def test_a_camera_without_confidence_has_no_say() -> None:
    cameras, truth = ring(4), cloud(0)
    pixels, sure = seen(cameras, truth), np.ones((4, *truth.shape[:2]))
    pixels[1] += 100.0
    sure[1] = 0.0
    sure[2, 0, 0] = 0.0
    sure[3, 0, 0] = np.nan
    found = triangulate(pixels, cameras, sure)
    np.testing.assert_allclose(found.points, truth, atol=1e-6)
    assert not found.used[1].any()
    assert np.isnan(found.errors[1]).all()
    assert not found.used[2, 0, 0]
    assert found.used.sum() == 3 * 24 - 1


@astray
@pytest.mark.parametrize("always", [True, False])
@pytest.mark.parametrize("count", [4, 5, 8])
def test_a_wrong_camera_is_left_out(count: int, always: bool) -> None:
    cameras, truth = ring(count), cloud(3, 60, 8)
    pixels = seen(cameras, truth, 1.0)
    rng = np.random.default_rng(1)
    wrong = np.full((60, 8), 1) if always else rng.integers(0, count, (60, 8))
    is_wrong = np.arange(count)[:, None, None] == wrong
    turn = rng.uniform(0, 2 * np.pi, (60, 8))
    shift = 50.0 * np.stack([np.cos(turn), np.sin(turn)], axis=-1)
    found = triangulate(np.where(is_wrong[..., None], pixels + shift, pixels), cameras)
    known = triangulate(pixels, cameras, (~is_wrong).astype(float), robust=False)
    all_of_them = triangulate(pixels + shift * is_wrong[..., None], cameras, robust=False)
    ours, best, worst = (
        np.linalg.norm(each.points - truth, axis=-1).mean() for each in (found, known, all_of_them)
    )
    # Of four cameras the wrong one may lie nearly on the epipolar lines of the others.
    assert ours < (1.3 if count == 4 else 1.1) * best
    assert worst > 5 * best
    assert found.used[is_wrong].mean() < (0.03 if count == 4 else 0.005)
    assert found.used[~is_wrong].mean() > 0.97
    assert np.median(found.errors[is_wrong]) == pytest.approx(50, rel=0.1)
    assert found.noise == pytest.approx(1.0, rel=0.15)


def test_the_noise_is_measured_and_good_cameras_are_kept() -> None:
    cameras, truth = ring(3), cloud(5, 200, 5)
    for noise in (0.0, 0.5, 5.0):
        found = triangulate(seen(cameras, truth, noise), cameras)
        assert found.noise == pytest.approx(max(noise, 0.1), rel=0.25)
        assert found.used.mean() > 0.99


@astray
def test_two_wrong_cameras_of_seven_are_left_out() -> None:
    cameras, truth = ring(7), cloud(4, 40, 5)
    pixels = seen(cameras, truth, 0.5)
    pixels[2] += [40.0, -30.0]
    pixels[5] += [-25.0, 45.0]
    found = triangulate(pixels, cameras)
    assert np.linalg.norm(found.points - truth, axis=-1).max() < 1.5
    assert not found.used[[2, 5]].any()


def test_points_are_found_one_by_one_whatever_the_block(monkeypatch) -> None:
    cameras, truth = ring(4), cloud(6, 30, 5)
    pixels = seen(cameras, truth, 1.0)
    whole = triangulate(pixels, cameras)
    monkeypatch.setattr("liftpose.geometry.triangulation.solver._BLOCK", 7)
    pieces = triangulate(pixels, cameras)
    assert pieces.noise == pytest.approx(whole.noise)
    np.testing.assert_allclose(pieces.points, whole.points, atol=1e-8)
    np.testing.assert_array_equal(pieces.used, whole.used)
    np.testing.assert_allclose(pieces.errors, whole.errors, atol=1e-6)


def test_no_frames_give_no_points() -> None:
    found = triangulate(np.zeros((3, 0, 5, 2)), ring(3))
    assert found.points.shape == (0, 5, 3)
    assert found.used.shape == found.errors.shape == (3, 0, 5)
    nothing = triangulate(np.full((3, 4, 5, 2), np.nan), ring(3))
    assert np.isnan(nothing.points).all()
    assert nothing.behind == 0


def test_two_cameras_are_warned_of() -> None:
    cameras, truth = ring(2), cloud(0)
    with pytest.warns(UserWarning, match="100 % of the points were found from two cameras only"):
        found = triangulate(seen(cameras, truth, 1.0), cameras)
    assert np.isnan(found.noise)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        triangulate(seen(ring(3), truth), ring(3))


@quiet
@pytest.mark.parametrize("count", [2, 5])
def test_cameras_that_were_mistaken_for_each_other_are_warned_of(count: int) -> None:
    cameras, truth = ring(count), cloud(0)
    pixels = seen(cameras, truth, 1.0)
    size = np.linalg.norm(np.ptp(pixels, axis=2), axis=-1)
    pixels[[0, 1]] = pixels[[1, 0]]
    with pytest.warns(UserWarning, match="from where they are put") as warned:
        found = triangulate(pixels, cameras)
    said = {str(w.message).split("'")[1] for w in warned if "are put" in str(w.message)}
    off = np.median(found.errors, axis=(1, 2))
    assert said == {f"cam{c}" for c in range(count) if off[c] > 0.05 * np.median(size[c])}
    assert {"cam0", "cam1"} <= said
    # A fifth of what is warned of.
    right = seen(cameras, truth, 0.01 * np.median(size) / 1.2)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", message=".*two cameras only")
        triangulate(right, cameras)


def test_a_small_baseline_is_warned_of() -> None:
    K = [[1000, 0, 320], [0, 1000, 240], [0, 0, 1]]
    cameras = [Camera(K, t=[x, y, 300]) for x, y in ((0, 0), (5, 0), (0, 5))]
    with pytest.warns(UserWarning, match=r"meet at 1\.. degrees .* too small a baseline"):
        found = triangulate(seen(cameras, cloud(0)), cameras)
    rays = np.stack([camera.position for camera in cameras])[:, None, None] - found.points
    rays /= np.linalg.norm(rays, axis=-1, keepdims=True)
    cosine = np.stack([(rays[a] * rays[b]).sum(-1) for a, b in ((0, 1), (0, 2), (1, 2))])
    np.testing.assert_allclose(found.angles, np.degrees(np.arccos(cosine)).max(axis=0), rtol=1e-6)


@quiet
def test_points_behind_a_camera_are_nan_and_counted() -> None:
    K = [[1000, 0, 320], [0, 1000, 240], [0, 0, 1]]
    cameras = [Camera(K, t=[0, 0, 0]), Camera(K, t=[-100, 0, 0])]
    truth = np.asarray([[[10.0, 5.0, 900.0], [10.0, 5.0, -900.0]]])
    # What a mirror image of the second point would look like.
    points = np.stack([camera.world_to_camera(truth) for camera in cameras])
    pixels = 1000 * points[..., :2] / points[..., 2:] + [320, 240]
    words = "1 of 2 points would lie behind .* 1 behind camera '0', 1 behind camera '1'"
    with pytest.warns(UserWarning, match=words):
        found = triangulate(pixels, cameras)
    np.testing.assert_allclose(found.points[0, 0], truth[0, 0], atol=1e-6)
    assert np.isnan(found.points[0, 1]).all()
    assert found.behind == 1
    assert found.behind_each == (1, 1)
    assert not found.used[:, 0, 1].any()


@quiet
def test_points_behind_one_camera_are_counted_of_that_one() -> None:
    K = [[1000, 0, 320], [0, 1000, 240], [0, 0, 1]]
    ahead = Camera(K, name="ahead")
    # It looks along x from beside the first one.
    beside = Camera(K, [[0, 0, -1], [0, 1, 0], [1, 0, 0]], [0, 0, 50], name="beside")
    truth = np.asarray([[[0.0, 0, 300], [-100, 0, 300], [-120, 10, 200]]])
    points = np.stack([camera.world_to_camera(truth) for camera in (ahead, beside)])
    pixels = 1000 * points[..., :2] / points[..., 2:] + [320, 240]
    with pytest.warns(UserWarning, match="2 of 3 points .*: 2 behind camera 'beside'. Do"):
        found = triangulate(pixels, [ahead, beside])
    np.testing.assert_array_equal(beside.behind(truth), [[False, True, True]])
    np.testing.assert_array_equal(np.isnan(found.points).any(-1), beside.behind(truth))
    assert (found.behind, found.behind_each) == (2, (0, 2))


def test_pixels_that_no_ray_reaches_are_told_and_left() -> None:
    cameras, truth = ring(4, [-0.4, 0, 0, 0]), cloud(0)
    pixels = seen(cameras, truth)
    pixels[1, 2, 3] = [5000.0, 240.0]
    with pytest.warns(UserWarning, match=r"camera 'cam1'.*cannot be inverted at 1 of 24 pixels"):
        found = triangulate(pixels, cameras)
    assert not found.used[1, 2, 3]
    np.testing.assert_allclose(found.points, truth, atol=1e-6)


def test_poses_by_name_bring_their_confidence() -> None:
    cameras, truth = ring(4), cloud(2)
    pixels = seen(cameras, truth)
    sure = np.ones((4, *truth.shape[:2]))
    sure[3, 0] = 0
    poses = {
        f"cam{number}": SimpleNamespace(
            points=pixels[number], confidence=sure[number], joints=("a", "b", "c", "d")
        )
        for number in (2, 3, 0)
    }
    named = {camera.name: camera for camera in cameras}
    found = triangulate(poses, named)
    assert found.cameras == ("cam2", "cam3", "cam0")
    np.testing.assert_allclose(found.points, truth, atol=1e-6)
    assert not found.used[1, 0].any()
    bare = triangulate({name: entry.points for name, entry in poses.items()}, cameras)
    assert bare.used.all()
    with pytest.raises(ValueError, match="camera 'cam_0', which is not calibrated. Did you mean"):
        triangulate({"cam_0": pixels[0], "cam1": pixels[1]}, named)
    poses["cam0"].joints = ("b", "a", "c", "d")
    with pytest.raises(ValueError, match="camera 'cam0' has the joints 'b', 'a'"):
        triangulate(poses, named)
    with pytest.raises(ValueError, match="same frames"):
        triangulate({"cam0": pixels[0], "cam1": pixels[1, 1:]}, named)


@pytest.mark.parametrize(
    ("points", "cameras", "confidence", "error", "words"),
    [
        (np.zeros((1, 3, 4, 2)), ring(1), None, ValueError, "two cameras or more; got 1"),
        (np.zeros((3, 3, 4, 2)), ring(2), None, ValueError, r"shape \(2, N, J, 2\)"),
        (np.zeros((2, 3, 4, 3)), ring(2), None, ValueError, r"got \(2, 3, 4, 3\)"),
        (np.zeros((2, 3, 4, 2)), [np.eye(3)] * 2, None, TypeError, "camera 0 is a"),
        (np.zeros((2, 3, 4, 2)), ring(2), np.ones((2, 3)), ValueError, "confidence must have"),
        (np.zeros((2, 3, 4, 2)), ring(2), -np.ones((2, 3, 4)), ValueError, "not negative"),
    ],
)
def test_what_does_not_fit_is_refused(points, cameras, confidence, error, words) -> None:
    with pytest.raises(error, match=words):
        triangulate(points, cameras, confidence)


@quiet
def test_a_telephoto_rig_is_triangulated_as_it_was_measured() -> None:
    path = ZOO / "fly_eks_3cam.npz"
    if not path.is_file():
        pytest.skip("the real recordings are not here")
    with np.load(path) as stored:
        views = [Camera(*(stored[key][c] for key in ("K", "R", "t", "dist"))) for c in range(3)]
        pixels, conf, theirs = stored["pose2d"], stored["conf"], stored["pose3d"]
    found = triangulate(pixels[:, :100], views, conf[:, :100])
    size = np.ptp(theirs, axis=(0, 1)).max()
    assert np.nanmedian(np.linalg.norm(found.points - theirs[:100], axis=-1)) < 0.01 * size
    assert np.nanmedian(found.errors) < 1.5
