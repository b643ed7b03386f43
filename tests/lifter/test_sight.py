"""The camera that a lifter sees through: recovered from poses, and where it puts a root."""

import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation

from liftpose.lifter.sight import FRAMES, Sight

K = np.array([[900.0, 0.0, 330.0], [0.0, 900.0, 250.0], [0.0, 0.0, 1.0]])
TURN = Rotation.from_euler("xyz", [20, -35, 10], degrees=True).as_matrix()


def poses(frames=120, joints=8, seed=0):
    """Joints about one unit around a root that goes about before a camera, four units away."""
    rng = np.random.default_rng(seed)
    around = rng.normal(size=(frames, joints, 3)) * 0.6
    around[:, 0] = 0
    root = rng.normal(size=(frames, 1, 3)) * [0.7, 0.5, 0.6] + [0, 0, 5.0]
    return around + root


def seen(in_camera, noise=0.0, seed=1):
    """Pixels of 3D in the direction of the camera."""
    shown = in_camera @ K.T
    rng = np.random.default_rng(seed)
    return shown[..., :2] / shown[..., 2:] + rng.normal(size=shown[..., :2].shape) * noise


def recovered(image, space):
    return Sight.recovered(torch.from_numpy(image), torch.from_numpy(space))


def degrees_between(one, other):
    """Angle of the turn that takes one rotation to another."""
    return np.degrees(Rotation.from_matrix(np.asarray(one) @ np.asarray(other).T).magnitude())


def in_world(in_camera):
    return (in_camera - [0.3, -0.2, 6.0]) @ TURN  # the inverse of x -> R x + t, row by row


SPACES = {
    "in the camera's frame": (lambda pose: pose, np.eye(3)),
    "in the world": (in_world, TURN),
    "relative to the root": (lambda pose: pose - pose[:, :1], np.eye(3)),
    "relative to the root, in the world": (lambda pose: in_world(pose - pose[:, :1]), TURN),
    "moved in each frame": (
        lambda pose: pose + np.random.default_rng(5).normal(size=(len(pose), 1, 3)) * 50,
        np.eye(3),
    ),
}


@pytest.mark.parametrize("space", SPACES)
def test_a_camera_is_recovered_exactly_wherever_the_poses_are(space):
    pose = poses()
    change, turn = SPACES[space]
    sight = recovered(seen(pose), change(pose))
    np.testing.assert_allclose(sight.matrix, K, rtol=1e-4, atol=0.1)
    assert degrees_between(sight.turn, turn) < 0.02
    np.testing.assert_allclose(sight.turn @ sight.turn.T, np.eye(3), atol=1e-9)
    assert np.linalg.det(sight.turn) > 0


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_noise_moves_the_camera_little(seed):
    # A pixel of 900 is a thousandth of the distance; poses are a fifth of it.
    pose = poses(seed=seed)
    sight = recovered(seen(pose, noise=1.0), in_world(pose))
    focal = float(sight.matrix[0, 0])
    assert focal == pytest.approx(900, rel=0.02)
    assert degrees_between(sight.turn, TURN) < 1
    # What it shows is off by the noise, and no more.
    turned = torch.from_numpy(in_world(pose) - in_world(pose)[:, :1]) @ sight.turn.T
    shown = turned + sight.place(turned, sight.rays(torch.from_numpy(seen(pose, 1.0))))[:, None]
    flat = (shown @ sight.matrix.T).numpy()
    missed = flat[..., :2] / flat[..., 2:] - seen(pose)
    assert np.sqrt((missed**2).mean()) < 1.0


def test_some_gross_errors_move_it_little():
    pose = poses()
    image = seen(pose, noise=0.5)
    wrong = np.random.default_rng(3).random(image.shape[:2]) < 0.03
    image[wrong] += np.random.default_rng(4).normal(size=(wrong.sum(), 2)) * 200
    sight = recovered(image, pose)
    assert float(sight.matrix[0, 0]) == pytest.approx(900, rel=0.1)
    assert degrees_between(sight.turn, np.eye(3)) < 3


def test_joints_may_be_missing_on_either_side():
    pose = poses(200)
    image, space = seen(pose), in_world(pose)
    rng = np.random.default_rng(7)
    image[rng.random(image.shape[:2]) < 0.3] = np.nan
    space[rng.random(space.shape) < 0.1] = np.nan
    image[:, 0] = np.nan  # not even the root is needed
    image[5], space[6] = np.nan, np.nan
    sight = recovered(image, space)
    np.testing.assert_allclose(sight.matrix, K, rtol=1e-4, atol=0.1)
    assert degrees_between(sight.turn, TURN) < 0.02


