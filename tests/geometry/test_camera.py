"""Cameras against OpenCV, a slow scalar twin of its formula, and real calibrations."""

import copy
import dataclasses
import json
import math
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.spatial.transform import Rotation

from liftpose.geometry.camera import Camera, as_camera

Library = Callable[[Any], Any]
Array = Any
both_libraries = pytest.mark.parametrize("library", [np.asarray, torch.asarray])
seeds = st.integers(0, 2**32 - 1)

ZOO = Path(__file__).parents[3] / "shared" / "data" / "zoo"
CALIBRATED = (
    "fly_df3d_walk_6cam",
    "fly_eks_3cam",
    "human_pose2sim_4cam",
    "mouse22_dannce_6cam",
    "mouse22_labels_6cam",
)

WIDE = [-0.3, 0.12, 0.001, -0.002, -0.02]
RATIONAL = [0.4, -0.2, 0.0005, 0.001, 0.05, 0.7, -0.1, 0.02]


def intrinsics(focal: float = 900.0, skew: float = 0.0) -> Array:
    return np.asarray([[focal, skew, 319.5], [0, 1.1 * focal, 239.5], [0, 0, 1]])


def random_camera(seed: int, skew: bool = True) -> tuple[Camera, Any]:
    """A camera that looks at the origin, its lens one-to-one for whatever `scene` makes."""
    rng = np.random.default_rng(seed)
    count = rng.choice([4, 5, 8])
    dist = rng.uniform(-0.3, 0.3, count)
    dist[2:4] /= 30
    camera = Camera(
        K=intrinsics(10 ** rng.uniform(2, 5.2), skew * rng.uniform(-50, 50)),
        R=Rotation.random(random_state=int(rng.integers(2**31))).as_matrix(),
        t=[*rng.uniform(-5, 5, 2), rng.uniform(120, 400)],
        dist=dist,
    )
    return camera, rng


def scene(rng: Any, shape: tuple[int, ...]) -> Array:
    return rng.uniform(-20, 20, shape)


def project_slowly(camera: Camera, point: Any, depth: float | None = None) -> tuple[float, float]:
    """OpenCV's documented formula, one number at a time."""
    x, y, z = (
        sum(camera.R[row, column] * point[column] for column in range(3)) + camera.t[row]
        for row in range(3)
    )
    if z <= 0:
        return math.nan, math.nan
    x, y = x / (z if depth is None else depth), y / (z if depth is None else depth)
    k1, k2, p1, p2, k3, k4, k5, k6 = [*camera.dist, 0.0, 0.0, 0.0][:8]
    r2 = x**2 + y**2
    radial = (1 + k1 * r2 + k2 * r2**2 + k3 * r2**3) / (1 + k4 * r2 + k5 * r2**2 + k6 * r2**3)
    bent_x = x * radial + 2 * p1 * x * y + p2 * (r2 + 2 * x**2)
    bent_y = y * radial + p1 * (r2 + 2 * y**2) + 2 * p2 * x * y
    K = camera.K
    return K[0, 0] * bent_x + K[0, 1] * bent_y + K[0, 2], K[1, 1] * bent_y + K[1, 2]


# World and camera


@both_libraries
@settings(max_examples=40)
@given(seed=seeds)
def test_the_camera_frame_is_rotation_and_translation(library: Library, seed: int) -> None:
    camera, rng = random_camera(seed)
    points = scene(rng, (4, 6, 3))
    seen = camera.world_to_camera(library(points))
    expected = np.einsum("ij,nkj->nki", camera.R, points) + camera.t
    np.testing.assert_allclose(np.asarray(seen), expected, rtol=1e-13, atol=1e-12)
    np.testing.assert_allclose(np.asarray(camera.camera_to_world(seen)), points, atol=1e-11)


@settings(max_examples=40)
@given(seed=seeds)
def test_the_camera_stands_at_its_own_origin(seed: int) -> None:
    camera, _ = random_camera(seed)
    np.testing.assert_allclose(camera.world_to_camera(camera.position), 0, atol=1e-11)
    np.testing.assert_allclose(camera.position, camera.camera_to_world(np.zeros(3)), atol=0)


def test_the_way_back_is_exact_for_a_rotation_of_four_digits() -> None:
    R = np.round(Rotation.from_euler("zyx", [20, 30, 40], degrees=True).as_matrix(), 4)
    camera = Camera(K=intrinsics(), R=R, t=[1, 2, 300])
    points = np.random.default_rng(0).normal(size=(50, 3)) * 100
    np.testing.assert_allclose(
        camera.camera_to_world(camera.world_to_camera(points)), points, atol=1e-11
    )
    np.testing.assert_array_equal(camera.R, R)


# Projection


@both_libraries
@settings(max_examples=40)
@given(seed=seeds)
def test_projection_is_the_slow_formula(library: Library, seed: int) -> None:
    camera, rng = random_camera(seed)
    points = scene(rng, (5, 6, 3))
    expected = [[project_slowly(camera, point) for point in pose] for pose in points]
    found = camera.project(library(points))
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-12, atol=1e-9)


