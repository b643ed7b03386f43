"""netCDF in the layout of movement: what xarray and movement read, in pieces and as a whole."""

import tracemalloc
from dataclasses import fields

import h5py
import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from liftpose.io import open_poses, read_lifted, read_poses, write_poses, writing
from liftpose.poses import Bars, Lifted, Poses, Verdict
from liftpose.poses.bars import LEVELS
from tests.poses.test_layout import any_poses, assert_same


def lifted(keys, lengths, individuals=None, **known) -> Lifted:
    rng = np.random.default_rng(sum(lengths))
    position, relative = rng.normal(size=(2, sum(lengths), 4, 3)).astype(np.float32)
    return Lifted(position, relative, keys, lengths, individuals=individuals, **known)


def drawn(frames):
    """Two hypotheses of each frame."""
    return np.random.default_rng(frames).normal(size=(2, frames, 4, 3)).astype(np.float32)


KNOWN = {
    "joints": ("hip", "knee", "ankle", "toe"),
    "fps": 50.0,
    "unit": "mm",
    "frame": "camera",
    "source_software": "DeepLabCut",
    "source_file": "walk.h5",
    "provenance": {"lifter": "0f3a", "lifter_options": '{"epochs": 3}', "note": ""},
}
MANY = {
    "nothing known": lifted(("",), (5,)),
    "all known": lifted(
        ("walk",),
        (5,),
        ("anna",),
        confidence=np.linspace(0, 1, 20, dtype=np.float32).reshape(5, 4),
        spread=np.ones((5, 4, 3), np.float32),
        novelty=np.arange(5, dtype=np.float32),
        bars=Bars(LEVELS, tuple(2 * level for level in LEVELS), 40),
        verdicts={"walk": Verdict("other camera", 1.5, 0.2, ("unlike",), {"shape": 1.5})},
        hypotheses=drawn(5),
        **KNOWN,
    ),
    "one after another": lifted(("a", "é", ""), (2, 3, 4), **KNOWN, hypotheses=drawn(9)),
    "keys of all kinds": lifted((1, ("a", 2.5), "x"), (2, 3, 4), ("m", "m", "n")),
    "side by side": lifted(("m", "n"), (3, 3), ("m", "n"), **KNOWN, hypotheses=drawn(6)),
    "side by side with keys": lifted((("a", 1), "n"), (3, 3), ("m", "n")),
}


@pytest.mark.parametrize("entry", ["error_bars", "verdicts"])
def test_what_makes_no_sense_is_refused_with_its_file(entry, tmp_path):
    known = MANY["all known"]
    dataset = known.to_dataset()
    dataset.attrs[entry] = "[1]"
    dataset.to_netcdf(tmp_path / "odd.nc", engine="h5netcdf")
    stored = dict(np.load(write_poses(known, tmp_path / "lifted.npz")))
    np.savez(tmp_path / "odd.npz", **stored | {entry: "[1]"})
    words = entry.replace("_", " ")
    for name in ("odd.nc", "odd.npz"):
        with pytest.raises(ValueError, match=rf"{name}: the {words} in it make no sense"):
            read_lifted(tmp_path / name)


@pytest.mark.parametrize("poses", MANY.values(), ids=MANY)
@pytest.mark.parametrize("suffix", [".nc", ".h5", ".HDF5"])
def test_xarray_opens_exactly_the_dataset(poses, suffix, tmp_path):
    path = write_poses(poses, tmp_path / f"lifted{suffix}")
    with xr.open_dataset(path, engine="h5netcdf") as dataset:
        xr.testing.assert_identical(dataset.load(), poses.to_dataset())


@pytest.mark.parametrize("poses", MANY.values(), ids=MANY)
@pytest.mark.parametrize("suffix", [".nc", ".npz"])
def test_what_was_lifted_is_read_back_whole(poses, suffix, tmp_path):
    path = write_poses(poses, tmp_path / f"lifted{suffix}")
    again = read_lifted(path)
    for field in fields(Lifted):
        wrote, read = getattr(poses, field.name), getattr(again, field.name)
        if field.name == "source_file" and wrote is None:
            assert read == path.as_posix()
        elif isinstance(wrote, np.ndarray):
            np.testing.assert_array_equal(read, wrote, strict=True)
        else:
            assert read == wrote, field.name


@pytest.mark.parametrize(
    ("lengths", "individuals"),
    [((9_000, 11_000), None), ((10_000, 10_000), ("m", "n"))],
    ids=["one after another", "side by side"],
)
def test_what_is_longer_than_a_block_is_read_back_whole(lengths, individuals, tmp_path):
    rng = np.random.default_rng(0)
    whole = lifted(
        ("a", "b"),
        lengths,
        individuals,
        spread=rng.random((20_000, 4, 3), np.float32),
        novelty=rng.random(20_000, np.float32),
        confidence=rng.random((20_000, 4), np.float32),
        hypotheses=drawn(20_000),
        **KNOWN,
    )
    again = read_lifted(write_poses(whole, tmp_path / "long.nc"))
    assert (again.keys, again.lengths) == (whole.keys, whole.lengths)
    tables = ("position", "root_relative", "spread", "novelty", "confidence", "hypotheses")
    for name in tables:
        read, wrote = getattr(again, name), getattr(whole, name)
        np.testing.assert_array_equal(read, wrote, strict=True, err_msg=name)
        assert read.flags.c_contiguous


