"""Tables of markers: against pandas and recordings, and through what we write."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import recordings
from liftpose.io import formats, read_poses, write_poses
from liftpose.poses import Poses

FILE = "S00_P00_T01_BalancingTrial_0-100.trc"
FOLDER = recordings.data_folder() / "raw" / "openpose_pose2sim"
NAMES = st.lists(
    st.text(
        st.characters(exclude_categories=["Cs"], exclude_characters="\t\r\n"), min_size=1
    ).filter(str.strip),
    min_size=2,
    max_size=2,
    unique=True,
)


def recorded(name: str):
    if not (FOLDER / name).is_file():
        pytest.skip("Pose2Sim's files are not here (LIFTPOSE_DATA names the folder)")
    return FOLDER / name


def test_a_real_file_is_what_pandas_reads():
    pd = pytest.importorskip("pandas")
    poses, path = read_poses(recorded(FILE)), recorded(FILE)
    names = [name for name in path.read_text().splitlines()[3].split("\t")[2:] if name]
    table = pd.read_csv(path, sep="\t", skiprows=4).iloc[:, 2 : 2 + 3 * len(names)]
    np.testing.assert_allclose(poses.points.reshape(100, -1), table.to_numpy(), rtol=1e-15)
    assert (poses.joints, poses.fps, poses.unit) == (tuple(names), 60.0, "m")


def test_a_real_file_has_the_joints_that_were_triangulated():
    zoo = recordings.data_folder() / "zoo" / "human_pose2sim_4cam.npz"
    poses = read_poses(recorded(FILE))
    if not zoo.is_file():
        pytest.skip("the recordings are not here (LIFTPOSE_DATA names the folder)")
    known = np.load(zoo)
    theirs = dict(zip(known["joints"].tolist(), known["pose3d"].swapaxes(0, 1), strict=True))
    for number, joint in enumerate(poses.joints):
        if joint in theirs:
            # Pose2Sim turns the world so that y is up.
            turned = poses.points[:, number][:, [2, 0, 1]]
            off = np.linalg.norm(turned - theirs[joint], axis=-1)
            assert np.nanmedian(off) < 0.12


@given(NAMES, st.sampled_from([np.float32, np.float64]))
@settings(max_examples=25, deadline=None)
def test_a_round_trip_keeps_every_number_and_name(tmp_path_factory, joints, kind):
    path = tmp_path_factory.mktemp("round") / "walk.trc"
    points = np.random.default_rng(0).normal(0, 1e3, (5, 2, 3)).astype(kind)
    points[1, 1] = points[2] = np.nan
    poses = Poses.from_experiments(points, joints=joints, fps=29.97, unit="mm")
    back = read_poses(write_poses(poses, path))
    np.testing.assert_array_equal(back.points.astype(kind), points)
    assert (back.joints, back.fps, back.unit) == (poses.joints, 29.97, "mm")


def test_others_read_what_we_write(tmp_path):
    pd = pytest.importorskip("pandas")
    points = np.random.default_rng(0).normal(size=(4, 2, 3))
    points[1, 0] = np.nan
    poses = Poses.from_experiments(points, joints=["hip", "toe"], fps=50, unit="mm")
    path = write_poses(poses, tmp_path / "walk.trc")
    lines = path.read_text().splitlines()
    facts = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
    assert (facts["NumFrames"], facts["NumMarkers"], facts["Units"]) == ("4", "2", "mm")
    assert "nan" not in path.read_text()
    table = pd.read_csv(io.StringIO("\n".join(lines[4:])), sep="\t").to_numpy()
    np.testing.assert_array_equal(table[:, 2:].reshape(4, 2, 3), points)
    np.testing.assert_allclose(table[:, 1], np.arange(4) / 50)


def table(rows, header=None, names="hip\t\t\ttoe\t\t", units="mm", rate="100.00", end="\n"):
    lines = [
        "PathFileType\t4\t(X/Y/Z)\twalk.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits",
        f"{rate}\t100.00\t999\t77\t{units}",
        f"Frame#\tTime\t{names}",
        "\t\tX1\tY1\tZ1\tX2\tY2\tZ2",
        *rows,
    ]
    return end.join(lines)


ROWS = ["1\t0.00\t1\t2\t3\t4\t5\t6", "2\t0.01\t7\t8\t9\t10\t11\t12"]
VALUES = np.arange(1.0, 13).reshape(2, 2, 3)


@pytest.mark.parametrize(
    "text",
    [
        table(ROWS),
        table(ROWS, end="\r\n"),
        table(ROWS, end="\r"),
        table(["", *ROWS, ""]),
        table([f"{row}\t" for row in ROWS], names="hip\t\t\ttoe\t\t\t"),
        table(ROWS, names="hip\ttoe"),
        table([row.replace("\t", "\t ") for row in ROWS]),
        "\ufeff" + table(ROWS),
        table(["10" + ROWS[0][1:], "11" + ROWS[1][1:]]),
    ],
)
def test_all_spellings_of_the_same_table(text, tmp_path):
    (tmp_path / "walk.trc").write_bytes(text.encode())
    poses = read_poses(tmp_path / "walk.trc")
    np.testing.assert_array_equal(poses.points, VALUES)
    assert (poses.joints, poses.fps, poses.unit) == (("hip", "toe"), 100.0, "mm")


def test_what_is_empty_or_left_out_is_not_seen(tmp_path):
    rows = ["3\t0.0\t1\t2\t3\t\t\t", "6\t0.03\t\t \t\t10\t11\t12"]
    (tmp_path / "walk.trc").write_text(table(rows, units="", rate="-"))
    poses = read_poses(tmp_path / "walk.trc")
    expected = np.full((4, 2, 3), np.nan)
    expected[0, 0], expected[3, 1] = (1, 2, 3), (10, 11, 12)
    np.testing.assert_array_equal(poses.points, expected)
    assert (poses.fps, poses.unit) == (None, None)


def test_names_in_an_old_encoding(tmp_path):
    (tmp_path / "walk.trc").write_bytes(table(ROWS, names="Hüfte\t\t\ttoe\t\t").encode("latin-1"))
    assert read_poses(tmp_path / "walk.trc").joints == ("Hüfte", "toe")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (table([]), "no frames"),
        ("PathFileType\t4\n", "expected 5 before the frames"),
        (table(ROWS, names=""), "expected a name above"),
        (table(ROWS, names="hip\t\t\t\t\t\tear\t\t"), "expected a name above"),
        (table(ROWS, names="hip\t\t\thip\t\t"), "'hip' twice"),
        (table(ROWS[::-1]), "frame 1 follows frame 2"),
        (table([ROWS[0], ROWS[0]]), "frame 1 follows frame 1"),
        (table([ROWS[0], ROWS[1][:-6]]), "not every row"),
        (table([ROWS[0], ROWS[1].replace("12", "twelve")]), "not every row has as many numbers"),
        (table([ROWS[0], "9999999999" + ROWS[1][1:]]), "nearly all"),
        (table([ROWS[0], "1e300" + ROWS[1][1:]]), "nearly all"),
        (table([ROWS[0], "1.5" + ROWS[1][1:]]), "whole numbers"),
        (table([ROWS[0], ROWS[1].replace("12", "inf")]), "infinite"),
    ],
)
def test_what_is_wrong_is_said(text, told, tmp_path):
    (tmp_path / "walk.trc").write_text(text)
    with pytest.raises(ValueError, match=told) as error:
        read_poses(tmp_path / "walk.trc")
    assert "walk.trc" in str(error.value)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"fps": None}, "needs frames per second"),
        ({"unit": None}, "needs a unit"),
        ({"joints": ["a\tb", "c"]}, "cannot be written"),
        ({"joints": ["a", " "]}, "cannot be written"),
    ],
)
def test_what_the_format_does_not_hold(changed, told, tmp_path):
    known = {"fps": 50, "unit": "mm", "joints": ["hip", "toe"]} | changed
    with pytest.raises(ValueError, match=told):
        write_poses(Poses.from_experiments(VALUES, **known), tmp_path / "walk.trc")
    two = Poses.from_experiments({"a": VALUES, "b": VALUES}, fps=50, unit="mm")
    with pytest.raises(ValueError, match="2 experiments"):
        write_poses(two, tmp_path / "walk.trc")
    with pytest.raises(ValueError, match="holds no 2D"):
        write_poses(Poses.from_experiments(VALUES[..., :2]), tmp_path / "walk.trc")
    assert not list(tmp_path.iterdir())


def test_damage_ends_in_our_error(tmp_path):
    whole, rng = table(ROWS * 1).encode(), np.random.default_rng(0)
    path = tmp_path / "walk.trc"
    for cut in range(1, len(whole)):
        path.write_bytes(whole[:cut])
        with contextlib.suppress(ValueError):  # and nothing else
            read_poses(path)
    for _ in range(100):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] = rng.integers(256)
        path.write_bytes(changed)
        with contextlib.suppress(ValueError):
            read_poses(path)


def test_the_table_says_what_is_read():
    entry = next(entry for entry in formats() if entry.name == "trc")
    assert (entry.reads, entry.writes) == ((3,), (3,))
