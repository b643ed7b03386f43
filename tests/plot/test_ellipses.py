"""Ellipses of ellipsoids: against the outlines of points on their surfaces."""

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.path import Path
from matplotlib.transforms import Affine2D
from mpl_toolkits.mplot3d import proj3d
from scipy.spatial import ConvexHull

from liftpose.plot.ellipses import Ellipsoids, as_spread, draw_ellipses, ellipse_paths
from liftpose.plot.limbs import Limbs
from liftpose.plot.scene import axes_of_view, from_side

POSE = np.array([[0.0, 0.0, 0.0], [2.0, 1.0, 0.5], [1.0, -1.0, 1.5]])
REACH = np.array([[0.5, 0.2, 0.3], [0.1, 0.6, 0.2], [0.3, 0.3, 0.9]])
LIMBS = Limbs.resolve(3, [(0, 1)], [0, 0, 1], [(255, 0, 0), (0, 0, 255)])


def surface(middle, reach, count=20000):
    """Points all over an ellipsoid."""
    directions = np.random.default_rng(0).normal(size=(count, 3))
    return middle + reach * directions / np.linalg.norm(directions, axis=1, keepdims=True)


def area(points):
    return ConvexHull(points).volume


def assert_outlines(paths, clouds):
    for path, cloud in zip(paths, clouds, strict=True):
        # Curves are broken into lines by the pixel: so small a pixel that it does not matter.
        (drawn,) = path.transformed(Affine2D().scale(1e5)).to_polygons()
        hull = ConvexHull(cloud * 1e5)
        assert area(drawn) == pytest.approx(hull.volume, rel=0.01)
        middle = drawn.mean(axis=0)
        inwards = middle + 0.995 * (cloud * 1e5 - middle)
        assert Path(drawn).contains_points(inwards).all()


@pytest.mark.parametrize("view", [(-60.0, 30.0), (10.0, 0.0), (75.0, 90.0)])
def test_without_perspective_they_are_the_outlines_of_the_ellipsoids(view):
    ax = Figure().add_subplot()
    place = from_side(POSE, *view)[:, :2]
    drawn, extent = draw_ellipses(ax, LIMBS, place, REACH, axes_of_view(*view)[:2])
    clouds = [
        from_side(surface(middle, reach), *view)[:, :2]
        for middle, reach in zip(POSE, REACH, strict=True)
    ]
    assert_outlines(drawn.get_paths(), clouds)
    half = [np.ptp(cloud, axis=0) / 2 for cloud in clouds]
    np.testing.assert_allclose(extent, half, rtol=2e-3)


@pytest.mark.parametrize("view", [(30.0, -60.0), (90.0, 0.0), (5.0, 130.0)])
@pytest.mark.parametrize("focal", [0.3, 1.0])
def test_with_perspective_they_are_the_outlines_of_the_ellipsoids(view, focal):
    ax = Figure().add_subplot(projection="3d")
    ax.set(xlim=(-1, 3), ylim=(-2, 2), zlim=(-1, 3))
    ax.set_proj_type("persp", focal_length=focal)
    ax.view_init(*view)
    drawn = Ellipsoids(ax, LIMBS, POSE, REACH)
    ax.figure.draw_without_rendering()
    clouds = [
        np.stack(proj3d.proj_transform(*surface(middle, reach).T, ax.M)[:2], axis=1)
        for middle, reach in zip(POSE, REACH, strict=True)
    ]
    assert_outlines(drawn.get_paths(), clouds)


def test_they_follow_the_view():
    ax = Figure().add_subplot(projection="3d")
    drawn = Ellipsoids(ax, LIMBS, POSE, REACH)
    ax.figure.draw_without_rendering()
    before = drawn.get_paths()[0].vertices.copy()
    ax.view_init(80, 10)
    ax.figure.draw_without_rendering()
    assert np.abs(drawn.get_paths()[0].vertices - before).max() > 1e-3


def test_joints_that_are_not_known_have_none():
    ax = Figure().add_subplot()
    pose, reach = POSE[:, :2].copy(), REACH.copy()
    pose[0], reach[1] = np.nan, np.nan
    drawn, _ = draw_ellipses(ax, LIMBS, pose, reach, np.eye(3)[:2])
    assert len(drawn.get_paths()) == 1
    np.testing.assert_allclose(drawn.get_facecolors()[:, :3], [[0, 0, 1]])
    deep = Figure().add_subplot(projection="3d")
    nothing = Ellipsoids(deep, LIMBS, np.full((3, 3), np.nan), reach)
    deep.figure.draw_without_rendering()
    assert nothing.get_paths() == []


def test_an_ellipse_that_is_a_line_or_a_point_is_drawn():
    flat, point = ellipse_paths(np.zeros((2, 2)), np.array([np.diag([4.0, 0.0]), np.zeros((2, 2))]))
    np.testing.assert_allclose(np.abs(flat.vertices).max(axis=0), [2, 0])
    np.testing.assert_array_equal(point.vertices, 0)


@pytest.mark.parametrize(
    ("spread", "factor", "message"),
    [
        (np.ones((2, 3)), 1.0, r"spread needs shape \(3, 3\).*got \(2, 3\)"),
        ([[1, 1, 1], [1, -1, 1], [1, 1, 1]], 1.0, "spread of joint 1"),
        (np.ones((3, 3)), 0.0, "factor needs a number above 0, got 0.0"),
        (np.ones((3, 3)), np.nan, "factor"),
    ],
)
def test_spreads_that_are_none_are_named(spread, factor, message):
    with pytest.raises(ValueError, match=message):
        as_spread(spread, 3, factor)
