"""Arrays in .mat files: against SciPy, through what we write, and in version 7.3."""

import contextlib

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from liftpose.io import formats, open_poses, read_poses, write_poses
from liftpose.poses import Lifted, Poses

NAMES = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1),
    min_size=3,
    max_size=3,
    unique=True,
)


def numbers(*shape):
    return np.random.default_rng(0).normal(size=shape)


@pytest.mark.parametrize("version", ["4to7", "7.3"])
@pytest.mark.parametrize("dims", [2, 3])
def test_one_array_called_anything(version, dims, tmp_path, save_73):
    path, table = tmp_path / "walk.mat", numbers(7, 4, dims)
    content = {"walk": table, "fps": np.array([[50.0]]), "unit": "mm", "notes": np.eye(3)}
    if version == "7.3":
        save_73(path, joints=["nose", "ear", "tail", "日本"], **content)
    else:
        names = np.array(["nose", "ear", "tail", "日本"], object)
        savemat(path, content | {"joints": names, "confidence": np.ones((7, 4))})
    poses = read_poses(path)
    np.testing.assert_array_equal(poses.points, table)
    assert (poses.keys, poses.fps, poses.unit) == (("",), 50.0, "mm")
    assert poses.joints == ("nose", "ear", "tail", "日本")
    assert (poses.confidence is not None) == (version != "7.3")
    with open_poses(path) as file:
        assert file.about.format == "mat"


def test_names_may_be_rows_of_letters(tmp_path):
    # So does SciPy write a list of texts.
    savemat(tmp_path / "walk.mat", {"walk": numbers(3, 3, 2), "joints": ["nose", "Öhr", "toe"]})
    assert read_poses(tmp_path / "walk.mat").joints == ("nose", "Öhr", "toe")


@pytest.mark.parametrize("version", ["4to7", "7.3"])
def test_several_arrays_are_experiments(version, tmp_path, save_73):
    walks = {"walk1": numbers(3, 4, 2), "walk2": numbers(5, 4, 2)}
    if version == "7.3":
        save_73(tmp_path / "walks.mat", **walks)
    else:
        savemat(tmp_path / "walks.mat", walks)
    poses = read_poses(tmp_path / "walks.mat")
    assert poses.lengths == (3, 5)
    for name, table in walks.items():
        np.testing.assert_array_equal(poses.only(name).points, table)


def test_what_else_is_in_the_file_does_not_matter(tmp_path):
    path = tmp_path / "walk.mat"
    savemat(path, {"walk": numbers(3, 4, 2), "complex": np.array([1j]), "cell": np.array([1], "O")})
    np.testing.assert_array_equal(read_poses(path).points, numbers(3, 4, 2))


def test_cameras_and_skeletons_are_no_poses(tmp_path):
    path, walk = tmp_path / "some.mat", numbers(3, 4, 2)
    for names in (("params", "camnames"), ("K", "r", "t", "extra"), ("joint_names", "color")):
        savemat(path, dict.fromkeys(names, 1.0))
        with pytest.raises(ValueError, match="a .mat file with") as error:
            read_poses(path)
        assert names[0] in str(error.value)
    savemat(path, {"params": 1.0, "walk": walk})
    np.testing.assert_array_equal(read_poses(path).points, walk)


def test_dannce_writes_version_73_too(tmp_path, save_73):
    table = numbers(6, 3, 4)
    save_73(tmp_path / "AVG.mat", pred=table, p_max=np.full((6, 4), 0.5))
    poses = read_poses(tmp_path / "AVG.mat")
    np.testing.assert_array_equal(poses.points, table.swapaxes(1, 2))
    np.testing.assert_array_equal(poses.confidence, np.full((6, 4), 0.5))
    joints = ["a", "b"]
    labels = [
        {"data_3d": table.reshape(6, -1)[:, :6], "data_frame": np.array([[3, 4, 5, 6, 7, 8.0]])}
    ]
    save_73(tmp_path / "L.mat", labelData=labels, skeleton={"joint_names": joints})
    poses = read_poses(tmp_path / "L.mat")
    assert (poses.points.shape, poses.joints) == ((9, 2, 3), ("a", "b"))
    np.testing.assert_array_equal(poses.points[3:].reshape(6, 6), labels[0]["data_3d"])


