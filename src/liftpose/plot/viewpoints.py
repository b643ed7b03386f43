"""How well a lifter does from each direction."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import QuadMesh
from matplotlib.colorbar import Colorbar
from matplotlib.text import Text

from liftpose.plot.styling import INK, PAPER


class DrawnMap(NamedTuple):
    """What a map of viewpoints consists of."""

    tiles: QuadMesh
    numbers: list[Text]
    colorbar: Colorbar


def plot_viewpoint_map(
    ax: Axes,
    azimuth: npt.ArrayLike,
    elevation: npt.ArrayLike,
    error: npt.ArrayLike,
    label: str = "Mean error",
    learned: tuple[float, float] | None = None,
    number_format: str = ".3g",
) -> DrawnMap:
    """Draw an error over the directions that a camera may look from.

    Parameters
    ----------
    ax : matplotlib Axes
        Axes to draw into.
    azimuth, elevation : array, shapes (A,) and (E,), degrees
        Directions, rising, relative to the one in the middle.
    error : array, shape (E, A)
        Error from each direction, any unit; NaN leaves a tile empty.
    label : str
        Of the colours, with the unit.
    learned : tuple of two floats, optional
        Largest azimuth and elevation that were learned from; a frame is drawn around the tiles
        of these directions.
    number_format : str
        Of the number in each tile.

    Returns
    -------
    DrawnMap

    Raises
    ------
    ValueError
        Directions that do not rise, errors of another shape, or none that is known.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> ax = Figure().add_subplot()
    >>> drawn = plot_viewpoint_map(ax, [-30, 0, 30], [-10, 10], [[3, 2, 3], [4, 3, 4]])
    >>> [text.get_text() for text in drawn.numbers]
    ['3', '2', '3', '4', '3', '4']
    """
    across, up = np.asarray(azimuth, dtype=np.float64), np.asarray(elevation, dtype=np.float64)
    errors = np.asarray(error, dtype=np.float64)
    for name, values in (("azimuth", across), ("elevation", up)):
        if values.ndim != 1 or len(values) < 2 or (np.diff(values) <= 0).any():
            raise ValueError(f"{name} is {values.tolist()}; expected two or more rising angles.")
    if errors.shape != (len(up), len(across)):
        raise ValueError(
            f"error has shape {errors.shape}; expected {(len(up), len(across))}, one row an "
            "elevation and one column an azimuth."
        )
    sides, floors = _edges(across), _edges(up)
    known = errors[np.isfinite(errors)]
    if not known.size:
        raise ValueError("error is NaN in every direction; there is nothing to draw.")
    tiles = ax.pcolormesh(sides, floors, errors, cmap="cividis_r", edgecolors=PAPER, linewidth=0.5)
    middle = (known.min() + known.max()) / 2
    numbers = [
        ax.text(
            across[column],
            up[row],
            format(errors[row, column], number_format),
            ha="center",
            va="center",
            fontsize="small",
            color=PAPER if errors[row, column] > middle else INK,
        )
        for row, column in np.argwhere(np.isfinite(errors))
    ]
    if learned is not None:
        (left, right), (low, high) = (
            (edges[:-1][inside][0], edges[1:][inside][-1])
            for edges, inside in (
                (sides, np.abs(across) <= learned[0]),
                (floors, np.abs(up) <= learned[1]),
            )
        )
        frame = [left, right, right, left, left], [low, low, high, high, low]
        ax.plot(*frame, color=PAPER, lw=2.5)
        ax.plot(*frame, color=INK, lw=1.2, ls="--")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelcolor=INK)
    ax.set_xticks(across)
    ax.set_yticks(up)
    ax.set_xlabel("Azimuth (°)")
    ax.set_ylabel("Elevation (°)")
    colorbar = ax.figure.colorbar(tiles, ax=ax, label=label)
    colorbar.outline.set_visible(False)
    return DrawnMap(tiles, numbers, colorbar)


def _edges(centres: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Limits (n + 1,) of tiles around n centres."""
    between = (centres[1:] + centres[:-1]) / 2
    first, last = 2 * centres[0] - between[0], 2 * centres[-1] - between[-1]
    return np.concatenate([[first], between, [last]])
