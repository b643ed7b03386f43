"""What a path names: a skeleton, or a lifter that has one."""

import pytest

from liftpose.lifter.skeletons import names_lifter, read_skeleton
from liftpose.skeleton import Skeleton


@pytest.mark.parametrize("name", ["fly.lifter", "fly.safetensors", "last.pth.tar"])
def test_files_of_lifters_are_known_by_their_name(name):
    assert names_lifter(name)


def test_the_folder_of_a_run_is_that_of_a_lifter(tmp_path):
    assert names_lifter(tmp_path)


@pytest.mark.parametrize("name", ["fly.toml", "mouse22", "fly.pth"])
def test_all_else_is_a_skeleton(name):
    assert not names_lifter(name)


def test_a_file_that_ships_and_one_of_ones_own_are_read(tmp_path):
    leg = Skeleton(["hip", "knee"], bones=[(0, 1)], unit="mm")
    leg.write(tmp_path / "leg.toml")
    assert read_skeleton(tmp_path / "leg.toml").joints == ("hip", "knee")
    assert read_skeleton("mouse22").joint_count == 22
