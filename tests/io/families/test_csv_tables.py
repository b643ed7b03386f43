"""Plain tables: against pandas, and against a slow twin that goes row by row."""

import csv
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import recordings
from liftpose.io import open_poses, read_lifted, read_poses, write_poses
from liftpose.io.families.csv_tables import is_table
from liftpose.poses import Lifted, Poses

RAW = recordings.data_folder() / "raw"


def written(tmp_path, text, name="walk.csv"):
    (tmp_path / name).write_text(text, encoding="utf-8", newline="")
    return tmp_path / name


def wide(columns, rows=3, start="frame", sep=","):
    """A table of rising numbers under some names, a column of frames first."""
    count = len(columns)
    lines = [sep.join([start, *columns])]
    lines += [
        sep.join([str(row), *(str((row * count + i) / 100) for i in range(count))])
        for row in range(rows)
    ]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "columns",
    [
        ("nose_x", "nose_y", "paw_L_x", "paw_L_y"),
        ("nose.x", "nose.y", "paw_L.x", "paw_L.y"),
        ("nose x", "nose y", "paw_L x", "paw_L y"),
        ("nose:X", "nose:Y", "paw_L:X", "paw_L:Y"),
        ("x_nose", "y_nose", "x_paw_L", "y_paw_L"),
    ],
)
@pytest.mark.parametrize("sep", [",", "\t", ";", ", "])
def test_joints_are_found_however_their_columns_are_called(columns, sep, tmp_path):
    path = written(tmp_path, wide(columns, sep=sep))
    poses = read_poses(path)
    assert (poses.joints, poses.dims, poses.confidence) == (("nose", "paw_L"), 2, None)
    expected = np.arange(12).reshape(3, 2, 2) / 100
    np.testing.assert_allclose(poses.points, expected, rtol=1e-15)
    with open_poses(path) as file:
        assert file.about.format == "csv"


@pytest.mark.parametrize("word", ["confidence", "likelihood", "score", "p", "prob", "visibility"])
def test_confidence_is_found_however_it_is_called(word, tmp_path):
    columns = ("nose_x", "nose_y", f"nose_{word}", "tail_x", "tail_y", f"tail_{word}")
    poses = read_poses(written(tmp_path, wide(columns)))
    table = np.arange(18).reshape(3, 2, 3) / 100
    np.testing.assert_allclose(poses.points, table[..., :2])
    np.testing.assert_allclose(poses.confidence, table[..., 2], rtol=1e-6)
    assert not poses.extra


def test_columns_may_come_in_any_order_and_among_others(tmp_path):
    columns = ("speed", "tail_y", "nose_z", "tail_x", "nose_x", "tail_z", "nose_y", "nose_error")
    poses = read_poses(written(tmp_path, wide(columns, start="time", rows=2)))
    assert (poses.joints, poses.dims) == (("tail", "nose"), 3)
    np.testing.assert_allclose(poses.points[0], [[0.03, 0.01, 0.05], [0.04, 0.06, 0.02]])
    np.testing.assert_allclose(poses.extra["error"], [[np.nan, 0.07], [np.nan, 0.15]])
    assert poses.fps == 1


def test_decimals_may_have_commas_where_semicolons_part_the_cells(tmp_path):
    text = "frame;nose_x;nose_y;nose_error\n0;1,5;-2,25;0,5\n1;3;;1\n"
    poses = read_poses(written(tmp_path, text))
    np.testing.assert_array_equal(poses.points[:, 0], [[1.5, -2.25], [3, np.nan]])
    np.testing.assert_array_equal(poses.extra["error"][:, 0], [0.5, 1])


def test_a_table_of_anipose_without_its_frames_is_a_plain_one(tmp_path):
    columns = [f"nose_{part}" for part in ("x", "y", "z", "error", "ncams", "score")]
    poses = read_poses(written(tmp_path, wide([*columns, "M_00", "center_0"], start="time")))
    assert (poses.joints, sorted(poses.extra)) == (("nose",), ["error", "ncams"])
    np.testing.assert_allclose(poses.confidence[:, 0], [0.05, 0.13, 0.21], rtol=1e-6)


