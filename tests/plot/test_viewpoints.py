"""A map of errors over directions."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from liftpose.plot import plot_viewpoint_map

AZIMUTH, ELEVATION = [-40, -10, 0, 10, 40], [-20, 0, 20]


def test_tiles_are_where_the_directions_are():
    errors = np.arange(15.0).reshape(3, 5)
    errors[0, 0] = np.nan
    ax = Figure().add_subplot()
    drawn = plot_viewpoint_map(ax, AZIMUTH, ELEVATION, errors, label="P-MPJPE (mm)")
    np.testing.assert_array_equal(np.ma.filled(drawn.tiles.get_array(), np.nan), errors)
    corners = drawn.tiles.get_coordinates()
    np.testing.assert_allclose(corners[0, :, 0], [-55, -25, -5, 5, 25, 55])
    np.testing.assert_allclose(corners[:, 0, 1], [-30, -10, 10, 30])
    # One number a tile, at its place; none where nothing is known.
    assert {text.get_position(): text.get_text() for text in drawn.numbers} == {
        (azimuth, elevation): f"{errors[row, column]:g}"
        for row, elevation in enumerate(ELEVATION)
        for column, azimuth in enumerate(AZIMUTH)
        if np.isfinite(errors[row, column])
    }
    assert drawn.colorbar.ax.get_ylabel() == "P-MPJPE (mm)"
    assert len(ax.lines) == 0


def test_what_was_learned_from_is_framed():
    ax = Figure().add_subplot()
    drawn = plot_viewpoint_map(
        ax, AZIMUTH, ELEVATION, np.ones((3, 5)), learned=(30, 15), number_format=".2f"
    )
    corners = ax.lines[-1].get_xydata()
    # Around the tiles of -10, 0 and 10 degrees, and of elevation 0.
    assert {tuple(corner) for corner in corners} == {(-25, -10), (25, -10), (25, 10), (-25, 10)}
    assert {text.get_text() for text in drawn.numbers} == {"1.00"}


@pytest.mark.parametrize(
    ("azimuth", "shape", "words"),
    [
        ([0, 0, 10], (3, 3), "azimuth is"),
        ([5], (3, 1), "two or more rising"),
        (AZIMUTH, (5, 3), r"shape \(5, 3\); expected \(3, 5\)"),
    ],
)
def test_what_makes_no_map_is_refused(azimuth, shape, words):
    with pytest.raises(ValueError, match=words):
        plot_viewpoint_map(Figure().add_subplot(), azimuth, ELEVATION, np.ones(shape))