@both_libraries
@settings(max_examples=40)
@given(seed=seeds)
def test_points_may_be_in_the_cameras_frame(library: Library, seed: int) -> None:
    camera, rng = random_camera(seed)
    points = library(scene(rng, (5, 6, 3)))
    for perspective in (True, False):
        np.testing.assert_allclose(
            np.asarray(camera.project(camera.world_to_camera(points), perspective, frame="camera")),
            np.asarray(camera.project(points, perspective)),
            rtol=1e-14,
        )


@both_libraries
@settings(max_examples=40)
@given(seed=seeds)
def test_weak_perspective_takes_the_mean_depth_of_the_joints_that_are_known(
    library: Library, seed: int
) -> None:
    camera, rng = random_camera(seed)
    poses = scene(rng, (2, 4, 6, 3))
    poses[..., 2:, :][rng.random((2, 4, 4)) < 0.3] = np.nan
    found = np.asarray(camera.project(library(poses), perspective=False))
    for index in np.ndindex(2, 4):
        known = [point for point in poses[index] if not np.isnan(point).any()]
        depth = float(np.mean([camera.R[2] @ point + camera.t[2] for point in known]))
        expected = [
            project_slowly(camera, point, depth) if np.isfinite(point).all() else (np.nan, np.nan)
            for point in poses[index]
        ]
        np.testing.assert_allclose(found[index], expected, rtol=1e-11, atol=1e-9)


def test_weak_perspective_nears_perspective_as_the_lens_grows_longer() -> None:
    pose = np.random.default_rng(1).normal(size=(8, 3))
    errors = []
    for distance in (10, 100, 1000):
        camera = Camera(K=intrinsics(10.0 * distance), t=[0, 0, distance])
        apart = camera.project(pose) - camera.project(pose, perspective=False)
        errors.append(np.abs(apart).max())
    assert errors[0] > 5 * errors[1] > 25 * errors[2] > 0


@both_libraries
def test_what_is_not_in_front_is_not_seen(library: Library) -> None:
    camera = Camera(K=intrinsics())
    points = [[1.0, 1, 5], [1, 1, -5], [1, 1, 0], [0, 0, 0], [1, 1, 1e-300]]
    seen = np.isfinite(np.asarray(camera.project(library(np.asarray(points)))))
    assert seen.tolist() == [[True] * 2] + [[False] * 2] * 4
    poses = np.asarray([[[0.0, 0, 5], [0, 0, -1]], [[0, 0, 1], [0, 0, -5]]])
    weak = np.isfinite(np.asarray(camera.project(library(poses), perspective=False)))
    assert weak.all(axis=-1).tolist() == [[True, False], [False, False]]


@both_libraries
@settings(max_examples=25)
@given(seed=seeds)
def test_points_behind_the_camera_are_those_of_no_depth(library: Library, seed: int) -> None:
    camera, rng = random_camera(seed)
    camera = dataclasses.replace(camera, t=[0, 0, 3])
    points = scene(rng, (4, 6, 3))
    points[0, 0, 1] = np.nan
    depth = np.einsum("j,nkj->nk", camera.R[2], points) + camera.t[2]
    found = camera.behind(library(points))
    assert found.shape == (4, 6)
    np.testing.assert_array_equal(np.asarray(found), depth <= 0)
    there = camera.world_to_camera(library(points))
    np.testing.assert_array_equal(np.asarray(camera.behind(there, frame="camera")), depth <= 0)
    assert np.isnan(np.asarray(camera.project(library(points)))[np.asarray(found)]).all()
    with pytest.raises(ValueError, match="'world' or 'camera'; got 'image'"):
        camera.behind(points, "image")
    assert camera.behind(np.asarray([0.0, 0, -3])) == (camera.R[2, 2] * -3 + 3 <= 0)


# The lens


@pytest.mark.parametrize("dist", [WIDE, RATIONAL, WIDE[:4]])
@both_libraries
def test_pixels_come_back_from_the_undistorted(library: Library, dist: list[float]) -> None:
    camera = Camera(K=intrinsics(500.0, skew=3.0), dist=dist)
    pixels = np.stack(np.meshgrid(np.linspace(-50, 700, 40), np.linspace(-50, 550, 30)), axis=-1)
    straight = camera.undistort(library(pixels))
    assert np.abs(np.asarray(straight) - pixels).max() > 3
    np.testing.assert_allclose(np.asarray(camera.distort(straight)), pixels, rtol=0, atol=1e-8)
    rays = camera.rays(library(pixels))
    np.testing.assert_allclose(np.asarray(camera.pixels(rays)), pixels, rtol=0, atol=1e-8)
    pinhole = Camera(K=camera.K)
    np.testing.assert_allclose(np.asarray(pinhole.pixels(rays)), np.asarray(straight), atol=1e-9)
    np.testing.assert_allclose(np.asarray(pinhole.undistort(pixels)), pixels, rtol=0, atol=1e-10)