def long(rows, names="frame,individual,bodypart,x,y,likelihood"):
    return "\n".join([names, *(",".join(map(str, row)) for row in rows)]) + "\n"


def slowly(path):
    """Every joint of a long table, row by row: (individual, frame, joint) to its numbers."""
    with path.open() as file:
        return {
            (row["individual"], int(row["frame"]), row["bodypart"]): (
                float(row["x"]),
                float(row["y"]),
                float(row["likelihood"]),
            )
            for row in csv.DictReader(file)
        }


def test_long_tables_are_sorted_by_frame_joint_and_individual(tmp_path):
    rng = np.random.default_rng(0)
    rows = [
        (frame, who, joint, *rng.random(3).round(3))
        for frame in (2, 3, 5)
        for who in ("anna", "ben")
        for joint in ("nose", "tail")
        if rng.random() < 0.8
    ]
    path = written(tmp_path, long(rows))
    poses, expected = read_poses(path), slowly(path)
    assert poses.individuals == poses.keys == ("anna", "ben")
    assert poses.lengths == (4, 4)
    assert poses.provenance == {"first_frame": "2"}
    assert len(expected) < 12
    for who in poses.keys:
        one = poses.only(who)
        for frame in range(4):
            for number, joint in enumerate(poses.joints):
                x, y, sure = expected.get((who, frame + 2, joint), (np.nan,) * 3)
                np.testing.assert_allclose(one.points[frame, number], (x, y))
                np.testing.assert_allclose(one.confidence[frame, number], sure, rtol=1e-6)


def test_long_tables_without_frames_count_the_rows_of_a_joint(tmp_path):
    rows = [("nose", 1, 2), ("tail", 3, 4), ("nose", 5, 6), ("tail", 7, 8)]
    poses = read_poses(written(tmp_path, long(rows, "joint,x,y")))
    np.testing.assert_array_equal(poses.points, [[[1, 2], [3, 4]], [[5, 6], [7, 8]]])


def test_times_order_a_table_without_frames(tmp_path):
    rows = [(0.1, "a", 1, 2), (0.1, "b", 3, 4), (0.2, "a", 5, 6), (0.3, "b", 7, 8)]
    text = long(rows, "time,track,nose.x,nose.y")
    poses = read_poses(written(tmp_path, text))
    assert (poses.keys, poses.lengths) == (("a", "b"), (3, 3))
    np.testing.assert_array_equal(poses.only("b").points[:, 0, 0], [3, np.nan, 7])


def test_a_table_that_sleap_exports(tmp_path):
    text = (
        "track,frame_idx,instance.score,nose.x,nose.y,nose.score,tail.x,tail.y,tail.score\n"
        "fly_0,0,0.9,1,2,0.8,3,4,1.04\n"
        "fly_1,0,0.9,5,6,0.8,,,\n"
        "fly_0,2,0.9,7,8,0.8,9,10,0.5\n"
    )
    poses = read_poses(written(tmp_path, text))
    assert (poses.individuals, poses.lengths, poses.joints) == (
        ("fly_0", "fly_1"),
        (3, 3),
        ("nose", "tail"),
    )
    np.testing.assert_array_equal(poses.only("fly_0").points[:, 1], [[3, 4], [np.nan] * 2, [9, 10]])
    assert poses.confidence[0, 1] == 1
    one = text.replace("fly_0", "").replace("fly_1,0", ",1")
    assert read_poses(written(tmp_path, one)).individuals is None


def test_experiments_and_individuals_in_one_table(tmp_path):
    rows = [(t, w, f, 10 * f, 0) for t in (1, 2) for w in ("a", "b") for f in range(t + 1)]
    text = long(rows, "trial,animal,frame,nose_x,nose_y")
    poses = read_poses(written(tmp_path, text))
    assert poses.keys == (("1", "a"), ("1", "b"), ("2", "a"), ("2", "b"))
    assert (poses.lengths, poses.individuals) == ((2, 2, 3, 3), ("a", "b", "a", "b"))
    again = read_poses(write_poses(poses, tmp_path / "again.csv"))
    assert (again.keys, again.individuals) == (poses.keys, poses.individuals)


