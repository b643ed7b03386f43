"""SLEAP's analysis files and sleap-anipose's points, against movement, sleap_io and h5py."""

import json

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import recordings
from liftpose import Poses
from liftpose.io import read_poses, write_poses
from liftpose.io.registry import find_reader, find_writer

FOLDER = recordings.data_folder() / "raw" / "sleap"
REAL, POINTS = "minimal_back_proofread.analysis.h5", "points3d_mouse_3600_frames.h5"
ORDER = ("individuals", "time", "keypoints", "space")


def recorded(name):
    if not (FOLDER / name).is_file():
        pytest.skip("SLEAP's files are not here (LIFTPOSE_DATA names the folder)")
    return FOLDER / name


def of_movement(path):
    pytest.importorskip("movement", reason="needs the extra io")
    from movement.io import load_dataset

    return load_dataset(path, source_software="SLEAP")


def walk(frames=5, joints=("nose", "tail"), who=("a", "b"), seed=0):
    """Individuals side by side, with gaps, and everything that is kept."""
    rng = np.random.default_rng(seed)
    keys = who if len(who) > 1 else ("",)
    points = {key: rng.normal(size=(frames, len(joints), 2)) * 300 for key in keys}
    points[keys[0]][1, 0] = np.nan
    points[keys[-1]][2] = np.nan
    sure = {key: rng.random((frames, len(joints))).astype(np.float32) for key in keys}
    score = {key: np.repeat(rng.random((frames, 1)), len(joints), axis=1) for key in keys}
    return Poses.from_experiments(
        points,
        confidence=sure,
        joints=joints,
        individuals=who or None,
        fps=59.94,
        unit="px",
        source_software="SLEAP",
        extra={"instance_score": score},
        provenance={"video": "D:\\films\\cam.mp4", "sleap_version": "1.3.0"},
    )


def assert_same(found, poses):
    np.testing.assert_array_equal(found.points, poses.points)
    np.testing.assert_array_equal(found.confidence, poses.confidence)
    for name in ("joints", "individuals", "keys", "fps", "unit", "provenance", "source_software"):
        assert getattr(found, name) == getattr(poses, name), name
    assert found.extra.keys() == poses.extra.keys()
    for name, table in poses.extra.items():
        np.testing.assert_array_equal(found.extra[name], table)


def test_a_real_file_is_read_as_movement_reads_it():
    path = recorded(REAL)
    poses, theirs = read_poses(path), of_movement(path)
    points = theirs.position.transpose(*ORDER).values[0]
    np.testing.assert_array_equal(poses.points.astype(np.float32), points)
    sure = theirs.confidence.transpose(*ORDER[:3]).values[0]
    np.testing.assert_array_equal(poses.confidence, sure.astype(np.float32))
    assert poses.joints == tuple(theirs.keypoints.values)
    assert (poses.individuals, poses.keys, poses.unit) == (("track_0",), ("",), "px")
    assert poses.extra["instance_score"][3, 0] == 8.67154598236084
    assert find_reader(path, None).name == "sleap-analysis"


def test_real_points_in_3d():
    path = recorded(POINTS)
    poses = read_poses(path)
    with h5py.File(path, "r") as file:
        np.testing.assert_array_equal(poses.points, file["tracks"][:, 0])
    assert (poses.dims, poses.joints, poses.individuals, poses.unit) == (3, None, None, None)
    assert poses.frame == "world"
    assert "Camera7" in poses.provenance["description"]
    named = read_poses(path, joints=[f"joint {number}" for number in range(34)], unit="mm")
    assert (named.joints[33], named.unit) == ("joint 33", "mm")


@pytest.mark.parametrize("who", [("a", "b"), ("only",), ()])
def test_what_is_written_is_read_again(who, tmp_path):
    poses = walk(who=who)
    path = write_poses(poses, tmp_path / "poses.analysis.h5")
    assert_same(read_poses(path), poses)


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=8)


@given(
    st.lists(NAMES, min_size=1, max_size=4, unique=True),
    st.lists(NAMES, min_size=1, max_size=3, unique=True),
)
@settings(max_examples=25, deadline=None)
def test_every_name_is_kept(tmp_path_factory, joints, who):
    path = tmp_path_factory.mktemp("names") / "poses.analysis.h5"
    poses = walk(joints=tuple(joints), who=tuple(who))
    write_poses(poses, path)
    assert_same(read_poses(path), poses)