@settings(max_examples=150)
@given(seed=seeds, strength=st.floats(-3, 1.5), rational=st.booleans())
def test_whatever_is_shown_comes_back(seed: int, strength: float, rational: bool) -> None:
    """Any lens, however impossible: a pixel that a ray has leads back to that pixel."""
    rng = np.random.default_rng(seed)
    dist = rng.normal(size=8 if rational else 5) * 10**strength
    dist[2:4] *= 10 ** rng.uniform(-4, -0.5)
    focal = 10 ** rng.uniform(1, 5.3)
    camera = Camera(K=intrinsics(focal), dist=dist)
    rays = rng.normal(size=(300, 2)) * 10 ** rng.uniform(-3, 0.5, (300, 1))
    pixels = camera.pixels(rays)
    # Further out a ray next to a pole of the lens has not the decimals any more.
    shown = np.isfinite(pixels).all(axis=-1) & (np.abs(pixels) < 3e3).all(axis=-1)
    assume(shown.any())
    back = camera.rays(pixels[shown])
    np.testing.assert_allclose(camera.pixels(back), pixels[shown], rtol=0, atol=1e-8)
    # One pixel, one ray: where the lens does not press rays together, it is the same ray.
    step = 1e-6
    apart = [
        np.linalg.norm(camera.pixels(rays[shown] + step * way) - pixels[shown], axis=-1)
        for way in np.asarray([[1, 0], [0, 1], [0.7, 0.7], [0.7, -0.7]])
    ]
    steep = np.min(apart, axis=0) > 0.1 * step * focal
    np.testing.assert_allclose(back[steep], rays[shown][steep], rtol=0, atol=1e-6)


def test_beyond_the_fold_there_is_nothing() -> None:
    # r (1 - 0.3 r²) turns at r = 1/sqrt(0.9), where it is 0.7027.
    fold = 1 / math.sqrt(0.9)
    turn = fold * (1 - 0.3 * fold**2)
    camera = Camera(K=np.diag([1000.0, 1000.0, 1.0]), dist=[-0.3, 0, 0, 0])
    angles = np.linspace(0, 2 * np.pi, 50)[:, None]
    around = np.concatenate([np.cos(angles), np.sin(angles)], axis=1)
    for name in ("pixels", "distort"):
        bend = getattr(camera, name)
        unit = 1 if name == "pixels" else 1000
        assert np.isfinite(bend(around * unit * (fold - 1e-6))).all()
        assert np.isnan(bend(around * unit * (fold + 1e-6))).all()
        assert np.isnan(bend(around * unit * 3)).all()
    inner = camera.rays(around * 1000 * (turn - 1e-6))
    assert (np.linalg.norm(inner, axis=-1) < fold).all()
    np.testing.assert_allclose(camera.pixels(inner), around * 1000 * (turn - 1e-6), atol=1e-8)
    assert np.isnan(camera.rays(around * 1000 * (turn + 1e-6))).all()
    assert np.isnan(camera.undistort(around * 5000)).all()
    # What would be folded into the image: OpenCV shows this point at the pixel (300, 0).
    assert project_slowly(camera, [1.5, 0, 1]) == pytest.approx((487.5, 0))
    assert np.isnan(camera.project(np.asarray([1.5, 0, 1]))).all()


@settings(max_examples=40)
@given(seed=seeds)
def test_the_brink_of_the_fold_comes_back(seed: int) -> None:
    rng = np.random.default_rng(seed)
    k1, k2, k3 = -(10 ** rng.uniform(-2, 1, 3))
    focal = 10 ** rng.uniform(1, 5)
    camera = Camera(K=np.diag([focal, focal, 1.0]), dist=[k1, k2, 0, 0, k3])
    # The root of the derivative of r + k1 r³ + k2 r⁵ + k3 r⁷, by bisection.
    inner, outer = 0.0, 10.0
    while inner < (middle := (inner + outer) / 2) < outer:
        slope = 1 + 3 * k1 * middle**2 + 5 * k2 * middle**4 + 7 * k3 * middle**6
        inner, outer = (middle, outer) if slope > 0 else (inner, middle)
    turn = inner + k1 * inner**3 + k2 * inner**5 + k3 * inner**7
    angles = rng.uniform(0, 2 * np.pi, 200)
    brink = focal * turn * np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    away = 10 ** rng.uniform(-14, -2, (200, 1))
    pixels = brink * (1 - away)
    np.testing.assert_allclose(camera.pixels(camera.rays(pixels)), pixels, rtol=0, atol=1e-8)
    assert np.isnan(camera.rays(brink * 1.02)).all()
    # By less than the tolerance outside, there may be a ray or not; but no ray that is not shown.
    pixels = brink * (1 + away)
    found = camera.rays(pixels)
    shown = np.isfinite(found)
    np.testing.assert_allclose(camera.pixels(found)[shown], pixels[shown], rtol=0, atol=1e-8)


