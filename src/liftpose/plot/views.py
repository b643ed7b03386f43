"""A pose from several sides at once, drawn to one scale."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D

from liftpose.plot.directions import facing, sides_of
from liftpose.plot.drawn import paper_of
from liftpose.plot.ellipses import as_spread, draw_ellipses
from liftpose.plot.flat import WIDTH, FlatPose, draw_flat
from liftpose.plot.limbs import BoolArray, FloatArray, Limbs, as_pose
from liftpose.plot.scene import (
    TRUTH_COLOR,
    axes_of_view,
    from_side,
    ground_lines,
    nice_length,
    with_shadow,
)
from liftpose.plot.styling import INK, LINE, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend
    from matplotlib.text import Text

    from liftpose.skeleton import Skeleton

_TRUTH_WIDTH = 5.0  # points
_SEAM = 0.7  # points between a pose and the truth behind it
_SHADOW = "#e3e5e8"
_LEVEL = 1e-6  # degrees: the ground is a line
_GAP, _EDGE = 16.0, 5.0  # points between views and around them
_ABOVE, _BELOW = 20.0, 24.0  # points for titles, and for the scale bar and the legend
_BAR = 0.35  # of the narrowest view, at the most


class DrawnViews(NamedTuple):
    """What `plot_views` drew, each by the name of its view.

    Parameters
    ----------
    poses : dict of str to FlatPose
    truths : dict of str to matplotlib.collections.LineCollection
        Empty where there is no truth.
    spreads : dict of str to matplotlib.collections.PathCollection
        Empty where there is no spread.
    places : dict of str to array, shape (J, 2)
        Where the joints of the pose are in the axes.
    titles : dict of str to matplotlib.text.Text
    scale_bar : matplotlib.lines.Line2D
    scale : matplotlib.text.Text
        The length of the bar, with its unit.
    legend : matplotlib.legend.Legend or None
    """

    poses: dict[str, FlatPose]
    truths: dict[str, LineCollection]
    spreads: dict[str, PathCollection]
    places: dict[str, FloatArray]
    titles: dict[str, Text]
    scale_bar: Line2D
    scale: Text
    legend: Legend | None


def plot_views(
    ax: Axes,
    pose: npt.ArrayLike,
    skeleton: Skeleton | None = None,
    *,
    truth: npt.ArrayLike | None = None,
    spread: npt.ArrayLike | None = None,
    factor: float = 1.0,
    views: Mapping[str, tuple[float, float]] | None = None,
    ground: float | None = None,
    unit: str | None = None,
    name: str = "lifted",
    legend: bool = True,
) -> DrawnViews:
    """Draw a 3D pose from several sides, beside each other and to one scale.

    There is no perspective: the one scale bar holds everywhere.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes to draw into; their frame is taken away.
    pose : array, shape (J, 3), any unit
        `z` up. NaN where a joint is not known.
    skeleton : Skeleton, optional
        Bones, limbs, colours, sides and unit; without one, joints alone.
    truth : array, shape (J, 3), optional
        Drawn in grey behind the pose.
    spread : array, shape (J, 3), unit of the pose, optional
        Standard deviation of every coordinate, drawn as ellipses; NaN draws none.
    factor : float
        How many standard deviations the ellipses reach, such as ``lifted.bars.of_interval(0.9)``.
    views : mapping of str to pair of float, degrees, optional
        Names of the views, and the azimuth and elevation that each looks from. Left out: from
        above, from the side and from the front of the animal, by `facing`.
    ground : float, optional
        Height of the ground, which is drawn where it is given, with the animal's shadow where it
        is looked down at.
    unit : str, optional
        Of the poses, in place of the skeleton's.
    name : str
        What the legend calls the pose.
    legend : bool
        Say what is the pose and what the truth, and which side is hollow.

    Returns
    -------
    DrawnViews

    Raises
    ------
    ValueError
        Shapes that do not fit together, no joint that is known, or no view.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> drawn = plot_views(Figure().add_subplot(), [[0, 0, 0], [1, 0, 0], [1, 0, 0.5]], unit="mm")
    >>> list(drawn.poses), drawn.scale.get_text()
    (['top', 'side', 'front'], '0.05 mm')
    """
    subject = _subject(pose, skeleton, truth, spread, factor, ground)
    directions = sides_of(facing(subject.body, skeleton)) if views is None else dict(views)
    if not directions:
        raise ValueError("views is empty; name one view at least, or leave it out.")
    seen = {title: _View.of(subject, *view) for title, view in directions.items()}
    point = _point(ax, list(seen.values()))
    moves, right, low, high = _row(list(seen.values()), _GAP * point)
    parts = [view.draw(ax, subject, move) for view, move in zip(seen.values(), moves, strict=True)]
    of_title = dict(zip(seen, parts, strict=True))
    titles = {
        title: ax.text(
            *(float(part.box[:, 0].mean()), high + 0.3 * _ABOVE * point),
            title,
            ha="center",
            va="bottom",
            color=INK,
        )
        for title, part in of_title.items()
    }
    narrow = max(min(float(np.ptp(part.box[:, 0])) for part in parts), 0.3 * (high - low))
    unit = unit or (skeleton.unit if skeleton is not None else None)
    bar, text = _scale_bar(ax, (narrow or right) * _BAR, low - 0.6 * _BELOW * point, unit)
    ax.set_xlim(-_EDGE * point, right + _EDGE * point)
    ax.set_ylim(low - _BELOW * point, high + _ABOVE * point)
    ax.set_aspect("equal", adjustable="box")
    ax.set_axis_off()
    return DrawnViews(
        {title: part.pose for title, part in of_title.items()},
        {title: part.truth for title, part in of_title.items() if part.truth is not None},
        {title: part.spread for title, part in of_title.items() if part.spread is not None},
        {title: part.place for title, part in of_title.items()},
        titles,
        bar,
        text,
        _legend(ax, subject, name) if legend else None,
    )


@dataclass(frozen=True)
class _Subject:
    """What is looked at, checked."""

    limbs: Limbs
    pose: FloatArray
    truth: FloatArray | None
    reach: FloatArray | None
    ground: float | None

    @property
    def body(self) -> FloatArray:
        """What says where the animal is, and which way it looks: the truth, if there is one."""
        return self.pose if self.truth is None else self.truth

    @property
    def middle(self) -> FloatArray:
        known = self.body[np.isfinite(self.body).all(axis=1)]
        centre: FloatArray = (known.min(axis=0) + known.max(axis=0)) / 2
        return centre


def _subject(
    pose: npt.ArrayLike,
    skeleton: Skeleton | None,
    truth: Any,
    spread: Any,
    factor: float,
    ground: float | None,
) -> _Subject:
    at = as_pose(pose, 3, "pose")
    limbs = Limbs.fitting(skeleton, len(at))
    real = None if truth is None else as_pose(truth, 3, "truth")
    if real is not None and real.shape != at.shape:
        raise ValueError(f"truth has {len(real)} joints, but the pose has {len(at)}.")
    reach = None if spread is None else as_spread(spread, len(at), factor)
    subject = _Subject(limbs, at, real, reach, ground)
    if not np.isfinite(subject.body).all(axis=1).any():
        what = "pose" if real is None else "truth"
        raise ValueError(f"no joint of the {what} is known; there is nothing to look at.")
    return subject


class _Part(NamedTuple):
    """What was drawn of one view, and where."""

    pose: FlatPose
    truth: LineCollection | None
    spread: PathCollection | None
    place: FloatArray
    box: FloatArray


@dataclass(frozen=True)
class _View:
    """What is seen from one side: coordinates to the right, up, and towards who looks."""

    azimuth: float
    elevation: float
    pose: FloatArray
    truth: FloatArray | None
    shadow: FloatArray | None
    box: FloatArray

    @classmethod
    def of(cls, subject: _Subject, azimuth: float, elevation: float) -> _View:
        def seen(points: FloatArray) -> FloatArray:
            return from_side(points - subject.middle, azimuth, elevation)

        pose = seen(subject.pose)
        truth = None if subject.truth is None else seen(subject.truth)
        shadow = None
        if subject.ground is not None and _LEVEL < elevation < 90 - _LEVEL:
            shadow = seen(with_shadow(subject.pose, subject.ground)[len(subject.pose) :])
        corners = [layer[:, :2] for layer in (pose, truth, shadow) if layer is not None]
        if subject.reach is not None:
            reach = np.sqrt(np.square(subject.reach) @ axes_of_view(azimuth, elevation)[:2].T ** 2)
            corners += [pose[:, :2] - reach, pose[:, :2] + reach]
        if subject.ground is not None and abs(elevation) <= _LEVEL:
            corners.append(np.array([[0.0, subject.ground - subject.middle[2]]]))
        points = np.concatenate(corners)
        known = points[np.isfinite(points).all(axis=1)]
        box = np.stack([known.min(axis=0), known.max(axis=0)])
        return cls(azimuth, elevation, pose, truth, shadow, box)

    def draw(self, ax: Axes, subject: _Subject, move: FloatArray) -> _Part:
        """Draw it, moved to its place."""
        limbs, clip = subject.limbs, {"clip_on": False}
        if subject.ground is not None:
            self._draw_ground(ax, subject, move)
        truth = None
        if self.truth is not None:
            style = {"colors": TRUTH_COLOR, "linewidths": _TRUTH_WIDTH, "zorder": 3}
            truth = _lines(ax, _ends(self.truth, limbs, move), style)
        place = self.pose[:, :2] + move
        spread = None
        if subject.reach is not None:
            axes = axes_of_view(self.azimuth, self.elevation)[:2]
            spread, _ = draw_ellipses(ax, limbs, place, subject.reach, axes, zorder=3.5, **clip)
        # Light limbs are as bright as the truth: a seam sets them off from it.
        seam: dict[str, Any] = {"casing": None if truth is None else paper_of(ax), "seam": _SEAM}
        pose = draw_flat(ax, limbs, place, depth=self.pose[:, 2], clip_on=False, **seam)
        return _Part(pose, truth, spread, place, self.box + move)

    def _draw_ground(self, ax: Axes, subject: _Subject, move: FloatArray) -> None:
        assert subject.ground is not None
        level = subject.ground - float(subject.middle[2])
        if abs(self.elevation) <= _LEVEL:
            x, y = self.box[:, 0] + move[0], move[1] + level
            _lines(ax, [[(x[0], y), (x[1], y)]], {"colors": LINE, "linewidths": 1.2, "zorder": 1})
        elif self.shadow is not None:
            cell = nice_length(float(np.ptp(self.box[:, 0])) / 5 or 1.0)
            pieces, alpha = ground_lines(np.zeros(3), cell, level)
            flat = from_side(pieces, self.azimuth, self.elevation)[..., :2] + move
            # What fades out of the picture would lie under the neighbours.
            inside = (alpha > 0) & (
                (flat >= self.box[0] + move) & (flat <= self.box[1] + move)
            ).all(axis=(1, 2))
            faded = [to_rgba(LINE, float(part)) for part in np.sqrt(alpha[inside] / alpha.max())]
            _lines(ax, flat[inside], {"colors": faded, "linewidths": 0.8, "zorder": 1})
            style = {"colors": _SHADOW, "linewidths": 3.0, "zorder": 2}
            _lines(ax, _ends(self.shadow, subject.limbs, move), style)


def _ends(points: FloatArray, limbs: Limbs, move: FloatArray) -> FloatArray:
    """Segments (S, 2, 2) of the bones that are known; a joint without bones is its own."""
    known: BoolArray = np.asarray(np.isfinite(points).all(axis=1))
    bones = limbs.bones[known[limbs.bones].all(axis=1)]
    alone = known.copy()
    alone[bones] = False
    dots = np.repeat(np.flatnonzero(alone)[:, None], 2, axis=1)
    both: FloatArray = points[np.concatenate([bones, dots]), :2] + move
    return both


def _lines(ax: Axes, segments: Any, style: dict[str, Any]) -> LineCollection:
    lines = LineCollection(list(segments), capstyle="round", clip_on=False, **style)
    ax.add_collection(lines, autolim=False)
    return lines


def _point(ax: Axes, views: list[_View]) -> float:
    """A point of type, in the unit of the poses: as the axes are now."""
    box, inch = ax.get_window_extent(), ax.figure.dpi
    around = np.array([2 * _EDGE + _GAP * (len(views) - 1), _ABOVE + _BELOW])
    room = np.maximum(np.array([box.width, box.height]) * 72 / inch - around, 36.0)
    _, right, low, high = _row(views, 0.0)
    return float(max(right / room[0], (high - low) / room[1])) or 1.0


def _row(views: list[_View], gap: float) -> tuple[list[FloatArray], float, float, float]:
    """Where the middle of each view comes to lie, and how far all reach: right, bottom, top.

    Views from about the ground have one height of the middle, so that what is level stays level.
    """
    level = [view.box for view in views if view.elevation < 45]
    boxes = level or [view.box for view in views]
    low, high = min(box[0, 1] for box in boxes), max(box[1, 1] for box in boxes)
    middle, moves, right = (low + high) / 2, [], -gap
    for view in views:
        up = 0.0 if view.elevation < 45 else middle - float(view.box[:, 1].mean())
        moves.append(np.array([right + gap - view.box[0, 0], up]))
        low, high = min(low, view.box[0, 1] + up), max(high, view.box[1, 1] + up)
        right += float(np.ptp(view.box[:, 0])) + gap
    return moves, right, float(low), float(high)


def _scale_bar(ax: Axes, about: float, y: float, unit: str | None) -> tuple[Line2D, Text]:
    length = nice_length(about)
    bar = Line2D(
        [0.0, length], [y, y], color=INK, linewidth=2.0, solid_capstyle="butt", clip_on=False
    )
    ax.add_line(bar)
    text = ax.annotate(
        f"{length:g} {unit}" if unit else f"{length:g}",
        (length, y),
        (5, 0),
        textcoords="offset points",
        va="center",
        fontsize="small",
        color=INK,
    )
    return bar, text


def _legend(ax: Axes, subject: _Subject, name: str) -> Legend:
    dot: dict[str, Any] = {"marker": "o", "markersize": WIDTH + 1.6, "linewidth": WIDTH}
    dot["linestyle"] = "-" if len(subject.limbs.bones) else "none"
    entries = [Line2D([], [], color=MUTED, **dot, label=name)]
    if subject.limbs.left.any():
        paper: dict[str, Any] = {"markerfacecolor": paper_of(ax), "markeredgewidth": 1.2}
        entries.append(Line2D([], [], color=MUTED, **dot, **paper, label="left side"))
    if subject.truth is not None:
        entries.append(Line2D([], [], color=TRUTH_COLOR, linewidth=_TRUTH_WIDTH, label="truth"))
    handles: Iterable[Any] = entries
    return ax.legend(
        handles=handles,
        loc="lower right",
        bbox_to_anchor=(1, 0),
        ncols=len(entries),
        frameon=False,
        borderaxespad=0,
        labelcolor=INK,
    )
