"""What cameras and trackers make of a simulated animal."""

import numpy as np
import pytest

from liftpose.datasets import ANIMALS
from liftpose.datasets.simulated.tracking import Ellipsoid, _hidden
from liftpose.geometry.camera import Camera


@pytest.fixture(scope="module", params=ANIMALS)
def recording(request):
    return ANIMALS[request.param](3000, seed=4, animal=2)


def off_by(recording):
    """How far points lie from the projection of the truth, (C, N, J, 2), pixels."""
    exact = np.stack([camera.project(recording.poses_3d) for camera in recording.cameras])
    return recording.points_2d - exact


def test_cameras_look_from_all_sides_and_see_the_whole_animal(recording):
    names = [camera.name for camera in recording.cameras]
    assert len(set(names)) == len(names)
    directions = np.stack([camera.R[2] for camera in recording.cameras])
    angles = np.degrees(np.arccos(np.clip(directions @ directions.T, -1, 1)))
    assert angles[~np.eye(len(names), dtype=bool)].min() > 20
    for camera in recording.cameras:
        points = camera.project(recording.poses_3d)
        assert (camera.world_to_camera(recording.poses_3d)[..., 2] > 0).all()
        inside = ((points >= 0) & (points < camera.size)).all(axis=-1)
        assert inside.mean() > 0.99
    # Whoever has only the matrix of the first camera misses nothing.
    assert not recording.cameras[0].dist.any()
    assert all(camera.dist.any() for camera in recording.cameras[1:])


def test_the_first_cameras_frame_has_z_ahead_and_y_down(recording):
    x, y, z = np.moveaxis(recording.pose_3d, -1, 0)
    K = recording.intrinsics
    points = np.stack([x / z * K[0, 0] + K[0, 2], y / z * K[1, 1] + K[1, 2]], axis=-1)
    np.testing.assert_allclose(points, recording.cameras[0].project(recording.poses_3d))
    # What is higher in the world is higher in the image.
    drop = np.einsum("k,njk->nj", recording.cameras[0].R[1], recording.poses_3d)
    assert recording.cameras[0].R[1, 2] < 0
    np.testing.assert_allclose(drop + recording.cameras[0].t[1], y)


def test_points_are_projections_up_to_noise(recording):
    off = off_by(recording)
    sure = recording.confidence > 0.9
    assert np.abs(np.mean(off[sure])) < 0.05
    # Of normal noise of 1.5 pixels, half lies within 0.674 standard deviations; what is surer
    # than most is a little better.
    assert np.median(np.abs(off[sure])) == pytest.approx(1.5 * 0.6745, rel=0.15)


def test_confidence_says_which_points_are_wrong(recording):
    distance = np.linalg.norm(off_by(recording), axis=-1)
    mistaken, good = distance > 8, distance < 4
    assert mistaken.mean() > 0.002
    assert 0.03 < (recording.confidence[mistaken] > 0.6).mean() < 0.45
    assert (recording.confidence[good] > 0.6).mean() > 0.85
    sure = recording.confidence > 0.6
    assert np.nanmean(distance[sure]) < 0.6 * np.nanmean(distance[~sure])
    assert recording.confidence.min() >= 0
    assert recording.confidence.max() <= 1


def test_lost_joints_are_nan_without_confidence_and_stay_lost_for_a_while(recording):
    lost = np.isnan(recording.points_2d)
    np.testing.assert_array_equal(lost.any(axis=-1), lost.all(axis=-1))
    lost = lost.all(axis=-1)
    np.testing.assert_array_equal(recording.confidence == 0, lost)
    assert (lost.mean(axis=(1, 2)) > 0.01).all()
    assert (lost.mean(axis=(1, 2)) < 0.1).all()
    again = lost[:, 1:][lost[:, :-1]].mean()
    assert again > 3 * lost.mean()


def test_some_guesses_are_the_same_joint_of_the_other_side(recording):
    partner = np.arange(len(recording.joints))
    for left, right in recording.skeleton.pairs:
        partner[[left, right]] = right, left
    exact = np.stack([camera.project(recording.poses_3d) for camera in recording.cameras])
    own = np.linalg.norm(recording.points_2d - exact, axis=-1)
    other = np.linalg.norm(recording.points_2d - exact[:, :, partner], axis=-1)
    apart = np.linalg.norm(exact - exact[:, :, partner], axis=-1) > 40
    swapped = apart & (own > 25) & (other < 15)
    assert 0.0005 < swapped.mean() < 0.02
    assert (recording.confidence[swapped] < 0.6).mean() > 0.8


def test_what_lies_behind_a_ball_is_hidden():
    rng = np.random.default_rng(0)
    count = 300
    points = rng.uniform(-3, 3, (count, 4, 3))
    radii = np.array([1.6, 0.8, 1.2])
    rotation = np.stack([np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(count)])
    ball = Ellipsoid(rng.uniform(-0.5, 0.5, (count, 3)), rotation, radii)
    camera = Camera(K=np.eye(3), t=[0.3, -0.2, 9.0])
    (hidden,) = _hidden(points, [ball], (camera,))
    # Walk along each line of sight and look whether any step of it is inside.
    steps = np.linspace(0, 1, 4001)[:, None, None]
    for frame in range(0, count, 10):
        sight = points[frame] + steps * (camera.position - points[frame])
        inside = (((sight - ball.centre[frame]) @ rotation[frame] / radii) ** 2).sum(-1) < 1
        np.testing.assert_array_equal(hidden[frame], inside.any(axis=0))
    assert 0.05 < hidden.mean() < 0.5
