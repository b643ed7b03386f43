"""The diagram of a skeleton, with the names of its joints."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.font_manager import FontProperties
from matplotlib.path import Path
from matplotlib.textpath import text_to_path
from matplotlib.transforms import IdentityTransform

from liftpose.plot.directions import facing
from liftpose.plot.flat import FlatPose, draw_flat
from liftpose.plot.limbs import FloatArray, Limbs
from liftpose.plot.scene import from_side
from liftpose.plot.styling import INK, MUTED
from liftpose.skeleton.layout import laid_out
from liftpose.skeleton.sides import pairs_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

    from liftpose.skeleton import Skeleton

_LARGEST, _SMALLEST = 9.0, 4.5  # points: names that are smaller are not read
_LEADING = 1.25  # from line to line, in the size of the letters
_LEADER = 16.0  # points from the outermost joint to the names
_EDGE = 8.0  # points around everything
_BODY = 0.3  # of the width, which the body needs at least
_GRAY = "#a8a8a8"
_UPRIGHT = 0.1  # of its height, below which the width of a body is none
_ROOT = 8.5  # points across


class DrawnSkeleton(NamedTuple):
    """What `plot_skeleton` drew.

    Parameters
    ----------
    pose : FlatPose
    roots : matplotlib.collections.PathCollection
        The rings around the roots.
    names : dict of str to matplotlib.text.Text
        Empty where names do not fit.
    leaders : matplotlib.collections.LineCollection
        From the joints to their names.
    places : array, shape (J, 2)
        Where the joints are in the axes.
    note : matplotlib.text.Text or None
        That names do not fit, where they do not.
    """

    pose: FlatPose
    roots: PathCollection
    names: dict[str, Text]
    leaders: LineCollection
    places: FloatArray
    note: Text | None


def plot_skeleton(
    ax: Axes, skeleton: Skeleton, at: npt.ArrayLike | None = None, *, names: bool = True
) -> DrawnSkeleton:
    """Draw joints and bones of a skeleton, with names beside it that never overlap.

    Names stand in two columns, each joined to its joint by a thin line. They are as large as the
    axes have room for when this is called, up to 9 points; if they would be smaller than 4.5,
    they are left out, and a note says so. Roots are ringed.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes to draw into; its frame is taken away.
    skeleton : Skeleton
        What to draw.
    at : array, shape (J, 2) or (J, 3), optional
        Where the joints are: in the picture, `x` to the right and `y` up; or a pose, `z` up,
        which is drawn from above. NaN leaves a joint out with its name. Left out, the bones say
        where the joints go, with the left on the left.
    names : bool
        Write the names.

    Returns
    -------
    DrawnSkeleton

    Raises
    ------
    ValueError
        `at` does not fit the skeleton, or nothing of it is known.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> from liftpose.skeleton import Skeleton
    >>> body = Skeleton(["head", "left_paw", "right_paw"], bones=[(0, 1), (0, 2)])
    >>> drawn = plot_skeleton(Figure().add_subplot(), body)
    >>> drawn.names["left_paw"].get_ha(), bool(drawn.places[1, 0] < drawn.places[2, 0])
    ('right', True)
    """
    places = laid_out(skeleton) if at is None else _as_places(at, skeleton)
    known = np.isfinite(places).all(axis=1)
    if not known.any():
        raise ValueError("at has no joint that is known; there is nothing to draw.")
    sides = _columns(skeleton, places)
    space = _points(ax)
    size, widths = _letters(skeleton, sides, space) if names else (0.0, (0.0, 0.0))
    window = _window(places[known], space, widths if size else (0.0, 0.0))
    (left, low), (right, high) = window.low, window.high
    ax.set(xlim=(left, right), ylim=(low, high))
    ax.set_aspect("equal", adjustable="box")
    ax.set_axis_off()
    pose = draw_flat(ax, Limbs.of(skeleton), places, clip_on=False)
    written, lines = {}, []
    if size:
        for side, joints, edge in zip((-1, 1), sides, window.edges, strict=True):
            levels = _heights(places[joints, 1], _LEADING * size * window.unit, low, high)
            for joint, level in zip(joints, levels, strict=True):
                place = (edge, float(level))
                lines.append([places[joint], place])
                written[skeleton.joints[joint]] = _write(
                    ax, skeleton.joints[joint], place, side, size
                )
    leaders = LineCollection(lines, colors=_GRAY, linewidths=0.6, zorder=1, clip_on=False)
    ax.add_collection(leaders, autolim=False)
    note = None if size or not names else _note(ax, skeleton.joint_count)
    return DrawnSkeleton(pose, _rings(ax, skeleton, places), written, leaders, places, note)


def _as_places(at: npt.ArrayLike, skeleton: Skeleton) -> FloatArray:
    places = np.array(at, dtype=float)
    count = skeleton.joint_count
    if places.ndim != 2 or len(places) != count or places.shape[1] not in (2, 3):
        raise ValueError(
            f"at needs shape ({count}, 2) or ({count}, 3), as the skeleton has {count} joints, "
            f"got {places.shape}."
        )
    if places.shape[1] == 3:
        places = from_side(places, facing(places, skeleton) + 180, 90)[:, :2]
    return np.where(np.isfinite(places).all(axis=1, keepdims=True), places, np.nan)


def _columns(skeleton: Skeleton, at: FloatArray) -> tuple[list[int], list[int]]:
    """Share the joints out to the names on the left and on the right, each from top to bottom."""
    pairs = pairs_of(skeleton)
    columns: tuple[list[int], list[int]] = tuple([pair[side] for pair in pairs] for side in (0, 1))  # type: ignore[assignment]
    alone = [joint for joint in range(len(at)) if joint not in {*columns[0], *columns[1]}]
    known = np.isfinite(at[:, 0])
    wide, high = np.ptp(at[known], axis=0)
    if pairs or wide < _UPRIGHT * high:
        alone.sort(key=lambda joint: -at[joint, 1])
        for number, joint in enumerate(alone):
            columns[1 - number % 2].append(joint)
    else:
        alone.sort(key=lambda joint: at[joint, 0])
        columns = alone[: len(alone) // 2], alone[len(alone) // 2 :]
    # Of joints that are equally high, such as those of a leg that is stretched out, the innermost
    # is named first.
    first, second = (
        sorted(
            (joint for joint in part if known[joint]),
            key=lambda joint: (-at[joint, 1].round(2), side * at[joint, 0]),
        )
        for part, side in zip(columns, (-1, 1), strict=True)
    )
    return first, second


def _points(ax: Axes) -> FloatArray:
    """Width and height of the axes, points."""
    box = ax.get_window_extent()
    inch: float = ax.figure.dpi
    return np.array([box.width, box.height]) * 72 / inch


def _letters(
    skeleton: Skeleton, sides: tuple[list[int], list[int]], space: FloatArray
) -> tuple[float, tuple[float, float]]:
    """Size of the letters, 0 where they do not fit, and width of both columns; points."""
    lines = max(map(len, sides))
    size = min(_LARGEST, (space[1] - 2 * _EDGE) / (_LEADING * max(lines, 1)))
    if size < _SMALLEST:
        return 0.0, (0.0, 0.0)
    widths = [
        max((_width(skeleton.joints[joint]) for joint in joints), default=0.0) for joints in sides
    ]
    free = (1 - _BODY) * space[0] - 2 * (_LEADER + _EDGE)
    size = min(size, free / max(sum(widths), 1e-9))
    left, right = (size * width for width in widths)
    return (size, (left, right)) if size >= _SMALLEST else (0.0, (0.0, 0.0))


def _width(text: str) -> float:
    """Of a line of letters one point large, points."""
    letters = FontProperties(size=100)
    width = text_to_path.get_text_width_height_descent(text, letters, ismath=False)[0]
    # Pixels make small letters a little broader.
    return 1.08 * float(width) / 100


class _Window(NamedTuple):
    low: FloatArray
    high: FloatArray
    edges: tuple[float, float]
    unit: float  # of the layout, in a point


def _window(at: FloatArray, space: FloatArray, widths: tuple[float, float]) -> _Window:
    """Limits of the axes in which the body is as large as can be beside its names."""
    low, high = at.min(axis=0), at.max(axis=0)
    beside = np.array([width + _LEADER if width else 0.0 for width in widths])
    room = np.maximum(space - 2 * _EDGE - [beside.sum(), 0.0], 1.0)
    unit = float(((high - low) / room).max()) or 1 / 72
    edges = float(low[0] - _LEADER * unit), float(high[0] + _LEADER * unit)
    left, right = low[0] - beside[0] * unit, high[0] + beside[1] * unit
    middle = np.array([left + right, low[1] + high[1]]) / 2
    return _Window(middle - unit * space / 2, middle + unit * space / 2, edges, unit)


def _heights(wanted: FloatArray, step: float, low: float, high: float) -> FloatArray:
    """Heights as near as can be to some that fall, a step or more apart, within limits."""
    # It takes as long to import as all the rest that figures need.
    from scipy.optimize import isotonic_regression

    if not len(wanted):
        return wanted
    steps = step * np.arange(len(wanted))
    heights: FloatArray = -(isotonic_regression(-wanted - steps).x + steps)
    top, bottom = high - step / 2, low + step / 2
    heights = np.minimum(heights, top - steps)
    heights = np.maximum(heights, bottom + steps[::-1])
    return heights


def _write(ax: Axes, name: str, at: tuple[float, float], side: int, size: float) -> Text:
    return ax.annotate(
        name,
        at,
        (2.0 * side, 0),
        textcoords="offset points",
        ha="left" if side > 0 else "right",
        va="center",
        fontsize=size,
        color=INK,
        parse_math=False,
    )


def _note(ax: Axes, count: int) -> Text:
    return ax.text(
        0.5,
        0.0,
        f"{count:,} names do not fit; larger axes show them",
        transform=ax.transAxes,
        ha="center",
        va="bottom",
        fontsize="small",
        color=MUTED,
    )


def _rings(ax: Axes, skeleton: Skeleton, at: FloatArray) -> PathCollection:
    roots = at[list(skeleton.sets.roots)] if skeleton.roots else np.empty((0, 2))
    rings: dict[str, Any] = {"facecolors": "none", "edgecolors": INK, "linewidths": 1.0}
    drawn = PathCollection(
        [Path.unit_circle()],
        sizes=[(_ROOT / 2) ** 2],
        offsets=roots[np.isfinite(roots).all(axis=1)],
        offset_transform=ax.transData,
        transform=IdentityTransform(),
        zorder=5,
        clip_on=False,
        **rings,
    )
    ax.add_collection(drawn, autolim=False)
    return drawn
