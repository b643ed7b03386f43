"""Reading: which format, which file, and what is said of those that cannot be read."""

import os
import subprocess
import sys

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import liftpose.io
from liftpose.io import formats, open_poses, read_poses, registry, write_poses
from liftpose.poses import Poses

WALK = Poses.from_experiments(
    {"walk": np.random.default_rng(0).normal(size=(6, 3, 2))}, joints=["a", "b", "c"]
)
CSV = "scorer,m,m,m\nbodyparts,a,a,a\ncoords,x,y,likelihood\n0,1,2,.5\n1,2,3,.5\n"


def write_all(folder) -> list:
    """One small file of each kind that can be read."""
    paths = [write_poses(WALK, folder / f"walk{end}") for end in (".nc", ".npz", ".npy")]
    (folder / "walk.csv").write_text(CSV)
    return [*paths, folder / "walk.csv"]


@pytest.mark.parametrize(
    ("statement", "barred"),
    [
        ("import liftpose.io", {"numpy", "torch", "xarray", "h5py", "h5netcdf", "pandas"}),
        ("from liftpose.io import *", {"torch", "xarray", "h5py", "h5netcdf", "pandas"}),
        (
            "from liftpose.io import read_poses; read_poses('walk.npy')",
            {"torch", "xarray", "h5netcdf", "pandas", "movement"},
        ),
    ],
)
def test_nothing_is_loaded_before_it_is_used(statement, barred, tmp_path):
    np.save(tmp_path / "walk.npy", WALK.points)
    code = (
        f"import sys; before = set(sys.modules); {statement}; "
        "print(*{name.partition('.')[0] for name in set(sys.modules) - before})"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert "liftpose" in loaded.stdout
    assert not set(loaded.stdout.split()) & barred


def test_the_room_names_what_it_gives():
    assert set(liftpose.io.__all__) <= set(dir(liftpose.io))
    assert all(hasattr(liftpose.io, name) for name in liftpose.io.__all__)
    with pytest.raises(AttributeError, match="read_pose'"):
        _ = liftpose.io.read_pose


def test_the_formats_are_listed():
    listed = {entry.name: entry for entry in formats()}
    assert {"movement", "npz", "npy", "deeplabcut"} <= set(listed)
    assert listed["deeplabcut"].reads
    assert listed["deeplabcut"].writes == (2, 3)
    assert listed["movement"].suffixes == (".nc", ".h5", ".hdf5")


def test_a_format_is_recognised_from_what_is_in_the_file(tmp_path):
    for path in write_all(tmp_path):
        expected = read_poses(path)
        for name in ("walk.dat", "walk.h5", "walk.csv2", "walk"):
            other = tmp_path / name
            other.write_bytes(path.read_bytes())
            np.testing.assert_array_equal(read_poses(other).points, expected.points)


def test_a_format_joins_by_a_decorator(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_readers", dict(registry._readers))
    monkeypatch.setattr(registry, "_writers", dict(registry._writers))

    @registry.reader(
        "lines", "a line a frame", suffixes=(".lines",), recognises=lambda _, head: head[:1] == b"#"
    )
    def read_lines(path):
        return Poses.from_experiments(np.loadtxt(path).reshape(-1, 3, 2))

    @registry.writer("lines", "a line a frame", suffixes=(".lines",))
    def write_lines(poses, path):
        np.savetxt(path, poses.points.reshape(-1, 6), header="lines")

    path = write_poses(WALK, tmp_path / "walk.lines")
    np.testing.assert_allclose(read_poses(path).points, WALK.points)
    assert read_poses(path).source_file == path.as_posix()
    with open_poses(path) as file:
        assert file.about.format == "lines"
        assert [chunk.frames for chunk in file.chunks(4)] == [4, 2]
    (found,) = [entry for entry in formats() if entry.name == "lines"]
    assert found.reads
    assert found.writes


def test_the_rate_is_that_of_the_caller_where_there_is_one(tmp_path):
    timed = Poses.from_experiments(WALK.points, fps=50)
    path = write_poses(timed, tmp_path / "walk.nc")
    assert read_poses(path).fps == 50
    assert read_poses(path, fps=25).fps == 25
    with open_poses(path, fps=25) as file:
        assert file.about.fps == 25
        assert next(file.chunks()).fps == 25
    for rate in (0, -1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="fps"):
            read_poses(path, fps=rate)


def test_the_source_is_the_first_file_there_was(tmp_path):
    path = write_poses(WALK, tmp_path / "walk.nc")
    first = read_poses(path)
    assert first.source_file == path.as_posix()
    assert read_poses(write_poses(first, tmp_path / "copy.nc")).source_file == path.as_posix()


def test_a_format_may_be_said(tmp_path):
    path = write_poses(WALK, tmp_path / "walk.nc")
    assert read_poses(path, format="movement").frames == 6
    with pytest.raises(ValueError, match="no format 'movemnt'. Did you mean 'movement'?"):
        read_poses(path, format="movemnt")
    for entry in formats():
        if entry.name != "movement":
            with pytest.raises(ValueError, match=r"walk.nc"):
                read_poses(path, format=entry.name)


@pytest.mark.parametrize("size", [0, -1])
def test_chunks_need_a_size(size, tmp_path):
    with (
        open_poses(write_poses(WALK, tmp_path / "walk.nc")) as file,
        pytest.raises(ValueError, match="expected 1 or more"),
    ):
        file.chunks(size)


def test_a_path_that_leads_nowhere_says_where_it_could(tmp_path):
    write_all(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"walks.npz. Did you mean 'walk.npz'"):
        read_poses(tmp_path / "walks.npz")
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        read_poses(tmp_path / "no" / "walk.nc")
    with pytest.raises(IsADirectoryError, match="is a folder"):
        read_poses(tmp_path)
    with pytest.raises(FileNotFoundError), open_poses(tmp_path / "walks.npz"):
        pass


def test_what_is_no_file_is_refused(tmp_path):
    (tmp_path / "empty.nc").touch()
    with pytest.raises(ValueError, match=r"empty.nc is empty"):
        read_poses(tmp_path / "empty.nc")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe")
        with pytest.raises(ValueError, match="no regular file"):
            read_poses(tmp_path / "pipe")


def test_a_file_that_may_not_be_read_is_refused(tmp_path, monkeypatch):
    path = write_poses(WALK, tmp_path / "walk.nc")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(PermissionError, match=r"walk.nc may not be read"):
        read_poses(path)


def hdf5(path, **entries):
    with h5py.File(path, "w") as file:
        for name, values in entries.items():
            file[name] = values
        file.create_group("meta")
    return path.read_bytes()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"frame,speed\n0,1\n", "text that begins 'frame,speed'"),
        ("λ,σ\n".encode() * 4000, "text that begins 'λ,σ'"),
        (b"\x80\x04\x95", "a pickle"),
        (bytes(range(256)), "binary data"),
        (b"CDF\x01\0\0", "classic format"),
        (b"\x89HDF\r\n\x1a\n\0\0", "a damaged HDF5 file"),
        (b"PK\x03\x04 broken", "a damaged zip archive"),
        (b"PK\x05\x06" + bytes(18), "a zip archive with nothing"),
    ],
)
def test_a_foreign_file_is_described(content, words, tmp_path):
    (tmp_path / "file.h5").write_bytes(content)
    with pytest.raises(ValueError, match=words) as error:
        read_poses(tmp_path / "file.h5")
    said = str(error.value)
    assert "file.h5" in said
    assert "\n" not in said
    assert all(entry.name in said for entry in formats())