def test_hypotheses_are_written_with_a_dimension_of_their_own(tmp_path):
    poses = MANY["side by side"]
    with xr.open_dataset(write_poses(poses, tmp_path / "drawn.nc"), engine="h5netcdf") as dataset:
        dims = ("time", "space", "keypoints", "individuals", "hypothesis")
        assert dataset.hypotheses.dims == dims
        assert dataset.hypotheses.units == "mm"
        chosen = dataset.hypotheses.sel(individuals="n", hypothesis=1)
        found = chosen.transpose("time", "keypoints", "space")
        np.testing.assert_array_equal(found, poses.hypotheses[1, 3:])


def test_pieces_of_hypotheses_are_joined_in_other_formats_too(tmp_path):
    poses = MANY["one after another"]
    with writing(tmp_path / "drawn.npz") as file:
        for start in range(0, 9, 2):
            file.append(poses.part(start, start + 2))
    again = read_lifted(tmp_path / "drawn.npz")
    np.testing.assert_array_equal(again.hypotheses, poses.hypotheses)


def test_a_file_without_anything_beside_positions_is_read_as_lifted(tmp_path):
    deep = Poses.from_experiments(np.ones((4, 2, 3)), unit="mm")
    for name in ("poses.nc", "poses.npy"):
        again = read_lifted(write_poses(deep, tmp_path / name), fps=20)
        np.testing.assert_array_equal(again.position, deep.points)
        assert again.spread is None
        assert again.fps == 20
        assert np.isnan(again.root_relative).all()
    flat = write_poses(Poses.from_experiments(np.ones((4, 2, 2))), tmp_path / "flat.nc")
    with pytest.raises(ValueError, match=r"flat\.nc holds 2D poses; expected 3D"):
        read_lifted(flat)


def test_a_spread_of_other_dimensions_is_refused_with_its_file(tmp_path):
    dataset = MANY["all known"].to_dataset()
    dataset["spread"] = dataset.spread.isel(space=0, drop=True)
    dataset.to_netcdf(tmp_path / "odd.nc", engine="h5netcdf")
    with pytest.raises(ValueError, match=r"odd\.nc: 'spread' has the dimensions time, keypoints"):
        read_lifted(tmp_path / "odd.nc")


@pytest.mark.parametrize("poses", MANY.values(), ids=MANY)
def test_the_other_netcdf_library_reads_it_too(poses, tmp_path):
    pytest.importorskip("netCDF4")
    path = write_poses(poses, tmp_path / "lifted.nc")
    with xr.open_dataset(path, engine="netcdf4") as dataset:
        xr.testing.assert_identical(dataset.load(), poses.to_dataset())


@settings(max_examples=25)
@given(poses=any_poses(), size=st.integers(1, 7))
def test_every_number_and_name_comes_back(tmp_path_factory, poses, size):
    path = tmp_path_factory.mktemp("round") / "poses.nc"
    write_poses(poses, path)
    assert_same(read_poses(path), poses, source_file=poses.source_file is not None)
    copy = path.with_name("copy.nc")
    with open_poses(path) as file, writing(copy) as out:
        assert file.about.keys == poses.keys
        assert file.about.lengths == poses.lengths
        assert file.about.joints == poses.joints
        assert file.about.individuals == poses.individuals
        for chunk in file.chunks(size):
            assert chunk.frames <= max(size, len(poses.keys))
            out.append(chunk)
    assert_same(read_poses(copy), poses, source_file=False)


@pytest.mark.parametrize("poses", MANY.values(), ids=MANY)
def test_a_stream_of_parts_is_the_same_file(poses, tmp_path):
    side_by_side = poses.individuals is not None and len(set(poses.lengths)) == 1 < len(poses.keys)
    with writing(tmp_path / "lifted.nc") as file:
        if side_by_side:
            for start, stop in ((0, 1), (1, 3)):
                file.append(frames_of_all(poses, start, stop))
        else:
            for start in range(poses.frames):
                file.append(poses.part(start, start + 1))
    with xr.open_dataset(tmp_path / "lifted.nc", engine="h5netcdf") as dataset:
        xr.testing.assert_identical(dataset.load(), poses.to_dataset())


def frames_of_all(poses: Lifted, start: int, stop: int) -> Lifted:
    """The same frames of every experiment; all are of the same length."""
    length, count = poses.lengths[0], len(poses.keys)
    rows = np.concatenate([np.arange(start, stop) + k * length for k in range(count)])
    return Lifted(
        poses.position[rows],
        poses.root_relative[rows],
        poses.keys,
        (stop - start,) * count,
        individuals=poses.individuals,
        hypotheses=None if poses.hypotheses is None else poses.hypotheses[:, rows],
        **{name: getattr(poses, name) for name in KNOWN},
    )


