"""Axes and scale: the world comes out where it should, and cameras with it."""

from dataclasses import replace

import numpy as np
import pytest

from liftpose import Poses
from liftpose.datasets import quadruped
from liftpose.geometry.rotation import from_euler
from liftpose.library.building.axes import Axes, World, scale_of, world_of


@pytest.fixture(scope="module")
def dog():
    return quadruped(frames=200, seed=1)


def tilted(animal, turn, move):
    """3D as a calibration has it whose world is anywhere."""
    points = animal.poses_3d @ turn.T + move
    return Poses.from_experiments(points, joints=animal.joints, frame="world", unit="mm")


def feet_of(animal):
    return [name for name in animal.joints if "paw" in name or "toe" in name or "foot" in name]


def test_a_floor_from_feet_is_level_and_at_zero(dog):
    poses = tilted(dog, from_euler("xyz", np.array([40.0, -20.0, 70.0])), [300.0, -50.0, 900.0])
    feet = feet_of(dog)
    assert len(feet) >= 4
    world = world_of(poses, Axes(floor_from=tuple(feet)))
    found = world.points(poses.points)
    # The animal is as high above the floor as it was simulated, up to how feet are above it.
    np.testing.assert_allclose(found[..., 2], dog.poses_3d[..., 2], atol=12.0)
    shift = np.median(found[..., 2] - dog.poses_3d[..., 2])
    np.testing.assert_allclose(found[..., 2] - shift, dog.poses_3d[..., 2], atol=3.0)
    np.testing.assert_allclose(np.linalg.det(world.turn), 1.0)
    np.testing.assert_allclose(world.turn @ world.turn.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.median(found[..., :2].mean(axis=1), axis=0), 0, atol=600)


@pytest.mark.parametrize("up", ["x", "-x", "y", "-y", "z", "-z"])
def test_an_axis_that_points_up_becomes_z(dog, up):
    poses = tilted(dog, np.eye(3), 0)
    world = world_of(poses, Axes(up=up))
    sign = -1 if up.startswith("-") else 1
    point = np.zeros(3)
    point["xyz".index(up[-1])] = 7.0 * sign
    np.testing.assert_allclose(world.points(point), [0, 0, 7], atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(world.turn), 1.0)


def test_three_points_that_stand_still_are_the_axes():
    rng = np.random.default_rng(0)
    places = np.array([[10.0, 20, 30], [10, 120, 30], [60, 20, 30]])
    animal = rng.normal(0, 50, (80, 1, 3))
    points = np.concatenate([np.repeat(places[None], 80, 0), animal], axis=1)
    points += rng.normal(0, 0.1, points.shape)
    poses = Poses.from_experiments(points, joints=["a", "b", "c", "nose"])
    found = world_of(poses, Axes(origin="a", x="b", y="c"))
    np.testing.assert_allclose(found.points(places), [[0, 0, 0], [100, 0, 0], [0, 50, 0]], atol=0.2)
    assert np.linalg.det(found.turn) == pytest.approx(1)
    with pytest.raises(ValueError, match="'nose' does not stand still"):
        world_of(poses, Axes(origin="a", x="b", y="nose"))
    with pytest.raises(ValueError, match="no joint 'd'"):
        world_of(poses, Axes(origin="a", x="b", y="d"))
    line = replace(
        poses,
        points=np.repeat(np.eye(4, 3)[None] * 0 + np.arange(4)[:, None], 80, 0)
        .reshape(80, 4, 3)
        .astype(float),
    )
    with pytest.raises(ValueError, match="lie on one line"):
        world_of(line, Axes(origin="a", x="b", y="c"))


def test_axes_are_said_once():
    with pytest.raises(ValueError, match="need three"):
        Axes(origin="a", x="b")
    with pytest.raises(ValueError, match="give one"):
        Axes(origin="a", x="b", y="c", floor_from=("paw",))
    with pytest.raises(ValueError, match="up is 'w'"):
        Axes(up="w")


def test_a_camera_shows_the_same_in_another_world(dog):
    world = World(from_euler("zyx", np.array([10.0, 20.0, 30.0])), np.array([5.0, -3, 9]), 0.1)
    for camera in dog.cameras:
        moved = world.camera(camera)
        assert moved.size == camera.size
        np.testing.assert_allclose(
            moved.project(world.points(dog.poses_3d)), camera.project(dog.poses_3d), atol=1e-6
        )


def test_a_length_scales_the_world_and_a_wrong_unit_is_told(dog):
    poses = Poses.from_experiments(dog.poses_3d / 10, joints=dog.joints, frame="world")
    one, other = dog.joints[:2]
    apart = float(np.median(np.linalg.norm(dog.poses_3d[:, 0] - dog.poses_3d[:, 1], axis=1)))
    length = f"{one}-{other}={apart:.4f}mm"
    factor, unit, _ = scale_of(poses, length, None)
    assert factor == pytest.approx(10, rel=1e-4)
    assert unit == "mm"
    # In centimetres, as it is, the same length says the calibration is right.
    factor, unit, _ = scale_of(poses, length, "cm")
    assert factor == pytest.approx(1, rel=1e-4)
    assert unit == "cm"
    with pytest.raises(ValueError, match=r"10 times larger than the calibration in mm .* in cm\?"):
        scale_of(poses, length, "mm")
    assert scale_of(poses, None, "mm")[:2] == (1.0, "mm")
