"""Arrays in .npz and .npy, ours and anyone's."""

import io
import json
import pickle
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from liftpose.io import open_poses, read_poses, write_poses, writing
from liftpose.poses import Lifted, Poses
from tests.poses.test_layout import any_poses, assert_same

WALK = np.random.default_rng(0).normal(size=(6, 4, 3))


@settings(max_examples=50)
@given(poses=any_poses(), size=st.integers(1, 7))
def test_every_number_and_name_comes_back(tmp_path_factory, poses, size):
    path = tmp_path_factory.mktemp("round") / "poses.npz"
    write_poses(poses, path)
    assert_same(read_poses(path), poses, source_file=poses.source_file is not None)
    with open_poses(path) as file, writing(path.with_name("copy.npz")) as out:
        for chunk in file.chunks(size):
            out.append(chunk)
    assert_same(read_poses(path.with_name("copy.npz")), poses, source_file=False)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16, ">f8"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_one_array(dtype, order, tmp_path):
    values = np.array((WALK * 100).astype(dtype), order=order)
    np.save(tmp_path / "walk.npy", values)
    poses = read_poses(tmp_path / "walk.npy", fps=30)
    np.testing.assert_array_equal(poses.points, values)
    assert (poses.keys, poses.fps, poses.joints) == (("",), 30, None)
    with open_poses(tmp_path / "walk.npy") as file:
        assert (file.about.frames, file.about.lengths, file.about.dims) == (6, (6,), 3)
        parts = [chunk.points for chunk in file.chunks(4)]
    assert [len(part) for part in parts] == [4, 2]
    np.testing.assert_array_equal(np.concatenate(parts), values)


def test_one_experiment_goes_into_an_npy(tmp_path):
    path = write_poses(Poses.from_experiments({"walk": WALK}), tmp_path / "walk.npy")
    np.testing.assert_array_equal(np.load(path), WALK)
    two = Poses.from_experiments({"a": WALK, "b": WALK})
    with pytest.raises(ValueError, match="2 experiments.*npz"):
        write_poses(two, tmp_path / "two.npy")
    assert not (tmp_path / "two.npy").exists()


def test_an_array_of_any_name_is_an_experiment_without_one(tmp_path):
    np.savez(
        tmp_path / "walk.npz",
        pose3d=WALK,
        joints=["a", "b", "c", "d"],
        fps=100,
        unit="mm",
        frame="world",
        confidence=np.ones((6, 4)),
        bones=np.zeros((3, 2), int),
    )
    poses = read_poses(tmp_path / "walk.npz")
    assert (poses.keys, poses.joints, poses.fps) == (("",), ("a", "b", "c", "d"), 100)
    assert (poses.unit, poses.frame, poses.source_software) == ("mm", "world", None)
    np.testing.assert_array_equal(poses.points, WALK)
    np.testing.assert_array_equal(poses.confidence, np.ones((6, 4)))


def test_several_arrays_are_experiments_of_their_names(tmp_path):
    np.savez_compressed(tmp_path / "flies.npz", fly1=WALK, fly2=WALK[:2] + 1)
    poses = read_poses(tmp_path / "flies.npz")
    assert (poses.keys, poses.lengths) == (("fly1", "fly2"), (6, 2))
    np.testing.assert_array_equal(poses.only("fly2").points, WALK[:2] + 1)


def test_numpy_alone_reads_what_we_write(tmp_path):
    poses = Lifted(
        WALK, 2 * WALK, ("a", ("b", 1)), (4, 2), novelty=np.ones(6), provenance={"lifter": "x"}
    )
    path = write_poses(poses, tmp_path / "lifted.npz")
    with np.load(path, allow_pickle=False) as file:
        np.testing.assert_array_equal(file["root_relative"], 2 * WALK)
        np.testing.assert_array_equal(file["lengths"], [4, 2])
        assert json.loads(str(file["keys"])) == ["a", ["b", 1]]
        assert json.loads(str(file["provenance"])) == {"lifter": "x"}
        assert {"joints", "unit", "spread"}.isdisjoint(file.files)