def test_movement_and_sleap_io_read_what_is_written(tmp_path):
    sio = pytest.importorskip("sleap_io", reason="needs the extra io")
    poses = walk()
    path = write_poses(poses, tmp_path / "poses.analysis.h5")
    theirs = of_movement(path)
    made = sio.load_analysis_h5(str(path))
    array = made.numpy(return_confidence=True)
    for number, name in enumerate(("a", "b")):
        one = theirs.sel(individuals=name)
        points = one.position.transpose(*ORDER[1:]).values
        np.testing.assert_array_equal(points, poses.only(name).points.astype(np.float32))
        np.testing.assert_array_equal(
            one.confidence.transpose("time", "keypoints").values.astype(np.float32),
            poses.only(name).confidence,
        )
        np.testing.assert_array_equal(array[:, number, :, :2], points)
    assert made.skeletons[0].node_names == ["nose", "tail"]
    assert [track.name for track in made.tracks] == ["a", "b"]
    with h5py.File(path, "r") as file:
        np.testing.assert_array_equal(
            file["track_occupancy"][()], [[1, 1], [1, 1], [1, 0], [1, 1], [1, 1]]
        )


@pytest.mark.parametrize(
    "dims",
    [{"preset": "matlab"}, {"preset": "standard"}]
    + [
        dict(zip(("frame_dim", "track_dim", "node_dim", "xy_dim"), order, strict=True))
        for order in ((1, 3, 0, 2), (2, 0, 3, 1))
    ],
)
def test_axes_in_every_order_that_sleap_io_writes(dims, tmp_path):
    sio = pytest.importorskip("sleap_io", reason="needs the extra io")
    poses = walk()
    first = write_poses(poses, tmp_path / "first.analysis.h5")
    path = tmp_path / "second.analysis.h5"
    sio.save_analysis_h5(sio.load_analysis_h5(str(first)), str(path), **dims)
    found = read_poses(path)
    np.testing.assert_array_equal(found.points, poses.points)
    seen = np.isfinite(poses.points).any((1, 2))
    np.testing.assert_array_equal(found.confidence[seen], poses.confidence[seen])
    np.testing.assert_array_equal(
        found.extra["instance_score"][seen], poses.extra["instance_score"][seen]
    )


def without_dims(path, turned=None):
    """The same file as older versions wrote it, for MATLAB or not."""
    with h5py.File(path, "r+") as file:
        for name in ("tracks", "point_scores", "instance_scores", "tracking_scores"):
            values = file[name][()]
            del file[name]
            file[name] = values.T if turned else values
        if turned:
            # That version put the coordinates before the tracks.
            values = file["tracks"][()]
            del file["tracks"]
            file["tracks"] = values
    return path


@pytest.mark.parametrize("turned", [False, True])
def test_older_files_do_not_name_their_axes(turned, tmp_path):
    poses = walk(frames=7, joints=("nose", "paw", "tail"))
    path = without_dims(write_poses(poses, tmp_path / "poses.analysis.h5"), turned)
    found = read_poses(path)
    np.testing.assert_array_equal(found.points, poses.points)
    np.testing.assert_array_equal(found.confidence, poses.confidence)
    with h5py.File(path, "r+") as file:
        del file["point_scores"], file["instance_scores"], file["track_occupancy"]
    bare = read_poses(path)
    np.testing.assert_array_equal(bare.points, poses.points)
    assert bare.confidence is None
    assert not bare.extra


def test_tracks_and_joints_without_names(tmp_path):
    poses = Poses.from_experiments(np.zeros((3, 2, 2)))
    found = read_poses(write_poses(poses, tmp_path / "poses.analysis.h5"))
    assert (found.joints, found.individuals, found.confidence) == (None, None, None)
    assert found.source_software is None
    path = write_poses(walk(), tmp_path / "two.analysis.h5")
    with h5py.File(path, "r+") as file:
        del file["track_names"]
        file["track_names"] = np.zeros(0)
    assert read_poses(path).individuals == ("track_0", "track_1")