@pytest.mark.parametrize(("fps", "digits"), [(30.0, 3), (29.97, 6), (120.0, 4)])
def test_times_that_are_rounded_still_give_the_rate(fps, digits, tmp_path):
    rows = [(round(f / fps, digits), f, 0) for f in range(200)]
    poses = read_poses(written(tmp_path, long(rows, "timestamp,nose_x,nose_y")))
    assert poses.fps == pytest.approx(fps, rel=1e-3)


def test_times_that_are_uneven_give_no_rate(tmp_path):
    rows = [(time, 0, 0) for time in (0, 1, 5, 6)]
    assert read_poses(written(tmp_path, long(rows, "time,nose_x,nose_y"))).fps is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("frame,nose_x,nose_y\n", "no rows"),
        ("frame,nose_x,nose_y\n0,1\n", "row 1 has 2 cells, and the names on top are 3"),
        ("frame,nose_x,nose_y\n0,1,2\n1,1,2,3\n", "row 2 has 4 cells"),
        ("frame,nose_x,nose_y\n0,1,two\n", "row 1, column 'nose_y' is 'two'; expected a number"),
        ("frame,nose_x,nose_y\n0,1,inf\n", "infinite"),
        ("frame,nose_x,nose_y\nimg1.png,1,2\n", "column 'frame' is 'img1.png'"),
        ("frame,nose_x,nose_y\n,1,2\n", "column 'frame' is empty"),
        ("frame,nose_x,nose_y\n-1,1,2\n", "column 'frame' is -1"),
        ("frame,nose_x,nose_y\n1,1,2\n0,1,2\n", "frame 0 follows 1"),
        ("frame,nose_x,nose_y\n0,1,2\n0,1,2\n", "frame 0 is there twice"),
        ("frame,nose_x,nose_y\n0,1,2\n90000000000,1,2\n", "of which only 2 are there"),
        ("frame,nose_x,nose_y,nose_x\n0,1,2,3\n", "the column 'nose_x' is there twice"),
        ("nose_x,nose_y,nose.x,nose.y\n0,1,2,3\n", "columns of two kinds"),
        ("nose_x,nose_y,tail_x,tail_y,tail_z\n0,1,2,3,4\n", "'tail' has a z and 'nose' has none"),
        ("nose_x,nose_y,nose_p\n0,1,97\n", "Divide percentages by 100"),
        ("joint,x,y\n,1,2\n", "its column of joints is empty"),
        ("frame,joint,x,y\n0,a,1,2\n0,a,1,2\n", "joint 'a': frame 0 is there twice"),
        ("time,nose_x,nose_y\n2,1,2\n1,1,2\n", "frame 0 follows 1"),
        ("time,nose_x,nose_y\n,1,2\n1,1,2\n", "column of times has empty cells"),
    ],
)
def test_damaged_tables_are_refused(text, words, tmp_path):
    with pytest.raises(ValueError, match=words) as error:
        read_poses(written(tmp_path, text))
    assert "walk.csv" in str(error.value)


def test_text_of_another_encoding_is_refused(tmp_path):
    (tmp_path / "walk.csv").write_bytes("frame,näse_x,näse_y\n0,1,2\n".encode("latin-1"))
    with pytest.raises(ValueError, match=r"walk.csv.*not UTF-8"):
        read_poses(tmp_path / "walk.csv", format="csv")


@pytest.mark.parametrize("text", ["a,b\n1,2\n", "frame,x,y\n0,1,2\n", "nose_x\n1\n", "{}"])
def test_tables_without_joints_are_no_poses(text, tmp_path):
    with pytest.raises(ValueError, match="no pose file"):
        read_poses(written(tmp_path, text))