@both_libraries
def test_pixels_that_no_ray_reaches_are_told(library: Library) -> None:
    # r (1 - 0.3 r²) is 0.7027 at most.
    camera = Camera(K=np.diag([1000.0, 1000.0, 1.0]), dist=[-0.3, 0, 0, 0])
    pixels = np.asarray([[[0.0, 0], [702, 0], [703, 0]], [[np.nan, 9000], [0, -703], [400, 400]]])
    expected = [[False, False, True], [False, True, False]]
    assert np.asarray(camera.unreached(library(pixels))).tolist() == expected
    assert not np.asarray(Camera(K=camera.K).unreached(library(pixels))).any()


def test_tangential_terms_fold_as_well() -> None:
    # Along the x axis: x + 3 p2 x², which turns at x = 1 / (6 |p2|).
    camera = Camera(K=np.eye(3), dist=[0, 0, 0, -0.1, 0])
    assert np.isfinite(camera.pixels(np.asarray([5 / 3 - 1e-6, 0]))).all()
    assert np.isnan(camera.pixels(np.asarray([5 / 3 + 1e-6, 0]))).all()


def test_a_pole_of_a_rational_lens_is_not_crossed() -> None:
    camera = Camera(K=np.eye(3), dist=[0, 0, 0, 0, 0, -1, 0, 0])
    shown = camera.pixels(np.asarray([[0.5, 0.0], [0.99, 0.0], [1.0, 0.0], [1.01, 0.0]]))
    np.testing.assert_allclose(shown[:2, 0], [0.5 / 0.75, 0.99 / (1 - 0.99**2)], rtol=1e-12)
    assert np.isnan(shown[2:]).all()
    np.testing.assert_allclose(camera.rays(shown[:2]), [[0.5, 0], [0.99, 0]], atol=1e-9)
    # So near to it that a ray's own rounding is many of the pixels that are tolerated.
    edge = 1 - np.logspace(-7, -2, 500)
    angle = np.linspace(0, 6, 500)
    rays = edge[:, None] * np.stack([np.cos(angle), np.sin(angle)], axis=-1)
    np.testing.assert_allclose(camera.rays(camera.pixels(rays)), rays, rtol=0, atol=1e-12)


