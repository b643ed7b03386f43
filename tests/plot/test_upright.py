"""Up is up in figures, and left stays left."""

import numpy as np
from scipy.spatial.transform import Rotation

from liftpose.plot.upright import upright


def test_poses_of_a_camera_are_turned_not_mirrored():
    points = np.random.default_rng(0).normal(size=(4, 5, 3))
    turned = upright(points, "camera")
    quarter = Rotation.from_euler("x", -90, degrees=True)
    np.testing.assert_allclose(turned.reshape(-1, 3), quarter.apply(points.reshape(-1, 3)))


def test_poses_of_a_world_stay():
    points = np.ones((1, 2, 3))
    for frame in ("world", None):
        assert upright(points, frame) is points
