"""DANNCE's and Label3D's files: against SciPy, against cameras, and in every known layout."""

import contextlib

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from benchmarks import recordings
from liftpose.io import formats, open_poses, read_calibration, read_poses

FOLDER = recordings.data_folder() / "raw" / "dannce_label3d"
PREDICTED = "markerless_mouse_1_save_data_AVG.mat"
LABELLED = "markerless_mouse_1_label3d_dannce.mat"
STAC = "test_rodent_mocap_1000_frames.mat"


def recorded(name: str):
    if not (FOLDER / name).is_file():
        pytest.skip("DANNCE's files are not here (LIFTPOSE_DATA names the folder)")
    return FOLDER / name


@pytest.mark.parametrize("name", [PREDICTED, STAC])
def test_predictions_are_those_that_scipy_reads(name):
    path = recorded(name)
    poses, theirs = read_poses(path), loadmat(path)
    frames, _, joints = theirs["pred"].shape
    assert (poses.frames, poses.joint_count, poses.dims) == (frames, joints, 3)
    for joint in range(joints):
        np.testing.assert_array_equal(poses.points[:, joint], theirs["pred"][:, :, joint])
    if "p_max" in theirs:
        np.testing.assert_array_equal(poses.confidence, theirs["p_max"].astype(np.float32))
    assert (poses.joints, poses.unit, poses.fps) == (None, None, None)


def test_names_of_a_skeleton_are_given():
    names = [str(name[0]) for name in loadmat(recorded("mouse22_skeleton.mat"))["joint_names"][0]]
    poses = read_poses(recorded(PREDICTED), joints=names)
    assert poses.joints[:3] == ("EarL", "EarR", "Snout")
    with pytest.raises(ValueError, match="22 joint names for 23 joints"):
        read_poses(recorded(STAC), joints=names)


def test_labels_are_put_where_they_are_in_the_recording():
    path = recorded(LABELLED)
    poses, cameras = read_poses(path), read_calibration(path)
    theirs = loadmat(path, squeeze_me=True)
    assert poses.points.shape == (18000, 22, 3)
    for labels, camera in zip(theirs["labelData"], cameras.values(), strict=True):
        # The samples of this recording are 1, 11, 21, ...: every tenth is a frame.
        rows = (labels["data_sampleID"].item() - 1) // 10
        np.testing.assert_array_equal(rows, labels["data_frame"].item())
        seen = camera.project(poses.points[rows].reshape(-1, 3)).reshape(81, 44)
        np.testing.assert_allclose(seen, labels["data_2d"].item(), atol=1e-9)
    others = np.delete(np.arange(18000), rows)
    assert np.isnan(poses.points[others]).all()
    with open_poses(path) as file:
        assert (file.about.format, file.about.source_software) == ("dannce", "Label3D")


def points(frames=6, joints=4):
    return np.random.default_rng(0).normal(size=(frames, joints, 3))


def test_several_individuals(tmp_path):
    one, other = points(), points() + 1
    pred = np.stack([one, other], axis=1).swapaxes(-1, -2)
    sure = np.random.default_rng(1).random((6, 2, 4))
    savemat(tmp_path / "save_data_AVG0.mat", {"pred": pred, "p_max": sure})
    poses = read_poses(tmp_path / "save_data_AVG0.mat")
    assert poses.keys == poses.individuals == ("individual_0", "individual_1")
    for number, table in enumerate((one, other)):
        only = poses.only(f"individual_{number}")
        np.testing.assert_array_equal(only.points, table)
        np.testing.assert_array_equal(only.confidence, sure[:, number].astype(np.float32))


def test_scores_that_are_no_shares_are_no_confidence(tmp_path):
    scores = np.random.default_rng(1).uniform(0, 30, (6, 4))
    savemat(tmp_path / "MAX.mat", {"pred": points().swapaxes(1, 2), "p_max": scores})
    poses = read_poses(tmp_path / "MAX.mat")
    assert poses.confidence is None
    np.testing.assert_array_equal(poses.extra["p_max"], scores)


@pytest.mark.parametrize("rate", [30.0, 100.0, 1000 / 7])
def test_samples_say_which_frames_are_missing(rate, tmp_path):
    frames = np.array([0, 1, 2, 5, 6, 12, *range(13, 300)])
    samples = 1 + np.round(frames * 1000 / rate)
    table = points(len(frames))
    savemat(tmp_path / "AVG.mat", {"pred": table.swapaxes(1, 2), "sampleID": samples})
    poses = read_poses(tmp_path / "AVG.mat")
    assert poses.frames == 300
    np.testing.assert_array_equal(poses.points[frames], table)
    assert np.isnan(poses.points[np.delete(np.arange(300), frames)]).all()


