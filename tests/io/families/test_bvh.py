"""BVH: against a slow twin, lengths of bones, a floor, and poses that can be worked out by hand."""

import contextlib

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from benchmarks import recordings
from liftpose.io import formats, open_poses, read_poses

FILE = "AV_8Walk_Meredith_HVHA_Rep1.bvh"
FOLDER = recordings.data_folder() / "raw" / "bvh"


def recorded(name: str):
    if not (FOLDER / name).is_file():
        pytest.skip("BVH files are not here (LIFTPOSE_DATA names the folder)")
    return FOLDER / name


def tree(words, columns=0):
    """A file's joints as nested dicts, and where its channels go on; words are eaten."""
    kind, name = words.pop(0), words.pop(0)
    joint = {"name": name if kind != "End" else None, "channels": {}, "children": []}
    assert words.pop(0) == "{"
    while (word := words.pop(0)) != "}":
        if word == "OFFSET":
            joint["offset"] = [float(words.pop(0)) for _ in range(3)]
        elif word == "CHANNELS":
            for _ in range(int(words.pop(0))):
                joint["channels"][words.pop(0)] = columns
                columns += 1
        else:
            words.insert(0, word)
            child, columns = tree(words, columns)
            joint["children"].append(child)
    return joint, columns


def places(joint, row, origin, turned):
    """Positions of a joint and all that hang on it, of one frame, as 4 x 4 would give them."""
    where = np.array(joint["offset"])
    local = Rotation.identity()
    for name, column in joint["channels"].items():
        if name.endswith("position"):
            where["XYZ".index(name[0])] = row[column]
        else:
            local = local * Rotation.from_euler(name[0].lower(), row[column], degrees=True)
    here = origin + turned.apply(where)
    yield here
    for child in joint["children"]:
        yield from places(child, row, here, turned * local)


def twin(text, frames):
    hierarchy, _, motion = text.partition("MOTION")
    root, columns = tree(hierarchy.split()[1:])
    rows = np.array(motion.split()[5:], float).reshape(-1, columns)
    nowhere = np.zeros(3), Rotation.identity()
    return np.array([list(places(root, rows[frame], *nowhere)) for frame in frames])


def test_a_real_file_is_what_a_slow_twin_makes_of_it():
    path = recorded(FILE)
    poses = read_poses(path)
    frames = [0, 1, 500, 1063]
    np.testing.assert_allclose(poses.points[frames], twin(path.read_text(), frames), atol=1e-9)
    assert (poses.points.shape, poses.fps, poses.unit) == ((1064, 30, 3), 120.0, None)
    assert poses.joints[:4] == ("Hips", "Spine", "Head", "Head_end")
    with open_poses(path) as file:
        assert file.about.format == "bvh"


def test_a_real_walk_has_bones_that_stay_as_long_and_feet_on_the_floor():
    poses = read_poses(recorded(FILE))
    place = {name: number for number, name in enumerate(poses.joints)}
    for joint, parent, offset in (
        ("Spine", "Hips", (0, 8.4730, 0)),
        ("LeftForeArm", "LeftArm", (10.7061, 0, 0)),
        ("Head_end", "Head", (0, 4.5275, 0)),
    ):
        bone = poses.points[:, place[joint]] - poses.points[:, place[parent]]
        np.testing.assert_allclose(np.linalg.norm(bone, axis=1), np.linalg.norm(offset), rtol=1e-9)
    # Were the root's offset added to its position, the feet would be 35 above the floor.
    toes = poses.points[:, [place[f"{side}ToeBase_end"] for side in ("Left", "Right")], 1]
    assert np.abs(toes.min(axis=0)).max() < 0.3


HIERARCHY = """HIERARCHY
ROOT hip
{
  OFFSET 1 2 3
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT knee joint
  {
    OFFSET 0 -2 0
    CHANNELS 3 Zrotation Yrotation Xrotation
    End Site
    { OFFSET 0 -1 0 }
    End Site { OFFSET 0 0 1
    }
  }
}
"""


def file_of(rows, hierarchy=HIERARCHY, frames=None, time="0.02", end="\n"):
    text = [" ".join(map(str, row)) for row in rows]
    motion = ["MOTION", f"Frames: {len(rows) if frames is None else frames}", f"Frame Time: {time}"]
    return (hierarchy + "\n".join([*motion, *text, ""])).replace("\n", end)


def read(text, tmp_path):
    (tmp_path / "walk.bvh").write_bytes(text.encode() if isinstance(text, str) else text)
    return read_poses(tmp_path / "walk.bvh")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_poses_that_can_be_worked_out_by_hand(end, tmp_path):
    rows = [
        [0, 0, 0, 0, 0, 0, 0, 0, 0],
        [5, 6, 7, 90, 0, 0, 0, 0, 0],  # about z: what hung down points along x
        [0, 0, 0, 0, 90, 0, 0, 0, 0],  # about x: it points along -z
        [0, 0, 0, 90, 90, 0, 0, 0, 0],  # z first, then about the x that was turned with it
        [0, 0, 0, 0, 0, 0, 90, 0, 0],
    ]
    poses = read(file_of(rows, end=end), tmp_path)
    assert poses.joints == ("hip", "knee joint", "knee joint_end", "knee joint_end2")
    assert poses.fps == 50.0
    expected = [
        [(0, 0, 0), (0, -2, 0), (0, -3, 0), (0, -2, 1)],
        [(5, 6, 7), (7, 6, 7), (8, 6, 7), (7, 6, 8)],
        [(0, 0, 0), (0, 0, -2), (0, 0, -3), (0, -1, -2)],
        [(0, 0, 0), (0, 0, -2), (0, 0, -3), (1, 0, -2)],
        [(0, 0, 0), (0, -2, 0), (1, -2, 0), (0, -2, 1)],
    ]
    np.testing.assert_allclose(poses.points, expected, atol=1e-12)


