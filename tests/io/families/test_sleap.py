"""SLEAP's labels: against movement and sleap_io where they read them, and where they do not."""

import json
import shutil

import h5py
import numpy as np
import pytest

from benchmarks import recordings
from liftpose.io import read_poses
from liftpose.io.registry import find_reader

FOLDER = recordings.data_folder() / "raw" / "sleap"
REAL = "minimal_back_proofread.slp"
JOINTS = ["nose", "paw, left", "tail"]
TRACKS = ["mouse 1", 'the "other"', "Ünï"]


def recorded(name):
    if not (FOLDER / name).is_file():
        pytest.skip("SLEAP's files are not here (LIFTPOSE_DATA names the folder)")
    return FOLDER / name


def of_movement(path):
    """Positions (individuals, frames, joints, 2) and confidence, as movement reads them."""
    pytest.importorskip("movement", reason="needs the extra io")
    from movement.io import load_dataset

    found = load_dataset(path, source_software="SLEAP")
    order = ("individuals", "time", "keypoints", "space")
    return found.position.transpose(*order).values, found.confidence.transpose(*order[:3]).values


def labels(frames=6, tracks=TRACKS[:2], video="cam.mp4", seed=0, score=0.9):
    """Predicted instances of every track in every frame, as objects of sleap_io."""
    sio = pytest.importorskip("sleap_io", reason="needs the extra io")
    rng = np.random.default_rng(seed)
    skeleton = sio.Skeleton(list(JOINTS), name="mouse")
    film = sio.Video(video, open_backend=False)
    known = [sio.Track(name) for name in tracks]
    listed = [
        sio.LabeledFrame(film, number, [predicted(rng, skeleton, one, score) for one in known])
        for number in range(frames)
    ]
    return sio.Labels(listed, [film], [skeleton], known)


def predicted(rng, skeleton, track, score=0.9):
    import sleap_io as sio

    points = rng.random((3, 2)) * 500
    return sio.PredictedInstance.from_numpy(
        points, skeleton=skeleton, point_scores=rng.random(3), score=score, track=track
    )


def user(rng, skeleton, track):
    import sleap_io as sio

    return sio.Instance.from_numpy(rng.random((3, 2)) * 500, skeleton=skeleton, track=track)


def saved(made, path):
    made.save(str(path), verbose=False)
    return path


def test_a_real_file_is_read_as_movement_reads_it():
    path = recorded(REAL)
    poses, (points, sure) = read_poses(path), of_movement(path)
    np.testing.assert_array_equal(poses.points.astype(np.float32), points[0])
    np.testing.assert_array_equal(poses.confidence, sure[0].astype(np.float32))
    assert (poses.keys, poses.individuals, poses.unit, poses.fps) == (
        ("",),
        ("track_0",),
        "px",
        None,
    )
    assert poses.joints[:3] == ("Nose", "Ear_R", "Ear_L")
    assert poses.provenance["video"].endswith("back/minimal_back.mp4")


def test_real_labels_are_those_of_the_real_analysis_file():
    ours, exported = (
        read_poses(recorded(REAL)),
        read_poses(recorded("minimal_back_proofread.analysis.h5")),
    )
    np.testing.assert_array_equal(ours.points, exported.points)
    np.testing.assert_array_equal(ours.confidence, exported.confidence)
    np.testing.assert_allclose(
        ours.extra["instance_score"], exported.extra["instance_score"], rtol=1e-6
    )
    assert ours.joints == exported.joints


def test_the_users_labels_count_more_wherever_they_stand(tmp_path):
    made, rng = labels(tracks=TRACKS), np.random.default_rng(5)
    skeleton, (first, second, _) = made.skeletons[0], made.tracks
    made[2].instances = [user(rng, skeleton, first), *made[2].instances]
    made[4].instances = [made[4].instances[2], user(rng, skeleton, second)]
    made[1].instances[0].points["visible"][1] = False
    made.labeled_frames = [made[number] for number in (3, 5, 2, 0, 4, 1)]
    path = saved(made, tmp_path / "poses.slp")
    poses, (points, sure) = read_poses(path), of_movement(path)
    assert poses.individuals == poses.keys == tuple(TRACKS)
    for number, name in enumerate(TRACKS):
        found = poses.only(name)
        np.testing.assert_array_equal(found.points.astype(np.float32), points[number])
        np.testing.assert_array_equal(found.confidence, sure[number].astype(np.float32))
    labelled = poses.only(TRACKS[0])
    assert np.isnan(labelled.confidence[2]).all()
    assert np.isfinite(labelled.points[2]).all()
    assert np.isnan(labelled.points[1, 1]).all()
    assert np.isnan(poses.only(TRACKS[0]).points[4]).all()


