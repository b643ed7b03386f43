"""NWB with ndx-pose: files of pynwb are read, and ours pass its validator."""

import json
import sys
from datetime import UTC, datetime

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import recordings
from liftpose import Poses
from liftpose.io import read_poses, write_poses
from liftpose.poses import Lifted

FOLDER = recordings.data_folder() / "raw" / "nwb_ndx_pose"
DEEP, FLAT = "test_rodent_mocap_1000_frames.nwb", "0.3.0_poseestimation_two_cameras.nwb"

JOINTS = ("snout", "ear", "Tail")


@pytest.fixture(autouse=True, scope="module")
def _extra():
    pytest.importorskip("ndx_pose", reason="needs the extra io")


def recorded(name):
    if not (FOLDER / name).is_file():
        pytest.skip("NWB files are not here (LIFTPOSE_DATA names the folder)")
    return FOLDER / name


@pytest.mark.parametrize("name", [DEEP, FLAT])
def test_a_real_file_in_the_order_of_its_nodes(name):
    path = recorded(name)
    poses = read_poses(path)
    with h5py.File(path, "r") as file:
        group = file["processing/behavior/PoseEstimation"]
        nodes = group.get("nodes") or file["processing/behavior/Skeletons/subject/nodes"]
        assert [joint.encode() for joint in poses.joints] == nodes[()].tolist()
        for number, joint in enumerate(poses.joints):
            np.testing.assert_array_equal(poses.points[:, number], group[f"{joint}/data"])
            sure = group[f"{joint}/confidence"][()].astype(np.float32)
            np.testing.assert_array_equal(poses.confidence[:, number], sure)


def test_what_real_files_say_beside_their_poses():
    deep = read_poses(recorded(DEEP))
    assert deep.joints[:3] == ("Snout", "EarL", "EarR")
    assert deep.points.shape == (1000, 23, 3)
    # Its unit is "pixels", as everything is in 3D that nobody gave a unit.
    assert (deep.fps, deep.unit, deep.individuals) == (30.0, None, None)
    assert deep.source_software == "DANNCE"
    flat = read_poses(recorded(FLAT))
    assert (flat.fps, flat.unit, flat.source_software) == (0.9, "px", "DeepLabCut")
    assert flat.provenance["source_software_version"] == "2.2b8"
    assert json.loads(flat.provenance["videos"]) == ["camera1.mp4", "camera2.mp4"]


def valid(path):
    import pynwb

    assert not pynwb.validate(path=str(path))
    return path


def assert_same(found, poses, *without):
    np.testing.assert_array_equal(found.points, poses.points)
    assert (found.confidence is None) == (poses.confidence is None)
    if poses.confidence is not None:
        np.testing.assert_array_equal(found.confidence, poses.confidence)
    names = ("joints", "individuals", "keys", "fps", "unit", "frame", "source_software")
    for name in (*names, "provenance"):
        assert getattr(found, name) == getattr(poses, name), name


def walk(joints=JOINTS, who=("a", "b"), dims=3, dtype=float, **about):
    rng = np.random.default_rng(0)
    keys = who if len(who) > 1 else ("",)
    points = {key: rng.normal(size=(6, len(joints), dims)).astype(dtype) for key in keys}
    points[keys[0]][1, 0] = np.nan
    sure = {key: rng.random((6, len(joints))) for key in keys}
    return Poses.from_experiments(
        points, confidence=sure, joints=joints, individuals=who or None, **about
    )


@pytest.mark.parametrize("name", [DEEP, FLAT])
def test_real_files_survive_a_round_trip(name, tmp_path):
    poses = read_poses(recorded(name))
    assert_same(read_poses(valid(write_poses(poses, tmp_path / "poses.nwb"))), poses)


@pytest.mark.parametrize(
    "poses",
    [
        walk(fps=59.94, unit="mm", frame="camera", source_software="LiftPose"),
        walk(dims=2, who=("fly 1",), unit="px", fps=1 / 3, dtype=np.float32),
        walk(who=(), unit="inch", frame="world", provenance={"step": "1 ü", "scorer": "net"}),
        walk(dims=2, who=("left", "right")),
        Poses.from_experiments(np.zeros((1, 2, 3))),
    ],
    ids=["two", "one", "nobody", "sides", "bare"],
)
def test_what_is_written_is_valid_and_read_again(poses, tmp_path):
    assert_same(read_poses(valid(write_poses(poses, tmp_path / "poses.nwb"))), poses)


