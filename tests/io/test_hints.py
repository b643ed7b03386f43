"""What only the user knows of files, and what of it a format has a use for."""

import numpy as np
import pytest

from liftpose.io.hints import Hints


def test_hints_that_a_format_has_no_use_for_are_left_out_only_on_request(tmp_path):
    np.save(tmp_path / "walk.npy", np.zeros((4, 2, 3)))
    hints = Hints(camera="left", dims=3, size=(640, 480), joints=("hip", "knee"), fps=50, unit="mm")
    with pytest.raises(ValueError, match="of no use"):
        hints.read(tmp_path / "walk.npy")
    useful = hints.of_use(tmp_path / "walk.npy")
    assert set(useful.said) == {"format", "joints", "fps", "unit"}
    poses = useful.read(tmp_path / "walk.npy")
    assert (poses.joints, poses.fps, poses.unit) == (("hip", "knee"), 50, "mm")
    with useful.open(tmp_path / "walk.npy") as opened:
        assert opened.about.joints == ("hip", "knee")


def test_a_file_that_is_no_pose_file_is_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("nothing\n")
    with pytest.raises(ValueError, match="no pose file"):
        Hints().of_use(tmp_path / "notes.txt")
    with pytest.raises(FileNotFoundError):
        Hints().of_use(tmp_path / "missing.nc")
