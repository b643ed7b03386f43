"""Angles at the joints over time, one small panel each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from liftpose.plot.axes import quiet, size_of, text_width
from liftpose.plot.course import DrawnCourse, check_lengths, draw_course, separate_recordings
from liftpose.plot.limbs import FloatArray
from liftpose.plot.styling import ACCENT, INK, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import PolyCollection
    from matplotlib.text import Text

MOST_PANELS = 60
"""More of them are too small to be read on any page."""

A_COLUMN = 8
"""Panels below each other, where nobody says how many."""

_STEPS = (10.0, 20.0, 30.0, 45.0, 60.0, 90.0)  # degrees
_TITLE_POINTS, _SMALLEST_TITLE = 8.0, 5.0
_TITLE = 0.24  # of the height of a panel
_GAP = 40.0  # points between columns, for the numbers of the angles


class DrawnAngles(NamedTuple):
    """What small multiples of angles consist of.

    Parameters
    ----------
    axes : list of matplotlib.axes.Axes
        A panel each, down the first column, then down the next.
    courses : list of DrawnCourse
        Of the angles.
    bands : list of matplotlib.collections.PolyCollection
        One standard deviation to both sides, where it is known and each frame is drawn.
    names : list of matplotlib.text.Text
        Over the panels.
    """

    axes: list[Axes]
    courses: list[DrawnCourse]
    bands: list[PolyCollection]
    names: list[Text]


def plot_angles(
    ax: Axes,
    angles: npt.ArrayLike,
    names: Sequence[str],
    lengths: Sequence[int] | None = None,
    *,
    spread: npt.ArrayLike | None = None,
    fps: float | None = None,
    columns: int | None = None,
    colors: npt.ArrayLike | None = None,
) -> DrawnAngles:
    """Draw angles over time, each in a panel of its own, over one axis of time.

    All panels span equally many degrees, so that a steep line is fast in each of them. Gaps are
    left where an angle is not known. Of more frames than there is room for, each column of the
    picture shows the smallest, the median and the largest angle.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes to draw into; they are taken up by the panels.
    angles : array, shape (N, A), degrees
        NaN where not known.
    names : sequence of str, length A
        Such as ``"hip-knee-ankle"``; what its parts begin with in common is said once.
    lengths : sequence of int, optional
        Frames of each recording, one after another; by default all are one.
    spread : array, shape (N, A), degrees, optional
        One standard deviation.
    fps : float, optional
        Frames per second: time is given in seconds, where there is one recording.
    columns : int, optional
        How many panels lie side by side; by default as many as keep eight below each other.
    colors : array, shape (A, 3), optional
        Red, green and blue of each angle, 0 to 1.

    Returns
    -------
    DrawnAngles

    Raises
    ------
    ValueError
        Shapes, names or lengths that do not fit together, no angle, more than `MOST_PANELS`, or
        none that is known in any frame.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> bent = 90 + 30 * np.sin(np.arange(200) / 9)
    >>> drawn = plot_angles(Figure().add_subplot(), bent[:, None], ["hip-knee-toe"], fps=100)
    >>> [name.get_text() for name in drawn.names]
    ['hip – knee – toe']
    """
    table, width, tints = _checked(angles, names, spread, colors)
    parts = check_lengths(lengths, len(table))
    count = table.shape[1]
    across = -(-count // A_COLUMN) if columns is None else int(columns)
    if across < 1:
        raise ValueError(f"columns is {columns}; expected one or more.")
    down = -(-count // across)
    span, step = _span(table, width)
    boxes = _boxes(ax, count, across, down)
    ax.set_axis_off()
    titles = [short_angle(name) for name in names]
    size = _title_size(titles, boxes[0][2] * size_of(ax)[0])
    panels: list[Axes] = []
    courses, bands, written = [], [], []
    for number, box in enumerate(boxes):
        panel = ax.inset_axes(box, sharex=panels[0] if panels else None)
        panels.append(panel)
        points = box[2] * size_of(ax)[0]
        courses.append(
            draw_course(panel, table[:, number], parts, color=tints[number], points_wide=points)
        )
        if width is not None and courses[-1].band is None:
            bands.append(_sure(panel, table[:, number], width[:, number], parts, tints[number]))
        written.append(_title(panel, titles[number], size))
        _set_degrees(panel, table[:, number], span, step)
        separate_recordings(panel, parts, points)
        last = number % down == down - 1 or number == count - 1
        panel.tick_params(labelbottom=last)
        if last:
            _say_time(panel, len(parts), fps)
    panels[0].set_xlim(-0.5, len(table) - 0.5)
    return DrawnAngles(panels, courses, bands, written)


def short_angle(name: str) -> str:
    """Write the name of an angle with what its joints begin with in common said once.

    Parameters
    ----------
    name : str
        Three joints, joined by hyphens; others are given back as they are.

    Returns
    -------
    str

    Examples
    --------
    >>> short_angle("left_front_coxa-left_front_femur-left_front_tibia")
    'left front: coxa – femur – tibia'
    """
    joints = [part.replace("_", " ").split() for part in name.split("-")]
    if len(joints) != 3 or not all(joints):
        return name.replace("_", " ")
    shared = 0
    while shared < min(map(len, joints)) - 1 and len({tuple(j[: shared + 1]) for j in joints}) == 1:
        shared += 1
    head = " ".join(joints[0][:shared])
    tail = " – ".join(" ".join(joint[shared:]) for joint in joints)
    return f"{head}: {tail}" if head else tail


def _checked(
    angles: npt.ArrayLike,
    names: Sequence[str],
    spread: npt.ArrayLike | None,
    colors: npt.ArrayLike | None,
) -> tuple[FloatArray, FloatArray | None, list[Any]]:
    table = np.asarray(angles, dtype=float)
    if table.ndim != 2 or not table.size:
        raise ValueError(f"angles needs shape (N, A), a row a frame; got {table.shape}.")
    count = table.shape[1]
    if count > MOST_PANELS:
        raise ValueError(
            f"there are {count} angles; at most {MOST_PANELS} fit into a figure. Choose some."
        )
    if len(names) != count:
        raise ValueError(f"names has {len(names)} names for {count} angles.")
    if not np.isfinite(table).any():
        raise ValueError(f"no angle to draw: all {count} are NaN in all {len(table):,} frames.")
    width = None if spread is None else np.asarray(spread, dtype=float)
    if width is not None and width.shape != table.shape:
        raise ValueError(f"spread has shape {width.shape}; expected that of the angles, (N, A).")
    if colors is None:
        return table, width, [ACCENT] * count
    tints = np.asarray(colors, dtype=float)
    if tints.shape != (count, 3):
        raise ValueError(f"colors has shape {tints.shape}; expected ({count}, 3), one an angle.")
    return table, width, list(tints)


def _ends(values: FloatArray) -> tuple[float, float]:
    finite = values[np.isfinite(values)]
    return (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)


def _span(table: FloatArray, width: FloatArray | None) -> tuple[float, float]:
    """Degrees that each panel has, and from tick to tick: room for most of the spread, too."""
    known = np.empty(0) if width is None else width[np.isfinite(width)]
    beside = float(np.median(known)) if known.size else 0.0
    largest = max(high - low for low, high in map(_ends, table.T)) + 2 * beside
    span = max(1.15 * largest, 2 * _STEPS[0])
    return span, max(step for step in _STEPS if step <= span / 2)


def _set_degrees(panel: Axes, values: FloatArray, span: float, step: float) -> None:
    low, high = _ends(values)
    middle = (low + high) / 2
    panel.set_ylim(middle - span / 2, middle + span / 2)
    first = math.ceil((middle - span / 2) / step)
    ticks = step * np.arange(first, math.floor((middle + span / 2) / step) + 1)
    if not np.isfinite(values).any():
        ticks = ticks[:0]
        words = {"color": MUTED, "fontsize": "small", "fontstyle": "italic"}
        panel.text(0.5, 0.5, "not known", transform=panel.transAxes, ha="center", **words)  # type: ignore[arg-type]
    panel.set_yticks(ticks, [f"{tick:g}°" for tick in ticks])
    panel.tick_params(labelsize="small")
    quiet(panel)


def _boxes(ax: Axes, count: int, across: int, down: int) -> list[tuple[float, float, float, float]]:
    """Left, bottom, width and height of each panel, in shares of the axes."""
    gap = min(_GAP / size_of(ax)[0], 0.5 / across)
    wide, tall = (1 - gap * (across - 1)) / across, 1 / down
    return [
        (column * (wide + gap), 1 - (row + 1) * tall, wide, tall * (1 - _TITLE))
        for column, row in (divmod(number, down) for number in range(count))
    ]


def _title_size(titles: list[str], points: float) -> float:
    """Size of type in which every title fits over its panel, if it is one that can be read."""
    widest = max(text_width(words, _TITLE_POINTS) for words in titles)
    return max(_SMALLEST_TITLE, _TITLE_POINTS * min(1.0, points / max(widest, 1e-9)))


def _title(panel: Axes, words: str, size: float) -> Text:
    return panel.annotate(
        words,
        (0, 1),
        xycoords="axes fraction",
        xytext=(0, 2),
        textcoords="offset points",
        fontsize=size,
        color=INK,
        annotation_clip=False,
    )


def _sure(
    panel: Axes, values: FloatArray, width: FloatArray, lengths: list[int], color: Any
) -> PolyCollection:
    """One spread to both sides, broken between recordings."""
    breaks = np.cumsum(lengths)[:-1]
    x = np.insert(np.arange(len(values), dtype=float), breaks, np.nan)
    low, high = (np.insert(values + side * width, breaks, np.nan) for side in (-1, 1))
    return panel.fill_between(x, low, high, color=color, alpha=0.2, linewidth=0, zorder=2)


def _say_time(panel: Axes, recordings: int, fps: float | None) -> None:
    if fps is None or recordings > 1:
        panel.set_xlabel("Frame", fontsize="small")
        panel.xaxis.set_major_formatter("{x:,.0f}")
        return
    panel.set_xlabel("Time (s)", fontsize="small")
    panel.xaxis.set_major_formatter(lambda frame, _: f"{frame / fps:g}")
