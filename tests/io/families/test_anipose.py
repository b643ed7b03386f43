"""Anipose's tables: against movement and pandas where they read them, and where not."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import recordings
from liftpose.io import open_poses, read_poses, write_poses
from liftpose.poses import Lifted, Poses

FILE = recordings.data_folder() / "raw" / "anipose" / "test_fly_treadmill_mocap_1000.csv"
MOVED = [f"M_{i}{j}" for i in range(3) for j in range(3)] + [f"center_{i}" for i in range(3)]


def recorded():
    if not FILE.is_file():
        pytest.skip("Anipose's file is not here (LIFTPOSE_DATA names the folder)")
    return FILE


def of_movement(path):
    """What movement makes of a file, which sorts the joints."""
    pytest.importorskip("movement", reason="needs the extra io")
    from movement.io import load_dataset

    return load_dataset(path, source_software="Anipose")


def test_the_real_file_is_read_as_movement_and_pandas_read_it(tmp_path):
    pd = pytest.importorskip("pandas")
    frame, poses = pd.read_csv(recorded()), read_poses(recorded())
    # movement refuses a file with columns of the user's.
    frame.iloc[:, 6:].to_csv(tmp_path / "plain.csv", index=False)
    theirs = of_movement(tmp_path / "plain.csv")
    assert poses.joints[:4] == (
        "top front chamber",
        "top back chamber",
        "back center chamber",
        "head",
    )
    assert sorted(poses.joints) == list(theirs.keypoints.values)
    for number, joint in enumerate(poses.joints):
        mine = frame[[f"{joint}_{axis}" for axis in "xyz"]].to_numpy()
        np.testing.assert_allclose(poses.points[:, number], mine, rtol=1e-15)
        position = theirs.position.sel(keypoints=joint).transpose("time", "space", ...)
        np.testing.assert_allclose(position.values[..., 0], mine, rtol=1e-15)
        score = frame[f"{joint}_score"].to_numpy(np.float32)
        np.testing.assert_allclose(poses.confidence[:, number], score, rtol=1e-7)
        for name in ("error", "ncams"):
            np.testing.assert_allclose(poses.extra[name][:, number], frame[f"{joint}_{name}"])
    assert (poses.frame, poses.unit, poses.source_software) == ("world", None, "Anipose")
    kept = json.loads(poses.provenance["anipose_columns"])
    assert float(kept["M_12"]) == frame.M_12[0]
    assert kept["filename"] == "fly1_Speed_5_Trial_11.csv"
    with open_poses(recorded()) as file:
        assert (file.about.format, file.about.frames) == ("anipose", 999)


def test_the_real_file_comes_back_whole(tmp_path):
    pd = pytest.importorskip("pandas")
    path = write_poses(read_poses(recorded()), tmp_path / "fly.csv", format="anipose")
    ours, theirs = pd.read_csv(path), pd.read_csv(recorded())
    assert list(ours) == list(theirs)
    for name in theirs:
        if theirs[name].dtype.kind == "f":
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-7)
        else:
            assert (ours[name] == theirs[name]).all()


def table(joints=("paw_L", "nose"), frames=4, before=(), beside=("error", "ncams", "score")):
    """A table as Anipose makes them, with columns of the user's before."""
    pd = pytest.importorskip("pandas")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(dict(before), index=range(frames))
    for joint in joints:
        for part in ("x", "y", "z", *beside):
            frame[f"{joint}_{part}"] = rng.random(frames)
    for name in MOVED:
        frame[name] = 1.0 if name in ("M_00", "M_11", "M_22") else 0.0
    frame["fnum"] = np.arange(frames)
    return frame


def test_what_is_not_there_is_not_made_up(tmp_path):
    frame = table(beside=("error",)).drop(columns=MOVED)
    frame.to_csv(tmp_path / "old.csv", index=False)
    poses = read_poses(tmp_path / "old.csv")
    assert (poses.confidence, list(poses.extra), dict(poses.provenance)) == (None, ["error"], {})


def both(tmp_path, before, **changes):
    pd = pytest.importorskip("pandas")
    parts = [table(frames=n, before=one) for n, one in zip((4, 3), before, strict=True)]
    frame = pd.concat(parts)
    path = tmp_path / "both.csv"
    frame.assign(**changes).to_csv(path, index=False)
    return path, parts


@pytest.mark.parametrize(
    ("before", "keys"),
    [
        ([{"filename": "a.csv"}, {"filename": "b.csv"}], ("a.csv", "b.csv")),
        ([{"g": "wt", "fly number": 7}, {"g": "wt", "fly number": 8}], ("7", "8")),
    ],
)
def test_recordings_below_each_other_are_experiments(before, keys, tmp_path):
    path, parts = both(tmp_path, before)
    poses = read_poses(path)
    assert (poses.keys, poses.lengths) == (keys, (4, 3))
    for key, part in zip(keys, parts, strict=True):
        np.testing.assert_allclose(
            poses.only(key).points[:, 1], part[["nose_x", "nose_y", "nose_z"]], rtol=1e-15
        )
    path = write_poses(poses, tmp_path / "again.csv", format="anipose")
    again = read_poses(path)
    assert (again.keys, again.lengths, again.provenance) == (keys, (4, 3), poses.provenance)
    np.testing.assert_array_equal(again.points, poses.points)


