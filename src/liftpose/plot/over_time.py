"""Where in a recording the errors are large."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from liftpose.plot.axes import labelled, percent_axis, quiet, size_of, text_width
from liftpose.plot.course import (
    Columns,
    DrawnCourse,
    check_lengths,
    draw_course,
    separate_recordings,
)
from liftpose.plot.limbs import FloatArray
from liftpose.plot.styling import INK, MUTED, PAPER, WARN

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.legend import Legend
    from matplotlib.text import Annotation, Text

_MUCH = 30.0
"""Times the median: one frame that is so far off would press all others onto the axis."""

_LAYOUT = 0.82  # of their width are axes left with when their labels have been made room for
_LABEL_POINTS = 17.0  # height that the numbers of the worst frames need
_BETWEEN = 8.0  # points between two of them
_APART = 9.0  # points between the marks of two frames


class DrawnOverTime(NamedTuple):
    """What a figure of errors over time consists of.

    Parameters
    ----------
    errors : array, shape (N,)
        Mean error of the joints of each frame, as drawn; NaN where nothing is known.
    mean : float
        Of all joints in all frames: the MPJPE.
    worst : tuple of int
        The frames that are marked, the worst first.
    course : DrawnCourse
        Of the errors.
    spread : DrawnCourse or None
        Of what the lifter expected.
    labels : list of matplotlib.text.Annotation
        One a marked frame.
    names : list of matplotlib.text.Text
        Of the recordings, as far as there is room.
    percent_axis : matplotlib SecondaryAxis or None
    legend : matplotlib.legend.Legend
    """

    errors: FloatArray
    mean: float
    worst: tuple[int, ...]
    course: DrawnCourse
    spread: DrawnCourse | None
    labels: list[Annotation]
    names: list[Text]
    percent_axis: Any | None
    legend: Legend


def plot_error_over_time(
    ax: Axes,
    error: npt.ArrayLike,
    lengths: Sequence[int] | None = None,
    *,
    names: Sequence[object] | None = None,
    worst: int = 5,
    spread: npt.ArrayLike | None = None,
    body_length: float | None = None,
    unit: str | None = None,
) -> DrawnOverTime:
    """Draw the error of each frame, and mark the worst.

    Where there are more frames than the picture has columns, a band reaches from the smallest
    error of a column to its largest, and the line follows the medians. The worst frames are named
    by their number; of frames so near to each other that their numbers would overlap, the worst is.
    The axis is logarithmic where a frame is thirty times as far off as the median frame.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
        Axes to draw into.
    error : array, shape (N, J) or (N,)
        Of the joints of each frame, see `liftpose.metrics.joint_errors`; or of each frame. NaN
        where not known: a frame's error is the mean of those that are.
    lengths : sequence of int, optional
        Frames of each recording, one after another; by default all are one.
    names : sequence, optional
        Of the recordings.
    worst : int
        How many frames to mark, at most.
    spread : array, shape of `error`, optional
        What the lifter expected the errors to be, drawn beside them.
    body_length : float, optional
        In the unit of the errors. Adds a right axis in % of it.
    unit : str, optional
        Of the errors, for the labels.

    Returns
    -------
    DrawnOverTime

    Raises
    ------
    ValueError
        Shapes, lengths or names do not fit together, or no error is known.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> errors = np.ones((300, 4))
    >>> errors[123] = 2
    >>> drawn = plot_error_over_time(Figure().add_subplot(), errors, worst=1, unit="mm")
    >>> drawn.worst, round(drawn.mean, 4)
    ((123,), 1.0033)
    """
    table = np.asarray(error, dtype=float)
    errors, mean = _of_frames(table)
    if not np.isfinite(mean):
        raise ValueError(f"no error to draw: in all {len(errors):,} frames it is NaN.")
    parts = check_lengths(lengths, len(errors))
    called = _names(names, parts)
    expected = None
    if spread is not None:
        if np.shape(spread) != table.shape:
            raise ValueError(
                f"spread has shape {np.shape(spread)}; expected that of the errors, {table.shape}."
            )
        forecast, _ = _of_frames(np.asarray(spread, dtype=float))
        expected = draw_course(
            ax, forecast, parts, color=WARN, dashes=(0, (4, 2)), width=1.0, banded=False
        )
    course = draw_course(ax, errors, parts)
    line = ax.axhline(mean, color=INK, linewidth=0.8, linestyle=(0, (1, 2)), zorder=4)
    _set_axes(ax, errors, unit)
    marked, labels = _mark(ax, errors, course.columns, worst)
    shown = _separate(ax, parts, called)
    right = None if body_length is None else percent_axis(ax, body_length)
    key = _legend(ax, course, expected, line, f"mean {_short(mean)} {unit or ''}".strip(), shown)
    return DrawnOverTime(errors, mean, marked, course, expected, labels, shown, right, key)


def _of_frames(table: FloatArray) -> tuple[FloatArray, float]:
    """Mean of each frame and of everything that is known."""
    if table.ndim not in (1, 2) or not len(table):
        raise ValueError(f"error needs shape (N, J) or (N,) and a frame, got {table.shape}.")
    rows = table.reshape(len(table), -1)
    known = np.isfinite(rows)
    count, total = known.sum(axis=1), np.where(known, rows, 0).sum(axis=1)
    frames = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return frames, float(total.sum() / count.sum()) if count.any() else float("nan")


def _names(names: Sequence[object] | None, lengths: list[int]) -> list[str]:
    if names is None:
        return [""] * len(lengths)
    if len(names) != len(lengths):
        raise ValueError(f"names has {len(names)} names for {len(lengths)} recordings.")
    return ["/".join(map(str, name)) if isinstance(name, tuple) else str(name) for name in names]


def _set_axes(ax: Axes, errors: FloatArray, unit: str | None) -> None:
    finite = errors[np.isfinite(errors)]
    top, median = float(finite.max()), float(np.median(finite))
    room = 1 / (1 - min(0.5, _LABEL_POINTS / (_LAYOUT * size_of(ax)[1])))
    if top > _MUCH * median > 0:
        bottom = max(float(finite[finite > 0].min()), median / 10) / 1.2
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter("{x:g}")
        ax.set_ylim(bottom, bottom * (top / bottom) ** room)
    else:
        ax.set_ylim(0, room * top or 1)
    ax.set_xlim(-0.5, len(errors) - 0.5)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.xaxis.set_major_formatter("{x:,.0f}")
    quiet(ax)
    ax.set_xlabel("Frame")
    ax.set_ylabel(labelled("Error", unit))


def _mark(
    ax: Axes, errors: FloatArray, columns: Columns, most: int
) -> tuple[tuple[int, ...], list[Annotation]]:
    """Name the worst frames along the top, each over its error."""
    wide = _LAYOUT * size_of(ax)[0]
    scale = len(errors) / wide  # frames a point
    rows: list[int] = []
    room = wide
    # Of each column its worst frame is enough: two of one column are one place in the picture.
    for column in np.argsort(-columns.high, kind="stable"):
        if len(rows) >= most or not np.isfinite(columns.high[column]):
            break
        first, last = columns.edges[column]
        row = int(first + np.argmax(np.where(np.isfinite(errors), errors, -1)[first:last]))
        if any(abs(row - other) < _APART * scale for other in rows):
            continue
        room -= text_width(_number(row, not rows)) + _BETWEEN
        if room < 0:
            break
        rows.append(row)
    half = [
        scale * (text_width(_number(row, not place)) + _BETWEEN) / 2
        for place, row in enumerate(rows)
    ]
    centres = _pushed_apart(rows, half, -0.5, len(errors) - 0.5)
    labels = [
        ax.annotate(
            _number(row, not place),
            xy=(row, errors[row]),
            xytext=(centre, 0.99),
            textcoords=ax.get_xaxis_transform(),
            horizontalalignment="center",
            verticalalignment="top",
            fontsize="small",
            color=WARN,
            arrowprops={"arrowstyle": "-", "color": WARN, "lw": 0.5, "shrinkA": 0, "shrinkB": 3},
            zorder=5,
        )
        for place, (row, centre) in enumerate(zip(rows, centres, strict=True))
    ]
    ax.plot(rows, errors[rows], "o", zorder=6, **_RING)
    return tuple(rows), labels


def _pushed_apart(
    centres: Sequence[float], half: Sequence[float], low: float, high: float
) -> list[float]:
    """Places next to those wanted at which labels of some half widths do not overlap."""
    order = np.argsort(centres, kind="stable")
    placed = np.array(centres, dtype=float)
    edge = low
    for one in order:
        placed[one] = max(placed[one], edge + half[one])
        edge = placed[one] + half[one]
    edge = high
    for one in order[::-1]:
        placed[one] = min(placed[one], edge - half[one])
        edge = placed[one] - half[one]
    return [float(place) for place in placed]


_RING: dict[str, Any] = {
    "color": WARN,
    "markerfacecolor": PAPER,
    "markersize": 4.5,
    "markeredgewidth": 1.2,
    "clip_on": False,
}


def _number(row: int, first: bool) -> str:
    return f"worst: {row:,}" if first else f"{row:,}"


def _separate(ax: Axes, lengths: list[int], names: list[str]) -> list[Text]:
    """Draw a line between recordings, and their names above them where there is room."""
    ends = np.cumsum(lengths)
    separate_recordings(ax, lengths)
    points = _LAYOUT * size_of(ax)[0] / ends[-1]  # a frame
    above = {"textcoords": "offset points", "fontsize": "small", "color": MUTED}
    return [
        ax.annotate(
            name,
            xy=(end - length / 2 - 0.5, 1),
            xycoords=ax.get_xaxis_transform(),
            xytext=(0, 3),
            horizontalalignment="center",
            annotation_clip=False,
            **above,  # type: ignore[arg-type]
        )
        for name, length, end in zip(names, lengths, ends, strict=True)
        if name and points * length > _BETWEEN
        if text_width(name) <= points * length - _BETWEEN
    ]


def _legend(
    ax: Axes,
    course: DrawnCourse,
    expected: DrawnCourse | None,
    line: Line2D,
    mean: str,
    names: list[Text],
) -> Legend:
    handles: list[Any] = [course.line, line, Line2D([], [], linestyle="", marker="o", **_RING)]
    words = ["error", mean, "worst frames"]
    if course.band is not None:
        each = int(np.diff(course.columns.edges).max())
        handles.insert(1, course.band)
        words[:1] = [f"median of {each:,} frames", "smallest to largest"]
    if expected is not None:
        handles.insert(-2, expected.line)
        words.insert(-2, "expected")
    height = 17 if names else 3  # points: names of recordings stand between
    return ax.legend(
        handles,
        words,
        loc="lower right",
        bbox_to_anchor=(1, 1 + height / size_of(ax)[1]),
        ncols=len(words),
        frameon=False,
        fontsize="small",
        borderaxespad=0,
        handlelength=1.6,
        columnspacing=1.4,
    )


def _short(value: float) -> str:
    return f"{value:#.3g}".rstrip(".") if abs(value) < 1000 else f"{value:,.0f}"
