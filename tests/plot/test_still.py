import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from liftpose.plot.limbs import Limbs
from liftpose.plot.still import Still

LIMBS = Limbs.resolve(3, [[0, 1]], [0, 0, 1], [[200, 0, 0], [0, 0, 200]])


@pytest.fixture
def scene():
    fig = Figure(figsize=(3, 2), dpi=100)
    ax = fig.add_subplot(projection="3d")
    ax.set(xlim=(0, 4), ylim=(-1, 3), zlim=(2, 6))
    return fig, ax


def test_the_figure_is_left_as_it_was(scene):
    fig, ax = scene
    canvas, children = fig.canvas, ax.get_children()
    still = Still.draw(fig, ax, 200, LIMBS, target=True, prediction=True)
    assert still.picture.shape == (400, 600, 4)
    assert still.dot == 200 / 72
    assert (fig.dpi, fig.canvas, ax.get_legend()) == (100, canvas, None)
    assert ax.get_children() == children


def test_points_lie_where_matplotlib_draws_them(scene):
    fig, ax = scene
    still = Still.draw(fig, ax, None, LIMBS, target=False, prediction=True)
    points = np.random.default_rng(0).uniform([0, -1, 2], [4, 3, 6], (6, 3))
    found = still.pixels(points[None])
    assert found.shape == (1, 6, 2)
    for point, place in zip(points, found[0], strict=True):
        dot = ax.plot(*point[:, None], "s", color="lime", markersize=5, markeredgewidth=0)[0]
        canvas = FigureCanvasAgg(fig)
        canvas.draw()
        rgb = np.asarray(canvas.buffer_rgba()).astype(int)
        y, x = np.nonzero((rgb[..., 1] > 200) & (rgb[..., 0] < 60))
        np.testing.assert_allclose([x.mean(), y.mean()], place, atol=0.6)
        dot.remove()


def test_styles_are_those_of_the_lines(scene):
    fig, ax = scene
    both = Still.draw(fig, ax, 144, LIMBS, target=True, prediction=True)
    alone = Still.draw(fig, ax, 144, LIMBS, target=False, prediction=True)
    assert alone.target is None
    assert alone.prediction.dashes == ()
    assert not alone.prediction.hollow
    assert alone.prediction.paper == (1, 1, 1, 1)
    assert alone.prediction.width == pytest.approx(2 * 2.2)
    assert alone.prediction.radius == pytest.approx(3.5 + 1)
    assert both.prediction.dashes[0] == pytest.approx(3.7 * both.prediction.width)
    assert both.prediction.hollow
    assert both.target.width > both.prediction.width
    assert both.target.alpha < both.prediction.alpha == 1


def test_the_window_is_that_of_the_axes(scene):
    fig, _ = scene
    ax = fig.add_axes((0.5, 0.25, 0.25, 0.375), projection="3d")
    window = Still.draw(fig, ax, None, LIMBS, target=False, prediction=True).window
    assert window == (150, 75, 225, 150)