@given(NAMES, NAMES, NAMES)
@settings(max_examples=25, deadline=None)
def test_a_round_trip_keeps_every_number_and_name(tmp_path_factory, joints, keys, named):
    path = tmp_path_factory.mktemp("round") / "poses.mat"
    tables = {key: numbers(n + 1, 3, 3).astype(np.float32) for n, key in enumerate(keys)}
    sure = {key: np.full(table.shape[:2], 0.25) for key, table in tables.items()}
    tables[keys[1]][0, 0] = np.nan
    poses = Poses.from_experiments(
        tables,
        joints=joints,
        confidence=sure,
        individuals=named,
        fps=99.5,
        unit=named[0],
        frame="world",
        source_software=named[1],
        source_file=named[2],
        extra={"error of " + named[0]: sure},
        provenance={named[0]: joints[0]},
    )
    back = read_poses(write_poses(poses, path))
    for name in ("keys", "lengths", "joints", "individuals", "fps", "unit", "frame"):
        assert getattr(back, name) == getattr(poses, name)
    for name in ("source_software", "source_file", "provenance"):
        assert getattr(back, name) == getattr(poses, name)
    np.testing.assert_array_equal(back.points, poses.points)
    np.testing.assert_array_equal(back.confidence, poses.confidence)
    assert list(back.extra) == list(poses.extra)
    for name, table in poses.extra.items():
        np.testing.assert_array_equal(back.extra[name], table)


def test_others_read_what_we_write(tmp_path):
    poses = Poses.from_experiments(numbers(4, 2, 3), joints=["nose", "tail"], fps=30, unit="mm")
    theirs = loadmat(write_poses(poses, tmp_path / "poses.mat"), squeeze_me=True)
    np.testing.assert_array_equal(theirs["position"], poses.points)
    assert (list(theirs["joints"]), theirs["unit"], theirs["fps"]) == (["nose", "tail"], "mm", 30)


def test_lifted_poses_come_with_their_spread(tmp_path):
    spread = np.abs(numbers(4, 2, 3)).astype(np.float32)
    position = numbers(4, 2, 3).astype(np.float32)
    lifted = Lifted(position, position, ("walk",), (4,), joints=("a", "b"), spread=spread)
    path = write_poses(lifted, tmp_path / "lifted.mat")
    np.testing.assert_array_equal(read_poses(path).points, position)
    np.testing.assert_array_equal(loadmat(path)["spread"], spread)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"walk": np.zeros((5, 4))}, r"it holds walk \(5, 4\); expected an array"),
        ({"walk": np.zeros((5, 4, 2)), "jump": np.zeros((5, 4, 3))}, "both 2D and 3D"),
        ({"text": "hello"}, "it holds no arrays"),
        ({"walk": np.zeros((5, 4, 2)), "joints": "nose"}, "no cell of texts"),
        ({"walk": np.zeros((5, 4, 2)), "fps": np.zeros(3)}, "expected one number"),
        ({"walk": np.zeros((5, 4, 2)), "unit": 3.0}, "'unit' is no text"),
        ({"a": np.ones((5, 4, 2)), "b": np.ones((5, 4, 2)), "confidence": np.ones((5, 4))}, "all"),
        ({"position": np.zeros((5, 4, 2)), "keys": '["a"]', "lengths": [4.0]}, "no fit"),
        ({"position": np.zeros((5, 4, 2)), "keys": "a", "lengths": [5.0]}, "bad.mat"),
    ],
)
def test_what_is_wrong_is_said(content, told, tmp_path):
    savemat(tmp_path / "bad.mat", content)
    with pytest.raises(ValueError, match=told) as error:
        read_poses(tmp_path / "bad.mat")
    assert "bad.mat" in str(error.value)


@pytest.mark.parametrize("version", ["4to7", "7.3"])
def test_damage_ends_in_our_error(version, tmp_path, save_73):
    content = {"walk": numbers(5, 4, 2), "unit": "mm"}
    if version == "7.3":
        save_73(tmp_path / "whole.mat", **content)
    else:
        savemat(tmp_path / "whole.mat", content)
    whole, rng = (tmp_path / "whole.mat").read_bytes(), np.random.default_rng(0)
    path = tmp_path / "bad.mat"
    for cut in range(1, len(whole), len(whole) // 25):
        path.write_bytes(whole[:cut])
        with contextlib.suppress(ValueError):  # and nothing else; zeros may be at the end
            read_poses(path)
    for _ in range(60):
        changed = bytearray(whole)
        changed[rng.integers(len(whole))] = rng.integers(256)
        path.write_bytes(changed)
        with contextlib.suppress(ValueError):
            read_poses(path)


def test_cells_within_themselves_end(tmp_path, save_73):
    save_73(tmp_path / "loop.mat", walk=numbers(3, 4, 2), joints=["a"])
    with h5py.File(tmp_path / "loop.mat", "r+") as file:
        file["#refs#/joints_0"].attrs["MATLAB_class"] = np.bytes_("cell")
        del file["#refs#/joints_0"]
        file["#refs#/joints_0"] = np.array([[file["joints"].ref]], h5py.ref_dtype)
        file["joints"][0, 0] = file["#refs#/joints_0"].ref
    with pytest.raises(ValueError, match="without end"):
        read_poses(tmp_path / "loop.mat")


def test_the_table_says_what_is_read():
    entry = next(entry for entry in formats() if entry.name == "mat")
    assert (entry.reads, entry.writes) == ((2, 3), (2, 3))