NAMES = st.text(
    st.characters(codec="utf-8", exclude_characters="\0"), max_size=6
) | st.sampled_from(
    ("nodes", "%6Eodes", "a/b", "a%2Fb", ".", "..", "/", "skeleton", "Skeletons", "timestamps")
)


@given(
    st.lists(NAMES, min_size=1, max_size=4, unique=True),
    st.lists(NAMES, min_size=1, max_size=3, unique=True),
)
@settings(max_examples=15, deadline=None)
def test_every_name_is_kept(tmp_path_factory, joints, who):
    path = tmp_path_factory.mktemp("names") / "poses.nwb"
    poses = walk(tuple(joints), tuple(who))
    write_poses(poses, path)
    assert_same(read_poses(path), poses)


def test_movement_reads_what_is_written(tmp_path):
    pytest.importorskip("movement", reason="needs the extra io")
    from movement.io import load_poses

    poses = walk(who=("fly",), fps=50, unit="mm")
    theirs = load_poses.from_nwb_file(write_poses(poses, tmp_path / "poses.nwb"))
    points = theirs.position.sel(keypoints=list(JOINTS)).isel(individuals=0)
    points = points.transpose("time", "keypoints", "space").values
    np.testing.assert_array_equal(points, poses.points)
    assert theirs.fps == 50


def test_lifted_poses_are_written(tmp_path):
    poses = walk(fps=100, unit="mm", frame="camera", provenance={"lifter": "abc"})
    path = write_poses(Lifted.from_poses(poses), tmp_path / "poses.nwb")
    assert_same(read_poses(valid(path)), poses)


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "ndx_pose", None)
    with pytest.raises(ImportError, match=r'pip install "liftpose\[io\]"'):
        write_poses(walk(), tmp_path / "poses.nwb")
    assert not list(tmp_path.iterdir())


def test_what_nwb_does_not_hold(tmp_path):
    two = Poses.from_experiments({"a": np.zeros((3, 2, 2)), "b": np.zeros((4, 2, 2))})
    with pytest.raises(ValueError, match="2 experiments that are not the same frames"):
        write_poses(two, tmp_path / "poses.nwb")
    odd = Poses.from_experiments(np.zeros((3, 1, 2)), joints=["a\0b"])
    with pytest.raises(ValueError, match="joint 'a.x00b' holds a null character"):
        write_poses(odd, tmp_path / "poses.nwb")
    assert not list(tmp_path.iterdir())


class Made:
    """A file made with pynwb and ndx-pose, not by us."""

    def __init__(self, **about):
        import pynwb

        self.rng = np.random.default_rng(1)
        start = datetime(2024, 5, 6, tzinfo=UTC)
        self.file = pynwb.NWBFile("a session", "some id", start, **about)
        self.values = {}

    def series(self, joints=JOINTS, dims=2, frames=5, prefix="", **about):
        import ndx_pose

        about = {"reference_frame": "the arena", "unit": "pixels", "rate": 30.0} | about
        found = []
        for joint in joints:
            data = self.rng.normal(size=(frames, dims))
            self.values[joint, dims, len(self.values)] = data
            name = prefix + joint
            found.append(
                ndx_pose.PoseEstimationSeries(name=name, description="", data=data, **about)
            )
        return found

    def skeleton(self, name="skeleton", nodes=JOINTS, **about):
        import ndx_pose

        edges = np.zeros((0, 2), np.uint8)
        return ndx_pose.Skeleton(name=name, nodes=list(nodes), edges=edges, **about)

    def add(self, series, skeleton, name="PoseEstimation", module="behavior", **about):
        import ndx_pose

        made = ndx_pose.PoseEstimation(
            name=name, pose_estimation_series=series, skeleton=skeleton, **about
        )
        if module not in self.file.processing:
            self.file.create_processing_module(module, "about it")
        if skeleton.parent is None:
            home = ndx_pose.Skeletons(name=f"{name} skeletons", skeletons=[skeleton])
            self.file.processing[module].add(home)
        self.file.processing[module].add(made)
        return np.stack([np.asarray(one.data) for one in series], axis=1)

    def saved(self, path):
        import pynwb

        with pynwb.NWBHDF5IO(str(path), "w") as out:
            out.write(self.file)
        return path