def test_a_camera_without_perspective_is_very_far_away():
    pose = poses()
    image = pose[..., :2] * 200 + 300
    sight = recovered(image, pose)
    around = torch.from_numpy(pose - pose[:, :1])
    place = sight.place(around, sight.rays(torch.from_numpy(image)))
    # Where its middle is and how it is turned cannot be told apart from so far.
    assert degrees_between(sight.turn, np.eye(3)) < 3
    shown = (around + place[:, None]) @ sight.matrix.T
    missed = (shown[..., :2] / shown[..., 2:]).numpy() - image
    extent = (image - image.mean(1, keepdims=True)).std()
    assert np.sqrt((missed**2).mean()) < 0.02 * extent
    assert float(place[:, 2].min()) > 100 * float(around.abs().max())


def test_many_frames_are_looked_at_evenly():
    pose = poses(FRAMES * 3)
    image, space = seen(pose), in_world(pose)
    image[1::3], image[2::3] = 1e4, -1e4
    sight = recovered(image, space)
    np.testing.assert_allclose(sight.matrix, K, rtol=1e-4, atol=0.1)


def unrelated(pose):
    return np.random.default_rng(9).normal(size=pose.shape)


def each_turned_by_itself(pose):
    turns = Rotation.random(len(pose), random_state=0).as_matrix()
    return (pose - pose[:, :1]) @ turns.transpose(0, 2, 1)


def of_other_frames(pose):
    return np.random.default_rng(0).permutation(pose)


@pytest.mark.parametrize("change", [unrelated, each_turned_by_itself, of_other_frames])
def test_there_is_no_camera_for_what_does_not_belong_together(change):
    pose = poses()
    assert recovered(seen(pose), pose) is not None
    assert recovered(seen(pose), change(pose)) is None


@pytest.mark.parametrize("frames", [0, 2])
def test_there_is_no_camera_for_too_few_frames(frames):
    pose = poses(3)
    image = seen(pose)
    image[frames:, 2:] = np.nan  # two joints have no place before a camera
    assert recovered(image, pose) is None


def placed_slowly(pose, rays):
    """The root of each pose by linear least squares, joint by joint."""
    places = []
    for joints, seen_along in zip(pose, rays, strict=True):
        rows, values = [], []
        for (x, y, z), (a, b) in zip(joints, seen_along, strict=True):
            if np.isfinite([a, b]).all():
                rows += [[1, 0, -a], [0, 1, -b]]
                values += [a * z - x, b * z - y]
        enough = len(rows) >= 6
        places.append(np.linalg.lstsq(rows, values)[0] if enough else np.full(3, np.nan))
    return np.array(places)


def test_a_root_is_placed_as_by_least_squares():
    rng = np.random.default_rng(2)
    pose = poses(40)
    around = pose - pose[:, :1]
    rays = pose[..., :2] / pose[..., 2:] + rng.normal(size=(40, 8, 2)) * 0.02
    rays[rng.random((40, 8)) < 0.3] = np.nan
    rays[3, 2:], rays[4, 3:], rays[5] = np.nan, np.nan, np.nan
    rays[4, :3] = 0.1 * rng.normal(size=(3, 2))
    place = Sight.given(K).place(torch.from_numpy(around), torch.from_numpy(rays))
    expected = placed_slowly(around, rays)
    assert np.isnan(expected[[3, 5]]).all()
    assert np.isfinite(expected[4]).all()
    np.testing.assert_allclose(place, expected, rtol=1e-8, atol=1e-8)


def test_a_root_is_placed_where_it_is():
    pose = poses()
    sight = Sight.given(K)
    rays = sight.rays(torch.from_numpy(seen(pose)))
    np.testing.assert_allclose(rays, pose[..., :2] / pose[..., 2:], atol=1e-12)
    place = sight.place(torch.from_numpy(pose - pose[:, :1]), rays)
    np.testing.assert_allclose(place, pose[:, 0], rtol=1e-9)


def test_rays_are_those_of_the_whole_matrix():
    skewed = np.array([[900.0, 7.0, 330.0], [0.0, 1100.0, 250.0], [0.0, 0.0, 1.0]])
    points = np.random.default_rng(0).uniform(0, 600, (5, 4, 2))
    points[1, 2] = np.nan
    rays = Sight.given(skewed).rays(torch.from_numpy(points))
    whole = np.concatenate([points, np.ones((5, 4, 1))], 2)
    expected = np.linalg.solve(skewed, whole.reshape(-1, 3).T).T.reshape(5, 4, 3)
    np.testing.assert_allclose(rays, expected[..., :2], atol=1e-12)
    assert rays[1, 2].isnan().all()


def test_a_sight_is_built_again():
    pose = poses()
    sight = recovered(seen(pose, noise=1.0), in_world(pose))
    again = Sight.from_state(sight.state())
    assert torch.equal(again.matrix, sight.matrix)
    assert torch.equal(again.turn, sight.turn)
