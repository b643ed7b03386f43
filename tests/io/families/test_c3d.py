"""C3D: against ezc3d and a slow twin, in every way to keep numbers, and through what we write."""

import contextlib
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import recordings
from liftpose.io import formats, open_poses, read_poses, write_poses
from liftpose.io.decoding import c3d
from liftpose.poses import Poses

FILE = "markers_analogs.c3d"
FOLDER = recordings.data_folder() / "raw" / "c3d"
NAMES = st.lists(
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60).filter(
        lambda name: name == name.rstrip(" \0")
    ),
    min_size=3,
    max_size=3,
    unique=True,
)


def recorded(name: str):
    if not (FOLDER / name).is_file():
        pytest.skip("C3D files are not here (LIFTPOSE_DATA names the folder)")
    return FOLDER / name


def one_by_one(data: bytes) -> np.ndarray:
    """Points of a file of floats (Intel), as a loop over its frames."""
    count, analog, first, last = struct.unpack_from("<HHHH", data, 2)
    place = (struct.unpack_from("<H", data, 16)[0] - 1) * 512
    frames = []
    for _ in range(last - first + 1):
        frame = []
        for _ in range(count):
            x, y, z, residual = struct.unpack_from("<ffff", data, place)
            frame.append((x, y, z) if residual >= 0 else (np.nan,) * 3)
            place += 16
        frames.append(frame)
        place += 4 * analog
    return np.array(frames, np.float32)


def test_a_real_file_is_what_a_slow_twin_reads():
    path = recorded(FILE)
    poses = read_poses(path)
    np.testing.assert_array_equal(poses.points, one_by_one(path.read_bytes()))
    assert (poses.fps, poses.unit, poses.source_software) == (100.0, "mm", "Vicon Nexus")
    assert poses.joints[:2] == ("boite:gauche_ext", "boite:gauche_int")
    assert (poses.frames, poses.joint_count, dict(poses.extra)) == (580, 51, {})
    with open_poses(path) as file:
        assert file.about.format == "c3d"


def test_a_real_file_is_what_ezc3d_reads():
    ezc3d = pytest.importorskip("ezc3d", reason="ezc3d is not installed")
    path = recorded(FILE)
    poses, theirs = read_poses(path), ezc3d.c3d(str(path))
    points = theirs["data"]["points"][:3].transpose(2, 1, 0)
    np.testing.assert_array_equal(poses.points, points.astype(np.float32))
    about = theirs["parameters"]["POINT"]
    assert list(poses.joints) == about["LABELS"]["value"]
    assert [poses.unit, poses.fps] == [about["UNITS"]["value"][0], about["RATE"]["value"][0]]


@pytest.mark.parametrize(("frames", "joints"), [(5, 2), (3, 300), (70_001, 1)])
def test_ezc3d_reads_what_we_write(frames, joints, tmp_path):
    ezc3d = pytest.importorskip("ezc3d", reason="ezc3d is not installed")
    points = np.random.default_rng(0).normal(size=(frames, joints, 3)).astype(np.float32)
    points[1, 0] = np.nan
    names = [f"m{number}é" for number in range(joints)]
    poses = Poses.from_experiments(points, joints=names, fps=50, unit="mm")
    theirs = ezc3d.c3d(str(write_poses(poses, tmp_path / "walk.c3d")))
    found = theirs["data"]["points"][:3].transpose(2, 1, 0)
    np.testing.assert_array_equal(found.astype(np.float32), points)
    about = theirs["parameters"]["POINT"]
    assert about["LABELS"]["value"] == names[:255]
    assert (about["RATE"]["value"][0], about["UNITS"]["value"]) == (50, ["mm"])


@given(NAMES)
@settings(max_examples=25, deadline=None)
def test_a_round_trip_keeps_every_number_and_name(tmp_path_factory, joints):
    path = tmp_path_factory.mktemp("round") / "walk.c3d"
    points = np.random.default_rng(0).normal(0, 1e3, (5, 3, 3)).astype(np.float32)
    points[1, 1] = points[2] = np.nan
    poses = Poses.from_experiments(points, joints=joints, fps=62.5, unit="cm", source_software="é")
    back = read_poses(write_poses(poses, path))
    np.testing.assert_array_equal(back.points, points)
    assert (back.joints, back.fps, back.unit) == (poses.joints, 62.5, "cm")
    assert back.source_software == "é"


@pytest.mark.parametrize(("frames", "joints"), [(70_001, 2), (65_535, 1), (65_536, 1), (2, 2000)])
def test_many_frames_and_many_joints(frames, joints, tmp_path):
    points = np.random.default_rng(0).normal(size=(frames, joints, 3)).astype(np.float32)
    names = [f"marker number {number}" for number in range(joints)]
    poses = Poses.from_experiments(points, joints=names, fps=50, unit="mm")
    back = read_poses(write_poses(poses, tmp_path / "walk.c3d"))
    np.testing.assert_array_equal(back.points, points)
    assert back.joints == poses.joints


