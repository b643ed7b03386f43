"""A pose as lines that can be moved, in two dimensions or three.

NaN means not seen: a joint of which a coordinate is not finite is left out with its bones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rcParams
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from mpl_toolkits.mplot3d.art3d import Line3D

from liftpose.plot.limbs import BoolArray, FloatArray, Limbs

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RING = 1.2
"""Points: how broad the rings of joints of the left side are."""


class DrawnPose:
    """The lines of one pose in an axes, one a limb, which can be moved to another pose.

    Parameters
    ----------
    ax : matplotlib Axes or Axes3D
        Axes to draw into.
    limbs : Limbs
    dimensions : {2, 3}
    style : dict
        Properties of the lines.

    Attributes
    ----------
    lines : list of matplotlib.lines.Line2D or Line3D
        One a limb that has joints. A row of NaN stands between its bones.
    rings : list of matplotlib.lines.Line2D or Line3D
        Joints of the left side, hollow; one a limb that has some.
    """

    def __init__(self, ax: Any, limbs: Limbs, dimensions: int, **style: Any) -> None:
        self._limbs = limbs
        self._dimensions = dimensions
        self._numbers = np.unique(limbs.limb_id)
        make = Line3D if dimensions == 3 else Line2D
        # In space, the frame of the axes is no limit of anything. What is not cut off there would
        # be measured for the layout, in the wrong coordinates.
        style = {"clip_on": dimensions == 2, "in_layout": dimensions == 2, **style}
        self.lines: list[Any] = [
            ax.add_line(make(*[[]] * dimensions, color=tuple(limbs.colors[number]), **style))
            for number in self._numbers
        ]
        hollow = {
            "linestyle": "none",
            "marker": "o",
            "markersize": style.get("markersize", rcParams["lines.markersize"]),
            "markeredgewidth": RING,
            "markerfacecolor": paper_of(ax),
            "alpha": style.get("alpha"),
            "clip_on": style["clip_on"],
            "in_layout": style["in_layout"],
            # Over all lines of the pose, and under what is drawn later.
            "zorder": self.lines[0].get_zorder() + 0.01 if self.lines else 2,
        }
        self._left = np.unique(limbs.limb_id[limbs.left])
        self.rings: list[Any] = [
            ax.add_line(make(*[[]] * dimensions, color=tuple(limbs.colors[number]), **hollow))
            for number in self._left
        ]

    def move(self, pose: FloatArray, good: BoolArray) -> None:
        """Draw another pose with the same lines.

        Parameters
        ----------
        pose : array, shape (J, 2) or (J, 3)
        good : array of bool, shape (J,)
            Joints to draw; those with a coordinate that is not finite are left out anyhow.
        """
        bones, limb_id = self._limbs.bones, self._limbs.limb_id
        seen = seen_of(pose, good)
        bones = bones[seen[bones].all(axis=1)]
        alone = seen.copy()
        alone[bones] = False
        for number, line in zip(self._numbers, self.lines, strict=True):
            ends = pose[bones[limb_id[bones[:, 0]] == number]]
            dots = pose[alone & (limb_id == number)][:, None]
            path = np.concatenate([_broken(ends), _broken(dots)])
            self._set(line, path)
        for number, ring in zip(self._left, self.rings, strict=True):
            self._set(ring, pose[seen & self._limbs.left & (limb_id == number)])

    def _set(self, line: Any, path: FloatArray) -> None:
        line.set_data_3d(*path.T) if self._dimensions == 3 else line.set_data(*path.T)

    def remove(self) -> None:
        """Take the lines out of the axes."""
        for line in [*self.lines, *self.rings]:
            line.remove()


def paper_of(ax: Axes) -> tuple[float, float, float, float]:
    """Colour of what an axes draws on.

    Parameters
    ----------
    ax : matplotlib Axes

    Returns
    -------
    tuple of float
        Red, green, blue and alpha, 0 to 1: that of the figure where the axes has none, and white
        where neither has one.
    """
    shades = (to_rgba(ax.get_facecolor()), to_rgba(ax.figure.get_facecolor()))
    return next((shade for shade in shades if shade[3]), (1.0, 1.0, 1.0, 1.0))


def seen_of(pose: FloatArray, good: BoolArray) -> BoolArray:
    """Joints that are good and known.

    Parameters
    ----------
    pose : array, shape (..., J, D)
    good : array of bool, shape (..., J)

    Returns
    -------
    array of bool, shape (..., J)
    """
    seen: BoolArray = good & np.isfinite(pose).all(axis=-1)
    return seen


def _broken(pieces: FloatArray) -> FloatArray:
    """One path (P * (K + 1), D) from pieces (P, K, D), with a row of NaN after each."""
    padded = np.pad(pieces, ((0, 0), (0, 1), (0, 0)), constant_values=np.nan)
    return padded.reshape(-1, pieces.shape[-1])
