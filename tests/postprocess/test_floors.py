"""A floor that is named on the command line."""

import numpy as np
import pytest

from liftpose import Poses, write_poses
from liftpose.datasets import quadruped
from liftpose.postprocess import Floor, find_floor
from liftpose.postprocess.floors import Ground, read_floor

RAT = quadruped(frames=400, seed=1)
FEET = ["left_front_paw", "right_front_paw", "left_hind_paw", "right_hind_paw"]


def poses(points=None, joints=RAT.joints, **about):
    points = RAT.poses_3d if points is None else points
    return Poses.from_experiments(points, joints=joints, **{"unit": "mm", "frame": "world"} | about)


@pytest.fixture
def walk(tmp_path):
    return write_poses(poses(), tmp_path / "walk.nc")


def same(one, other):
    for name in ("normal", "offset", "size", "places"):
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-6, atol=1e-9)
    assert (one.feet, one.names, one.standing, one.unit) == (
        *(other.feet, other.names, other.standing),
        other.unit,
    )


def test_a_file_gives_the_floor_of_its_poses(walk):
    same(read_floor([walk], FEET, RAT.joints), find_floor(poses(), FEET))
    upside_down = read_floor([walk], FEET, RAT.joints, up="-z")
    same(upside_down, find_floor(poses(), FEET, up="-z"))
    assert upside_down.normal[2] < 0


def test_several_files_give_one_floor(tmp_path, walk):
    other = quadruped(frames=300, seed=2, animal=2)
    second = write_poses(poses(other.poses_3d), tmp_path / "other.nc")
    whole = Poses.from_experiments(
        {"a": RAT.poses_3d, "b": other.poses_3d}, joints=RAT.joints, unit="mm"
    )
    same(read_floor([walk, second], FEET, RAT.joints), find_floor(whole, FEET))


def test_joints_are_the_lifters_whatever_the_file_calls_them(tmp_path):
    names = [f"my {joint}" for joint in RAT.joints]
    more = np.concatenate([RAT.poses_3d[:, ::-1], 1e3 + RAT.poses_3d[:, :1]], axis=1)
    file = write_poses(poses(more, [*names[::-1], "ball"]), tmp_path / "theirs.nc")
    rename = dict(zip(names, RAT.joints, strict=True)) | {"only in the 2D": "nose"}
    # The ball is none of the lifter's joints, and counts for nothing.
    same(read_floor([file], FEET, RAT.joints, rename=rename), find_floor(poses(), FEET))
    np.save(tmp_path / "bare.npy", RAT.poses_3d)
    bare = read_floor([tmp_path / "bare.npy"], FEET, RAT.joints)
    np.testing.assert_allclose(bare.normal, find_floor(poses(), FEET).normal, atol=1e-9)


@pytest.mark.parametrize(
    ("word", "up", "above", "below"),
    [
        ("z=0", None, [3, 4, 5], [3, 4, -5]),
        (" Y = -1.5e1 ", None, [3, -10, 5], [3, -20, 5]),
        ("y=12", "-y", [3, 7, 5], [3, 17, 5]),
        ("x=1", "x", [6, 0, 0], [-4, 0, 0]),
    ],
)
def test_a_plane_is_where_it_is_said_to_be(word, up, above, below):
    ground = read_floor([word], FEET, RAT.joints, up=up)
    assert isinstance(ground, Ground)
    floor = ground.floor(77.0, RAT.joints)
    assert isinstance(floor, Floor)
    np.testing.assert_allclose(floor.height([above, below]), [5, -5])
    assert (floor.size, floor.standing) == (77.0, 2)
    assert [RAT.joints[foot] for foot in floor.feet] == list(floor.names) == FEET
    square = np.concatenate([floor.axes, floor.normal[None]])
    np.testing.assert_allclose(square @ square.T, np.eye(3), atol=1e-12)


def test_nothing_said_is_no_floor():
    assert read_floor([], [], RAT.joints) is None


@pytest.mark.parametrize(
    ("where", "feet", "up", "words"),
    [
        (["z=0"], [], None, "--feet left_paw,right_paw"),
        ([], FEET, None, "--feet says what stands on the floor; say where"),
        ([], [], "z", "--up z is of a floor"),
        (["z=0"], ["left_front_pow"], None, "no joint 'left_front_pow'. Did .*'left_front_paw'"),
        (["z=0"], [FEET[0], FEET[0]], None, "--feet names a joint twice"),
        (["z=high"], FEET, None, "--floor z=high: expected the height of a plane, such as z=0"),
        (["z="], FEET, None, "--floor z=: expected the height"),
        (["z=nan"], FEET, None, "--floor z=nan: expected the height"),
        (["z=0"], FEET, "y", "--up y: above the plane z=0 is z or -z"),
        (["z=0"], FEET, "up", "--up up: expected x, y or z"),
        (["z=0", "y=0"], FEET, None, "expected one plane, or files"),
        (["z=0", "walk.nc"], FEET, None, "expected one plane, or files"),
    ],
)
def test_what_makes_no_sense_is_refused(where, feet, up, words):
    with pytest.raises(ValueError, match=words):
        read_floor(where, feet, RAT.joints, up=up)


def test_files_without_a_floor_are_named(tmp_path):
    still = np.repeat(RAT.poses_3d[:1], 50, axis=0)
    blown_up = np.random.default_rng(0).normal(0, 99, RAT.poses_3d.shape)
    for name, content, words in (
        ("flat.nc", Poses.from_experiments(RAT.pose_2d, joints=RAT.joints), "flat.nc holds 2D"),
        ("less.nc", poses(RAT.poses_3d[:, 1:], RAT.joints[1:]), "less.nc has no joint 'nose'"),
        ("seen.nc", poses(frame="camera"), "no floor in .*seen.nc: .*the camera's frame"),
        ("all_over.nc", poses(blown_up), "no floor in .*all_over.nc: the lowest feet lie in no"),
        ("blind.nc", poses(np.nan * still), "no floor in .*blind.nc"),
    ):
        file = write_poses(content, tmp_path / name)
        feet = ["nose", *FEET] if name == "less.nc" else FEET
        with pytest.raises(ValueError, match=words):
            read_floor([file], feet, RAT.joints)
    with pytest.raises(FileNotFoundError, match=r"missing\.nc"):
        read_floor([tmp_path / "missing.nc"], FEET, RAT.joints)
    with pytest.raises(ValueError, match="differ in unit: mm and cm"):
        read_floor(
            [
                write_poses(poses(), tmp_path / "mm.nc"),
                write_poses(poses(unit="cm"), tmp_path / "cm.nc"),
            ],
            FEET,
            RAT.joints,
        )
