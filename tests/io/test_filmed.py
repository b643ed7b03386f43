"""The file of a library: everything comes back, others open it, and what is broken says so."""

from dataclasses import replace

import h5py
import numpy as np
import pytest
import xarray as xr
from movement.validators.datasets import ValidPosesInputs

from liftpose import Poses
from liftpose.datasets import mouse
from liftpose.io import read_poses, write_poses
from liftpose.io.filmed import FilmedLibrary, is_library, read_library, write_library

TABLES = ("pixels", "confidence", "errors", "used", "frames")


def made(individuals=None, frames=12):
    """A library of random tables, of one recording or of several individuals side by side."""
    animal = mouse(frames=frames, seed=1)
    keys = [("walk", 1)] if individuals is None else [f"walk {who}" for who in individuals]
    rng = np.random.default_rng(0)
    shape = (len(animal.cameras), len(keys) * frames, len(animal.joints))
    pixels = rng.normal(500, 200, (*shape, 2)).astype(np.float32)
    pixels[rng.random(shape) < 0.2] = np.nan
    errors = rng.gamma(2, 1, shape).astype(np.float32)
    poses = Poses.from_experiments(
        {key: animal.poses_3d + number for number, key in enumerate(keys)},
        joints=animal.joints,
        individuals=individuals,
        fps=100,
        unit="mm",
        frame="world",
    )
    return FilmedLibrary(
        poses,
        animal.skeleton,
        tuple(camera.name for camera in animal.cameras),
        {key: {camera.name: camera for camera in animal.cameras} for key in keys},
        pixels,
        rng.random(shape).astype(np.float32),
        errors,
        rng.random(shape) < 0.7,
        np.tile(np.arange(shape[1], dtype=np.int32) - 2, (len(animal.cameras), 1)),
        {key: {"files": {"front": "front.h5"}, "singles": {"front": 2.0}} for key in keys},
    )


@pytest.mark.parametrize("individuals", [None, ["resident", "intruder"]])
def test_everything_comes_back(tmp_path, individuals):
    library = made(individuals)
    path = write_library(library, tmp_path / "mouse.library")
    again = read_library(path)
    for table in TABLES:
        np.testing.assert_array_equal(getattr(again, table), getattr(library, table))
    np.testing.assert_array_equal(again.poses.points, library.poses.points)
    for name in ("keys", "lengths", "joints", "individuals", "fps", "unit", "frame"):
        assert getattr(again.poses, name) == getattr(library.poses, name), name
    assert again.skeleton == library.skeleton
    assert again.names == library.names
    assert again.cameras == library.cameras
    assert again.about == library.about
    assert is_library(path)


@pytest.mark.parametrize("individuals", [None, ["resident", "intruder"]])
def test_others_open_it_as_3d_poses(tmp_path, individuals):
    library = made(individuals)
    path = write_library(library, tmp_path / "mouse.library")
    plain = read_poses(path)
    np.testing.assert_array_equal(plain.points, library.poses.points)
    np.testing.assert_array_equal(plain.extra["camera_count"], library.used.sum(axis=0))
    np.testing.assert_allclose(plain.extra["reprojection_error"], library.reprojection_error)
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        # What movement insists on of a dataset of poses, and the tables beside it.
        ValidPosesInputs.validate(dataset)
        assert dataset.position.dims == ("time", "space", "keypoints", "individuals")
        pixels = dataset.pixels.sel(
            camera="top", keypoints="nose", image="y", individuals=dataset.individuals[-1]
        )
        rows = slice(-dataset.sizes["time"], None)
        np.testing.assert_array_equal(pixels, library.pixels[3, rows, 0, 1])
        count = dataset.camera_count.isel(individuals=-1)
        np.testing.assert_array_equal(count, library.used.sum(axis=0)[rows])
        error = dataset.reprojection_error.isel(individuals=-1).values
    used = np.where(library.used, library.errors.astype(float) ** 2, np.nan)[:, rows]
    known = library.used.sum(axis=0)[rows] > 0
    expected = np.sqrt(np.nanmean(np.where(known, used, 0.0), axis=0))
    np.testing.assert_allclose(error[known], expected[known], rtol=1e-5)
    assert np.isnan(error[~known]).all()