def test_undistortion_has_the_derivative_of_the_inverse_lens() -> None:
    camera = Camera(K=intrinsics(), dist=WIDE)
    pixels = torch.tensor([[100.0, 50.0], [600, 400]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(camera.undistort, pixels, eps=1e-4, atol=1e-6)
    points = torch.tensor([[0.1, 0.2, 3], [1, -1, 4]], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(camera.project, points, atol=1e-4)


@pytest.mark.parametrize("perspective", [True, False])
def test_unseen_points_have_no_derivative_rather_than_nan(perspective: bool) -> None:
    camera = Camera(K=intrinsics(), dist=WIDE)
    points = torch.tensor([[0.1, 0.2, 3], [0, 0, -1], [0, torch.nan, 1]], requires_grad=True)
    image = camera.project(points, perspective)
    torch.nansum(image).backward()
    assert image.isnan().all(dim=-1).tolist() == [False, True, True]
    assert torch.isfinite(points.grad).all()  # type: ignore[arg-type]
    assert points.grad[0].abs().sum() > 100  # type: ignore[index]


def test_unseen_pixels_have_no_derivative_rather_than_nan() -> None:
    camera = Camera(K=intrinsics(), dist=[-0.3, 0, 0, 0])
    pixels = torch.tensor([[100.0, 50], [torch.nan, 0], [9000, 0]], requires_grad=True)
    rays = camera.rays(pixels)
    torch.nansum(rays).backward()
    assert rays.isnan().all(dim=-1).tolist() == [False, True, True]
    assert torch.isfinite(pixels.grad).all()  # type: ignore[arg-type]
    assert (pixels.grad[0] > 0.5 / 900).all()  # type: ignore[index]


# OpenCV itself


@settings(max_examples=40)
@given(seed=seeds)
def test_opencv_projects_alike(seed: int) -> None:
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
    camera, rng = random_camera(seed, skew=False)
    points = scene(rng, (50, 3))
    turn = cv2.Rodrigues(camera.R)[0]
    expected, _ = cv2.projectPoints(points, turn, camera.t, camera.K, camera.dist)
    np.testing.assert_allclose(camera.project(points), expected[:, 0], rtol=1e-10, atol=1e-8)


@pytest.mark.parametrize("dist", [WIDE, RATIONAL, WIDE[:4]])
def test_opencv_undistorts_alike(dist: list[float]) -> None:
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
    camera = Camera(K=intrinsics(), dist=dist)
    pixels = np.random.default_rng(0).uniform(0, (640, 480), (200, 2))
    until = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 500, 1e-13)
    coefficients = np.asarray(dist)
    expected = cv2.undistortPoints(
        pixels[:, None], camera.K, coefficients, R=None, P=camera.K, criteria=until
    )
    np.testing.assert_allclose(camera.undistort(pixels), expected[:, 0], rtol=0, atol=1e-7)
    expected = cv2.undistortPoints(pixels[:, None], camera.K, coefficients, criteria=until)
    np.testing.assert_allclose(camera.rays(pixels), expected[:, 0], rtol=0, atol=1e-10)


# Real cameras


def zoo(name: str) -> Any:
    path = ZOO / f"{name}.npz"
    if not path.exists():
        pytest.skip(f"the recording {name} is not there")
    with np.load(path) as recording:
        return dict(recording)


def zoo_cameras(recording: Any) -> list[Camera]:
    values = (recording[key] for key in ("K", "R", "t", "dist"))
    return [Camera(*each) for each in zip(*values, strict=True)]


@pytest.mark.parametrize("name", CALIBRATED)
def test_real_calibrations_work_in_the_whole_image(name: str) -> None:
    recording = zoo(name)
    points = recording["pose3d"].astype(np.float64)
    for camera in zoo_cameras(recording):
        # Where the size is not recorded, the principal point is near enough to the middle.
        width, height = recording.get("image_size", [2 * camera.K[:2, 2]])[0]
        grid = np.stack(np.meshgrid(np.linspace(0, width, 60), np.linspace(0, height, 60)), axis=-1)
        straight = camera.undistort(grid)
        np.testing.assert_allclose(camera.distort(straight), grid, rtol=0, atol=1e-8)
        np.testing.assert_allclose(
            camera.camera_to_world(camera.world_to_camera(points)), points, atol=1e-11
        )
        image = camera.project(points)
        some = [(0, 0), (5, 3), (17, 8)]
        expected = [project_slowly(camera, points[index]) for index in some]
        np.testing.assert_allclose([image[index] for index in some], expected, atol=1e-8)


@pytest.mark.parametrize("name", CALIBRATED)
def test_opencv_projects_real_poses_alike_through_real_cameras(name: str) -> None:
    cv2 = pytest.importorskip("cv2", reason="OpenCV is not installed")
    recording = zoo(name)
    points = recording["pose3d"].astype(np.float64).reshape(-1, 3)
    points = points[np.isfinite(points).all(axis=1)]
    for camera in zoo_cameras(recording):
        turn = cv2.Rodrigues(camera.R)[0]
        expected = cv2.projectPoints(points, turn, camera.t, camera.K, camera.dist)[0][:, 0]
        # OpenCV leaves out the skew, which MATLAB's calibrations have.
        expected[:, 0] += camera.K[0, 1] * (expected[:, 1] - camera.K[1, 2]) / camera.K[1, 1]
        found = camera.project(points)
        assert np.isfinite(found).all()
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("name", "medians"),
    [
        # As measured when the recordings were collected, with other code.
        ("fly_df3d_walk_6cam", [2.73, 3.13, 2.69, 2.49, 3.18, 2.94]),
        ("fly_df3d_groom_6cam", [2.72, 2.77, 2.59, 2.33, 3.17, 2.70]),
        ("fly_eks_3cam", [1.14, 1.29, 0.93]),
        ("human_pose2sim_4cam", [2.65, 4.88, 14.49, 9.68]),
    ],
)
def test_real_poses_are_shown_where_the_tracker_saw_them(name: str, medians: list[float]) -> None:
    recording = zoo(name)
    found = [
        np.nanmedian(np.linalg.norm(camera.project(recording["pose3d"]) - image, axis=-1))
        for camera, image in zip(zoo_cameras(recording), recording["pose2d"], strict=True)
    ]
    np.testing.assert_allclose(found, medians, atol=0.01)


# Arrays of every kind

METHODS = (
    ("world_to_camera", 3),
    ("camera_to_world", 3),
    ("project", 3),
    ("rays", 2),
    ("pixels", 2),
    ("distort", 2),
    ("undistort", 2),
)
every_method = pytest.mark.parametrize(("method", "count"), METHODS)


def near_the_axis(method: str, shape: tuple[int, ...], seed: int = 0) -> Array:
    points = np.random.default_rng(seed).uniform(-0.3, 0.3, shape)
    if method in ("rays", "distort", "undistort"):
        return 320 + 600 * points
    return points


@every_method
@settings(max_examples=25)
@given(
    batch=hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
    eight=st.booleans(),
    seed=seeds,
)
def test_any_leading_dimensions_in_both_libraries(
    method: str, count: int, batch: tuple[int, ...], eight: bool, seed: int
) -> None:
    camera = Camera(
        K=intrinsics(skew=2.0),
        R=Rotation.from_euler("zyx", [5, -8, 170], degrees=True).as_matrix(),
        t=[0.1, 0.2, 3],
        dist=RATIONAL if eight else WIDE,
    )
    values = near_the_axis(method, (*batch, count), seed)
    before = values.copy()
    found = getattr(camera, method)(values)
    assert found.shape[:-1] == batch
    assert np.isfinite(found).all()
    np.testing.assert_array_equal(values, before)
    for index in np.ndindex(batch):
        np.testing.assert_array_equal(found[index], getattr(camera, method)(values[index]))
    twin = getattr(camera, method)(torch.asarray(values))
    np.testing.assert_allclose(twin.numpy(), found, rtol=1e-13, atol=1e-12)


@every_method
@both_libraries
def test_nan_stays_where_it_is(method: str, count: int, library: Library) -> None:
    camera = Camera(K=intrinsics(), t=[0, 0, 3], dist=WIDE)
    values = near_the_axis(method, (6, 5, count))
    expected = np.asarray(getattr(camera, method)(library(values)))
    values[0, 0] = np.nan
    values[1, 2, 0] = np.nan
    values[2, 4, -1] = np.inf
    values[3] = -np.inf
    found = np.asarray(getattr(camera, method)(library(values)))
    gone = np.zeros((6, 5), dtype=bool)
    gone[[0, 1, 2], [0, 2, 4]] = gone[3] = True
    np.testing.assert_array_equal(np.isnan(found), np.repeat(gone[..., None], found.shape[-1], -1))
    np.testing.assert_array_equal(found[~gone], expected[~gone])


@every_method
@both_libraries
def test_the_dtype_is_kept_and_the_arithmetic_is_double(
    method: str, count: int, library: Library
) -> None:
    camera = Camera(K=intrinsics(136_000.0), t=[0, 0, 3], dist=[-0.01, 0, 0, 0])
    values = near_the_axis(method, (20, count)).astype(np.float32)
    single = getattr(camera, method)(library(values))
    assert str(single.dtype).endswith("float32")
    double = getattr(camera, method)(library(values.astype(np.float64)))
    assert str(double.dtype).endswith("float64")
    np.testing.assert_array_equal(np.asarray(single), np.asarray(double).astype(np.float32))
    whole = getattr(camera, method)(library(np.ones((4, count), dtype=np.int64)))
    assert str(whole.dtype).endswith("float64")


@every_method
def test_lists_are_read_and_other_things_are_named(method: str, count: int) -> None:
    camera = Camera(K=intrinsics(), t=[0, 0, 3], dist=WIDE)
    values = near_the_axis(method, (2, count))
    np.testing.assert_array_equal(
        getattr(camera, method)(values.tolist()), getattr(camera, method)(values)
    )
    with pytest.raises(ValueError, match=rf"\(\.\.\., {count}\); got \(4, 7\)"):
        getattr(camera, method)(np.zeros((4, 7)))
    with pytest.raises(ValueError, match=r"got \(\)"):
        getattr(camera, method)(np.asarray(1.0))
    with pytest.raises(TypeError, match=r"numpy array or a torch tensor.*got dict"):
        getattr(camera, method)({"fly1": values})


def test_unusable_ways_of_projecting_are_named() -> None:
    camera = Camera(K=intrinsics())
    with pytest.raises(ValueError, match="'world' or 'camera'; got 'image'"):
        camera.project(np.ones((4, 3)), frame="image")
    with pytest.raises(ValueError, match="no mean depth"):
        camera.project(np.ones(3), perspective=False)


# The camera as a value


def full_camera(**changes: Any) -> Camera:
    values = {
        "K": intrinsics(),
        "R": Rotation.from_euler("x", 30, degrees=True).as_matrix(),
        "t": [1.0, 2.0, 3.0],
        "dist": WIDE,
        "size": (640, 480),
        "name": "left",
    }
    return Camera(**(values | changes))


def test_what_is_left_out_is_neutral() -> None:
    camera = Camera(intrinsics())
    np.testing.assert_array_equal(camera.R, np.eye(3))
    np.testing.assert_array_equal(camera.t, np.zeros(3))
    np.testing.assert_array_equal(camera.dist, np.zeros(5))
    assert camera.size is None
    assert camera.name is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ([1, 2, 3, 4], [1, 2, 3, 4, 0]),
        ([[1, 2, 3, 4, 5]], [1, 2, 3, 4, 5]),
        (np.arange(8).reshape(8, 1), range(8)),
        (torch.arange(5), range(5)),
    ],
)
def test_coefficients_are_kept_as_five_or_eight(given: Any, kept: Any) -> None:
    dist = Camera(intrinsics(), dist=given).dist
    assert dist.dtype == np.float64
    assert dist.tolist() == list(kept)