def test_nodes_say_the_order_and_joints_without_series_are_not_seen(tmp_path):
    made = Made()
    nodes = ("Tail", "nowhere", "snout", "ear")
    points = made.add(made.series(), made.skeleton(nodes=nodes))
    poses = read_poses(made.saved(tmp_path / "poses.nwb"))
    assert poses.joints == nodes
    assert np.isnan(poses.points[:, 1]).all()
    np.testing.assert_array_equal(poses.points[:, [2, 3, 0]], points)
    assert (poses.fps, poses.unit, poses.confidence) == (30.0, "px", None)
    assert poses.provenance["reference_frame"] == "the arena"
    assert poses.provenance["session_start_time"].startswith("2024-05-06")


def test_series_with_longer_names_than_the_nodes(tmp_path):
    made = Made()
    series = made.series(("Snout", "LeftEar"), prefix="PoseEstimationSeries")
    points = made.add(series, made.skeleton(nodes=("snout", "left_ear")))
    poses = read_poses(made.saved(tmp_path / "poses.nwb"))
    assert poses.joints == ("snout", "left_ear")
    np.testing.assert_array_equal(poses.points, points)


def test_nodes_of_something_else_are_not_taken_for_names(tmp_path):
    made = Made()
    made.add(made.series(), made.skeleton(nodes=("1", "2", "3")))
    poses = read_poses(made.saved(tmp_path / "poses.nwb"))
    assert sorted(poses.joints) == sorted(JOINTS)


def test_values_are_in_their_unit_only_after_conversion(tmp_path):
    made = Made()
    points = made.add(
        made.series(dims=3, unit="meters", conversion=0.001, offset=2.0), made.skeleton()
    )
    poses = read_poses(made.saved(tmp_path / "poses.nwb"))
    np.testing.assert_allclose(poses.points, points * 0.001 + 2, rtol=1e-12)
    assert poses.unit == "m"


def stamped(stamps, tmp_path, frames=None):
    made = Made()
    stamps = np.asarray(stamps, float)
    count = len(stamps) if frames is None else frames
    series = made.series(frames=count, rate=None, timestamps=stamps)
    made.add(series, made.skeleton())
    return made.saved(tmp_path / "poses.nwb")


def test_the_rate_is_taken_from_the_times(tmp_path):
    jitter = np.random.default_rng(0).normal(size=300) * 1e-3
    poses = read_poses(stamped(12.5 + np.arange(300) / 60 + jitter, tmp_path))
    assert poses.fps == pytest.approx(60, rel=1e-3)
    assert float(poses.provenance["starting_time"]) == pytest.approx(12.5, abs=0.01)
    assert read_poses(stamped(np.arange(300) / 60, tmp_path)).fps == 60
    assert read_poses(stamped([4.0], tmp_path)).fps is None
    gaps = read_poses(stamped([0, 0.1, 0.2, 0.5, 0.6], tmp_path))
    assert gaps.fps is None
    assert gaps.frames == 5
    assert gaps.provenance["timestamps"] == "irregular: 0.1 to 0.3 s between frames"