def test_recordings_that_several_columns_tell_apart(tmp_path):
    pd = pytest.importorskip("pandas")
    parts = [
        table(frames=2, before={"fly number": fly, "trial number": trial})
        for fly, trial in ((1, 1), (1, 2), (2, 1))
    ]
    pd.concat(parts).to_csv(tmp_path / "three.csv", index=False)
    poses = read_poses(tmp_path / "three.csv")
    assert poses.keys == tuple(
        f"fly number {fly}, trial number {trial}" for fly, trial in ((1, 1), (1, 2), (2, 1))
    )
    again = read_poses(write_poses(poses, tmp_path / "again.csv", format="anipose"))
    assert (again.keys, again.provenance) == (poses.keys, poses.provenance)


def test_every_recording_keeps_how_it_was_moved(tmp_path):
    path, _ = both(
        tmp_path,
        [{"filename": "a.csv"}, {"filename": "b.csv"}],
        center_0=[1.5] * 4 + [2.5] * 3,
        speed=np.arange(7),
    )
    poses = read_poses(path)
    kept = json.loads(poses.provenance["anipose_columns"])
    assert kept["center_0"] == {"a.csv": "1.5", "b.csv": "2.5"}
    assert "speed" not in kept
    only = read_poses(write_poses(poses.only("b.csv"), tmp_path / "b.csv", format="anipose"))
    assert json.loads(only.provenance["anipose_columns"])["center_0"] == "2.5"


def test_frames_that_are_left_out_are_not_seen(tmp_path):
    table().iloc[[1, 3]].to_csv(tmp_path / "walk.csv", index=False)
    poses = read_poses(tmp_path / "walk.csv")
    np.testing.assert_allclose(poses.points[::2, 1, 0], table().nose_x[[1, 3]], rtol=1e-15)
    assert np.isnan(poses.points[1]).all()
    assert poses.provenance["first_frame"] == "1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda frame: frame.iloc[[1, 0, 2]], "frame 0 follows 1, and no column names"),
        (lambda frame: frame.iloc[[0, 1, 1]], "frame 1 follows 1"),
        (lambda frame: frame.assign(fnum=[0, 1, 2.5, 3]), "row 3, column 'fnum' is 2.5"),
        (lambda frame: frame.assign(fnum=[0, 1, 2, 10**12]), "of which only 4 are there"),
        (lambda frame: frame.assign(nose_x="left"), "row 1, column 'nose_x' is 'left'"),
        (lambda frame: frame.iloc[:0], "no rows"),
    ],
)
def test_damaged_tables_are_refused(change, words, tmp_path):
    change(table()).to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(ValueError, match=rf"bad.csv: .*{words}"):
        read_poses(tmp_path / "bad.csv")


def test_cut_and_doubled_columns_are_refused(tmp_path):
    path = tmp_path / "bad.csv"
    text = table().to_csv(index=False)
    path.write_text(text[:-40])
    with pytest.raises(ValueError, match="row 4 has"):
        read_poses(path)
    path.write_text(text.replace("nose_y", "nose_x"))
    with pytest.raises(ValueError, match="the column 'nose_x' is there twice"):
        read_poses(path)


def seen(joints=("nose", "paw_L"), keys=("",), kind=np.float64):
    rng = np.random.default_rng(2)
    tables = {key: rng.normal(size=(5, len(joints), 3)).astype(kind) for key in keys}
    numbers = {key: rng.random((5, len(joints))) for key in keys}
    return Poses.from_experiments(
        tables, joints=joints, confidence=numbers, extra={"error": numbers, "ncams": numbers}
    )


names = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    min_size=1,
    max_size=4,
    unique=True,
)


@given(names, names)
@settings(max_examples=40)
def test_every_name_and_number_comes_back(tmp_path_factory, joints, keys):
    path = tmp_path_factory.mktemp("names") / "walk.csv"
    poses = seen(tuple(joints), tuple(keys))
    again = read_poses(write_poses(poses, path, format="anipose"))
    assert (again.joints, again.lengths) == (poses.joints, poses.lengths)
    assert again.keys == (poses.keys if len(keys) > 1 else ("",))
    np.testing.assert_array_equal(again.points, poses.points)
    np.testing.assert_array_equal(again.confidence, poses.confidence)
    for name in ("error", "ncams"):
        np.testing.assert_array_equal(again.extra[name], poses.extra[name])


def test_what_is_written_opens_in_movement(tmp_path):
    poses = seen(kind=np.float32)
    lifted = Lifted.from_poses(poses)
    for number, one in enumerate((poses, lifted)):
        theirs = of_movement(write_poses(one, tmp_path / f"{number}.csv", format="anipose"))
        position = theirs.position.transpose("individuals", "time", "keypoints", "space").values
        np.testing.assert_array_equal(position[0].astype(np.float32), poses.points)
        sure = theirs.confidence.transpose("individuals", "time", "keypoints").values[0]
        np.testing.assert_array_equal(sure.astype(np.float32), poses.confidence)


def test_what_it_cannot_hold_is_refused(tmp_path):
    flat = Poses.from_experiments(np.zeros((2, 1, 2)))
    with pytest.raises(ValueError, match="holds no 2D poses"):
        write_poses(flat, tmp_path / "walk.csv", format="anipose")
    assert not list(tmp_path.iterdir())
