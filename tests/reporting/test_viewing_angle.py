"""From where an animal is seen: closed forms."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from liftpose.geometry.camera import Camera
from liftpose.reporting.gathered import Gathered
from liftpose.reporting.viewing_angle import directions
from liftpose.skeleton import Skeleton

BODY = Skeleton(["paw_l", "paw_r", "nose"])
# It looks along x, with its left along y.
POSE = np.array([[[0, 1.0, 0], [0, -1, 0], [0, 0, 0]]])


def camera_at(place):
    """A camera there that looks at the origin, its image upright."""
    ahead = -np.array(place, float) / np.linalg.norm(place)
    right = np.cross(ahead, [0, 0, 1.0])
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(ahead, right), ahead])
    return Camera(R=turn, t=-turn @ np.array(place, float), K=np.diag([500.0, 500, 1]))


def seen_by(place, pose=POSE, **said):
    of = Gathered(Path("out"), BODY, (2,), ("a",), (len(pose),), pose, frame="world", **said)
    return directions(replace(of, cameras=(camera_at(place),)))


@pytest.mark.parametrize(
    ("place", "azimuth", "elevation"),
    [
        ((10, 0, 0), 0, 0),
        ((0, 10, 0), 90, 0),
        ((0, -10, 10), -90, 45),
        ((-10, 0.0001, 0), 180, 0),
    ],
)
def test_cameras_around_an_animal(place, azimuth, elevation):
    found = seen_by(place)
    np.testing.assert_allclose(np.squeeze(found), [azimuth, elevation], atol=1e-2)


def test_what_is_not_seen_has_no_direction():
    pose = np.concatenate([POSE, np.full_like(POSE, np.nan)])
    azimuth, _ = seen_by((10, 0, 0), pose)
    assert np.isnan(azimuth).tolist() == [False, True]


def test_lifted_poses_of_a_cameras_frame_are_seen_along_its_axis():
    # x right, y down, z away: an animal that looks at the camera has its left on the right.
    pose = np.array([[[1.0, 0, 0], [-1, 0, 0], [0, 0, 0]]])
    of = Gathered(Path("out"), BODY, (2,), ("a",), (1,), pose, frame="camera")
    np.testing.assert_allclose(np.squeeze(directions(of)), [0, 0], atol=1e-6)
    assert directions(replace(of, frame="world")) is None
