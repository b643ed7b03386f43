"""Writing: whole files or none, and none that was there before is lost."""

import numpy as np
import pytest

from liftpose.io import formats, read_poses, write_poses, writing
from liftpose.poses import Lifted, Poses

ENDS = (".nc", ".h5", ".npz", ".npy")


def walk(key="walk", frames=4, joints=("a", "b"), **known) -> Poses:
    table = np.arange(frames * len(joints) * 3.0).reshape(frames, len(joints), 3)
    return Poses.from_experiments({key: table}, joints=joints, **known)


def flies(frames=2, names=("anna", "ben")) -> Poses:
    tables = {name: np.full((frames, 2, 3), i) for i, name in enumerate(names)}
    return Poses.from_experiments(tables, individuals=names, joints=["a", "b"])


@pytest.mark.parametrize("end", ENDS)
def test_what_is_written_is_read(end, tmp_path):
    path = write_poses(walk(), tmp_path / f"walk{end}")
    assert path == tmp_path / f"walk{end}"
    np.testing.assert_array_equal(read_poses(path).points, walk().points)
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt, GeneratorExit])
def test_an_error_on_the_way_leaves_everything_as_it_was(end, error, tmp_path):
    path = tmp_path / f"walk{end}"
    for before in (b"", b"what was there"):
        if before:
            path.write_bytes(before)
        with pytest.raises(error), writing(path, overwrite=True) as file:
            file.append(walk())
            raise error
        left = {entry.name: entry.read_bytes() for entry in tmp_path.iterdir()}
        assert left == ({path.name: before} if before else {})


@pytest.mark.parametrize("end", ENDS)
def test_a_file_is_replaced_only_on_request(end, tmp_path):
    path = write_poses(walk(), tmp_path / f"walk{end}")
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match=r"exists; pass overwrite=True \(--overwrite\)"):
        write_poses(walk(frames=2), path)
    assert path.read_bytes() == before
    write_poses(walk(frames=2), path, overwrite=True)
    assert read_poses(path).frames == 2


def test_a_path_that_cannot_be_written_is_refused_before_anything_is_done(tmp_path):
    with pytest.raises(IsADirectoryError, match="is a folder"):
        write_poses(walk(), tmp_path)
    with pytest.raises(FileNotFoundError, match="there is no folder .*; make it first"):
        write_poses(walk(), tmp_path / "no" / "walk.nc")
    for name, words in (("walk.xyz", "ends in '.xyz'"), ("walk", "has no ending")):
        with pytest.raises(ValueError, match=words) as error, writing(tmp_path / name):
            pytest.fail("the path was not looked at first")
        assert all(entry.name in str(error.value) for entry in formats() if entry.writes)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("end", ENDS)
def test_nothing_gives_no_file(end, tmp_path):
    with (
        pytest.raises(ValueError, match="no poses were appended"),
        writing(tmp_path / f"walk{end}"),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("end", [".nc", ".npz"])
def test_parts_follow_one_another(end, tmp_path):
    with writing(tmp_path / f"walk{end}") as file:
        for part in (walk("a"), walk("a", 2), walk(("b", 1), 3)):
            file.append(part)
    again = read_poses(tmp_path / f"walk{end}")
    assert (again.keys, again.lengths) == (("a", ("b", 1)), (6, 3))
    parts = [walk("a"), walk("a", 2), walk("b", 3)]
    np.testing.assert_array_equal(again.points, np.concatenate([part.points for part in parts]))


@pytest.mark.parametrize("end", [".nc", ".npz"])
def test_individuals_side_by_side_grow_together(end, tmp_path):
    with writing(tmp_path / f"flies{end}") as file:
        file.append(flies(2))
        file.append(flies(3))
    again = read_poses(tmp_path / f"flies{end}")
    assert (again.keys, again.lengths) == (("anna", "ben"), (5, 5))
    np.testing.assert_array_equal(again.points, flies(5).points)


STILL = np.zeros((4, 2, 3))
LIFTED = Lifted(STILL, STILL, ("walk",), (4,), joints=("a", "b"))


@pytest.mark.parametrize("end", [".nc", ".npz"])
@pytest.mark.parametrize(
    ("first", "then", "words"),
    [
        ([walk()], walk(joints=("a", "c")), "differ in joints"),
        ([walk()], walk(joints=("a", "b", "c")), "differ in joint"),
        ([walk()], walk(unit="mm"), "differ in unit: first None, then mm"),
        ([walk()], walk(frame="world"), "differ in frame"),
        ([walk()], LIFTED, "Lifted cannot follow Poses"),
        ([walk("a"), walk("b")], walk("a"), "'a' comes again"),
        ([flies()], flies(names=("anna", "carl")), "side by side"),
        ([flies()], walk("anna"), "side by side"),
        (
            [LIFTED],
            Lifted(STILL, STILL, ("b",), (4,), joints=("a", "b"), provenance={"lifter": "x"}),
            "differ in provenance",
        ),
    ],
)
def test_parts_that_do_not_go_together_are_refused(end, first, then, words, tmp_path):
    with pytest.raises(ValueError, match=words), writing(tmp_path / f"walk{end}") as file:
        for part in first:
            file.append(part)
        file.append(then)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("end", ENDS)
def test_what_is_not_poses_is_refused(end, tmp_path):
    with pytest.raises(TypeError, match="expected Poses or Lifted, got ndarray"):
        write_poses(STILL, tmp_path / f"walk{end}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".nc", ".npz"])
def test_further_numbers_and_what_was_done_come_back(ending, tmp_path):
    from dataclasses import replace

    rows = np.random.default_rng(0).normal(size=(9, 3, 3))
    poses = Poses.from_experiments(
        {"a": rows[:4], "b": rows[4:]},
        joints=["x", "y", "z"],
        extra={"error": {"a": rows[:4, :, 0], "b": rows[4:, :, 0]}},
        provenance={"triangulated": "from two cameras"},
    )
    again = read_poses(write_poses(poses, tmp_path / f"walk{ending}"))
    np.testing.assert_array_equal(again.extra["error"], rows[:, :, 0])
    assert again.provenance == poses.provenance
    several = replace(poses.part(0, 8), individuals=("left", "right"))
    again = read_poses(write_poses(several, tmp_path / f"two{ending}"))
    np.testing.assert_array_equal(again.extra["error"], rows[:8, :, 0])


def test_a_part_without_the_further_numbers_has_none_of_them(tmp_path):
    first = Poses.from_experiments(
        {"a": np.ones((2, 3, 3))}, extra={"error": {"a": np.ones((2, 3))}}
    )
    plain = Poses.from_experiments({"b": np.ones((2, 3, 3))})
    for ending in (".nc", ".npz"):
        with writing(tmp_path / f"walk{ending}") as file:
            file.append(first)
            file.append(plain)
        error = read_poses(tmp_path / f"walk{ending}").extra["error"]
        assert error[:2].tolist() == [[1] * 3] * 2
        assert np.isnan(error[2:]).all()


def test_no_two_formats_lay_claim_to_a_suffix():
    from liftpose.io import formats, registry

    assert formats()
    claimed = [suffix for entry in registry._writers.values() for suffix in entry.suffixes]
    assert len(claimed) == len(set(claimed))