def test_a_struct_of_joints(tmp_path):
    table = points()
    fields = {name: table[:, n] for n, name in enumerate(("Snout", "EarL", "EarR", "Tail_base_"))}
    savemat(tmp_path / "p.mat", {"predictions": fields | {"sampleID": np.arange(1, 61, 10)}})
    poses = read_poses(tmp_path / "p.mat")
    assert poses.joints == tuple(fields)
    np.testing.assert_array_equal(poses.points, table)


def labels(table, **changed):
    """What Label3D exports of two cameras."""
    each = {
        "data_3d": table.reshape(len(table), -1),
        "data_2d": np.zeros((len(table), 8)),
        "data_frame": np.array([4, 2, 9, 0, 1, 5]),
    } | changed
    cell = np.empty((2, 1), object)
    cell[:, 0] = [each, each]
    return cell


def test_labels_without_sync_are_put_by_their_frames(tmp_path):
    table, names = points(), np.array(["a", "b", "c", "d"], object)
    content = {"labelData": labels(table), "skeleton": {"joint_names": names}}
    savemat(tmp_path / "label3d.mat", content)
    poses = read_poses(tmp_path / "label3d.mat")
    assert poses.joints == ("a", "b", "c", "d")
    np.testing.assert_array_equal(poses.points[[4, 2, 9, 0, 1, 5]], table)
    assert np.isnan(poses.points[[3, 6, 7, 8]]).all()
    assert poses.frames == 10


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"pred": np.zeros((5, 4, 2))}, r"pred is \(5, 4, 2\); expected \(frames, 3, joints\)"),
        ({"pred": "none"}, "pred is missing, or not of numbers"),
        ({"pred": np.zeros((5, 3, 4)), "p_max": np.zeros((4, 4))}, "do not fit"),
        ({"pred": np.zeros((5, 3, 4)), "sampleID": np.arange(4)}, "sampleID is of 4 frames"),
        ({"pred": np.zeros((3, 3, 4)), "sampleID": [1, 1, 2]}, "sample 1 follows sample 1"),
        ({"pred": np.zeros((3, 3, 4)), "sampleID": [1, 2, 1e300]}, "follows sample 2"),
        ({"pred": np.zeros((4, 3, 4)), "sampleID": [1, 2, 3, 1e12]}, "numbers of frames"),
        ({"predictions": {"Snout": np.zeros((5, 2))}}, r"expected \(frames, 3\) of each joint"),
        ({"predictions": {"sampleID": [1]}}, "holds nothing"),
        ({"labelData": labels(points(), data_3d=np.zeros((6, 4)))}, r"data_3d is \(6, 4\)"),
        ({"labelData": labels(points(), data_frame=[0, 1, 2, 3, 4])}, "data_frame"),
        ({"labelData": labels(points(), data_frame=[0, 1, 2, 3, 4, 4])}, "frame 4 is there twice"),
        ({"labelData": labels(points(), data_frame=[-1, 1, 2, 3, 4, 5])}, "a frame -1"),
        ({"labelData": labels(points(), data_frame=[1e15, 1, 2, 3, 4, 5])}, "numbers of frames"),
        ({"labelData": labels(points(), data_frame=[0.5, 1, 2, 3, 4, 5])}, "whole numbers"),
    ],
)
def test_what_is_wrong_is_said(content, told, tmp_path):
    savemat(tmp_path / "bad.mat", content)
    with pytest.raises(ValueError, match=told) as error:
        read_poses(tmp_path / "bad.mat")
    assert "bad.mat" in str(error.value)


def test_labels_that_differ_between_cameras_or_are_of_no_sample(tmp_path):
    cell = labels(points())
    cell[1, 0] = cell[0, 0] | {"data_3d": cell[0, 0]["data_3d"] + 1}
    savemat(tmp_path / "bad.mat", {"labelData": cell})
    with pytest.raises(ValueError, match="camera 2 is not that of camera 1"):
        read_poses(tmp_path / "bad.mat")
    sync = np.empty((1, 1), object)
    sync[0, 0] = {"data_sampleID": np.arange(1, 20)}
    content = labels(points(), data_sampleID=np.array([1, 2, 3, 4, 5, 77]))
    savemat(tmp_path / "bad.mat", {"labelData": content, "sync": sync})
    with pytest.raises(ValueError, match="sample 77 was labelled"):
        read_poses(tmp_path / "bad.mat")


def test_damage_ends_in_our_error(tmp_path):
    savemat(tmp_path / "whole.mat", {"labelData": labels(points())}, do_compression=True)
    whole, rng = (tmp_path / "whole.mat").read_bytes(), np.random.default_rng(0)
    path = tmp_path / "bad.mat"
    for cut in range(1, len(whole), len(whole) // 25):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match="damaged|no pose file"):
            read_poses(path)
    for _ in range(60):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] = rng.integers(256)
        path.write_bytes(changed)
        with contextlib.suppress(ValueError):  # and nothing else
            read_poses(path)


def test_the_table_says_what_is_read():
    entry = next(entry for entry in formats() if entry.name == "dannce")
    assert (entry.reads, entry.unproven, entry.writes) == ((3,), (), ())
