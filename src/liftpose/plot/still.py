"""What stands still in a film of a figure, drawn once by Matplotlib."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgba
from mpl_toolkits.mplot3d import proj3d

from liftpose.plot.drawn import DrawnPose, paper_of
from liftpose.plot.limbs import FloatArray, Limbs
from liftpose.plot.pose import add_legend, target_and_prediction
from liftpose.plot.raster import Box, Pixels

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mpl_toolkits.mplot3d import Axes3D


@contextmanager
def _agg_canvas(fig: Figure, dpi: float | None) -> Iterator[FigureCanvasAgg]:
    """Draw `fig` in memory for a while, whatever window it belongs to."""
    canvas, own_dpi = fig.canvas, fig.dpi
    try:
        agg = FigureCanvasAgg(fig)
        fig.set_dpi(own_dpi if dpi is None else dpi)
        yield agg
    finally:
        fig.set_dpi(own_dpi)
        fig.set_canvas(canvas)


@dataclass(frozen=True)
class Still:
    """What does not move: the picture of the figure, and where poses lie in it.

    Parameters
    ----------
    picture : array, shape (height, width, 4), uint8
    dot : float
        Pixels of a point.
    matrix : array, shape (4, 4)
        What turns places in the axes to their perspective.
    flat : matplotlib transform
        What turns that to the pixels of Matplotlib, `y` up.
    window : Box
        Pixels of the axes.
    target, prediction : Style or None
        None for what is not drawn.
    """

    picture: Pixels
    dot: float
    matrix: FloatArray
    flat: Any
    window: Box
    target: Style | None
    prediction: Style | None

    @classmethod
    def draw(
        cls,
        fig: Figure,
        ax: Axes3D,
        dpi: float | None,
        limbs: Limbs,
        *,
        target: bool,
        prediction: bool,
    ) -> Still:
        """Draw a figure with its legend; it is left as it was.

        Parameters
        ----------
        fig : matplotlib.figure.Figure
        ax : Axes3D
            Of the figure; poses are to be drawn in it.
        dpi : float or None
            Dots per inch; None for the figure's own.
        limbs : Limbs
        target, prediction : bool
            Which of the two will be drawn.

        Returns
        -------
        Still
        """
        has = {"target": target, "prediction": prediction}
        old_legend = ax.get_legend()
        with _agg_canvas(fig, dpi) as agg:
            canvas: Any = agg  # whose drawing carries no types
            legend, drawn = add_legend(ax, **has), target_and_prediction(ax, limbs, **has)
            try:
                canvas.draw()
                picture = np.array(canvas.buffer_rgba())
                styles = [None if lines is None else Style.of(lines, fig.dpi) for lines in drawn]
                box = _window(ax.bbox.extents, len(picture))
                return cls(
                    picture, fig.dpi / 72, ax.get_proj(), ax.transData.frozen(), box, *styles
                )
            finally:
                legend.remove()
                for lines in drawn:
                    if lines is not None:
                        lines.remove()
                ax.legend_ = old_legend

    def pixels(self, poses: FloatArray) -> FloatArray:
        """Say where points of the axes lie in the picture.

        Parameters
        ----------
        poses : array, shape (..., 3)

        Returns
        -------
        array, shape (..., 2)
            `y` down, the origin at the centre of the pixel at the top on the left.
        """
        x, y, _ = proj3d.proj_transform(*poses.reshape(-1, 3).T, self.matrix)
        placed = self.flat.transform(
            np.column_stack([np.ma.filled(x, np.nan), np.ma.filled(y, np.nan)])
        )
        # Matplotlib counts from the corner of a pixel, at the bottom.
        placed = placed * [1, -1] + [-0.5, len(self.picture) - 0.5]
        return np.asarray(placed).reshape(*poses.shape[:-1], 2)


def _window(extents: FloatArray, height: int) -> Box:
    left, bottom, right, top = extents
    return Box(
        math.floor(left), height - math.ceil(top), math.ceil(right), height - math.floor(bottom)
    )


@dataclass(frozen=True)
class Style:
    """How a pose is drawn, as `plot_pose_3d` draws it; lengths in pixels.

    Parameters
    ----------
    width, alpha : float
        Of bones.
    dashes : tuple of float
        Dashes and gaps of bones; empty for whole lines.
    radius : float
        Of joints, to the outer edge.
    ring : float
        Width of the ring of a hollow joint, as a share of its radius.
    hollow : bool
        Whether all joints are.
    paper : tuple of float
        Red, green, blue and alpha inside of rings.
    """

    width: float
    alpha: float
    dashes: tuple[float, ...]
    radius: float
    ring: float
    hollow: bool
    paper: tuple[float, float, float, float]

    @classmethod
    def of(cls, drawn: DrawnPose, dpi: float) -> Style:
        """Read it off Matplotlib's lines.

        Parameters
        ----------
        drawn : DrawnPose
        dpi : float

        Returns
        -------
        Style
        """
        line, dot = drawn.lines[0], dpi / 72
        width, edge = line.get_linewidth() * dot, line.get_markeredgewidth() * dot
        dashed = line.get_linestyle() == "--"
        pattern = tuple(width * part for part in rcParams["lines.dashed_pattern"]) if dashed else ()
        radius = (line.get_markersize() * dot + edge) / 2
        inside = to_rgba(line.get_markerfacecolor())
        hollow = inside[:3] != to_rgba(line.get_color())[:3]
        alpha = 1.0 if line.get_alpha() is None else float(line.get_alpha())
        paper = inside if hollow else paper_of(line.axes)
        return cls(width, alpha, pattern, radius, edge / radius, hollow, paper)
