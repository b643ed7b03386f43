"""Several sides of a pose: against rotations made otherwise, and one scale in all of them."""

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from liftpose import Skeleton
from liftpose.plot import plot_views
from liftpose.plot.directions import sides_of
from liftpose.plot.scene import TRUTH_COLOR, from_side

BODY = Skeleton(
    ["nose", "tail", "left_paw", "right_paw"], bones=[(0, 1), (0, 2), (0, 3)], unit="mm"
)
# It looks along x, its left is towards y.
POSE = np.array([[4.0, 0, 3], [-5, 0, 2], [3, 1, 0], [2, -1, 0]])


@pytest.fixture
def ax():
    return Figure(figsize=(8, 3)).add_subplot()


def test_every_view_shows_the_pose_without_perspective(ax):
    views = {"one": (20.0, 35.0), "other": (-110.0, 5.0)}
    drawn = plot_views(ax, POSE, BODY, views=views)
    assert list(drawn.poses) == list(drawn.places) == list(drawn.titles) == list(views)
    for name, view in views.items():
        place = drawn.places[name]
        expected = from_side(POSE, *view)[:, :2]
        np.testing.assert_allclose(place - place[0], expected - expected[0], atol=1e-9)
        ends = {tuple(np.round(end, 6)) for piece in drawn.poses[name].bones.get_segments()
                for end in piece}  # fmt: skip
        assert ends == {tuple(np.round(end, 6)) for end in place}
        title = drawn.titles[name]
        assert title.get_text() == name
        assert place[:, 0].min() <= title.get_position()[0] <= place[:, 0].max()


def test_views_stand_beside_each_other_and_what_is_level_is_level(ax):
    drawn = plot_views(ax, POSE, BODY, spread=np.full((4, 3), 0.5))
    order = [drawn.places[name] for name in ("top", "side", "front")]
    for left, right in pairwise(order):
        assert left[:, 0].max() + 1.0 < right[:, 0].min()  # a spread on either side
    np.testing.assert_allclose(drawn.places["side"][:, 1], drawn.places["front"][:, 1])


def test_the_scale_bar_is_as_long_as_it_says_in_all_directions(ax):
    drawn = plot_views(ax, POSE, BODY)
    length = float(np.ptp(drawn.scale_bar.get_xdata()))
    assert drawn.scale.get_text() == f"{length:g} mm"
    ax.figure.draw_without_rendering()
    corner, right, up = ax.transData.transform([(0, 0), (length, 0), (0, length)])
    assert np.linalg.norm(right - corner) == pytest.approx(np.linalg.norm(up - corner))
    inch = plot_views(Figure().add_subplot(), POSE, BODY, unit="inch")
    assert inch.scale.get_text().endswith(" inch")
    none = plot_views(Figure().add_subplot(), POSE)
    assert float(none.scale.get_text()) == np.ptp(none.scale_bar.get_xdata())


def test_everything_lies_within_the_axes(ax):
    drawn = plot_views(
        ax, POSE, BODY, truth=POSE + [0, 0, 2], spread=np.full((4, 3), 2.0), ground=-1
    )
    ax.figure.draw_without_rendering()
    box = ax.get_window_extent()
    artists = [drawn.scale_bar, drawn.scale, drawn.legend, *drawn.titles.values()]
    for named in (drawn.truths, drawn.spreads):
        artists += named.values()
    for artist in artists:
        inside = artist.get_window_extent()
        assert inside.y0 >= box.y0 - 1
        assert inside.y1 <= box.y1 + 1
        assert inside.x0 >= box.x0 - 1