@pytest.mark.parametrize("t", [(1, 2, 3), [[1], [2], [3]], [[1, 2, 3]], torch.tensor([1, 2, 3])])
def test_translations_may_be_columns(t: Any) -> None:
    assert Camera(intrinsics(), t=t).t.tolist() == [1, 2, 3]


def test_cameras_are_equal_by_value_and_hash_alike() -> None:
    camera = full_camera()
    assert camera == full_camera()
    assert hash(camera) == hash(full_camera())
    assert full_camera(t=[0.0, 0, 3]) == full_camera(t=[-0.0, 0, 3])
    others = {
        "K": intrinsics(901.0),
        "R": np.eye(3),
        "t": [1.0, 2.0, 3.5],
        "dist": RATIONAL,
        "size": None,
        "name": "right",
    }
    different = {full_camera(**{key: value}) for key, value in others.items()}
    assert len(different | {camera}) == 7
    assert camera != "left"


@pytest.mark.parametrize("dist", [WIDE, RATIONAL])
def test_every_copy_is_the_same_camera(dist: list[float]) -> None:
    camera = full_camera(dist=dist)
    copies = [
        Camera.from_dict(json.loads(json.dumps(camera.as_dict()))),
        pickle.loads(pickle.dumps(camera)),
        copy.deepcopy(camera),
        dataclasses.replace(camera),
    ]
    for twin in copies:
        assert twin == camera
        assert not twin.K.flags.writeable
    assert dataclasses.replace(camera, name="right").name == "right"
    assert Camera.from_dict({"K": intrinsics()}) == Camera(intrinsics())