def test_no_other_text_is_taken_for_a_plain_table():
    files = [path for path in RAW.rglob("*") if path.suffix in {".csv", ".trc", ".bvh", ".toml"}]
    if not files:
        pytest.skip("real recordings are not here (LIFTPOSE_DATA names the folder)")
    for path in files:
        assert not is_table(path, path.read_bytes()[:4096]), path


REAL = (
    ("deeplabcut/reachingDEMO_2D.h5", ("csv", "deeplabcut", "lightning_pose")),
    ("deeplabcut/reachingDEMO_3D.h5", ("csv", "deeplabcut", "anipose")),
    ("deeplabcut/CollectedData_Mackenzie.csv", ("csv", "deeplabcut", "lightning_pose")),
    ("lightning_pose/mirror-mouse_CollectedData.csv", ("csv", "deeplabcut", "lightning_pose")),
    ("anipose/test_fly_treadmill_mocap_1000.csv", ("csv", "deeplabcut", "anipose")),
)


@pytest.mark.parametrize(("name", "kinds"), REAL)
def test_real_recordings_go_from_table_to_table(name, kinds, tmp_path):
    if not (RAW / name).is_file():
        pytest.skip("real recordings are not here (LIFTPOSE_DATA names the folder)")
    poses = read_poses(RAW / name)
    for kind in kinds:
        path = write_poses(poses, tmp_path / f"{kind}.csv", format=kind)
        with open_poses(path) as file:
            assert file.about.format == kind
        again = read_poses(path)
        assert again.joints == poses.joints
        np.testing.assert_array_equal(again.points, poses.points)
        if poses.confidence is not None:
            np.testing.assert_array_equal(again.confidence, poses.confidence)


def seen(
    joints=("nose", "tail"),
    keys=("",),
    individuals=None,
    dims=3,
    kind=np.float64,
    sure=True,
    **known,
):
    rng = np.random.default_rng(3)
    shape = (4, len(joints), dims)
    tables = {key: rng.normal(size=shape).astype(kind) * 100 for key in keys}
    tables[keys[0]][2, 0] = np.nan
    numbers = {key: rng.random(shape[:2], np.float32) for key in keys}
    return Poses.from_experiments(
        tables,
        joints=joints,
        individuals=individuals,
        confidence=numbers if sure else None,
        extra={"error": numbers, "ncams": {key: rng.random(shape[:2]) for key in keys}},
        **known,
    )


def same(again, poses):
    assert (again.joints, again.keys, again.lengths, again.individuals, again.fps) == (
        poses.joints,
        poses.keys,
        poses.lengths,
        poses.individuals,
        poses.fps,
    )
    np.testing.assert_array_equal(again.points.astype(poses.points.dtype), poses.points)
    if poses.confidence is None:
        assert again.confidence is None
    else:
        np.testing.assert_array_equal(again.confidence, poses.confidence)
    for name in poses.extra:
        np.testing.assert_array_equal(
            again.extra[name].astype(np.float32), np.float32(poses.extra[name])
        )


@pytest.mark.parametrize("end", [".csv", ".tsv"])
@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("sure", [True, False])
@pytest.mark.parametrize(
    ("keys", "individuals"),
    [
        (("",), None),
        (("walk",), None),
        (("walk 1", "walk 2"), None),
        (("",), ("anna",)),
        (("anna", "ben"), ("anna", "ben")),
        (("t1", "t2"), ("anna", "anna")),
        ((("t", "anna"), ("t", "ben")), ("anna", "ben")),
    ],
)
def test_what_is_written_is_read_here_and_by_pandas(
    end, dims, kind, sure, keys, individuals, tmp_path
):
    pd = pytest.importorskip("pandas")
    poses = seen(keys=keys, individuals=individuals, dims=dims, kind=kind, sure=sure, fps=29.97)
    path = write_poses(poses, tmp_path / f"walk{end}")
    same(read_poses(path), poses)
    frame = pd.read_csv(path, sep="\t" if end == ".tsv" else ",")
    assert list(frame)[:2] == ["frame", "time"]
    assert frame.frame.tolist() == list(range(4)) * len(keys)
    np.testing.assert_allclose(frame.time, frame.frame / 29.97)
    if individuals:
        assert frame.individual.tolist() == np.repeat(individuals, 4).tolist()
    for number, joint in enumerate(poses.joints):
        columns = [f"{joint}_{axis}" for axis in "xyz"[:dims]]
        np.testing.assert_allclose(frame[columns], poses.points[:, number], rtol=1e-6)
        if sure:
            mine = frame[f"{joint}_confidence"]
            np.testing.assert_allclose(mine, poses.confidence[:, number], rtol=1e-6)