def test_the_truth_is_grey_behind_the_pose(ax):
    drawn = plot_views(ax, POSE, BODY, truth=POSE + [0, 0, 1])
    for name, lines in drawn.truths.items():
        assert to_rgb(lines.get_color()[0]) == to_rgb(TRUTH_COLOR)
        assert lines.get_zorder() < drawn.poses[name].bones.get_zorder()
        assert lines.get_linewidth()[0] > drawn.poses[name].bones.get_linewidth()[0]
        # In grey, light limbs are as bright as the truth: something is between the two.
        seam, _ = drawn.poses[name].casing
        assert to_rgb(seam.get_color()[0]) == (1, 1, 1)
        widths = [part.get_linewidth()[0] for part in (drawn.poses[name].bones, seam, lines)]
        assert sorted(widths) == widths
        assert lines.get_zorder() < seam.get_zorder() < drawn.poses[name].bones.get_zorder()
    side = drawn.truths["side"].get_segments()
    expected = drawn.places["side"][[[0, 1], [0, 2], [0, 3]]] + [0, 1]
    np.testing.assert_allclose(side, expected, atol=1e-9)
    assert plot_views(Figure().add_subplot(), POSE, BODY).truths == {}


def test_spread_is_as_wide_as_it_is_in_each_view(ax):
    spread = np.tile([3.0, 2.0, 1.0], (4, 1))
    drawn = plot_views(ax, POSE, BODY, spread=spread, factor=0.5, views=sides_of(0.0))
    for name, half in {"top": (1.5, 1), "side": (1.5, 0.5), "front": (1, 0.5)}.items():
        for path, middle in zip(drawn.spreads[name].get_paths(), drawn.places[name], strict=True):
            reach = np.abs(path.vertices - middle).max(axis=0)
            np.testing.assert_allclose(reach, half, rtol=1e-6)


def test_joints_that_are_not_known_are_absent(ax):
    pose, truth, spread = POSE.copy(), POSE + 0.5, np.ones((4, 3))
    pose[3], truth[1], spread[0, 2] = np.nan, np.nan, np.nan
    drawn = plot_views(ax, pose, BODY, truth=truth, spread=spread, ground=0)
    for name in drawn.poses:
        assert len(drawn.poses[name].joints.get_offsets()) == 3
        assert len(drawn.poses[name].bones.get_segments()) == 2
        assert len(drawn.truths[name].get_segments()) == 2
        assert len(drawn.spreads[name].get_paths()) == 2
    ax.figure.draw_without_rendering()


def test_a_pose_of_which_nothing_is_known_leaves_the_truth(ax):
    drawn = plot_views(ax, np.full((4, 3), np.nan), BODY, truth=POSE)
    assert len(drawn.truths["top"].get_segments()) == 3
    assert len(drawn.poses["top"].joints.get_offsets()) == 0


@pytest.mark.parametrize("count", [1, 1000])
def test_one_joint_and_a_thousand(ax, count):
    pose = np.random.default_rng(0).normal(size=(count, 3))
    drawn = plot_views(ax, pose, spread=np.full((count, 3), 0.1), ground=-4.0)
    assert len(drawn.poses["side"].joints.get_offsets()) == count
    ax.figure.draw_without_rendering()


def test_the_legend_names_what_is_there(ax):
    def entries(**more):
        drawn = plot_views(Figure().add_subplot(), POSE, **more)
        return drawn.legend and [text.get_text() for text in drawn.legend.get_texts()]

    assert entries() == ["lifted"]
    assert entries(skeleton=BODY, truth=POSE, name="mine") == ["mine", "left side", "truth"]
    assert entries(legend=False) is None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pose": POSE[:, :2]}, r"pose needs shape \(J, 3\)"),
        ({"pose": np.full((4, 3), np.nan)}, "no joint of the pose is known"),
        ({"truth": POSE[:3]}, "truth has 3 joints, but the pose has 4"),
        ({"truth": np.full((4, 3), np.nan)}, "no joint of the truth is known"),
        ({"spread": POSE[:3]}, r"spread needs shape \(4, 3\)"),
        ({"skeleton": Skeleton(["a"])}, "skeleton has 1 joints, but the pose has 4"),
        ({"views": {}}, "views is empty"),
    ],
)
def test_what_does_not_fit_is_named(ax, change, message):
    with pytest.raises(ValueError, match=message):
        plot_views(**{"ax": ax, "pose": POSE, "skeleton": BODY, **change})
    assert not ax.collections
