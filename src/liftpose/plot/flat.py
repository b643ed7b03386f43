"""A pose in plain axes, with what is nearer or surer in front.

NaN means not seen: joints with NaN are left out, with their bones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgb
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

from liftpose.plot.drawn import RING, paper_of
from liftpose.plot.limbs import FloatArray, Limbs

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.typing import ColorType

WIDTH = 2.2
"""Of a bone, points."""

_JOINT = 2.0  # points by which a joint is broader than a bone
_SEAM = 1.6  # points on either side


class FlatPose(NamedTuple):
    """What shows a pose in plain axes.

    Parameters
    ----------
    bones : matplotlib.collections.LineCollection
        From far to near.
    joints : matplotlib.collections.PathCollection
        Those that are known, from far to near; hollow where they are of the left side.
    casing : tuple of matplotlib.collections.Collection
        What sets both off from a picture beneath them; empty where nothing does.
    """

    bones: LineCollection
    joints: PathCollection
    casing: tuple[LineCollection | PathCollection, ...] = ()


def draw_flat(
    ax: Axes,
    limbs: Limbs,
    pose: FloatArray,
    *,
    alpha: FloatArray | None = None,
    depth: FloatArray | None = None,
    width: float = WIDTH,
    casing: ColorType | None = None,
    seam: float = _SEAM,
    zorder: float = 4.0,
    clip_on: bool = True,
) -> FlatPose:
    """Draw a pose in plain axes.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        What to draw into; its limits stay.
    limbs : Limbs
        Bones, colours and sides.
    pose : array, shape (J, 2)
        In the coordinates of the axes.
    alpha : array, shape (J,), optional
        How opaque joints are, 0 to 1. A bone is as opaque as the fainter of its ends.
    depth : array, shape (J,), optional
        What is larger is nearer, and drawn later.
    width : float
        Of a bone, points.
    casing : color, optional
        Of a seam around everything.
    seam : float
        How broad that is, points.
    zorder : float
        As Matplotlib has it.
    clip_on : bool
        Cut off what is outside of the axes.

    Returns
    -------
    FlatPose
    """
    count = len(limbs.limb_id)
    colors = np.ones((count, 4))
    colors[:, :3] = limbs.color_of(np.arange(count))
    colors[:, 3] = 1.0 if alpha is None else alpha
    far = np.zeros(count) if depth is None else depth
    known = np.flatnonzero(np.isfinite(pose).all(axis=1))
    known = known[np.argsort(far[known], kind="stable")]
    bones = limbs.bones[np.isin(limbs.bones, known).all(axis=1)]
    bones = bones[np.argsort(far[bones].mean(axis=1), kind="stable")]
    of_bones = colors[bones[:, 0]]
    of_bones[:, 3] = colors[bones, 3].min(axis=1, initial=1.0)
    core = colors[known].copy()
    core[limbs.left[known], :3] = paper_of(ax)[:3]
    size = width + _JOINT
    beneath: list[Any] = []
    if casing is not None:
        below: dict[str, Any] = {"zorder": zorder, "clip_on": clip_on}
        # As faint as what it surrounds.
        line_seam, dot_seam = of_bones.copy(), colors[known].copy()
        line_seam[:, :3] = dot_seam[:, :3] = to_rgb(casing)
        around = size + 2 * seam
        beneath = [
            _lines(ax, pose[bones], line_seam, width + 2 * seam, below),
            _dots(ax, pose[known], dot_seam, dot_seam, around, below),
        ]
    over: dict[str, Any] = {"zorder": zorder + 0.1, "clip_on": clip_on}
    lines = _lines(ax, pose[bones], of_bones, width, over)
    over["zorder"] = zorder + 0.2
    dots = _dots(ax, pose[known], core, colors[known], size, over)
    return FlatPose(lines, dots, tuple(beneath))


def _lines(
    ax: Axes, ends: FloatArray, color: Any, width: float, style: dict[str, Any]
) -> LineCollection:
    lines = LineCollection(list(ends), colors=color, linewidths=width, capstyle="round", **style)
    ax.add_collection(lines, autolim=False)
    return lines


def _dots(
    ax: Axes, at: FloatArray, core: Any, ring: Any, size: float, style: dict[str, Any]
) -> PathCollection:
    dots = PathCollection(
        [Path.unit_circle()],
        sizes=[((size - RING) / 2) ** 2],
        offsets=at,
        offset_transform=ax.transData,
        transform=IdentityTransform(),
        facecolors=core,
        edgecolors=ring,
        linewidths=RING,
        **style,
    )
    ax.add_collection(dots, autolim=False)
    return dots
