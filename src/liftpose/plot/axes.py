"""Axes of figures of numbers, which say no more than they must."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

from liftpose.plot.limbs import FloatArray
from liftpose.plot.styling import INK, LINE, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def quiet(ax: Axes, grid: str | None = "y") -> None:
    """Leave to axes what is read from them.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    grid : {"x", "y", "both"} or None
        Which way faint lines lead from the ticks.
    """
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["bottom", "left"]].set(color=MUTED, linewidth=0.8)
    ax.tick_params(color=MUTED, labelcolor=INK, width=0.8)
    for axis in (ax.xaxis, ax.yaxis):
        axis.label.set_color(INK)
    if grid:
        ax.grid(axis=grid, color=LINE, linewidth=0.6)  # type: ignore[arg-type]
        ax.set_axisbelow(True)


def percent_axis(ax: Axes, body_length: float) -> Any:
    """Add a right axis that gives the lengths of the left one in % of a body length.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    body_length : float
        In the unit of the left axis.

    Returns
    -------
    matplotlib.axes SecondaryAxis

    Raises
    ------
    ValueError
        The body length is no length above 0.
    """
    if not (np.isfinite(body_length) and body_length > 0):
        raise ValueError(f"body_length needs a length above 0, got {body_length!r}.")
    scale = 100 / float(body_length)

    def to_percent(length: npt.ArrayLike) -> FloatArray:
        return np.asarray(length, dtype=float) * scale

    def to_length(percent: npt.ArrayLike) -> FloatArray:
        return np.asarray(percent, dtype=float) / scale

    axis = ax.secondary_yaxis("right", functions=(to_percent, to_length))
    axis.set_ylabel("Error (% of body length)", color=INK)
    axis.tick_params(color=MUTED, labelcolor=INK, width=0.8)
    axis.spines["right"].set(color=MUTED, linewidth=0.8)
    return axis


def size_of(ax: Axes) -> tuple[float, float]:
    """Give width and height of axes in points, as they are before any layout is worked out."""
    figure: Any = ax.get_figure(root=True)
    box = ax.get_position().transformed(ax.figure.transSubfigure)
    points = 72 / figure.dpi
    return float(box.width * points), float(box.height * points)


def text_width(words: str, size: str | float = "small") -> float:
    """Give how wide a line of text is drawn, in points.

    Parameters
    ----------
    words : str
    size : str or float
        As Matplotlib understands it.

    Examples
    --------
    >>> text_width("knee", 10) == 2 * text_width("knee", 5)
    True
    """
    if not words.strip():
        return 0.0
    font = FontProperties(size=size)
    return float(TextPath((0, 0), words, prop=font).get_extents().width)


def labelled(what: str, unit: str | None) -> str:
    """Join the name of a quantity and its unit, as axes say it.

    Examples
    --------
    >>> labelled("Error", "mm"), labelled("Error", None)
    ('Error (mm)', 'Error')
    """
    return f"{what} ({unit})" if unit else what
