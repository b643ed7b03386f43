"""The floor that animals stand on, against planes that are known."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from liftpose import Camera, Poses
from liftpose.lifter.floor import LEVEL
from liftpose.postprocess import Floor, find_floor

seeds = st.integers(0, 2**32 - 1)
JOINTS = ("nose", "back", "tail", "fl", "fr", "hl", "hr")
FEET = ("fl", "fr", "hl", "hr")


def walking(frames=200, seed=0, rears=0.2, noise=0.0):
    """A stiff quadruped on the plane z = 0 that lifts a foot, and at times both fore feet; mm."""
    rng = np.random.default_rng(seed)
    body = np.array(
        [[35, 0, 12], [0, 0, 25], [-60, 0, 8], [20, 8, 0], [20, -8, 0], [-20, 9, 0], [-20, -9, 0]]
    )
    poses = np.repeat(body[None].astype(float), frames, axis=0)
    poses[np.arange(frames), rng.integers(3, 7, frames), 2] += rng.uniform(0, 10, frames)
    up = rng.random(frames) < rears
    poses[up, 3:5, 2] += rng.uniform(10, 40, (up.sum(), 2))
    heading = Rotation.from_euler("z", rng.uniform(0, 360, (frames, 1)), degrees=True).as_matrix()
    place = np.column_stack([rng.uniform(-150, 150, frames), rng.uniform(-80, 80, frames)])
    poses = poses @ heading.mT + np.pad(place, [(0, 0), (0, 1)])[:, None]
    return poses + rng.normal(0, noise, poses.shape) if noise else poses


def world(seed):
    """A rotation and a shift."""
    rng = np.random.default_rng(seed)
    return Rotation.random(random_state=seed).as_matrix(), rng.uniform(-500, 500, 3)


@settings(max_examples=25, deadline=None)
@given(seed=seeds)
def test_a_floor_anywhere_is_found_from_the_feet(seed):
    R, t = world(seed % 2**31)
    poses = walking(seed=seed) @ R.T + t
    floor = find_floor(poses, feet=[3, 4, 5, 6])
    np.testing.assert_allclose(floor.normal, R[:, 2], atol=1e-4)
    assert floor.offset == pytest.approx(R[:, 2] @ t, abs=0.01)
    np.testing.assert_allclose(floor.height(poses), walking(seed=seed)[..., 2], atol=0.05)
    np.testing.assert_allclose(floor.axes @ floor.normal, 0, atol=1e-9)
    np.testing.assert_allclose(floor.axes @ floor.axes.T, np.eye(2), atol=1e-9)
    assert np.ptp(floor.places, axis=1) == pytest.approx([300, 160], rel=0.2)


@pytest.mark.parametrize("tilt", [0, 20, 40])
def test_up_need_be_known_roughly_only(tilt):
    # Rearing most of the time, the fore feet are above the rest of the body.
    poses = walking(rears=0.5, noise=0.5)
    up = Rotation.from_euler("x", tilt, degrees=True).apply([0, 0, 3])
    floor = find_floor(poses, feet=[3, 4, 5, 6], up=up)
    assert np.degrees(np.arccos(floor.normal[2])) < 0.5
    assert floor.offset == pytest.approx(0, abs=0.6)


def test_a_foot_that_is_tracked_wrongly_does_not_tilt_the_floor():
    poses = walking(frames=400, noise=0.3)
    clean = find_floor(poses, feet=[3, 4, 5, 6])
    poses[:40, 6] -= [0, 60, 40]
    poses[40:60, 3] = np.nan
    floor = find_floor(poses, feet=[3, 4, 5, 6])
    assert np.degrees(np.arccos(floor.normal @ clean.normal)) < 0.5
    assert floor.offset == pytest.approx(clean.offset, abs=0.5)


def test_names_units_and_several_recordings():
    poses = walking()
    named = Poses.from_experiments(
        {"a": poses[:90], "b": poses[90:]}, dims=(3,), joints=JOINTS, unit="mm"
    )
    floor = find_floor(named, FEET, up="z")
    assert (floor.feet, floor.names, floor.unit) == ((3, 4, 5, 6), FEET, "mm")
    assert floor.standing == 2
    assert repr(floor).startswith("<Floor: normal (")
    assert repr(floor).endswith("mm, 2 of 4 feet down>")
    plain = find_floor({"a": poses[:90], "b": poses[90:]}, [3, 4, 5, 6])
    np.testing.assert_allclose(plain.normal, floor.normal, atol=1e-5)
    down = find_floor(named, FEET, up="-z")
    assert down.normal[2] == pytest.approx(-1, abs=1e-2)
    json.dumps(floor.normal.tolist())


@settings(max_examples=25, deadline=None)
@given(seed=seeds, size=st.floats(0.6, 1.6))
def test_the_scale_puts_feet_on_the_floor(seed, size):
    R, t = world(seed % 2**31)
    poses = walking(seed=seed)
    floor = find_floor(poses @ R.T + t, feet=[3, 4, 5, 6])
    # Far above: nothing is left of the lifted size.
    camera = Camera(np.eye(3), np.diag([1.0, -1, -1]) @ R.T, None)
    camera = Camera(np.eye(3), camera.R, -camera.R @ (R @ [50, 20, 3000] + t))
    feet = camera.world_to_camera(poses @ R.T + t)[:, 3:]
    scale = floor.scale(feet / size, camera)
    np.testing.assert_allclose(scale, size, rtol=2e-3)


def test_level_with_the_floor_the_lifted_size_counts():
    floor = find_floor(walking(), feet=[3, 4, 5, 6])
    seen = np.array([[[0.0, 10.0, 400.0]] * 4])  # 10 mm below the axis of a camera that looks level
    R = [[1.0, 0, 0], [0, 0, -1], [0, 1, 0]]
    scales = []
    for height in (0.0, LEVEL * floor.size, 10.0, 200.0):
        position = np.array([0.0, -400.0, height])
        camera = Camera(np.eye(3), R, -np.array(R) @ position)
        drop = np.array([[[0.0, max(height, 1e-9) / 1.2, 400.0]] * 4])
        scales.append(floor.scale(drop, camera)[0])
    assert scales[0] == pytest.approx(1, abs=0.01)
    assert 1.05 < scales[1] < 1.15
    assert scales[3] == pytest.approx(1.2, rel=0.01)
    above = Camera(np.eye(3), R, -np.array(R) @ [0.0, -400.0, 200.0])
    assert np.isnan(floor.scale(seen, above)).all()  # twenty times too small
    assert np.isnan(floor.scale(seen * np.nan, above)).all()


def test_a_foot_that_is_lifted_or_unknown_does_not_count():
    floor = find_floor(walking(), feet=[3, 4, 5, 6])
    camera = Camera(np.eye(3), np.diag([1.0, -1, -1]), [0, 0, 600.0])
    feet = camera.world_to_camera(np.zeros((2, 4, 3)))
    feet[0, :2, 2] -= 30
    feet[1, 1:] = np.nan
    np.testing.assert_allclose(floor.scale(feet, camera), 1, atol=1e-3)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"feet": ["fl", "nos"]}, ValueError, "no joint 'nos'. Did you mean 'nose'"),
        ({"feet": [3, 9]}, ValueError, "no joint 9; there are 7"),
        ({"feet": [3, "fl"]}, ValueError, "twice"),
        ({"feet": []}, ValueError, "expected the joints that stand"),
        ({"feet": "fl"}, ValueError, "expected the joints that stand"),
        ({"up": "w"}, ValueError, "up is 'w'; expected x, y or z"),
        ({"up": [0, 0, 0]}, ValueError, "not all zero"),
        ({"feet": range(7)}, ValueError, "say roughly where up is"),
        ({"poses_3d": walking()}, ValueError, "'fl' is a name, and the poses have none"),
        (
            {"poses_3d": np.full((9, 7, 3), np.nan), "feet": [3, 4], "up": "z"},
            ValueError,
            "NaN everywhere",
        ),
        ({"poses_3d": np.zeros((9, 7, 2)), "feet": [3, 4]}, ValueError, "poses_3d"),
    ],
)
def test_what_makes_no_sense_is_refused(change, error, words):
    named = Poses.from_experiments(walking(), dims=(3,), joints=JOINTS)
    with pytest.raises(error, match=words):
        find_floor(**({"poses_3d": named, "feet": FEET} | change))


def test_feet_that_never_stand_in_one_plane_are_refused():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="lie in no plane"):
        find_floor(rng.normal(0, 30, (300, 7, 3)), feet=[3, 4, 5, 6], up="z")
    unknown = walking()
    unknown[1:, 3:] = np.nan
    unknown[0, 4:] = np.nan
    with pytest.raises(ValueError, match="known 1 times"):
        find_floor(unknown, feet=[3, 4, 5, 6], up="z")


def test_poses_of_the_camera_have_no_floor():
    poses = Poses.from_experiments(walking(), dims=(3,), frame="camera")
    with pytest.raises(ValueError, match="found in the world"):
        find_floor(poses, feet=[3, 4, 5, 6])
    assert isinstance(find_floor(poses.points, feet=[3, 4, 5, 6]), Floor)
