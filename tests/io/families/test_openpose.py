"""OpenPose's folders: against json and recordings, of several people, models and namings."""

import json

import numpy as np
import pytest

from benchmarks import recordings
from liftpose.about import about
from liftpose.io import formats, open_poses, read_poses
from liftpose.io.families.openpose import JOINTS

FOLDER = recordings.data_folder() / "raw" / "openpose_pose2sim"
FRAMES = (0, 1, 2, 3, 4, 50)


def recorded(name: str):
    if not (FOLDER / name).is_dir():
        pytest.skip("OpenPose's files are not here (LIFTPOSE_DATA names the folder)")
    return FOLDER / name


def person(table, number=-1, **parts):
    """Somebody, from (J, 3)."""
    found = {"person_id": [number], "pose_keypoints_2d": np.ravel(table).tolist()}
    return found | {f"{part}_keypoints_2d": np.ravel(one).tolist() for part, one in parts.items()}


def write(folder, frames, name="cam_{:012d}_keypoints.json"):
    """A folder of what is seen in each frame."""
    folder.mkdir(exist_ok=True)
    for number, people in frames.items():
        content = {"version": 1.3, "people": people}
        (folder / name.format(number)).write_text(json.dumps(content))
    return folder


def walk(frames, joints=25, seed=0):
    rng = np.random.default_rng(seed)
    return np.dstack([rng.uniform(2, 900, (frames, joints, 2)), rng.random((frames, joints, 1))])


@pytest.mark.parametrize("camera", [1, 2])
def test_a_real_folder_is_what_json_says(camera):
    folder = recorded(f"cam0{camera}_json")
    poses = read_poses(folder)
    assert (poses.lengths, poses.individuals) == ((51, 51), ("person_0", "person_1"))
    assert (poses.joints, poses.unit) == (JOINTS["BODY_25B"], "px")
    assert poses.provenance == {"model": "BODY_25B"}
    for frame in FRAMES:
        content = json.loads((folder / f"cam0{camera}.{frame:04d}.json").read_text())
        for key, entry in zip(poses.keys, content["people"], strict=True):
            triples = np.array(entry["pose_keypoints_2d"]).reshape(25, 3)
            seen = triples[:, :2].any(axis=1)
            mine = poses.only(key)
            np.testing.assert_array_equal(mine.points[frame, seen], triples[seen, :2])
            assert np.isnan(mine.points[frame, ~seen]).all()
            np.testing.assert_array_equal(mine.confidence[frame], triples[:, 2].astype(np.float32))
    assert np.isnan(poses.only("person_0").points[5:50]).all()


def test_a_real_folder_is_of_the_joints_that_it_names():
    zoo = recordings.data_folder() / "zoo" / "human_pose2sim_4cam.npz"
    poses = read_poses(recorded("cam01_json")).only("person_0")
    if not zoo.is_file():
        pytest.skip("the recordings are not here (LIFTPOSE_DATA names the folder)")
    known = np.load(zoo)
    assert poses.joints == tuple(known["joints"].tolist())
    theirs = known["pose2d"][0][list(FRAMES)]
    np.testing.assert_allclose(poses.points[list(FRAMES)], theirs, atol=1e-3)


def test_info_says_what_a_folder_is():
    found = about(recorded("cam01_json"))
    assert (found.kind, found.facts["format"], found.facts["dims"]) == ("poses", "openpose", 2)


def test_frames_have_the_numbers_of_their_files(tmp_path):
    table = walk(3)
    poses = read_poses(
        write(tmp_path / "a", {2: [person(table[0])], 10: [], 4: [person(table[1])]})
    )
    assert (poses.frames, poses.keys, poses.individuals) == (11, ("",), None)
    np.testing.assert_array_equal(poses.points[[2, 4]], table[:2, :, :2])
    assert np.isnan(np.delete(poses.points, [2, 4], axis=0)).all()
    with open_poses(tmp_path / "a", fps=30) as opened:
        assert (opened.about.frames, opened.about.fps) == (11, 30)


@pytest.mark.parametrize("name", ["{}.json", "v1_{:05d}.json", "v.{:04d}.json", "v-{}_kp.JSON"])
def test_names_of_files_as_trackers_give_them(name, tmp_path):
    table = walk(12)
    frames = {number: [person(table[number])] for number in range(12)}
    poses = read_poses(write(tmp_path / "a", frames, name))
    np.testing.assert_array_equal(poses.points, table[..., :2])


def test_people_are_known_by_their_numbers_if_all_have_one(tmp_path):
    one, other = walk(3), walk(3, seed=1)
    frames = {n: [person(one[n], 7), person(other[n], 3)][:: 1 if n else -1] for n in range(3)}
    poses = read_poses(write(tmp_path / "a", frames))
    assert poses.individuals == ("person_3", "person_7")
    np.testing.assert_array_equal(poses.only("person_7").points, one[..., :2])
    frames[1][0]["person_id"] = [-1]
    poses = read_poses(write(tmp_path / "a", frames))
    assert poses.individuals == ("person_0", "person_1")
    np.testing.assert_array_equal(poses.only("person_0").points[0], other[0, :, :2])
    np.testing.assert_array_equal(poses.only("person_0").points[2], one[2, :, :2])