@pytest.mark.parametrize(
    ("stamps", "message"),
    [
        ([0, 0.2, 0.1], r"frame 2 is of the time 0.1 s.*expected frames in order"),
        ([0, 0.1, 0.1], "expected frames in order"),
        ([0, np.nan, 0.2], "expected frames in order"),
    ],
)
def test_times_out_of_order_are_refused(stamps, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        read_poses(stamped(stamps, tmp_path))


def devices(made, *names):
    """Link to each of some devices."""
    import ndx_pose

    found = [made.file.create_device(name=name) for name in names]
    if hasattr(ndx_pose, "MultiCameraPoseEstimation"):
        return [{"device": device} for device in found]
    return [{"devices": [device]} for device in found]


def test_cameras_by_the_devices_that_they_link_to(tmp_path):
    made = Made()
    top, side = devices(made, "lid", "wall")
    made.add(made.series(), made.skeleton("s1"), "one", **top)
    points = made.add(made.series(), made.skeleton("s2"), "two", **side)
    path = made.saved(tmp_path / "poses.nwb")
    with pytest.raises(ValueError, match=r"poses of 2 cameras: 'one', 'two'.*camera="):
        read_poses(path)
    for camera in ("two", "wall", "behavior/two"):
        np.testing.assert_array_equal(read_poses(path, camera=camera).points, points)
    with pytest.raises(ValueError, match="no camera 'floor'; it has 'one', 'two'"):
        read_poses(path, camera="floor")


@pytest.mark.parametrize(
    "names",
    [("PoseEstimationLeftCamera", "PoseEstimationBodyCamera"), ("left", "right"), ("cam1", "cam2")],
)
def test_cameras_by_their_names(names, tmp_path):
    made = Made()
    made.add(made.series(), made.skeleton("s1"), names[0])
    points = made.add(made.series(), made.skeleton("s2"), names[1])
    path = made.saved(tmp_path / "poses.nwb")
    with pytest.raises(ValueError, match="2 cameras"):
        read_poses(path)
    np.testing.assert_array_equal(read_poses(path, camera=names[1]).points, points)


def test_cameras_by_their_videos_and_modules(tmp_path):
    made = Made()
    points = made.add(made.series(), made.skeleton("s1"), "a")
    made.add(made.series(), made.skeleton("s2"), "b")
    other = made.add(made.series(), made.skeleton("s3"), "track=x", "SLEAP_VIDEO_000_front")
    path = made.saved(tmp_path / "poses.nwb")
    with h5py.File(path, "r+") as file:
        for name, video in (("a", "top"), ("b", "side")):
            group = file[f"processing/behavior/{name}"]
            group["original_videos"] = np.array([f"D:\\films\\{video}.mp4".encode()])
    with pytest.raises(ValueError, match="3 cameras"):
        read_poses(path)
    np.testing.assert_array_equal(read_poses(path, camera="top").points, points)
    found = read_poses(path, camera="SLEAP_VIDEO_000_front")
    np.testing.assert_array_equal(found.points, other)


def test_individuals_are_what_one_camera_sees_otherwise(tmp_path):
    made = Made()
    (film,) = devices(made, "film")
    both = [
        made.add(made.series(), made.skeleton(f"s {who}"), f"track={who}", **film)
        for who in ("m2", "m1")
    ]
    poses = read_poses(made.saved(tmp_path / "poses.nwb"))
    assert poses.individuals == poses.keys == ("m1", "m2")
    for who, points in zip(("m2", "m1"), both, strict=True):
        np.testing.assert_array_equal(poses.only(who).points, points)
    chosen = read_poses(tmp_path / "poses.nwb", individuals=["m2"])
    np.testing.assert_array_equal(chosen.points, both[0])


@pytest.mark.parametrize(
    ("about", "what"),
    [({"frames": 6}, "frames"), ({"joints": ("a", "b", "c")}, "joints"), ({"rate": 20.0}, "fps")],
)
def test_individuals_that_differ_are_refused(about, what, tmp_path):
    made = Made()
    made.add(made.series(), made.skeleton("s1"), "m1")
    made.add(made.series(**about), made.skeleton("s2", about.get("joints", JOINTS)), "m2")
    with pytest.raises(ValueError, match=f"'m1', 'm2' differ in {what}; name the one"):
        read_poses(made.saved(tmp_path / "poses.nwb"))


def test_the_individual_is_the_subject(tmp_path):
    import pynwb

    made = Made(subject=pynwb.file.Subject(subject_id="rat 7"))
    made.add(made.series(), made.skeleton(subject=made.file.subject))
    assert read_poses(made.saved(tmp_path / "poses.nwb")).individuals == ("rat 7",)
    made = Made(subject=pynwb.file.Subject(subject_id="rat 8"))
    made.add(made.series(), made.skeleton())
    assert read_poses(made.saved(tmp_path / "poses.nwb")).individuals == ("rat 8",)


def test_3d_and_the_cameras_that_it_was_made_of(tmp_path):
    ndx_pose = pytest.importorskip("ndx_pose", minversion=None)
    if not hasattr(ndx_pose, "MultiCameraPoseEstimation"):
        pytest.skip("this version of ndx-pose has no MultiCameraPoseEstimation")
    made = Made()
    skeleton = made.skeleton()
    deep = made.series(dims=3, unit="millimeters")
    flat = {}
    children = []
    for link in devices(made, "lid", "wall"):
        series = made.series()
        flat[link["device"].name] = np.stack([np.asarray(one.data) for one in series], axis=1)
        children.append(
            ndx_pose.PoseEstimation(
                name=f"view {len(flat)}",
                pose_estimation_series=series,
                skeleton=skeleton,
                **link,
            )
        )
    module = made.file.create_processing_module("behavior", "about it")
    module.add(ndx_pose.Skeletons(skeletons=[skeleton]))
    module.add(
        ndx_pose.MultiCameraPoseEstimation(
            name="deep", pose_estimation_series=deep, pose_estimations=children, skeleton=skeleton
        )
    )
    path = made.saved(tmp_path / "poses.nwb")
    poses = read_poses(path)
    expected = np.stack([np.asarray(one.data) for one in deep], axis=1)
    np.testing.assert_array_equal(poses.points, expected)
    assert (poses.dims, poses.unit, poses.joints) == (3, "mm", JOINTS)
    with pytest.raises(ValueError, match="2 cameras: 'view 1', 'view 2'"):
        read_poses(path, dims=2)
    for camera in ("wall", "view 2"):
        np.testing.assert_array_equal(read_poses(path, camera=camera).points, flat["wall"])
    with pytest.raises(ValueError, match="it holds 2D poses, and dims=3 was asked for"):
        read_poses(path, camera="wall", dims=3)


def test_a_file_without_poses(tmp_path):
    path = Made().saved(tmp_path / "poses.nwb")
    with pytest.raises(ValueError, match="NWB file without a PoseEstimation"):
        read_poses(path)


def put(name, values):
    def change(group):
        attrs = dict(group[name].attrs)
        del group[name]
        group[name] = values
        group[name].attrs.update(attrs)

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (put("ear/data", np.zeros((4, 2))), r"'ear' is \(4, 2\) and other joints are \(5, 2\)"),
        (put("ear/data", np.zeros((5, 3))), "expected the same frames"),
        (put("Tail/data", np.zeros((5, 4))), r"has the shape \(5, 4\)"),
        (put("ear/data", np.array([b"x"] * 5)), "expected numbers"),
        (put("ear/data", np.full((5, 2), np.inf)), "inf"),
        (put("Tail/starting_time", np.zeros(2)), "Tail has 2 starting times; expected one"),
        (lambda group: group.__delitem__("ear/data"), "ear has no 'data' in this file"),
        (lambda group: group["ear/data"].attrs.__setitem__("unit", "mm"), "mixes units"),
        (lambda group: group["ear/data"].attrs.__setitem__("unit", 7), "expected a text"),
        (
            lambda group: group["ear/starting_time"].attrs.__setitem__("rate", 7.0),
            r"joints at \[7.0, 30.0\] frames",
        ),
        (
            lambda group: (
                group["ear"].__delitem__("data"),
                group["ear"].create_dataset("data", (10**9, 2), "f8", chunks=(10**6, 2)),
            ),
            "damaged, or was never finished",
        ),
    ],
)
def test_bad_files_are_refused(change, message, tmp_path):
    made = Made()
    made.add(made.series(), made.skeleton())
    path = made.saved(tmp_path / "poses.nwb")
    with h5py.File(path, "r+") as file:
        change(file["processing/behavior/PoseEstimation"])
    with pytest.raises(ValueError, match=message) as error:
        read_poses(path)
    assert "poses.nwb" in str(error.value)
    assert "\n" not in str(error.value)


def test_links_out_of_the_file_are_not_followed(tmp_path):
    made = Made()
    made.add(made.series(), made.skeleton())
    other, path = made.saved(tmp_path / "other.nwb"), tmp_path / "poses.nwb"
    path.write_bytes(other.read_bytes())
    with h5py.File(path, "r+") as file:
        group = file["processing/behavior/PoseEstimation/ear"]
        del group["data"]
        group["data"] = h5py.ExternalLink("other.nwb", f"{group.name}/data")
    with pytest.raises(ValueError, match="ear has no 'data' in this file"):
        read_poses(path)
