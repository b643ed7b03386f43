"""Files are whole or not there."""

import os

import pytest

from liftpose.files import replacing


def test_the_old_file_stands_until_the_new_one_is_whole(tmp_path):
    target = tmp_path / "numbers.txt"
    target.write_text("old")
    with replacing(target) as beside:
        beside.write_text("new")
        assert target.read_text() == "old"
    assert target.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["numbers.txt"]


def test_a_failure_leaves_everything_as_it_was(tmp_path):
    target = tmp_path / "numbers.txt"
    target.write_text("old")
    with pytest.raises(KeyboardInterrupt), replacing(target) as beside:
        beside.write_text("half")
        raise KeyboardInterrupt
    assert target.read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 1


def test_a_missing_folder_is_named(tmp_path):
    with (
        pytest.raises(FileNotFoundError, match="numbers.txt.*nowhere"),
        replacing(tmp_path / "nowhere" / "numbers.txt"),
    ):
        pass


def test_others_may_read_it_as_any_new_file(tmp_path):
    ordinary, ours = tmp_path / "ordinary", tmp_path / "ours"
    ordinary.write_text("")
    with replacing(ours) as beside:
        beside.write_text("")
    assert os.stat(ours).st_mode == os.stat(ordinary).st_mode
