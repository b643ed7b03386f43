"""Flies and mice above a mirror, in files that are written here in the authors' layout."""

import pickle

import numpy as np
import pytest

from examples.stand_ins import write_prism
from liftpose import Lifter
from liftpose.datasets import prism_fly, prism_mouse

LEG = ("thorax_coxa", "coxa_femur", "femur_tibia", "tibia_tarsus", "claw")

RNG = np.random.default_rng(0)
FRAMES = 40


def write(folder, name, joints, **changes):
    """Points of which every number is another, so that nothing can be mistaken for another."""
    points = RNG.uniform(50, 500, (FRAMES, joints, 3))
    good = RNG.random((FRAMES, joints)) > 0.3
    write_prism(folder / f"{name}.pkl", points, points[..., 0], good, 3 * np.arange(FRAMES) + 7)
    if changes:
        path = folder / f"{name}.pkl"
        path.write_bytes(pickle.dumps(pickle.loads(path.read_bytes()) | changes))
    return points, good


def test_the_fly_from_below_and_its_height(tmp_path):
    name = "191125_PR_Fly1_004_prism"
    points, good = write(tmp_path, name, 30)
    found = prism_fly(tmp_path)
    assert found.keys == (name,)
    np.testing.assert_array_equal(found.poses_2d.points, points[..., :2])
    kept = np.where(good[..., None], points, np.nan)
    np.testing.assert_array_equal(found.poses_3d.points, kept)
    np.testing.assert_array_equal(found.poses_3d.given, points)
    np.testing.assert_array_equal(found.depth().poses_3d.points, kept[..., 2:])
    np.testing.assert_array_equal(found.depth().poses_3d.given, points[..., 2:])
    np.testing.assert_array_equal(found.numbers[name], 3 * np.arange(FRAMES) + 7)
    assert found.skeleton.joints[:5] == tuple(f"left_front_{joint}" for joint in LEG)
    assert found.skeleton.joints[15] == "right_front_thorax_coxa"
    assert found.skeleton.joints[29] == "right_hind_claw"
    assert not found.cameras
    assert (found.poses_3d.frame, found.poses_3d.unit) == ("camera", "px")
    with pytest.raises(ValueError, match="no camera to project"):
        found.reprojection()


def test_an_interval_and_joints_are_left_out_everywhere(tmp_path):
    name = "191125_PR_Fly1_002_prism"
    points, good = write(tmp_path, name, 30)
    gone = [*range(5), 11]
    found = prism_fly(tmp_path, interval=(10, 30), exclude=gone)
    kept = [joint for joint in range(30) if joint not in gone]
    np.testing.assert_array_equal(found.poses_2d.points, points[10:30, kept, :2])
    mask = good[10:30, kept]
    np.testing.assert_array_equal(~np.isnan(found.poses_3d.points).any(axis=2), mask)
    np.testing.assert_array_equal(found.numbers[name], 3 * np.arange(10, 30) + 7)
    assert found.skeleton.joints[0] == "left_mid_thorax_coxa"
    assert "left_hind_coxa_femur" not in found.skeleton.joints
    assert found.skeleton.joint_count == 24
    with pytest.raises(ValueError, match=r"interval is \(10, 50\)"):
        prism_fly(tmp_path, interval=(10, 50))
    with pytest.raises(ValueError, match="no joint '30'"):
        prism_fly(tmp_path, exclude=[30])


def test_recordings_are_divided_as_in_the_paper(tmp_path):
    for name in ("PR_Fly1_001", "PR_Fly1_002", "PR_Fly2_004", "PR_Fly1_0042", "MDN_Fly1_004"):
        write(tmp_path, f"191125_{name}_prism", 30)
    found = prism_fly(tmp_path)
    assert found.train == ("191125_PR_Fly2_004_prism",)
    assert found.test == ("191125_PR_Fly1_002_prism",)
    assert len(found.keys) == 5


def test_flags_of_each_coordinate_count_by_those_of_z(tmp_path):
    flags = RNG.random((FRAMES, 30, 3)) > 0.5
    write(tmp_path, "a", 30, good_keypts=flags)
    found = prism_fly(tmp_path).poses_3d.points
    np.testing.assert_array_equal(np.isfinite(found).all(axis=2), flags[..., 2])


def test_zeros_of_the_mouse_are_what_was_not_seen(tmp_path):
    points, _ = write(tmp_path, "G6AE1_98_28_1_control_S1T10", 7)
    points = points.copy()
    points[3, 1, 2] = points[4, 2, 0] = points[5, 0] = 0
    changed = {"points3d": points, "good_keypts": np.ones((FRAMES, 7), bool)}
    write(tmp_path, "G6AE1_98_28_1_control_S1T10", 7, **changed)
    found = prism_mouse(tmp_path)
    deep, seen = found.poses_3d.points, found.poses_2d.points
    assert np.argwhere(np.isnan(deep).any(axis=2)).tolist() == [[3, 1], [4, 2], [5, 0]]
    assert np.argwhere(np.isnan(seen).any(axis=2)).tolist() == [[4, 2], [5, 0]]
    np.testing.assert_array_equal(seen[0], points[0, :, :2])
    assert [found.skeleton.joints[joint] for joint in found.skeleton.roots] == ["body"]
    assert found.skeleton.target_sets == ((0, 1, 2, 3, 4, 5),)
    assert found.poses_2d.fps == 400


def test_the_fly_may_stand_at_zero(tmp_path):
    points, _ = write(tmp_path, "a", 30)
    points[:, 4, 2] = 0
    write(tmp_path, "a", 30, points3d=points, good_keypts=np.ones((FRAMES, 30), bool))
    assert np.isfinite(prism_fly(tmp_path).poses_3d.points).all()


def test_mice_are_divided_as_in_the_paper(tmp_path):
    names = [f"G6AE{mouse}_98_30_1_control_S1T1" for mouse in (1, 2, 3, 4, 5, 6)]
    for name in (*names, "G6AE1_98_30_1_split_S1T1"):
        write(tmp_path, name, 7)
    found = prism_mouse(tmp_path)
    assert found.train == (names[0], names[1], names[2], names[4])
    assert found.test == (names[5],)


def test_depth_alone_is_learned(tmp_path):
    points, _ = write(tmp_path, "a", 7)
    points[..., 2] = 0.5 * points[..., 0] - 0.2 * points[..., 1] + 30
    write(tmp_path, "a", 7, points3d=points, good_keypts=np.ones((FRAMES, 7), bool))
    found = prism_mouse(tmp_path).depth()
    lifter = Lifter(found.skeleton, network="ridge").fit(found.poses_2d, found.poses_3d)
    lifted = lifter.lift(found.poses_2d).position
    truth = points[..., 2:] - points[:, 6:, 2:]
    np.testing.assert_allclose(lifted, truth, atol=3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"points3d": np.zeros((FRAMES, 7, 3))}, r"'points3d' has the shape \(40, 7, 3\)"),
        ({"points2d": np.zeros((FRAMES, 30, 2))}, r"'points2d' has the shape .*; expected \(2, 40"),
        ({"good_keypts": np.ones((FRAMES, 7))}, r"'good_keypts' has the shape \(40, 7\)"),
        ({"index": np.arange(3)}, r"'index' has the shape \(3,\); expected \(40\)"),
    ],
)
def test_another_layout_is_an_error_that_names_the_file(tmp_path, changes, words):
    write(tmp_path, "a", 30, **changes)
    with pytest.raises(ValueError, match=rf"a\.pkl: .*{words}"):
        prism_fly(tmp_path)
