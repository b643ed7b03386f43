"""Values over the frames of recordings, however many frames there are.

A line through a million frames is a block of ink that hides all but its outline, and a file that
no editor opens. Where there are more frames than columns of the picture, each column shows its
smallest, its median and its largest value.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from liftpose.plot.axes import size_of
from liftpose.plot.limbs import FloatArray
from liftpose.plot.styling import ACCENT, MUTED

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import LineCollection, PolyCollection
    from matplotlib.lines import Line2D

_COLUMNS_A_POINT = 2.0  # 144 to the inch
_LEAST_APART = 4.0  # points from recording to recording


class Columns(NamedTuple):
    """Values in columns of frames, none of which reaches from one recording into the next.

    Parameters
    ----------
    edges : array, shape (C, 2)
        First frame of each column, and the one after its last.
    low, middle, high : array, shape (C,)
        Smallest, median and largest finite value; NaN where there is none.
    """

    edges: npt.NDArray[np.intp]
    low: FloatArray
    middle: FloatArray
    high: FloatArray


class DrawnCourse(NamedTuple):
    """What a course consists of.

    Parameters
    ----------
    columns : Columns
        The numbers drawn; a column a frame where there is room for each.
    line : matplotlib.lines.Line2D
        Through the medians, broken where nothing is known and between recordings.
    alone : matplotlib.lines.Line2D
        Dots where a median has no neighbour to be joined with.
    band : matplotlib.collections.PolyCollection or None
        From the smallest to the largest; None where each frame is drawn.
    """

    columns: Columns
    line: Line2D
    alone: Line2D
    band: PolyCollection | None


def in_columns(values: npt.ArrayLike, lengths: Sequence[int], most: int) -> Columns:
    """Put values in columns of equally many frames.

    Parameters
    ----------
    values : array, shape (N,)
        What is not finite is not known.
    lengths : sequence of int
        Frames of each recording, one after another.
    most : int
        How many columns there may be, about: each recording's last may be shorter.

    Returns
    -------
    Columns
        A column a frame where there are at most twice as many frames as columns.

    Examples
    --------
    >>> found = in_columns([1, 5, 3, np.nan, 9], lengths=[4, 1], most=2)
    >>> found.edges.tolist(), found.middle.tolist(), found.high.tolist()
    ([[0, 3], [3, 4], [4, 5]], [3.0, nan, 9.0], [5.0, nan, 9.0])
    """
    table = np.asarray(values, dtype=float)
    each = 1 if len(table) <= 2 * most else -(-len(table) // most)
    ends = np.cumsum(lengths, dtype=np.intp)
    first = np.concatenate(
        [np.arange(end - length, end, each) for end, length in zip(ends, lengths, strict=True)]
    ).astype(np.intp)
    last = np.append(first[1:], len(table))
    within = first[:, None] + np.arange(each)
    rows = np.where(within < last[:, None], within, len(table))
    padded = np.append(np.where(np.isfinite(table), table, np.nan), np.nan)
    # NaN is sorted to the end, so that what is known stands first.
    ordered = np.sort(padded[rows], axis=1)
    known = np.isfinite(ordered).sum(axis=1)
    column = np.arange(len(first))

    def at(place: npt.NDArray[np.intp]) -> FloatArray:
        return ordered[column, np.maximum(place, 0)]

    middle = (at((known - 1) // 2) + at(np.minimum(known // 2, each - 1))) / 2
    middle[known == 0] = np.nan
    return Columns(np.column_stack([first, last]), at(known * 0), middle, at(known - 1))


def draw_course(
    ax: Axes,
    values: npt.ArrayLike,
    lengths: Sequence[int],
    *,
    color: Any = ACCENT,
    width: float = 1.1,
    dashes: Any = "-",
    label: str | None = None,
    banded: bool = True,
    points_wide: float | None = None,
) -> DrawnCourse:
    """Draw values over the frames of recordings.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    values : array, shape (N,)
        NaN is a gap.
    lengths : sequence of int
        Frames of each recording, one after another; nothing is drawn from one to the next.
    color, dashes : as Matplotlib understands them
    width : float
        Of the line, in points.
    label : str, optional
        Of the line, for a legend.
    banded : bool
        Draw from the smallest to the largest value of a column, where it has several frames.
    points_wide : float, optional
        How wide the axes are; by default what they are now.

    Returns
    -------
    DrawnCourse

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> drawn = draw_course(Figure().add_subplot(), [1, 2, np.nan, 3], lengths=[4])
    >>> drawn.alone.get_ydata().tolist()
    [3.0]
    """
    wide = size_of(ax)[0] if points_wide is None else points_wide
    columns = in_columns(values, lengths, max(60, int(_COLUMNS_A_POINT * wide)))
    begins = np.isin(columns.edges[:, 0], np.cumsum(lengths)[:-1])
    x = (columns.edges.sum(axis=1) - 1) / 2
    seen = np.isfinite(columns.middle)
    joined = seen[1:] & seen[:-1] & ~begins[1:]
    lonely = seen & ~np.append(joined, False) & ~np.append(False, joined)
    breaks = np.flatnonzero(begins)
    (line,) = ax.plot(
        np.insert(x, breaks, x[breaks]),
        np.insert(columns.middle, breaks, np.nan),
        color=color,
        linewidth=width,
        linestyle=dashes,
        label=label,
        zorder=3,
    )
    (alone,) = ax.plot(
        x[lonely], columns.middle[lonely], "o", color=color, markersize=1.3 * width, zorder=3
    )
    band = None
    if banded and (np.diff(columns.edges) > 1).any():
        band = ax.fill_between(
            columns.edges.ravel() - 0.5,
            np.repeat(columns.low, 2),
            np.repeat(columns.high, 2),
            color=color,
            alpha=0.25,
            linewidth=0,
            zorder=2,
        )
    return DrawnCourse(columns, line, alone, band)


def separate_recordings(
    ax: Axes, lengths: Sequence[int], points_wide: float | None = None
) -> LineCollection | None:
    """Draw a line between recordings.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    lengths : sequence of int
        Frames of each recording, one after another.
    points_wide : float, optional
        How wide the axes are; by default what they are now.

    Returns
    -------
    matplotlib.collections.LineCollection or None
        None where there is one recording, or where there are so many that their lines would hide
        what is between them.
    """
    wide = size_of(ax)[0] if points_wide is None else points_wide
    if len(lengths) < 2 or len(lengths) * _LEAST_APART > wide:
        return None
    return ax.vlines(
        np.cumsum(lengths)[:-1] - 0.5,
        0,
        1,
        color=MUTED,
        linewidth=0.6,
        zorder=1,
        transform=ax.get_xaxis_transform(),
    )


def check_lengths(lengths: Sequence[int] | None, frames: int) -> list[int]:
    """Insist that recordings are as long as their frames are many.

    Parameters
    ----------
    lengths : sequence of int, or None
        None is one recording.
    frames : int

    Returns
    -------
    list of int

    Raises
    ------
    ValueError
        They do not add up.

    Examples
    --------
    >>> check_lengths(None, 5), check_lengths((2, 3), 5)
    ([5], [2, 3])
    """
    given = [frames] if lengths is None else [int(length) for length in lengths]
    if sum(given) != frames or min(given, default=0) < 0:
        raise ValueError(
            f"lengths {given} of the recordings add up to {sum(given):,} frames; there are "
            f"{frames:,}."
        )
    return given