def upright(model):
    """A person as they stand, in the joints of a model."""
    across = {"L": 1.0, "R": -1.0}
    height = {
        **{"Nose": 9.3, "Eye": 9.5, "Ear": 9.4, "HeadTop": 10, "Head": 10, "UpperNeck": 8.6},
        **{"Neck": 8.3, "Shoulder": 8, "Elbow": 6.6, "Wrist": 5.4, "Hip": 5, "MidHip": 5},
        **{"Knee": 2.7, "Ankle": 0.4, "Heel": 0.1, "BigToe": 0, "SmallToe": 0, "Chest": 7},
    }
    width = {"Eye": 0.15, "Ear": 0.3, "Shoulder": 0.9, "Elbow": 1.1, "Wrist": 1.2}
    places = []
    for joint in JOINTS[model]:
        side, part = (joint[0], joint[1:]) if joint[1:] in height else ("", joint)
        x = across.get(side, 0) * width.get(part, 0.5)
        places.append((300 + 40 * x, 900 - 80 * height[part], 0.9))
    return np.array(places)


@pytest.mark.parametrize("model", JOINTS)
def test_joints_are_named_by_their_number_and_where_they_lie(model, tmp_path):
    frames = {number: [person(upright(model))] for number in range(3)}
    poses = read_poses(write(tmp_path / "a", frames))
    assert (poses.joints, poses.provenance) == (JOINTS[model], {"model": model})


def test_joints_that_could_be_of_either_model_are_not_named(tmp_path):
    folder = write(tmp_path / "a", {n: [person(each)] for n, each in enumerate(walk(4))})
    assert (read_poses(folder).joints, read_poses(folder).provenance) == (None, {})
    assert read_poses(folder, joints=JOINTS["BODY_25"]).joints == JOINTS["BODY_25"]
    assert read_poses(write(tmp_path / "b", {0: [person(walk(1, 7))]})).joints is None


def test_face_and_hands_come_after_the_body(tmp_path):
    body, face, hand = upright("COCO"), walk(1, 70)[0], walk(1, 21)[0]
    frames = {
        0: [person(body, face=face, hand_left=hand, hand_right=[])],
        1: [person(body, face=[], hand_left=[])],
    }
    poses = read_poses(write(tmp_path / "a", frames))
    assert poses.joint_count == 18 + 70 + 21
    assert poses.joints[18] == "face_0"
    assert poses.joints[-1] == "hand_left_20"
    np.testing.assert_array_equal(poses.points[0], np.concatenate([body, face, hand])[:, :2])
    assert np.isnan(poses.points[1, 18:]).all()


def test_confidence_above_one_is_clipped_and_scores_are_kept(tmp_path):
    table = walk(2, 7)
    table[..., 2] += 0.15
    poses = read_poses(write(tmp_path / "a", {n: [person(each)] for n, each in enumerate(table)}))
    np.testing.assert_allclose(poses.confidence, table[..., 2].clip(0, 1), rtol=1e-6)
    table[..., 2] *= 7
    poses = read_poses(write(tmp_path / "a", {n: [person(each)] for n, each in enumerate(table)}))
    assert poses.confidence is None
    np.testing.assert_array_equal(poses.extra["score"], table[..., 2])


def test_shares_of_the_image_are_not_called_pixels(tmp_path):
    table = walk(2, 7) / [900, 900, 1]
    folder = write(tmp_path / "a", {n: [person(each)] for n, each in enumerate(table)})
    assert read_poses(folder).unit is None


def test_what_is_wrong_is_said(tmp_path):
    good = {0: [person(walk(1)[0])]}

    def refused(told, frames, **names):
        folder = write(tmp_path / told[:8].strip(), frames, **names)
        with pytest.raises(ValueError, match=told) as error:
            read_poses(folder)
        assert str(folder) in str(error.value)

    refused("nearly all of|nearly all would be empty", {**good, 10**11: good[0]})
    refused("nobody is in any of its 3 files", {0: [], 1: [], 2: []})
    refused("25 joints in frame 0 and 18 in frame 1", {**good, 1: [person(walk(1, 18)[0])]})
    refused("not three a joint", {0: [{"pose_keypoints_2d": [1, 2, 3, 4]}]})
    refused("expected 'people'", {0: [{"pose_keypoints_2d": ["a", "b", "c"]}]})
    refused("none of OpenPose", {0: ["people"]})
    refused("has any joints", {0: [person([])]})
    write(tmp_path / "more tha", good, "left_{}.json")
    refused("more than one recording", good, name="right_{}.json")
    write(tmp_path / "of the s", good, "cam_{:02d}.json")
    refused("of the same frame", good, name="cam_{:04d}.json")
    write(tmp_path / "has no n", good, "cam_{:02d}.json")
    refused("has no number", good, name="cam.json")


def test_other_folders_and_damaged_files(tmp_path):
    folder = write(tmp_path / "a", {n: [person(each)] for n, each in enumerate(walk(3))})
    file = sorted(folder.iterdir())[1]
    whole = file.read_bytes()
    for damaged in (whole[:200], b"", b"\xff\xfe", b"[" * 100_000, b'{"people": 3}', b"[1]"):
        file.write_bytes(damaged)
        with pytest.raises(ValueError, match=file.name):
            read_poses(folder)
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "settings.json").write_text('{"a": 1}')
    with pytest.raises(IsADirectoryError, match="openpose"):
        read_poses(tmp_path / "b")


def test_the_table_says_what_is_read():
    entry = next(entry for entry in formats() if entry.name == "openpose")
    assert (entry.reads, entry.writes) == ((2,), ())
    assert [len(names) for names in JOINTS.values()] == [15, 17, 18, 25, 25, 26]
    assert all(len(set(names)) == len(names) for names in JOINTS.values())
