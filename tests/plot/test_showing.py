from dataclasses import replace

import numpy as np
import pytest

import liftpose
from liftpose.plot.showing import show, worst_rows
from liftpose.poses import Lifted, Poses
from liftpose.poses.bars import LEVELS, Bars
from liftpose.skeleton import Skeleton

BODY = Skeleton(["paw_l", "paw_r"], bones=[(0, 1)], unit="mm")
JOINTS = ("paw_l", "paw_r")


def lifted(frames=40, **other) -> Lifted:
    points = np.random.default_rng(0).random((frames, 2, 3)).astype(np.float32)
    given = {"keys": ("a", ("b", 2)), "lengths": (frames - 10, 10), "joints": JOINTS, "unit": "mm"}
    return Lifted(points, points, **(given | other))


def test_poses_show_themselves_in_a_notebook():
    page = lifted()._repr_html_()
    assert page.startswith("<iframe")
    assert "Lifted: 40 frames" in page


def test_what_no_player_can_show_is_shown_as_text():
    depth = np.zeros((3, 2, 1), np.float32)
    text = Lifted(depth, depth, ("a",), (3,))._repr_html_()
    assert text.startswith("<pre>&lt;Lifted: 3 frames")
    with pytest.raises(ValueError, match="1 coordinates"):
        show(Lifted(depth, depth, ("a",), (3,)))


def test_the_track_has_the_rows_of_the_poses_and_the_names_of_recordings():
    poses = lifted()
    track = liftpose.show(poses, skeleton=BODY).track
    assert (track.layers["pose"] == poses.position).all()
    assert track.recordings == (("a", 0, 30), ("b 2", 30, 10))
    assert track.limbs.left.tolist() == [True, False]


def test_camera_poses_are_turned_upright_with_their_spread():
    spread = np.tile(np.float32([1, 2, 3]), (40, 2, 1))
    track = show(lifted(frame="camera", spread=spread)).track
    assert (track.layers["spread"] == [1, 3, 2]).all()
    assert np.allclose(track.layers["pose"][..., 2], -lifted().position[..., 1])


def test_error_and_spread_are_means_over_the_joints_that_are_known():
    poses = lifted()
    truth = np.array(poses.position)
    truth[:, 0, 0] += 2
    truth[7, 1] = np.nan
    spread = np.tile(np.float32([3, 4, 0]), (40, 2, 1))
    track = show(replace(poses, spread=spread), truth=as_poses(truth)).track
    assert np.allclose(np.delete(track.lines["error"][2], 7), 1)
    assert np.isclose(track.lines["error"][2][7], 2)
    assert track.marks[0] == (7, "error 2 mm")
    assert np.allclose(track.lines["spread"][2], 5)


def test_the_truth_is_moved_to_the_root_where_the_poses_are_there():
    body = Skeleton(JOINTS, bones=[(0, 1)], roots=["paw_l"], target_sets=[["paw_r"]])
    truth = np.random.default_rng(1).random((40, 2, 3))
    at_root = lifted()
    at_root.position[:, 0] = 0
    moved = show(at_root, truth=as_poses(truth), skeleton=body).track.layers["truth"]
    assert np.allclose(moved, truth - truth[:, :1])
    placed = show(lifted(), truth=as_poses(truth), skeleton=body).track.layers["truth"]
    assert (placed == truth).all()


def test_error_bars_are_drawn_as_wide_as_they_were_measured():
    widths = tuple(2 * level for level in LEVELS)
    spread = np.ones((40, 2, 3), np.float32)
    track = show(lifted(spread=spread, bars=Bars(widths, widths, 40))).track
    assert np.isclose(track.bar, 1.8)
    assert track.bar_label == "90% of each coordinate"
    few = show(lifted(spread=spread, bars=Bars(widths, widths, 2))).track
    assert few.bar == 1


def as_poses(points) -> Poses:
    lengths = (30, 10)
    parts = np.split(points, np.cumsum(lengths)[:-1])
    return Poses.from_experiments({"a": parts[0], "b": parts[1]}, joints=JOINTS)


def test_poses_of_another_shape_are_named():
    short = Poses.from_experiments(np.zeros((39, 2, 2)), joints=JOINTS)
    with pytest.raises(
        ValueError, match=r"poses has the shape \(39, 2, 2\); expected \(40, 2, 2\)"
    ):
        show(lifted(), poses=short)
    with pytest.raises(ValueError, match="skeleton has 3 joints and the poses 2"):
        show(lifted(), skeleton=Skeleton(["a", "b", "c"]))


def test_long_recordings_are_thinned_and_say_so():
    shown = show(lifted(frames=2010, lengths=(2000, 10)), most=500)
    assert shown.note == "402 of 2,010 frames, one in 5."
    assert shown.track.recordings == (("a", 0, 400), ("b 2", 400, 2))


def test_a_page_is_written_whole_or_not_at_all(tmp_path):
    path = show(lifted()).save(tmp_path / "walk.html")
    assert path.read_text().startswith("<!doctype html>")
    with pytest.raises(ValueError, match="end in .html"):
        show(lifted()).save(tmp_path / "walk.png")
    assert [each.name for each in tmp_path.iterdir()] == ["walk.html"]


def test_the_worst_rows_are_different_moments():
    values = np.zeros(1000)
    values[400:420] = 10 + np.arange(20)
    values[900], values[0] = 5, np.nan
    assert worst_rows(values, 2)[:2] == [419, 900]
    assert worst_rows(np.full(4, np.nan)) == []