letters = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
names = st.lists(letters, min_size=1, max_size=4, unique=True)


@given(names, names, st.sampled_from([".csv", ".tsv"]))
@settings(max_examples=60)
def test_every_name_comes_back(tmp_path_factory, joints, keys, end):
    path = tmp_path_factory.mktemp("names") / f"walk{end}"
    poses = seen(tuple(joints), tuple(keys))
    same(read_poses(write_poses(poses, path)), poses)


def test_what_is_lifted_keeps_its_spread(tmp_path):
    poses = seen(kind=np.float32, fps=50)
    rng = np.random.default_rng(4)
    lifted = replace(
        Lifted.from_poses(poses),
        spread=rng.random(poses.points.shape, np.float32),
        novelty=np.array([1, 2, np.nan, 99.5], np.float32),
    )
    pd = pytest.importorskip("pandas")
    path = write_poses(lifted, tmp_path / "walk.csv")
    again = read_lifted(path)
    np.testing.assert_array_equal(again.position.astype(np.float32), lifted.position)
    np.testing.assert_array_equal(again.spread, lifted.spread)
    np.testing.assert_array_equal(again.confidence, lifted.confidence)
    assert again.joints == lifted.joints
    frame = pd.read_csv(path)
    np.testing.assert_allclose(frame.novelty, lifted.novelty)
    np.testing.assert_allclose(frame.tail_z_sd, lifted.spread[:, 1, 2], rtol=1e-6)


def test_names_that_could_be_taken_for_others_are_refused(tmp_path):
    rng = np.random.default_rng(5)
    extra = {"paw_x": rng.random((2, 1)), "paw_y": rng.random((2, 1))}
    twofold = Poses.from_experiments(np.zeros((2, 1, 2)), joints=["a"], extra=extra)
    scored = Poses.from_experiments(
        np.zeros((2, 1, 2)), joints=["a"], extra={"score": rng.random((2, 1))}
    )
    for poses in (twofold, scored):
        with pytest.raises(ValueError, match="do not tell which is which"):
            write_poses(poses, tmp_path / "walk.csv")
    alike = Poses.from_experiments({1: np.zeros((2, 1, 2)), "1": np.zeros((2, 1, 2))})
    with pytest.raises(ValueError, match="same names as text"):
        write_poses(alike, tmp_path / "walk.csv")
    nobody = Poses.from_experiments(np.zeros((2, 1, 2)), individuals=[""])
    with pytest.raises(ValueError, match="needs a name"):
        write_poses(nobody, tmp_path / "walk.csv")
    assert not list(tmp_path.iterdir())


def test_a_table_of_many_rows_is_read_in_blocks(tmp_path):
    pd = pytest.importorskip("pandas")
    values = np.random.default_rng(6).normal(size=(60_000, 4))
    frame = pd.DataFrame(values, columns=["a_x", "a_y", "b_x", "b_y"])
    frame.iloc[::7, 1] = np.nan
    frame.to_csv(tmp_path / "walk.csv", index_label="frame")
    poses = read_poses(tmp_path / "walk.csv")
    np.testing.assert_array_equal(poses.points.reshape(-1, 4), frame.to_numpy())
    again = read_poses(write_poses(poses, tmp_path / "again.csv"))
    np.testing.assert_array_equal(again.points, poses.points)
