"""Reprojection errors against OpenCV."""

import cv2
import numpy as np
import pytest
import torch

from liftpose import Camera
from liftpose.metrics import reprojection_error

CAMERA = Camera(
    K=[[900, 0, 320], [0, 880, 240], [0, 0, 1]],
    R=cv2.Rodrigues(np.array([0.2, -0.3, 0.1]))[0],
    t=[1.0, -2.0, 40.0],
    dist=[-0.2, 0.05, 0.001, 0.002, 0.0],
)


@pytest.mark.parametrize("library", [np.asarray, torch.asarray])
def test_it_is_the_distance_from_what_opencv_shows(library) -> None:
    rng = np.random.default_rng(0)
    poses, points = rng.normal(size=(7, 5, 3)) * 3, rng.normal(size=(7, 5, 2)) * 50 + 300
    poses[2, 1, 0], points[3, 4] = np.nan, np.nan
    turn = cv2.Rodrigues(CAMERA.R)[0]
    shown = cv2.projectPoints(poses.reshape(-1, 1, 3), turn, CAMERA.t, CAMERA.K, CAMERA.dist)[0]
    distance = np.linalg.norm(shown.reshape(7, 5, 2) - points, axis=2)
    assert np.isnan(distance).sum() == 2
    found = reprojection_error(library(points), library(poses), CAMERA)
    assert float(found) == pytest.approx(np.nanmean(distance), rel=1e-6)
    each = reprojection_error(library(points), library(poses), CAMERA, per_joint=True)
    np.testing.assert_allclose(each, np.nanmean(distance, axis=0), rtol=1e-6)
    seen = CAMERA.world_to_camera(poses)
    turned = reprojection_error(library(points), library(seen), CAMERA, frame="camera")
    assert float(turned) == pytest.approx(float(found))


def test_what_the_camera_cannot_show_does_not_count() -> None:
    camera = Camera(K=[[100, 0, 50], [0, 100, 50], [0, 0, 1]])
    poses = np.array([[[0.0, 0.0, 4.0], [0.0, 0.0, -4.0]]])
    assert reprojection_error(np.array([[[51.0, 50.0], [0, 0]]]), poses, camera) == 1
    assert np.isnan(reprojection_error(np.zeros((1, 1, 2)), poses[:, 1:], camera))


def test_other_frames_are_refused() -> None:
    with pytest.raises(ValueError, match=r"\(4, 5, 2\) and \(3, 5, 3\)"):
        reprojection_error(np.zeros((4, 5, 2)), np.ones((3, 5, 3)), CAMERA)


@pytest.mark.parametrize("library", [np.asarray, torch.asarray])
def test_each_recording_has_its_own_camera(library) -> None:
    rng = np.random.default_rng(1)
    poses, points = rng.normal(size=(7, 5, 3)) * 3, rng.normal(size=(7, 5, 2)) * 50 + 300
    other = Camera(K=CAMERA.K, R=CAMERA.R, t=[0.0, 0.0, 60.0])
    found = reprojection_error(library(points), library(poses), [CAMERA, other], lengths=[3, 4])
    parts = [
        reprojection_error(points[:3], poses[:3], CAMERA),
        reprojection_error(points[3:], poses[3:], other),
    ]
    assert float(found) == pytest.approx((3 * parts[0] + 4 * parts[1]) / 7)
    for lengths in ([3, 3], [7], None):
        with pytest.raises(ValueError, match="7 in all; got 2 cameras"):
            reprojection_error(points, poses, [CAMERA, other], lengths=lengths)