def test_positions_of_joints_stand_for_their_offsets(tmp_path):
    hierarchy = HIERARCHY.replace("3 Zrotation Yrotation Xrotation", "2 Yposition Zrotation")
    poses = read(file_of([[0, 0, 0, 0, 0, 0, -9, 0]], hierarchy), tmp_path)
    np.testing.assert_allclose(poses.points[0, :3], [(0, 0, 0), (0, -9, 0), (0, -10, 0)])


def test_a_root_without_positions_and_several_roots(tmp_path):
    one = "ROOT {0}\n{{\nOFFSET 1 0 0\nCHANNELS 1 Zrotation\nEnd Site\n{{\nOFFSET 1 0 0\n}}\n}}\n"
    text = file_of([[0, 90]], "HIERARCHY\n" + one.format("left") + one.format("right"))
    poses = read(text, tmp_path)
    assert poses.joints == ("left", "left_end", "right", "right_end")
    np.testing.assert_allclose(
        poses.points[0], [(1, 0, 0), (2, 0, 0), (1, 0, 0), (1, 1, 0)], atol=1e-12
    )


@pytest.mark.parametrize(
    ("time", "fps"),
    [("0.008333", 120), ("0.0083333333", 120), (".0333333", 30), ("0.04", 25), ("0.0417", 24)]
    + [("0.0300", 1 / 0.03), ("0", None), ("fast", None), ("nan", None)],
)
def test_frames_per_second_are_whole_where_the_time_is_rounded(time, fps, tmp_path):
    assert read(file_of([[0] * 9], time=time), tmp_path).fps == fps


ROW = [[0] * 9]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (HIERARCHY, "no MOTION"),
        (HIERARCHY + "MOTION\n", "no 'Frames:'"),
        (file_of(ROW, frames=2), "2 frames, and 1 are there"),
        (file_of([], frames=0), "0 frames"),
        (file_of([[0] * 8]), "of 8 numbers; expected 9"),
        (file_of([[0] * 9, [0] * 8]), "not all of 9 numbers"),
        (file_of([[*ROW[0][1:], "x"]]), "not all of 9 numbers"),
        (file_of([[*ROW[0][1:], "inf"]]), "infinite numbers"),
        (file_of(ROW, "HIERARCHY\n"), "no joints"),
        (file_of(ROW, HIERARCHY.replace("ROOT", "JOINT", 1)), "JOINT hip is in the wrong place"),
        (file_of(ROW, HIERARCHY.replace("JOINT", "ROOT")), "ROOT knee joint is in the wrong"),
        (file_of(ROW, HIERARCHY.replace("OFFSET 0 -2 0", "OFFSET 0 -2")), "expected three numbers"),
        (file_of(ROW, HIERARCHY.replace("Yrotation Xrotation\n", "Yscale\n")), "CHANNELS"),
        (file_of(ROW, HIERARCHY.replace("3 Z", "4 Z")), "CHANNELS 4"),
        (file_of(ROW, HIERARCHY.replace("knee joint", "hip")), "'hip' twice"),
        (file_of(ROW, HIERARCHY.rstrip().rstrip("}")), "cut off"),
        (file_of(ROW, HIERARCHY + "}\n"), "closed that was not opened"),
        (file_of(ROW, HIERARCHY.replace("JOINT", "BONE")), "'BONE knee joint' is no part"),
        (file_of(ROW, "HIERARCHY\nOFFSET 1 2 3\n"), "OFFSET is in the wrong place"),
        (file_of(ROW, "HIERARCHY\nEnd Site\n{\n}\n"), "END Site is in the wrong place"),
    ],
)
def test_what_is_wrong_is_said(text, told, tmp_path):
    with pytest.raises(ValueError, match=told) as error:
        read(text, tmp_path)
    assert "walk.bvh" in str(error.value)


def test_many_joints_on_each_other(tmp_path):
    deep = "".join(f"JOINT j{n}\n{{\nOFFSET 1 0 0\n" for n in range(3000))
    text = "HIERARCHY\nROOT r\n{\nOFFSET 0 0 0\nCHANNELS 1 Zrotation\n" + deep + "}\n" * 3001
    poses = read(file_of([[90]], text), tmp_path)
    np.testing.assert_allclose(poses.points[0, -1], (0, 3000, 0), atol=1e-6)


def test_damage_ends_in_our_error(tmp_path):
    whole, rng = file_of([[1.5] * 9] * 4).encode(), np.random.default_rng(0)
    for cut in range(1, len(whole), 11):
        with contextlib.suppress(ValueError):  # and nothing else
            read(whole[:cut], tmp_path)
    for _ in range(60):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] = rng.integers(256)
        with contextlib.suppress(ValueError):
            read(bytes(changed), tmp_path)


def test_the_table_says_what_is_read():
    entry = next(entry for entry in formats() if entry.name == "bvh")
    assert (entry.reads, entry.unproven, entry.writes) == ((3,), (), ())