def test_other_hdf5_is_described_by_what_is_in_it(tmp_path):
    hdf5(tmp_path / "tracks.h5", tracks=np.zeros((2, 3)), position=np.zeros((4, 2, 3, 1)))
    with pytest.raises(ValueError, match=r"HDF5 file with meta/, position \(4.*tracks \(2, 3\)"):
        read_poses(tmp_path / "tracks.h5")


def test_a_name_that_is_no_text_is_shown(tmp_path):
    with h5py.File(tmp_path / "odd.h5", "w") as file:
        file[b"tr\xffcks"] = np.zeros(3)
    with pytest.raises(ValueError, match=r"odd.h5 is an HDF5 file with tr.cks \(3,\)"):
        read_poses(tmp_path / "odd.h5")


def complaint(path) -> str | None:
    """What is said of a file, or None where it is read. No other error is let through."""
    try:
        read_poses(path)
        with open_poses(path) as file:
            for _ in file.chunks(4):
                pass
    except ValueError as error:
        return str(error)
    return None


@pytest.mark.parametrize("number", range(4))
@settings(max_examples=30)
@given(data=st.data())
@pytest.mark.filterwarnings("ignore")
def test_damaged_files_are_refused(number, tmp_path_factory, data):
    folder = tmp_path_factory.mktemp("damage")
    path = write_all(folder)[number]
    content = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(1, len(content) - 1))]
    else:
        for _ in range(data.draw(st.integers(1, 5))):
            content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content)
    said = complaint(path)
    assert said is None or (path.name in said and "\n" not in said)
    assert path.read_bytes() == content


