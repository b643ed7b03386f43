"""Files become files of another format, whole or not at all, and what got lost is said."""

import dataclasses

import numpy as np
import pytest

from liftpose.converting import convert_file, convert_files
from liftpose.io import read_lifted, read_poses, registry, write_poses
from liftpose.io.hints import Hints
from liftpose.poses import Lifted, Poses

JOINTS = ("nose", "paw", "tail")


def walk(dims=2, frames=40, **about):
    rng = np.random.default_rng(1)
    points = rng.normal(scale=50, size=(frames, 3, dims)).astype(np.float32)
    points[rng.random((frames, 3)) < 0.1] = np.nan
    return Poses.from_experiments(points, joints=JOINTS, **about)


@pytest.fixture
def file(tmp_path):
    sure = np.full((40, 3), 0.9, np.float32)
    poses = walk(confidence=sure, fps=50, unit="px", provenance={"tracked_with": "net 3"})
    return write_poses(poses, tmp_path / "walk.nc")


def test_what_both_formats_hold_is_kept(file, tmp_path):
    done = convert_file(file, tmp_path / "walk.npz")
    assert (done.lost, done.frames, done.formats) == ((), 40, ("movement", "npz"))
    before, after = read_poses(file), read_poses(tmp_path / "walk.npz")
    np.testing.assert_array_equal(after.points, before.points)
    np.testing.assert_array_equal(after.confidence, before.confidence)
    for name in ("joints", "fps", "unit", "provenance"):
        assert getattr(after, name) == getattr(before, name)


def test_what_the_new_format_does_not_hold_is_named(file, tmp_path):
    done = convert_file(file, tmp_path / "walk.npy")
    np.testing.assert_array_equal(read_poses(tmp_path / "walk.npy").points, read_poses(file).points)
    assert done.lost == (
        "the names of the joints",
        "frames per second (50.0)",
        "the confidence",
        "the provenance",
    )
    assert "it does not keep the names of the joints, frames" in str(done)
    deep = Poses.from_experiments(
        np.zeros((5, 3, 3)),
        individuals=["a"],
        unit="mm",
        frame="world",
        extra={"error": np.ones((5, 3))},
    )
    write_poses(deep, tmp_path / "deep.nc")
    lost = convert_file(tmp_path / "deep.nc", tmp_path / "deep.npy").lost
    for words in (
        "the names of the individuals",
        "the unit (mm)",
        "the frame of reference (world)",
        "error",
    ):
        assert words in lost


def test_what_the_new_format_cannot_hold_is_refused_with_its_name(tmp_path):
    both = Poses.from_experiments({"a": np.zeros((5, 3, 3)), "b": np.ones((5, 3, 3))})
    write_poses(both, tmp_path / "two.nc")
    with pytest.raises(ValueError, match=r"two\.npy: .*there are 2 experiments"):
        convert_file(tmp_path / "two.nc", tmp_path / "two.npy")
    assert [path.name for path in tmp_path.iterdir()] == ["two.nc"]


@pytest.mark.parametrize(
    ("broken", "words"),
    [
        (lambda points: np.nan_to_num(points), "which joints were seen"),
        (lambda points: points * 1.01, "the numbers as they were"),
        (lambda points: points[:-3], "3 of the frames"),
        (lambda points: points[..., 0], "what could be read back here"),
    ],
)
def test_a_writer_that_does_not_keep_the_numbers_is_found_out(
    file, tmp_path, monkeypatch, broken, words
):
    def write(poses, path):
        np.save(path, broken(poses.points))

    spoiled = dataclasses.replace(registry.find_writer(tmp_path / "a.npy"), write=write)
    monkeypatch.setitem(registry._writers, "npy", spoiled)
    assert any(words in entry for entry in convert_file(file, tmp_path / "walk.npy").lost)


