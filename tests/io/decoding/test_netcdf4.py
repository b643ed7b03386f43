"""What a file holds is what xarray finds in it, whether or not xarray is needed for it."""

import subprocess
import sys

import h5netcdf
import h5py
import numpy as np
import pytest
import xarray as xr

from liftpose.io import read_lifted, write_poses
from liftpose.io.decoding.netcdf4 import open_source
from liftpose.poses import Lifted
from liftpose.poses.layout.source import ALL, of_dataset
from tests.io.families.test_netcdf import MANY

TIMES = pytest.mark.filterwarnings("ignore:.*timedelta:FutureWarning")


def plain(value):
    """Texts as str, and what is no array as it is."""
    if isinstance(value, np.ndarray) and value.dtype.kind in "SOU":
        texts = [one.decode() if isinstance(one, bytes) else str(one) for one in value.ravel()]
        return texts, value.shape
    return value


def same_as_xarray(path, rows=ALL):
    """Whether a file was understood without xarray, and that all of it is as xarray has it."""
    with (
        open_source(path) as found,
        xr.open_dataset(path, engine="h5netcdf", drop_variables=["time"]) as dataset,
    ):
        wanted = of_dataset(dataset)
        assert set(found.variables) == set(wanted.variables)
        assert set(found.coords) == set(wanted.coords)
        assert found.sizes == wanted.sizes
        np.testing.assert_equal(found.attrs, wanted.attrs)
        for part in ("variables", "coords"):
            for name, one in getattr(found, part).items():
                other = getattr(wanted, part)[name]
                assert (one.dims, dict(one.attrs)) == (other.dims, dict(other.attrs)), name
                np.testing.assert_equal(plain(one.load(rows)), plain(other.load(rows)), name)
                if one.kind not in "OSU":
                    assert one.load(rows).dtype == other.load(rows).dtype


@pytest.mark.parametrize("poses", MANY.values(), ids=MANY)
@pytest.mark.parametrize("rows", [ALL, slice(1, 3), slice(2, 2)], ids=str)
def test_what_is_written_here_is_understood(poses, rows, tmp_path):
    same_as_xarray(write_poses(poses, tmp_path / "ours.nc"), rows)


@pytest.mark.parametrize("poses", MANY.values(), ids=MANY)
def test_what_xarray_writes_is_understood(poses, tmp_path):
    poses.to_dataset().to_netcdf(tmp_path / "theirs.nc", engine="h5netcdf")
    same_as_xarray(tmp_path / "theirs.nc", slice(1, 3))


def packed(dataset):
    return {"position": {"dtype": "f4", "scale_factor": 0.5, "_FillValue": np.nan}}


def masked(dataset):
    return {"confidence": {"_FillValue": 0.25}, "position": {"_FillValue": -1.0}}


def of_flags(dataset):
    dataset["seen"] = dataset.confidence > 0.5


def of_counts(dataset):
    dataset["cameras"] = (dataset.confidence * 4).fillna(0).astype("i4")
    dataset.cameras.attrs["_FillValue"] = np.int32(2)


def of_dates(dataset):
    dataset["day"] = dataset.confidence.fillna(0).round()
    dataset.day.attrs["units"] = "days since 2020-01-01"


def of_durations(dataset):
    dataset["age"] = dataset.confidence.fillna(0)
    dataset.age.attrs["units"] = "seconds"


def of_other_bytes(dataset):
    return {"position": {"dtype": ">f4"}}


def with_coordinates(dataset):
    dataset.attrs["note"] = "mine"
    dataset.coords["weather"] = "dry"
    dataset.coords["light"] = ("keypoints", np.arange(dataset.sizes["keypoints"]))


@TIMES
@pytest.mark.parametrize(
    "change",
    [packed, masked, of_flags, of_counts, of_dates, of_durations, of_other_bytes, with_coordinates],
)
def test_conventions_are_heeded(change, tmp_path):
    dataset = MANY["all known"].to_dataset()
    encoding = change(dataset)
    dataset.to_netcdf(tmp_path / "odd.nc", engine="h5netcdf", encoding=encoding or {})
    same_as_xarray(tmp_path / "odd.nc")


@pytest.mark.parametrize("where", ["of a variable", "of the file"])
def test_coordinates_are_where_they_are_named(where, tmp_path):
    path = write_poses(MANY["all known"], tmp_path / "ours.nc")
    with h5netcdf.File(path, "a") as file:
        holder = file.variables["position"] if where == "of a variable" else file
        holder.attrs["coordinates"] = "experiment novelty"
    same_as_xarray(path)


def test_what_was_never_written_is_a_gap(tmp_path):
    path = tmp_path / "short.nc"
    with h5netcdf.File(path, "w") as file:
        file.dimensions = {"time": None, "keypoints": 2}
        for name in ("long", "short"):
            file.create_variable(name, ("time", "keypoints"), "f4", fillvalue=np.nan)
        file.resize_dimension("time", 5)
        file.variables["long"][...] = np.ones((5, 2))
    with h5py.File(path, "a") as file:
        file["short"].resize(3, axis=0)
    same_as_xarray(path)
    with open_source(path) as found:
        assert found.variables["short"].load(ALL).shape == (5, 2)


def test_xarray_is_not_loaded_for_files_of_ours(tmp_path):
    rng = np.random.default_rng(0)
    tables = {
        name: rng.normal(size=(6, 3, 3)).astype(np.float32)
        for name in ("position", "root_relative", "spread")
    }
    path = write_poses(Lifted(**tables, keys=("a", "b"), lengths=(2, 4)), tmp_path / "ours.nc")
    code = (
        "import sys\n"
        "from liftpose.io import read_lifted\n"
        f"lifted = read_lifted({str(path)!r})\n"
        "print(lifted.lengths, float(lifted.spread.sum()), {'xarray', 'pandas'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == f"(2, 4) {float(read_lifted(path).spread.sum())} set()"