def test_a_camera_cannot_be_changed() -> None:
    K = intrinsics()
    camera = Camera(K)
    K[0, 0] = 1
    assert camera.K[0, 0] == 900
    with pytest.raises(dataclasses.FrozenInstanceError):
        camera.name = "other"  # type: ignore[misc]
    for array in (camera.K, camera.R, camera.t, camera.dist, camera.position):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_a_camera_says_what_it_is() -> None:
    assert repr(full_camera(R=np.eye(3))) == (
        "<Camera 'left': focal length (900, 990) px, centre (319.5, 239.5) px, 640 x 480 px, "
        "at (-1, -2, -3), dist (-0.3, 0.12, 0.001, -0.002, -0.02)>"
    )
    assert repr(Camera(np.eye(3))) == "<Camera: focal length 1 px, centre (0, 0) px, at (0, 0, 0)>"


# What is no camera

TILTED = Rotation.from_euler("zyx", [10, 20, 30], degrees=True)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"K": np.eye(4)}, r"camera 'left': K must have shape \(3, 3\); got \(4, 4\)"),
        ({"K": intrinsics().T}, "last row 0 0 1; got .*transposed"),
        ({"K": intrinsics(0.0)}, r"focal length K\[0, 0\] is 0"),
        ({"K": [[1, 0, 0], [2, 1, 0], [0, 0, 1]]}, r"K\[1, 0\] must be 0; got 2.0"),
        ({"K": intrinsics(math.nan)}, "K must be finite"),
        ({"R": TILTED.as_rotvec()}, r"R has shape \(3,\), a rotation vector.*cv2.Rodrigues"),
        ({"R": TILTED.as_rotvec()[:, None]}, r"R has shape \(3, 1\), a rotation vector"),
        ({"R": np.eye(4)}, r"R must have shape \(3, 3\); got \(4, 4\)"),
        ({"R": 1.05 * TILTED.as_matrix()}, "differs from the identity by up to 0.103"),
        ({"R": np.diag([1.0, 1, -1])}, "determinant -1.*mirrors"),
        ({"t": [1, 2]}, r"t must have shape \(3,\) or \(3, 1\); got \(2,\)"),
        ({"t": np.zeros((3, 3))}, r"t must have shape"),
        ({"t": [0, math.inf, 0]}, "t must be finite"),
        ({"dist": [0.1, 0.2]}, r"4, 5 or 8 coefficients.*got shape \(2,\)"),
        ({"dist": np.zeros(14)}, r"got shape \(14,\).*thin prism"),
        ({"dist": np.zeros((2, 4))}, r"got shape \(2, 4\)"),
        ({"size": 640}, "two positive whole numbers, width and height; got 640"),
        ({"size": (640, 0)}, "two positive whole numbers"),
        ({"size": (640, 480.5)}, "two positive whole numbers"),
        ({"size": (480, 640, 3)}, "two positive whole numbers"),
    ],
)
def test_impossible_values_are_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        full_camera(**values)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"K": "left.yaml"}, "camera 'left': K must be an array of numbers; got 'left.yaml'"),
        ({"R": [[1, 0], [0]]}, "R must be an array of numbers"),
        ({"K": None}, "K must be an array of numbers; got None"),
        ({"name": 3}, "name of a camera must be a string; got 3"),
    ],
)
def test_values_of_another_kind_are_named(values: dict[str, Any], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        full_camera(**values)


def test_dicts_that_are_no_cameras_are_named() -> None:
    with pytest.raises(ValueError, match="no 'distortion', only K, R.*Did you mean 'dist'"):
        Camera.from_dict({"K": intrinsics(), "distortion": WIDE})
    with pytest.raises(ValueError, match="needs its matrix of intrinsics 'K'"):
        Camera.from_dict({"R": np.eye(3)})
    with pytest.raises(TypeError, match="read from a dict; got ndarray"):
        Camera.from_dict(np.eye(3))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (np.eye(3), r"is a \(3, 3\) array; expected a Camera: wrap the matrix, Camera\(K=...\)"),
        (torch.eye(3), r"is a \(3, 3\) array; expected a Camera: wrap the matrix"),
        (np.eye(3).tolist(), r"is a \(3, 3\) array; expected a Camera: wrap the matrix"),
        (np.zeros((2, 3, 3)), r"is a \(2, 3, 3\) array; expected a Camera, such as"),
        ({"K": np.eye(3)}, r"is a dict; expected a Camera: Camera.from_dict"),
        ("left", "is 'left'; expected a Camera"),
        (None, "is None; expected a Camera"),
    ],
)
def test_only_a_camera_is_a_camera(value: Any, message: str) -> None:
    with pytest.raises(TypeError, match="camera of experiment 'fly1' " + message):
        as_camera(value, "camera of experiment 'fly1'")
    camera = Camera(intrinsics())
    assert as_camera(camera) is camera