def test_files_that_xarray_wrote_are_read(tmp_path):
    for name, poses in MANY.items():
        path = tmp_path / f"{name}.nc"
        poses.to_dataset().to_netcdf(path, engine="h5netcdf")
        again = read_poses(path)
        np.testing.assert_array_equal(again.points, poses.position)
        assert (again.keys, again.individuals) == (poses.keys, poses.individuals)


def test_movement_opens_what_we_write_and_we_read_what_it_made(tmp_path):
    pytest.importorskip("movement", reason="needs the extra io")
    from movement.io import load_poses
    from movement.kinematics import compute_velocity
    from movement.validators.datasets import ValidPosesInputs

    path = write_poses(MANY["all known"], tmp_path / "lifted.nc")
    with xr.open_dataset(path) as dataset:
        ValidPosesInputs.validate(dataset)
        velocity = compute_velocity(dataset.position)
    slope = np.gradient(MANY["all known"].position, 1 / 50, axis=0)
    np.testing.assert_allclose(
        velocity.isel(individuals=0).transpose("time", "keypoints", "space"), slope, rtol=1e-4
    )

    position = np.random.default_rng(0).normal(size=(6, 2, 3, 2))
    load_poses.from_numpy(position, individual_names=["a", "b"], fps=30).drop_attrs(
        deep=False
    ).to_netcdf(tmp_path / "theirs.nc")
    theirs = read_poses(tmp_path / "theirs.nc")
    assert (theirs.keys, theirs.lengths, theirs.confidence) == (("a", "b"), (6, 6), None)
    np.testing.assert_array_equal(theirs.only("b").points, position[..., 1].swapaxes(1, 2))


def test_where_nothing_was_sure_for_a_while_every_chunk_has_a_confidence(tmp_path):
    sure = np.full((6, 2), np.nan)
    sure[5] = 0.5
    poses = Poses.from_experiments(np.zeros((6, 2, 2)), confidence=sure)
    path = write_poses(poses, tmp_path / "poses.nc")
    with open_poses(path) as file:
        assert file.about.has_confidence
        parts = [chunk.confidence for chunk in file.chunks(2)]
    np.testing.assert_array_equal(np.concatenate(parts), poses.confidence)


def test_parts_with_and_without_confidence_make_one_file(tmp_path):
    without = Poses.from_experiments({"a": np.zeros((2, 1, 2))})
    sure = Poses.from_experiments({"a": np.ones((2, 1, 2))}, confidence={"a": np.ones((2, 1))})
    for suffix in (".nc", ".npz"):
        with writing(tmp_path / f"poses{suffix}") as file:
            file.append(without)
            file.append(sure)
        again = read_poses(tmp_path / f"poses{suffix}")
        np.testing.assert_array_equal(again.confidence[:, 0], [np.nan, np.nan, 1, 1])
        np.testing.assert_array_equal(again.points[:, 0, 0], [0, 0, 1, 1])


def test_a_rate_that_is_not_shared_is_left_out(tmp_path):
    parts = [Poses.from_experiments({key: np.zeros((2, 1, 2))}, fps=key) for key in (10, 20)]
    for suffix in (".nc", ".npz"):
        with writing(tmp_path / f"poses{suffix}") as file:
            for part in parts:
                file.append(part)
        again = read_poses(tmp_path / f"poses{suffix}")
        assert (again.keys, again.lengths, again.fps) == ((10, 20), (2, 2), None)


def test_reading_and_writing_piece_by_piece_needs_the_memory_of_a_piece(tmp_path):
    frames, joints = 60_000, 20
    whole = np.zeros((frames, joints, 2), np.float32)
    write_poses(Poses.from_experiments(whole), tmp_path / "in.nc")
    np.save(tmp_path / "in.npy", whole)
    for name in ("in.nc", "in.npy"):
        tracemalloc.start()
        with (
            open_poses(tmp_path / name) as file,
            writing(tmp_path / "out.nc", overwrite=True) as out,
        ):
            for chunk in file.chunks(1000):
                out.append(chunk)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < whole.nbytes / 2
        assert read_poses(tmp_path / "out.nc").frames == frames


def test_what_claims_more_than_it_can_hold_is_not_loaded(tmp_path):
    poses = Poses.from_experiments(np.zeros((4, 3, 2)))
    path = write_poses(poses, tmp_path / "poses.nc")
    with h5py.File(path, "a") as file:
        for name in ("position", "confidence", "time"):
            file[name].resize(10**13, 0)
    with pytest.raises(ValueError, match="'position' is to be .* bytes"):
        read_poses(path)
    with pytest.raises(ValueError, match="poses.nc.*damaged"), open_poses(path):
        pass