class Kept:
    """How each processor keeps numbers, one at a time."""

    def __init__(self, kind):
        self.kind, self.order = kind, ">" if kind == c3d.MIPS else "<"

    def word(self, value):
        return struct.pack(f"{self.order}H", value % 65536)

    def float(self, value):
        if self.kind != c3d.DEC:
            return struct.pack(f"{self.order}f", value)
        low, high = struct.unpack("<HH", struct.pack("<f", value * 4))
        return struct.pack("<HH", high, low)

    def text(self, *texts):
        width = max(map(len, texts))
        letters = b"".join(text.ljust(width) for text in texts)
        return struct.pack("<bBBB", -1, 2, width, len(texts)) + letters

    def entry(self, name, group, content):
        head = struct.pack("bb", len(name), group) + name.encode()
        return head + self.word(len(content) + 2) + content


def file_of(
    kind=c3d.INTEL,
    scale=-1.0,
    fourth=(0, 0),
    analog=0,
    first=1,
    labels=(b"hip", b"toe"),
    claims=None,
    **further,
):
    """A file of 3 frames of 2 points, put together value by value; and its points."""
    kept = Kept(kind)
    points = np.arange(18.0).reshape(3, 2, 3) * 10
    entries = kept.entry("POINT", -1, b"\0") + kept.entry("TRIAL", -2, b"\0")
    entries += kept.entry("UNITS", 1, kept.text(b"mm") + b"\0")
    if labels:
        entries += kept.entry("LABELS", 1, kept.text(*labels) + b"\0")
    for name, value in further.items():
        group = 2 if name.startswith("ACTUAL") else 1
        entries += kept.entry(name, group, value(kept) + b"\0")
    section = bytes([1, 80, 1, kind]) + entries + b"\0\0"
    last = first + (3 if claims is None else claims) - 1
    header = bytes([2, 80]) + b"".join(map(kept.word, (2, analog, first, last, 0)))
    header += kept.float(scale) + kept.word(3) + kept.word(0) + kept.float(62.5)
    data = b""
    for frame in points:
        for point, last_word in zip(frame, fourth, strict=True):
            if scale < 0:
                data += b"".join(map(kept.float, (*point, last_word)))
            else:
                data += b"".join(kept.word(round(value / scale)) for value in point)
                data += kept.word(last_word)
        data += (kept.float(7) if scale < 0 else kept.word(7)) * analog
    return header.ljust(512, b"\0") + section.ljust(512, b"\0") + data, points


@pytest.mark.parametrize("kind", [c3d.INTEL, c3d.DEC, c3d.MIPS])
@pytest.mark.parametrize("scale", [-1.0, -0.1, 0.5])
@pytest.mark.parametrize("analog", [0, 6])
def test_every_way_to_keep_numbers(kind, scale, analog, tmp_path):
    data, points = file_of(kind, scale, (0, -1), analog)
    (tmp_path / "walk.c3d").write_bytes(data)
    poses = read_poses(tmp_path / "walk.c3d")
    np.testing.assert_array_equal(poses.points[:, 0], points[:, 0])
    assert np.isnan(poses.points[:, 1]).all()
    assert (poses.joints, poses.fps, poses.unit) == (("hip", "toe"), 62.5, "mm")


@pytest.mark.parametrize("scale", [-0.5, 0.5])
def test_residuals_are_kept(scale, tmp_path):
    # The low byte is the residual, the high one the cameras that saw the point.
    data, _ = file_of(scale=scale, fourth=(0x0304, 0x7F00))
    (tmp_path / "walk.c3d").write_bytes(data)
    poses = read_poses(tmp_path / "walk.c3d")
    np.testing.assert_array_equal(poses.extra["residual"], np.tile([2.0, 0.0], (3, 1)))
    assert np.isfinite(poses.points).all()


def test_what_stands_for_no_place_is_left_out(tmp_path):
    data, points = file_of(labels=(b"angle", b"toe"), ANGLES=lambda kept: kept.text(b"angle"))
    (tmp_path / "walk.c3d").write_bytes(data)
    poses = read_poses(tmp_path / "walk.c3d")
    assert poses.joints == ("toe",)
    np.testing.assert_array_equal(poses.points[:, 0], points[:, 1])
    data, _ = file_of(labels=(b"a", b"b"), FORCES=lambda kept: kept.text(b"a", b"b"))
    (tmp_path / "walk.c3d").write_bytes(data)
    with pytest.raises(ValueError, match="none of its points stands for a place"):
        read_poses(tmp_path / "walk.c3d")