def test_labels_without_predictions_have_no_confidence(tmp_path):
    made, rng = labels(frames=3, tracks=[]), np.random.default_rng(1)
    for frame in made:
        frame.instances = [user(rng, made.skeletons[0], None)]
    poses = read_poses(saved(made, tmp_path / "poses.slp"))
    assert poses.confidence is None
    assert poses.individuals is None
    np.testing.assert_array_equal(poses.points, np.stack([one[0].numpy() for one in made]))


def test_frames_that_are_not_listed_are_not_seen(tmp_path):
    made = labels(frames=2)
    made[0].frame_idx, made[1].frame_idx = 7, 3
    poses = read_poses(saved(made, tmp_path / "poses.slp")).only(TRACKS[1])
    assert poses.frames == 8
    assert np.flatnonzero(np.isfinite(poses.points).all((1, 2))).tolist() == [3, 7]


def two_videos(tmp_path):
    import sleap_io as sio

    one, other = labels(video="D:\\films\\top.mp4"), labels(video="/films/side.mp4", seed=1)
    for frame in other:
        for instance in frame:
            instance.skeleton = one.skeletons[0]
    made = sio.Labels(
        [*one.labeled_frames, *other.labeled_frames],
        [*one.videos, *other.videos],
        one.skeletons,
        [*one.tracks, *other.tracks[:1]],
    )
    for frame in other:
        frame.instances = frame.instances[:1]
    return made, other


def test_of_several_videos_one_must_be_named(tmp_path):
    pytest.importorskip("sleap_io", reason="needs the extra io")
    made, other = two_videos(tmp_path)
    path = saved(made, tmp_path / "poses.slp")
    with pytest.raises(ValueError, match=r"labels of 2 videos: .*top\.mp4.*side\.mp4.*camera="):
        read_poses(path)
    with pytest.raises(ValueError, match=r"none of its videos is called 'back'.*top\.mp4"):
        read_poses(path, camera="back")
    assert read_poses(path, camera="top").individuals == tuple(TRACKS[:2])
    for name in ("side", "side.mp4", "/films/side.mp4"):
        found = read_poses(path, camera=name)
        assert found.individuals == (TRACKS[0],)
        np.testing.assert_array_equal(found.points, np.stack([one[0].numpy() for one in other]))


def test_a_video_can_be_named_by_its_camera(tmp_path):
    sio = pytest.importorskip("sleap_io", reason="needs the extra io")
    made, other = two_videos(tmp_path)
    cameras = [sio.Camera(name=name) for name in ("lid", "wall")]
    session = sio.RecordingSession(sio.CameraGroup(cameras=cameras))
    for camera, video in zip(cameras, made.videos, strict=True):
        session.add_video(video, camera)
    made.sessions = [session]
    path = saved(made, tmp_path / "poses.slp")
    with pytest.raises(ValueError, match="'lid', 'wall'"):
        read_poses(path)
    found = read_poses(path, camera="wall")
    np.testing.assert_array_equal(found.points, np.stack([one[0].numpy() for one in other]))


def test_instances_of_nobody(tmp_path):
    made, rng = labels(frames=4), np.random.default_rng(1)
    skeleton = made.skeletons[0]
    made[3].instances.append(predicted(rng, skeleton, None))
    poses = read_poses(saved(made, tmp_path / "some.slp"))
    assert poses.individuals == tuple(TRACKS[:2])
    assert poses.provenance["instances_without_track"] == "1"
    for frame in made:
        frame.instances = [predicted(rng, skeleton, None) for _ in range(frame.frame_idx + 1)]
    with pytest.raises(ValueError, match="frame 3 has 4 predicted instances, none of which"):
        read_poses(saved(made, tmp_path / "all.slp"))


def edited(path, **changes):
    """The same file with some tables changed by functions."""
    with h5py.File(path, "r+") as file:
        for name, change in changes.items():
            held = file[name][()]
            change(held)
            kept = dict(file[name].attrs)
            del file[name]
            file[name] = held
            file[name].attrs.update(kept)
    return path


def put(field, place, value):
    def change(table):
        table[field][place] = value

    return change


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frames": put("frame_idx", 0, 2**40)}, "a number of a frame must be damaged"),
        ({"frames": put("instance_id_end", 0, 10**6)}, "refers to instances that are not there"),
        ({"frames": put("video", slice(None), 3)}, "has 1 videos, and frames of video 3"),
        ({"instances": put("point_id_end", 1, 5)}, "instance 1 has 2 points, and its skeleton 3"),
        ({"instances": put("point_id_start", 1, 2**62)}, "instance 1 has"),
        ({"instances": put("track", 3, 0)}, "frame 1 has 2 predicted instances of track 'mouse 1'"),
        ({"instances": put("track", 3, 9)}, "an instance is of track 9 of 2"),
        ({"instances": put("skeleton", 3, 1)}, "expected one skeleton"),
        ({"pred_points": put("score", 3, 7.0)}, "confidence"),
        ({"pred_points": put("x", 3, np.inf)}, "inf"),
    ],
)
def test_damaged_tables_are_refused(changes, message, tmp_path):
    path = edited(saved(labels(), tmp_path / "poses.slp"), **changes)
    with pytest.raises(ValueError, match=message) as error:
        read_poses(path)
    assert str(path) in str(error.value)
    assert "\n" not in str(error.value)