def test_what_only_the_caller_knows_is_filled_in(tmp_path):
    path = tmp_path / "walk.npy"
    np.save(path, WALK.points)
    told = {"joints": ["a", "b", "c"], "unit": "px", "fps": 50}
    for poses in (read_poses(path, **told), *_chunks(path, **told)):
        assert (poses.joints, poses.unit, poses.fps) == (("a", "b", "c"), "px", 50)
    with open_poses(path, **told) as file:
        assert file.about.joints == ("a", "b", "c")
    with pytest.raises(ValueError, match=r"walk.npy: the file: 2 joint names for 3 joints"):
        read_poses(path, joints=["a", "b"])
    named = write_poses(WALK, tmp_path / "walk.nc")
    with pytest.raises(ValueError, match=r"walk.nc: it names its joints \('a', 'b', 'c'\)"):
        read_poses(named, joints=["d", "e", "f"])
    measured = write_poses(Poses.from_experiments(WALK.points, unit="mm"), tmp_path / "measured.nc")
    with pytest.raises(ValueError, match=r"measured.nc: it is in mm, and unit='m'"):
        read_poses(measured, unit="m")


def _chunks(path, **told):
    with open_poses(path, **told) as file:
        return list(file.chunks(4))


def test_individuals_and_confidence_are_chosen(tmp_path):
    two = Poses.from_experiments(
        {"one": WALK.points, "two": WALK.points + 1},
        individuals=["one", "two"],
        confidence={"one": np.full((6, 3), 0.2), "two": np.full((6, 3), 0.9)},
    )
    path = write_poses(two, tmp_path / "two.nc")
    for some in (read_poses(path, individuals=["two"]), *_chunks(path, individuals=["two"])):
        assert some.individuals == ("two",)
        assert (some.points >= WALK.points.min() + 1).all()
    sure = read_poses(path, min_confidence=0.5)
    assert np.isnan(sure.only("one").points).all()
    assert not np.isnan(sure.only("two").points).any()
    with pytest.raises(ValueError, match=r"two.nc: it has no individual 'tow'. Did you mean 'two'"):
        read_poses(path, individuals=["tow"])


def test_a_hint_that_is_of_no_use_is_refused(tmp_path):
    path = write_poses(WALK, tmp_path / "walk.nc")
    assert read_poses(path, camera=None).frames == 6
    for way in (read_poses, _chunks):
        with pytest.raises(ValueError, match=r"walk.nc: camera='left' is of no use .* takes none"):
            way(path, camera="left")