def test_what_one_camera_saw_goes_with_its_3d():
    library = made(["resident", "intruder"])
    flat, deep, cameras = library.seen_by("left")
    np.testing.assert_array_equal(flat.points, library.pixels[2])
    np.testing.assert_array_equal(flat.confidence, library.confidence[2])
    np.testing.assert_array_equal(deep.points, library.poses.points)
    assert set(cameras) == set(deep.keys) == set(flat.keys)
    assert all(camera.name == "left" for camera in cameras.values())
    with pytest.raises(ValueError, match="no camera 'lfet'. Did you mean 'left'"):
        library.seen_by("lfet")


def test_the_best_camera_is_the_one_with_the_least_error_alone():
    library = made(["a", "b"])
    about = {
        "walk a": {"singles": {"front": 3.0, "left": 1.0, "top": 0.1}},
        "walk b": {"singles": {"front": 1.0, "left": 2.0}},
    }
    told = replace(library, about=about)
    # That of the top camera is not known of all recordings.
    assert told.singles == {"left": 1.5, "front": 2.0}
    assert told.best_camera() == "left"
    with pytest.raises(ValueError, match="say which one with camera="):
        replace(library, about={}).best_camera()


def test_tables_that_do_not_fit_are_refused():
    library = made()
    with pytest.raises(ValueError, match="pixels has shape"):
        replace(library, pixels=library.pixels[:, :-1])
    with pytest.raises(ValueError, match="has no camera"):
        replace(library, cameras={})
    with pytest.raises(ValueError, match="a camera 'front' without 2D"):
        replace(library, names=("side", *library.names[1:]))


def test_broken_files_are_named_and_other_files_are_told_from_libraries(tmp_path):
    library = made()
    path = write_library(library, tmp_path / "mouse.library")
    with pytest.raises(FileExistsError, match="mouse.library exists"):
        write_library(library, path)
    with pytest.raises(ValueError, match="must end in .library"):
        write_library(library, tmp_path / "mouse.nc")
    plain = write_poses(library.poses, tmp_path / "mouse.nc")
    assert not is_library(plain)
    assert not is_library(tmp_path / "nothing.library")
    with pytest.raises(ValueError, match=r"mouse.nc is no library .*liftpose library build"):
        read_library(plain)
    whole = path.read_bytes()
    for name, content in (
        ("short", whole[: len(whole) // 2]),
        ("text", b"a,b,c\n1,2,3\n"),
        ("empty", b""),
    ):
        broken = tmp_path / f"{name}.library"
        broken.write_bytes(content)
        with pytest.raises(ValueError, match=f"{name}.library"):
            read_library(broken)
    for entry, value in (("library", "{"), ("library", '{"version": 99}'), ("library", "[]")):
        broken = tmp_path / "broken.library"
        broken.write_bytes(whole)
        with h5py.File(broken, "a") as file:
            file[entry][()] = value
        with pytest.raises(ValueError, match="broken.library"):
            read_library(broken)
    with h5py.File(broken, "a") as file:
        del file["pixel_used"]
    with pytest.raises(ValueError, match="broken.library"):
        read_library(broken)


def test_no_byte_of_a_file_makes_it_crash(tmp_path):
    whole = write_library(made(frames=3), tmp_path / "mouse.library").read_bytes()
    rng = np.random.default_rng(0)
    broken = tmp_path / "broken.library"
    said = []
    for _ in range(25):
        content = bytearray(whole)
        for place in rng.integers(len(whole), size=20):
            content[place] ^= 1 << int(rng.integers(8))
        broken.write_bytes(content)
        try:
            read_library(broken)
        except ValueError as error:
            said.append(str(error))
    assert said
    assert all("broken.library" in words for words in said)