# Cropped and resized


def framed(seed: int) -> tuple[Camera, Any]:
    camera, rng = random_camera(seed)
    return dataclasses.replace(camera, size=(640, 480), name="side"), rng


@settings(max_examples=40)
@given(seed=seeds)
def test_a_crop_moves_the_pixels(seed: int) -> None:
    camera, rng = framed(seed)
    points = scene(rng, (10, 3))
    part = camera.crop(100, 40.5, 200, 150)
    np.testing.assert_allclose(
        part.project(points), camera.project(points) - [100, 40.5], atol=1e-8
    )
    assert part.size == (200, 150)
    assert part.name == "side"
    assert part.crop(-100, -40.5, 640, 480).size == camera.size
    np.testing.assert_allclose(part.crop(-100, -40.5, 640, 480).K, camera.K, atol=1e-10)


@settings(max_examples=40)
@given(seed=seeds, across=st.floats(0.1, 5), down=st.floats(0.1, 5))
def test_resizing_keeps_the_outer_edge_of_the_first_pixel(
    seed: int, across: float, down: float
) -> None:
    camera, rng = framed(seed)
    points = scene(rng, (10, 3))
    scaled = camera.resize(scale=(across, down))
    expected = (camera.project(points) + 0.5) * [across, down] - 0.5
    np.testing.assert_allclose(scaled.project(points), expected, rtol=1e-9, atol=1e-7)
    assert scaled.size == (max(1, round(640 * across)), max(1, round(480 * down)))
    back = scaled.resize(scale=(1 / across, 1 / down))
    np.testing.assert_allclose(back.K, camera.K, rtol=1e-9, atol=1e-9)


def test_resizing_is_what_opencv_does_to_an_image() -> None:
    cv2 = pytest.importorskip("cv2")
    image = np.zeros((60, 80), np.float32)
    rows, columns = np.mgrid[:60, :80]
    image = np.exp(-((columns - 31.0) ** 2 + (rows - 22.0) ** 2) / 40.0).astype(np.float32)
    small = cv2.resize(image, (20, 30), interpolation=cv2.INTER_AREA)
    rows, columns = np.mgrid[:30, :20]
    spot = [(small * columns).sum() / small.sum(), (small * rows).sum() / small.sum()]
    camera = Camera(np.diag([50.0, 50.0, 1.0]), t=[31 / 50, 22 / 50, 1], size=(80, 60))
    np.testing.assert_allclose(camera.project(np.zeros(3)), [31, 22])
    np.testing.assert_allclose(camera.resize(20, 30).project(np.zeros(3)), spot, atol=0.02)
    assert camera.resize(20, 30) == camera.resize(scale=(0.25, 0.5))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda camera: camera.crop(700, 0, 10, 10), "'side': a crop of 10 x 10 px at .*outside"),
        (lambda camera: camera.crop(-20, 0, 20, 10), "outside of the image"),
        (lambda camera: camera.crop(0, 0, 0, 10), "'side': crop: size must be two positive"),
        (lambda camera: camera.crop(np.nan, 0, 9, 10), "a crop needs numbers"),
        (lambda camera: camera.resize(), "'side': resize takes a width and a height, or a scale"),
        (lambda camera: camera.resize(3), "takes a width and a height"),
        (lambda camera: camera.resize(3, 3, scale=2), "takes a width and a height"),
        (lambda camera: camera.resize(scale=0), "scale must be positive; got 0"),
        (lambda camera: camera.resize(0, 3), "'side': resize: size must be two positive"),
        (lambda camera: dataclasses.replace(camera, size=None).resize(3, 3), "size is not known"),
    ],
)
def test_an_impossible_part_or_size_is_refused(call: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        call(framed(0)[0])


@both_libraries
def test_pixels_far_outside_of_the_image_are_refused(library: Library) -> None:
    camera = framed(0)[0]
    rng = np.random.default_rng(0)
    pixels = rng.uniform([0, 0], [639, 479], (50, 4, 2))
    pixels[0] = np.nan
    camera.check_fits(library(pixels))
    camera.check_fits(library(np.full((3, 2), np.nan)))
    few = pixels.copy()
    few[1:10, 0] = 5000.0  # 9 of 196
    camera.check_fits(library(few))
    beside = pixels.copy()
    beside[..., 0] = 700.0  # within a tenth
    camera.check_fits(library(beside))
    for wrong in (3.0 * pixels, pixels - [400, 0]):
        words = r"walk.h5 lie far .*'side'.*640 x 480.*--crop side:x,y.*--scale side:factor"
        with pytest.raises(ValueError, match=words):
            camera.check_fits(library(wrong), "walk.h5")
        dataclasses.replace(camera, size=None).check_fits(library(wrong))
    camera.resize(scale=3).check_fits(library(3.0 * pixels))
