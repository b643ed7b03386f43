"""A pose in three dimensions with its spread."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from liftpose import Skeleton
from liftpose.plot import plot_pose_spread
from liftpose.plot.scene import TRUTH_COLOR

BODY = Skeleton(
    ["chest", "left_paw", "right_paw"],
    bones=[(0, 1), (0, 2)],
    limbs=[0, 1, 2],
    colors=[(90, 90, 90), (0, 0, 250), (250, 0, 0)],
)
POSE = np.array([[0.0, 0, 2], [1, 1, 0], [1, -1, 0]])
SPREAD = np.array([[0.1, 0.2, 0.3], [0.2, 0.2, 0.2], [0.1, 0.1, 0.5]])


@pytest.fixture
def ax():
    return Figure(figsize=(4, 4)).add_subplot(projection="3d")


def test_every_joint_has_an_ellipse_of_the_colour_of_its_limb(ax):
    drawn = plot_pose_spread(ax, POSE, SPREAD, BODY)
    ax.figure.draw_without_rendering()
    assert len(drawn.spread.get_paths()) == 3
    np.testing.assert_allclose(drawn.spread.get_edgecolors()[:, :3], np.array(BODY.colors) / 255)
    faces = drawn.spread.get_facecolors()
    assert (faces[:, 3] < 0.3).all()
    assert len(drawn.pose.rings) == 1
    assert drawn.truth is None


def test_limits_hold_the_ellipsoids_and_units_are_equally_long(ax):
    plot_pose_spread(ax, POSE, SPREAD, BODY, factor=3.0)
    low, high = (POSE - 3 * SPREAD).min(axis=0), (POSE + 3 * SPREAD).max(axis=0)
    limits = np.array([ax.get_xlim(), ax.get_ylim(), ax.get_zlim()])
    assert (limits[:, 0] <= low).all()
    assert (limits[:, 1] >= high).all()
    units = np.asarray(ax._box_aspect) / np.ptp(limits, axis=1)
    np.testing.assert_allclose(units, units[0])


def test_the_factor_widens_the_ellipses(ax):
    one = plot_pose_spread(ax, POSE, SPREAD, BODY)
    two = plot_pose_spread(ax, POSE, SPREAD, BODY, factor=2.0)
    ax.figure.draw_without_rendering()
    for small, large in zip(one.spread.get_paths(), two.spread.get_paths(), strict=True):
        sizes = [np.ptp(path.vertices, axis=0) for path in (small, large)]
        np.testing.assert_allclose(sizes[1] / sizes[0], 2, rtol=0.05)


def test_the_truth_is_grey_behind_everything(ax):
    drawn = plot_pose_spread(ax, POSE, SPREAD, BODY, truth=POSE + 0.1)
    assert {to_rgb(line.get_color()) for line in drawn.truth.lines} == {to_rgb(TRUTH_COLOR)}
    over = min(line.get_zorder() for line in drawn.pose.lines)
    assert max(line.get_zorder() for line in drawn.truth.lines) < over
    ax.figure.draw_without_rendering()
    # Matplotlib numbers collections anew when it draws.
    assert drawn.spread.get_zorder() < over


def test_axes_fill_the_figure_that_lays_them_out():
    figure = Figure(figsize=(5, 4), layout="constrained")
    ax = figure.add_subplot(projection="3d")
    plot_pose_spread(ax, 100 * POSE, SPREAD, BODY, truth=100 * POSE)
    figure.draw_without_rendering()
    assert ax.get_position().width > 0.7


def test_what_is_not_known_is_absent(ax):
    pose, spread = POSE.copy(), SPREAD.copy()
    pose[1], spread[2, 0] = np.nan, np.nan
    drawn = plot_pose_spread(ax, pose, spread, BODY, truth=np.full((3, 3), np.nan))
    ax.figure.draw_without_rendering()
    assert len(drawn.spread.get_paths()) == 1
    assert np.isfinite(ax.get_xlim()).all()


@pytest.mark.parametrize("count", [1, 1000])
def test_one_joint_and_a_thousand_without_a_skeleton(ax, count):
    rng = np.random.default_rng(0)
    drawn = plot_pose_spread(ax, rng.normal(size=(count, 3)), rng.uniform(0, 0.1, (count, 3)))
    ax.figure.draw_without_rendering()
    assert len(drawn.spread.get_paths()) == count


def test_what_does_not_fit_is_named(ax):
    with pytest.raises(TypeError, match="projection='3d'"):
        plot_pose_spread(Figure().add_subplot(), POSE, SPREAD)
    with pytest.raises(ValueError, match=r"spread needs shape \(3, 3\)"):
        plot_pose_spread(ax, POSE, SPREAD[:2])
    with pytest.raises(ValueError, match="truth has 2 joints, but the pose has 3"):
        plot_pose_spread(ax, POSE, SPREAD, truth=POSE[:2])
    with pytest.raises(ValueError, match="skeleton has 3 joints, but the pose has 2"):
        plot_pose_spread(ax, POSE[:2], SPREAD[:2], BODY)