def test_no_labels_at_all_and_tracks_of_one_name(tmp_path):
    made = labels(tracks=["same", "same"])
    with pytest.raises(ValueError, match="two tracks are called 'same'"):
        read_poses(saved(made, tmp_path / "same.slp"))
    made.labeled_frames = []
    with pytest.raises(ValueError, match="no labelled frames"):
        read_poses(saved(made, tmp_path / "none.slp"))


def test_scores_a_little_above_one_are_one(tmp_path):
    path = edited(saved(labels(), tmp_path / "poses.slp"), pred_points=put("score", 4, 1.03))
    poses = read_poses(path).only(TRACKS[1])
    assert poses.confidence[0, 1] == 1
    assert (poses.confidence <= 1).all()


def version(path, number, of_instances=None):
    with h5py.File(path, "r+") as file:
        file["metadata"].attrs["format_id"] = number
        if of_instances is not None:
            table = file["instances"][()]
            del file["instances"]
            file["instances"] = table[[name for name in table.dtype.names if name != of_instances]]
    return path


def test_older_and_newer_formats(tmp_path):
    path = saved(labels(), tmp_path / "poses.slp")
    new = read_poses(path).points
    old = read_poses(version(path, 1.0, "tracking_score")).points
    np.testing.assert_allclose(old, new - 0.5, rtol=1e-12)
    np.testing.assert_allclose(of_movement(path)[0].reshape(old.shape), old, rtol=1e-6)
    with pytest.raises(ValueError, match=r"SLEAP's format 3; .*analysis file"):
        read_poses(version(path, 3.0))


def test_a_skeleton_in_a_graph_and_tables_without_types(tmp_path):
    path = saved(labels(), tmp_path / "poses.slp")
    expected = read_poses(path)
    with h5py.File(path, "r+") as file:
        about = json.loads(file["metadata"].attrs["json"])
        about["skeletons"] = [{"nx_graph": graph} for graph in about["skeletons"]]
        file["metadata"].attrs["json"] = np.bytes_(json.dumps(about))
        for name in ("frames", "instances", "pred_points"):
            table = file[name][()]
            del file[name]
            file[name] = np.stack([table[field].astype(float) for field in table.dtype.names], -1)
            file[name].attrs["field_names"] = json.dumps(table.dtype.names)
    found = read_poses(path)
    np.testing.assert_array_equal(found.points, expected.points)
    np.testing.assert_array_equal(found.confidence, expected.confidence)
    assert found.joints == expected.joints == tuple(JOINTS)


def test_embedded_videos_are_found_by_their_number(tmp_path):
    pytest.importorskip("sleap_io", reason="needs the extra io")
    made, other = two_videos(tmp_path)
    path = edited(
        saved(made, tmp_path / "poses.pkg.slp"),
        frames=lambda table: table["video"].__setitem__(slice(None), table["video"] * 4 + 3),
    )
    with h5py.File(path, "r+") as file:
        videos = [json.loads(entry) for entry in file["videos_json"]]
        for number, video in enumerate(videos):
            source = {"backend": {"filename": video["backend"]["filename"]}}
            inside = {"filename": ".", "dataset": f"video{number * 4 + 3}/video"}
            videos[number] = {"backend": inside, "source_video": source}
        del file["videos_json"]
        file["videos_json"] = np.array([json.dumps(video).encode() for video in videos])
    found = read_poses(path, camera="side")
    np.testing.assert_array_equal(found.points, np.stack([one[0].numpy() for one in other]))


def test_a_rate_is_taken_from_the_video(tmp_path):
    path = saved(labels(), tmp_path / "poses.slp")
    with h5py.File(path, "r+") as file:
        video = json.loads(file["videos_json"][0])
        video["backend"]["fps"] = 59.94
        del file["videos_json"]
        file["videos_json"] = np.array([json.dumps(video).encode()])
    assert read_poses(path).fps == 59.94
    assert read_poses(path, fps=100).fps == 100


def test_truncated_files_and_other_content(tmp_path):
    whole = saved(labels(), tmp_path / "poses.slp").read_bytes()
    path = tmp_path / "cut.slp"
    for share in (0.0, 0.1, 0.5, 0.9):
        path.write_bytes(whole[: int(share * len(whole))])
        with pytest.raises(ValueError, match=r"cut\.slp"):
            read_poses(path)
    with h5py.File(path, "w") as file:
        file["frames"] = np.zeros(3)
    with pytest.raises(ValueError, match="which is no pose file"):
        read_poses(path)


def test_the_format_is_recognised_whatever_its_name(tmp_path):
    path = shutil.copy(recorded(REAL), tmp_path / "poses.h5")
    assert find_reader(path, None).name == "sleap"