def test_labels_that_are_missing_or_go_on(tmp_path):
    path = tmp_path / "walk.c3d"
    path.write_bytes(file_of(labels=())[0])
    assert read_poses(path).joints is None
    assert read_poses(path, joints=["a", "b"]).joints == ("a", "b")
    path.write_bytes(file_of(labels=(b"hip",))[0])
    assert read_poses(path).joints == ("hip", "unlabelled_2")
    path.write_bytes(file_of(labels=(b"hip",), LABELS2=lambda kept: kept.text(b"H\xfcfte"))[0])
    assert read_poses(path).joints == ("hip", "Hüfte")


def pair(first, second):
    return lambda kept: struct.pack("<bBB", 2, 1, 2) + kept.word(first) + kept.word(second)


def test_the_number_of_frames_is_what_can_be_true(tmp_path):
    path = tmp_path / "walk.c3d"
    path.write_bytes(file_of(first=40)[0])
    assert read_poses(path).provenance == {"first_frame": "39"}
    fields = {"ACTUAL_START_FIELD": pair(40, 0), "ACTUAL_END_FIELD": pair(42, 0)}
    path.write_bytes(file_of(claims=65535, **fields)[0])
    assert read_poses(path).frames == 3
    wrong = {"ACTUAL_START_FIELD": pair(1, 0), "ACTUAL_END_FIELD": pair(1, 7)}
    path.write_bytes(file_of(**wrong)[0])
    assert read_poses(path).frames == 3


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (file_of()[0][:-1], "3 frames, and 2 are there; it was cut off"),
        (file_of(claims=0)[0], "no frames"),
        (file_of(scale=-np.inf)[0], "scale is -inf"),
        (file_of(labels=(b"hip", b"hip"))[0], "'hip' twice"),
        (file_of(LABELS2=lambda kept: b"\xff\x02\xff\xff")[0], "parameters are damaged"),
        (file_of()[0][:1024], "damaged"),
    ],
)
def test_what_is_wrong_is_said(data, told, tmp_path):
    (tmp_path / "bad.c3d").write_bytes(data)
    with pytest.raises(ValueError, match=told) as error:
        read_poses(tmp_path / "bad.c3d")
    assert "bad.c3d" in str(error.value)


def test_empty_texts_take_no_memory(tmp_path):
    many = struct.pack("<bB", -1, 12) + b"\0" + b"\xff" * 11
    (tmp_path / "walk.c3d").write_bytes(file_of(DESCRIPTIONS=lambda kept: many)[0])
    assert read_poses(tmp_path / "walk.c3d").frames == 3


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"fps": None}, "needs frames per second"),
        ({"unit": None}, "needs a unit"),
        ({"joints": ["a ", "b"]}, "cannot be written"),
        ({"joints": ["", "b"]}, "cannot be written"),
        ({"joints": ["é" * 200, "b"]}, "255 bytes"),
    ],
)
def test_what_the_format_does_not_hold(changed, told, tmp_path):
    known = {"fps": 50, "unit": "mm", "joints": ["hip", "toe"]} | changed
    points = np.zeros((3, 2, 3))
    with pytest.raises(ValueError, match=told):
        write_poses(Poses.from_experiments(points, **known), tmp_path / "walk.c3d")
    two = Poses.from_experiments({"a": points, "b": points}, fps=50, unit="mm")
    with pytest.raises(ValueError, match="2 experiments"):
        write_poses(two, tmp_path / "walk.c3d")
    most = Poses.from_experiments(np.zeros((1, 20_000, 3)), fps=50, unit="mm")
    with pytest.raises(ValueError, match="room for 16383"):
        write_poses(most, tmp_path / "walk.c3d")
    assert not list(tmp_path.iterdir())


def test_damage_ends_in_our_error(tmp_path):
    whole, _ = file_of(fourth=(0, -1), ANGLES=lambda kept: kept.text(b"angle"))
    path, rng = tmp_path / "bad.c3d", np.random.default_rng(0)
    used = np.flatnonzero(np.frombuffer(whole, np.uint8))
    for cut in range(1, len(whole), 29):
        path.write_bytes(whole[:cut])
        with pytest.raises(ValueError, match="damaged|cut off|no pose file"):
            read_poses(path)
    for _ in range(400):
        changed = bytearray(whole)
        for place in rng.choice(used, 2):
            changed[place] = rng.integers(256)
        path.write_bytes(changed)
        with contextlib.suppress(ValueError):  # and nothing else
            read_poses(path)


def test_the_table_says_what_is_read():
    entry = next(entry for entry in formats() if entry.name == "c3d")
    assert (entry.reads, entry.unproven, entry.writes) == ((3,), (), (3,))
