"""Rows that are read where they are equal those of the whole file."""

import tracemalloc

import numpy as np
import pytest

from liftpose.io import read_lifted, read_poses, write_poses
from liftpose.io.slices import open_slices
from liftpose.poses import Lifted, Poses


def lifted(lengths=(7, 5), individuals=None, joints=3, seed=0):
    draw = np.random.default_rng(seed)
    frames = sum(lengths)
    position = draw.normal(size=(frames, joints, 3)).astype(np.float32)
    position[2, 1] = np.nan
    return Lifted(
        position,
        position,
        tuple(f"walk {number}" for number in range(len(lengths))),
        lengths,
        joints=tuple(f"joint {number}" for number in range(joints)),
        confidence=draw.random((frames, joints)).astype(np.float32),
        individuals=individuals,
        fps=80.0,
        unit="mm",
        frame="world",
        spread=draw.random((frames, joints, 3)).astype(np.float32),
        novelty=draw.random(frames).astype(np.float32),
        provenance={"by": "a test"},
    )


def same_as(whole, found, start, stop):
    for name in ("position", "spread", "novelty", "confidence"):
        np.testing.assert_array_equal(
            found.rows(name, start, stop), getattr(whole, name)[start:stop], err_msg=name
        )


@pytest.mark.parametrize(
    ("lengths", "individuals"),
    [((12,), None), ((7, 5), None), ((6, 6), ("fly 1", "fly 2"))],
    ids=["one", "one after another", "side by side"],
)
@pytest.mark.parametrize("span", [(0, 12), (0, 1), (4, 9), (11, 12), (3, 3)])
def test_rows_are_those_of_the_file(tmp_path, lengths, individuals, span):
    whole = lifted(lengths, individuals)
    with open_slices(write_poses(whole, tmp_path / "walk.nc"), dims=3) as found:
        assert not found.in_memory
        assert found.about.lengths == lengths
        assert found.about.fps == 80
        assert found.provenance["by"] == "a test"
        same_as(whole, found, *span)


def test_part_of_them_is_a_lifted_of_its_experiments(tmp_path):
    whole = lifted((7, 5))
    with open_slices(write_poses(whole, tmp_path / "walk.nc"), dims=3) as found:
        part = found.lifted(5, 9)
    assert (part.keys, part.lengths) == (("walk 0", "walk 1"), (2, 2))
    np.testing.assert_array_equal(part.position, whole.position[5:9])
    np.testing.assert_array_equal(part.novelty, whole.novelty[5:9])
    assert np.isnan(part.root_relative).all()
    assert (part.frame, part.unit, part.joints) == ("world", "mm", whole.joints)


def test_dimensions_of_a_file_may_be_in_any_order(tmp_path):
    whole = lifted((12,))
    dataset = whole.to_dataset().transpose("individuals", "keypoints", "space", "time")
    dataset.isel(space=[2, 0, 1]).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    with open_slices(tmp_path / "other.nc", dims=3) as found:
        same_as(whole, found, 2, 8)


def test_formats_that_cannot_be_read_in_places_are_read_whole(tmp_path):
    path = write_poses(lifted((12,)), tmp_path / "walk.csv")
    whole = read_lifted(path)
    with open_slices(path, dims=3, fps=50) as found:
        assert found.in_memory
        assert found.tables == ("position", "spread", "confidence")
        assert found.about.fps == 50
        np.testing.assert_array_equal(found.rows("spread", 3, 5), whole.spread[3:5])


def test_2d_is_read_in_places_too(tmp_path):
    pixels = np.arange(48, dtype=np.float32).reshape(8, 3, 2)
    path = write_poses(Poses.from_experiments(pixels, unit="px"), tmp_path / "flat.nc")
    with open_slices(path, dims=2) as found:
        np.testing.assert_array_equal(found.rows("position", 2, 4), pixels[2:4])
        assert found.tables == ("position",)
    np.testing.assert_array_equal(read_poses(path).points, pixels)


@pytest.mark.parametrize("name", ["flat.nc", "flat.npz"])
def test_poses_of_other_dimensions_are_refused(tmp_path, name):
    path = write_poses(Poses.from_experiments(np.zeros((8, 3, 2))), tmp_path / name)
    with (
        pytest.raises(ValueError, match=r"flat\.n.*holds 2D poses; expected 3D"),
        open_slices(path, dims=3),
    ):
        pass


def test_a_damaged_file_is_named(tmp_path):
    path = write_poses(lifted(), tmp_path / "walk.nc")
    path.write_bytes(path.read_bytes()[:3000])
    with pytest.raises(ValueError, match=r"walk\.nc"), open_slices(path, dims=3):
        pass


def test_only_the_rows_that_are_asked_for_are_loaded(tmp_path):
    frames = 100_000
    zeros = np.zeros((frames, 8, 3), np.float32)
    path = write_poses(Lifted(zeros, zeros, ("long",), (frames,), spread=zeros), tmp_path / "l.nc")
    with open_slices(path, dims=3):
        pass  # what is imported on the way is not counted
    tracemalloc.start()
    with open_slices(path, dims=3) as found:
        found.rows("position", 60_000, 60_100)
        found.rows("spread", 99_000, 99_100)
        peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < zeros.nbytes / 4