def points3d(path, shape=(4, 2, 3, 3), **beside):
    values = np.random.default_rng(0).normal(size=shape)
    with h5py.File(path, "w") as file:
        file.create_dataset("tracks", data=values, chunks=True, compression="gzip")
        for name, entry in beside.items():
            file[name] = entry
    return values


def test_points_of_several_animals_and_of_some_frames(tmp_path):
    path = tmp_path / "points3d.h5"
    values = points3d(path)
    poses = read_poses(path)
    assert poses.individuals == ("track_0", "track_1")
    np.testing.assert_array_equal(poses.only("track_1").points, values[:, 1])
    points3d(path, frames=(100, 104))
    later = read_poses(path).only("track_1").points
    np.testing.assert_array_equal(later[100:], values[:, 1])
    assert len(later) == 104
    assert np.isnan(later[:100]).all()
    points3d(path, frames=(-1, -1), node_names=np.array([b"a", b"b", b"c"]))
    whole = read_poses(path)
    assert (whole.frames, whole.joints) == (8, ("a", "b", "c"))
    for frames, message in (
        ((100, 105), "4 frames, and says that they are 100 to 104"),
        ((10**12, 10**12 + 4), "a number of a frame must be damaged"),
        ((0, 1, 2), "expected two numbers"),
    ):
        points3d(path, frames=frames)
        with pytest.raises(ValueError, match=message):
            read_poses(path)


def test_what_an_analysis_file_does_not_hold(tmp_path):
    deep = Poses.from_experiments(np.zeros((3, 2, 3)))
    with pytest.raises(ValueError, match="holds no 3D poses"):
        write_poses(deep, tmp_path / "poses.analysis.h5")
    two = Poses.from_experiments({"a": np.zeros((3, 2, 2)), "b": np.zeros((4, 2, 2))})
    with pytest.raises(ValueError, match="2 experiments that are not the same frames"):
        write_poses(two, tmp_path / "poses.analysis.h5")
    odd = Poses.from_experiments(np.zeros((3, 1, 2)), joints=["a\0b"])
    with pytest.raises(ValueError, match="null character"):
        write_poses(odd, tmp_path / "poses.analysis.h5")
    assert not list(tmp_path.iterdir())
    assert find_writer(tmp_path / "poses.h5").name == "movement"


def replaced(name, value, attrs=()):
    def change(file):
        if name in file:
            del file[name]
        file[name] = value
        file[name].attrs.update(dict(attrs))

    return change


def axes(*names):
    return {"dims": json.dumps(names)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (replaced("node_names", np.array([b"nose"])), "there are 1 joints"),
        (replaced("node_names", np.array([b"x", b"x"])), "'x'"),
        (replaced("node_names", np.array([1.0, 2.0])), "expected a text"),
        (replaced("node_names", np.array([[b"a"], [b"b"]])), "expected a list of texts"),
        (replaced("node_names", np.array([b"\xff", b"b"])), "utf-8"),
        (replaced("track_names", np.array([b"a"])), "names 1 tracks and holds 2"),
        (replaced("track_names", np.array([b"a", b"a"])), "two tracks are called 'a'"),
        (replaced("point_scores", np.zeros((2, 2, 4))), "the tracks are"),
        (replaced("point_scores", np.array([b"x"])), "expected"),
        (replaced("point_scores", np.full((2, 2, 5), 7.0)), "confidence"),
        (replaced("instance_scores", np.zeros((2, 2, 4))), "in any order"),
        (replaced("tracks", np.zeros((2, 2, 2, 5)), axes("a", "b", "c", "d")), "the axes are"),
        (replaced("provenance", "{"), "Expecting property name"),
    ],
)
def test_bad_files_are_refused(change, message, tmp_path):
    path = write_poses(walk(), tmp_path / "poses.analysis.h5")
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(ValueError, match=message) as error:
        read_poses(path)
    assert "poses.analysis.h5" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_table_that_is_not_all_there_is_not_loaded(tmp_path):
    path = write_poses(walk(), tmp_path / "poses.analysis.h5")
    with h5py.File(path, "r+") as file:
        del file["tracks"]
        file.create_dataset("tracks", (2, 2, 2, 10**9), "f8", chunks=(1, 1, 1, 10**6))
    with pytest.raises(ValueError, match="of which the file holds"):
        read_poses(path)