def test_lifted_poses_keep_what_is_known_of_them_where_there_is_room(tmp_path):
    rng = np.random.default_rng(0)
    position = rng.normal(size=(9, 3, 3)).astype(np.float32)
    lifted = Lifted(
        position,
        position - 1,
        ("",),
        (9,),
        JOINTS,
        spread=position**2,
        novelty=np.arange(9, dtype=np.float32),
        provenance={"lifter": "abc"},
    )
    write_poses(lifted, tmp_path / "a.nc")
    assert convert_file(tmp_path / "a.nc", tmp_path / "a.npz", rename={"paw": "hand"}).lost == ()
    again = read_lifted(tmp_path / "a.npz")
    assert again.joints == ("nose", "hand", "tail")
    np.testing.assert_array_equal(again.spread, lifted.spread)
    np.testing.assert_array_equal(again.root_relative, lifted.root_relative)
    assert again.provenance == {"lifter": "abc"}
    done = convert_file(tmp_path / "a.npz", tmp_path / "a.npy")
    assert {"root relative", "spread", "novelty", "the provenance"} <= set(done.lost)


def test_files_are_converted_in_pieces(tmp_path, monkeypatch):
    path = write_poses(walk(frames=100), tmp_path / "a.nc")
    monkeypatch.setattr("liftpose.converting.CHUNK", 30)
    told = []
    convert_file(path, tmp_path / "b.nc", on_progress=lambda *now: told.append(now))
    assert told[:4] == [(30, 200), (60, 200), (90, 200), (100, 200)]
    assert told[-1] == (200, 200)
    np.testing.assert_array_equal(read_poses(tmp_path / "b.nc").points, read_poses(path).points)


def test_what_only_the_user_knows_goes_into_the_file(tmp_path):
    np.save(tmp_path / "a.npy", np.zeros((5, 3, 3)))
    hints = Hints(joints=JOINTS, fps=30, unit="mm")
    convert_file(tmp_path / "a.npy", tmp_path / "a.nc", hints=hints, rename={"paw": "hand"})
    found = read_poses(tmp_path / "a.nc")
    assert (found.joints, found.fps, found.unit) == (("nose", "hand", "tail"), 30, "mm")


def test_swaps_are_reported(tmp_path):
    one, other = np.random.default_rng(0).normal(size=(2, 60, 3, 2)).cumsum(1)
    other = other + 300
    tracks = {"a": np.r_[one[:20], other[20:]], "b": np.r_[other[:20], one[20:]]}
    path = write_poses(Poses.from_experiments(tracks, individuals=["a", "b"]), tmp_path / "a.nc")
    done = convert_file(path, tmp_path / "b.npz")
    assert [swap["frame"] for swap in done.as_dict()["swaps"]] == [20]
    assert "seem to swap identities at frame 20" in done.warnings[0]


def test_what_makes_no_sense_is_refused_and_leaves_nothing(file, tmp_path):
    before = sorted(tmp_path.iterdir())
    out = tmp_path / "out.nc"
    for asked, words in (
        ({"rename": {"pow": "hand"}}, "no joint 'pow'. Did you mean 'paw'"),
        ({"rename": {"paw": "nose"}}, "nose"),
        ({"hints": Hints(camera="left")}, r"camera='left' is of no use .*'movement'"),
        ({"hints": Hints(individuals=("x",))}, "no individual 'x'"),
        ({"to": "docx"}, "--to docx"),
    ):
        with pytest.raises(ValueError, match=words):
            convert_file(file, out, **asked)
    with pytest.raises(ValueError, match="written over"):
        convert_file(file, file, overwrite=True)
    with pytest.raises(FileExistsError, match="--overwrite"):
        convert_file(file, file)
    assert sorted(tmp_path.iterdir()) == before


def test_several_files_go_to_a_folder_and_one_that_fails_does_not_stop_the_rest(file, tmp_path):
    bad = tmp_path / "bad.nc"
    bad.write_bytes(file.read_bytes()[:700])
    other = write_poses(walk(3), tmp_path / "other.nc")
    done = convert_files([file, bad, other], tmp_path / "out", to="npz")
    assert [type(entry).__name__ for entry in done] == [
        "ConvertSummary",
        "Failed",
        "ConvertSummary",
    ]
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["other.npz", "walk.npz"]
    with pytest.raises(FileExistsError, match="walk.npz"):
        convert_files([file, other], tmp_path / "out", to="npz")