@pytest.mark.parametrize(
    ("entries", "words"),
    [
        ({"pose2d": WALK[..., :2], "pose3d": WALK}, r"both 2D and 3D"),
        ({"speed": np.zeros(5)}, r"speed \(5,\) of float64; expected an array of numbers"),
        ({}, "nothing; expected|zip archive"),
        ({"a": WALK, "b": WALK[:, :2]}, "'b' has 2 joints"),
        ({"a": WALK, "b": WALK, "confidence": np.ones((6, 4))}, "cannot belong to all of a, b"),
        ({"a": WALK, "confidence": np.ones((6, 5))}, r"\(6, 5\)"),
        ({"a": WALK, "joints": ["x", "x", "y", "z"]}, "'x' twice"),
        ({"a": WALK, "joints": ["x"]}, "1 joint names for 4 joints"),
        ({"a": WALK, "joints": 5}, "expected a list of names"),
        ({"a": WALK, "fps": "fast"}, "one number"),
        ({"a": WALK, "fps": 0.0}, "fps"),
        ({"a": WALK, "unit": 3}, "one text"),
        ({"a": WALK, "frame": "room"}, "'world' or 'camera'"),
        ({"a": np.full((1, 1, 2), np.inf)}, "infinite"),
        ({"a": np.zeros((0, 1, 2))}, "nothing in it"),
        ({"a": {"walk": WALK}}, "savez"),
        ({"a": WALK, "joints": np.array(["x", None, "y", "z"])}, "'joints' holds Python objects"),
        ({"position": WALK, "keys": '["a"]', "lengths": [5]}, "do not fit"),
        ({"position": WALK, "keys": "[", "lengths": [5]}, "bad.npz"),
        ({"position": WALK, "keys": "{}", "lengths": [[5]]}, "bad.npz"),
    ],
)
def test_what_is_not_clear_is_refused_with_what_is_there(entries, words, tmp_path):
    np.savez(tmp_path / "bad.npz", **entries)
    with pytest.raises(ValueError, match=words) as error:
        read_poses(tmp_path / "bad.npz")
    assert "bad.npz" in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "values", [np.zeros((4, 3)), np.zeros((4, 3, 5)), np.zeros((2, 2, 2), bool), np.array(["a"])]
)
def test_an_array_of_another_shape_is_refused(values, tmp_path):
    np.save(tmp_path / "bad.npy", values)
    with pytest.raises(ValueError, match=r"bad.npy: the array is .*; expected an array of numbers"):
        read_poses(tmp_path / "bad.npy")


class Harmful:
    """Says when it is unpickled."""

    opened = False

    def __reduce__(self):
        return (_mark, ())


def _mark():
    Harmful.opened = True


def test_objects_are_never_unpickled(tmp_path):
    np.save(tmp_path / "a.npy", np.array([Harmful()]), allow_pickle=True)
    np.savez(tmp_path / "a.npz", pose=WALK, joints=np.array([Harmful()]))
    (tmp_path / "a.pkl").write_bytes(pickle.dumps(Harmful()))
    for name, words in (("a.npy", "savez"), ("a.npz", "numpy.array"), ("a.pkl", "a pickle")):
        with pytest.raises(ValueError, match=words):
            read_poses(tmp_path / name)
    assert not Harmful.opened


def test_a_header_that_promises_too_much_is_not_believed(tmp_path):
    buffer = io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**12, 10, 3)}
    np.lib.format.write_array_header_1_0(buffer, header)
    (tmp_path / "a.npy").write_bytes(buffer.getvalue())
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("pose.npy", buffer.getvalue())
    for name in ("a.npy", "a.npz"):
        with pytest.raises(ValueError, match=name):
            read_poses(tmp_path / name)
