"""Many files: which are meant by names, patterns and folders, and where what comes of them goes."""

from pathlib import Path

import numpy as np
import pytest

from liftpose.io.batch import Failed, gather, one_by_one, outputs, target_format


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("in/deep").mkdir(parents=True)
    for name in ("a.npy", "b.npy", "deep/c.npy"):
        np.save(f"in/{name}", np.zeros((2, 3, 2)))
    Path("in/notes.txt").write_text("nothing\n")
    Path("in/.hidden.npy").write_bytes(Path("in/a.npy").read_bytes())
    Path("in/empty.npy").touch()
    return tmp_path


def names(found):
    return [path.as_posix() for path in found]


def test_a_folder_means_its_pose_files_and_says_what_it_leaves_out(folder):
    found = gather(["in"])
    assert names(found.files) == ["in/a.npy", "in/b.npy"]
    assert names(found.left_out) == ["in/deep", "in/empty.npy", "in/notes.txt"]
    assert found.many


def test_patterns_are_understood_where_the_shell_does_not(folder):
    assert names(gather(["in/*.npy"]).files) == ["in/a.npy", "in/b.npy", "in/empty.npy"]
    assert names(gather(["in/**/c.*"]).files) == ["in/deep/c.npy"]
    assert gather(["in/**/c.*"]).many
    with pytest.raises(FileNotFoundError, match=r"no file fits in/\*\.slp"):
        gather(["in/*.slp"])
    Path("in/odd[1].npy").write_bytes(Path("in/a.npy").read_bytes())
    assert names(gather(["in/odd[1].npy"]).files) == ["in/odd[1].npy"]


def test_a_file_is_meant_once_and_a_single_one_is_one(folder):
    assert names(gather(["in/b.npy", "in"]).files) == ["in/b.npy", "in/a.npy"]
    assert not gather(["in/b.npy"]).many
    assert not gather(["missing.npy"]).many


def test_a_folder_of_nothing_is_refused(folder):
    Path("bare").mkdir()
    with pytest.raises(FileNotFoundError, match="bare is a folder without a pose file"):
        gather(["bare"])


def test_a_folder_that_is_poses_itself_is_one_file(folder, monkeypatch):
    monkeypatch.setattr("liftpose.io.batch._is_poses", lambda path, format: path.name == "in")
    assert names(gather(["in"]).files) == ["in"]


def test_outputs_are_named_after_the_sources(tmp_path):
    one, two = tmp_path / "a.csv", tmp_path / "b.h5"
    assert outputs([one], tmp_path / "c.nc", ".nc") == [tmp_path / "c.nc"]
    assert outputs([one], tmp_path, ".nc") == [tmp_path / "a.nc"]
    assert outputs([one], tmp_path / "new", ".nc") == [tmp_path / "new" / "a.nc"]
    assert outputs([one], tmp_path / "v1.2", ".nc", True) == [tmp_path / "v1.2" / "a.nc"]
    new = tmp_path / "new"
    assert outputs([one, two], new, ".csv") == [new / "a.csv", new / "b.csv"]
    with pytest.raises(ValueError, match="a.nc"):
        outputs([one, tmp_path / "a.h5"], new, ".nc")
    one.touch()
    with pytest.raises(ValueError, match="written over"):
        outputs([one], one, ".nc")
    with pytest.raises(FileExistsError, match="2 pose files need a folder"):
        outputs([one, two], one, ".nc")
    with pytest.raises(FileExistsError, match="1 pose file needs a folder"):
        outputs([two], one, ".nc", True)


def test_what_is_written_is_said_by_format_or_by_ending():
    assert target_format("npz") == ("npz", ".npz")
    assert target_format(".nc") == ("movement", ".nc")
    with pytest.raises(ValueError, match="--to mvement .*Did you mean 'movement'"):
        target_format("mvement")


def test_bugs_and_ctrl_c_are_no_failed_files(folder):
    paths = [Path("in/a.npy"), Path("in/b.npy")]

    def fail_with(error):
        def do(number, advance):
            raise error

        return list(one_by_one(paths, do))

    found = fail_with(ValueError("two\nlines"))
    assert found == [Failed(paths[0], "two lines"), Failed(paths[1], "two lines")]
    assert str(found[0]) == "failed: in/a.npy: two lines"
    for error in (KeyboardInterrupt(), ZeroDivisionError(), ImportError("install it")):
        with pytest.raises(type(error)):
            fail_with(error)
