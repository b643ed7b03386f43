"""Errors, novelty and angles, frame by frame."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from liftpose.plot.report.figures.elements import (
    INK,
    TRUTH,
    WARN,
    Rows,
    add_recordings,
    after,
    along,
    dots,
    escaped,
    means_of,
    rule,
    short,
    with_axes,
    with_unit,
)
from liftpose.plot.report.findings import Shown, in_words, rounded
from liftpose.poses import Floats

POINTS = 1500
"""Of a line over time: more than a screen has columns for."""

ANGLE_FRAMES = 400
"""Frames of which angles are drawn: single steps are to be seen."""

_ANGLES, _DASHES = 6, ("solid", "dash", "dot")  # lines are told apart without colours


def error_over_time(
    error: Floats,
    recordings: Sequence[tuple[str, int, int]],
    unit: str | None,
    worst: Sequence[tuple[int, str]] = (),
    at: Rows | None = None,
) -> Shown:
    """Draw the error of every frame.

    Parameters
    ----------
    error : array, shape (N,), in `unit`
        Mean over the joints of a frame; NaN where nothing counts.
    recordings : sequence of (str, int, int)
        Name, first frame and number of frames of each.
    unit : str or None
    worst : sequence of (int, str)
        Frames that are marked, and what is said of them.
    at : array of int, shape (N,), optional
        Frame of the player for each; by default the same.

    Returns
    -------
    Shown

    Examples
    --------
    >>> shown = error_over_time(np.arange(4000.0), [("", 0, 4000)], "mm")
    >>> len(shown.data[0]["x"]) <= POINTS
    True
    """
    frames = len(error)
    starts = np.unique(np.arange(min(frames, POINTS)) * frames // max(1, min(frames, POINTS)))
    known = np.where(np.isfinite(error), error, np.nan)
    seek = np.arange(frames) if at is None else at
    data = [along(starts, means_of(known, starts), "mean", INK, 1.4, seek)]
    if frames > POINTS:
        high = np.fmax.reduceat(known, starts)
        data.insert(0, along(starts, high, "largest", TRUTH, 0.8, seek))
    if worst:
        rows = [row for row, _ in worst]
        data.append(
            {
                **dots(rows, [known[row] for row in rows], "worst", WARN, "circle-open", 9),
                "text": [escaped(text) for _, text in worst],
                "customdata": [int(seek[row]) for row in rows],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    top = float(np.nanmax(known)) if np.isfinite(known).any() else 1.0
    layout = with_axes(
        xaxis={"title": {"text": "Frame"}, "range": [0, max(1, frames - 1)]},
        yaxis={"title": {"text": with_unit("Error", unit)}, "range": [0, short(1.08 * top)]},
    )
    add_recordings(layout, recordings, frames)
    caption = "No frame has an error that counts."
    if np.isfinite(known).any():
        row = int(np.nanargmax(known))
        caption = (
            f"Mean of the joints of a frame. Half of the frames are below "
            f"{rounded(float(np.nanmedian(known)))}{after(unit)}; the largest, "
            f"{rounded(top)}{after(unit)}, is frame {row:,}. Click to go there."
        )
    return Shown("error-over-time", "Error against time", caption, data, layout, 300, seeks=True)


def novelty_over_time(
    novelty: Floats, recordings: Sequence[tuple[str, int, int]], at: Rows | None = None
) -> Shown:
    """Draw how unusual every frame is.

    Parameters
    ----------
    novelty : array, shape (N,), percentiles
    recordings : sequence of (str, int, int)
        As of `error_over_time`.
    at : array of int, shape (N,), optional
        Frame of the player for each.

    Returns
    -------
    Shown

    Examples
    --------
    >>> novelty_over_time(np.full(10, 50.0), [("", 0, 10)]).seeks
    True
    """
    frames = len(novelty)
    starts = np.unique(np.arange(min(frames, POINTS)) * frames // max(1, min(frames, POINTS)))
    known = np.where(np.isfinite(novelty), novelty, np.nan)
    seek = np.arange(frames) if at is None else at
    data = [along(starts, np.fmax.reduceat(known, starts), "most unusual", INK, 1.0, seek)]
    layout = with_axes(
        xaxis={"title": {"text": "Frame"}, "range": [0, max(1, frames - 1)]},
        yaxis={"title": {"text": "Novelty (percentile)"}, "range": [0, 101]},
    )
    add_recordings(layout, recordings, frames)
    layout["shapes"].append(rule(99, WARN))
    share = 100 * float(np.mean(known[np.isfinite(known)] > 99)) if np.isfinite(known).any() else 0
    caption = (
        f"{share:.1f} % of the frames are above 99, less like the training data than 99 in 100 "
        "held-out frames; of recordings like those, one in 100 is. Click to go there."
    )
    return Shown("novelty", "How unusual is each frame?", caption, data, layout, 260, seeks=True)


def angles(
    values: Floats, names: Sequence[str], colors: Sequence[str], at: Rows | None = None
) -> Shown:
    """Draw angles at the joints over time.

    Parameters
    ----------
    values : array, shape (N, A), degrees
    names, colors : sequence of str, length A
    at : array of int, shape (N,), optional
        Frame of the player for each.

    Returns
    -------
    Shown
        Of the first `ANGLE_FRAMES`; of the six that move most, three are drawn, and the others
        when one asks for them.

    Examples
    --------
    >>> angles(np.full((9, 1), 90.0), ["hip-knee-toe"], ["#0072b2"]).data[0]["name"]
    'hip-knee-toe'
    """
    some = values[:ANGLE_FRAMES]
    seek = np.arange(len(values)) if at is None else at
    known = np.asarray(np.isfinite(some).any(axis=0))
    moves = np.zeros(len(names))
    moves[known] = np.nanstd(some[:, known], axis=0)
    most = [place for place in np.argsort(-moves, kind="stable").tolist() if known[place]]
    rows = np.arange(len(some))
    data = []
    for rank, place in enumerate(most[:_ANGLES]):
        line = along(rows, some[:, place], in_words(names[place]), colors[place], 1.3, seek)
        line["line"]["dash"] = _DASHES[rank % len(_DASHES)]
        data.append(line if rank < len(_DASHES) else {**line, "visible": "legendonly"})
    layout = with_axes(
        xaxis={"title": {"text": "Frame"}, "range": [0, max(1, len(some) - 1)]},
        yaxis={"title": {"text": "Angle (°)"}},
    )
    caption = (
        f"180° is straight. Of {known.sum()} angles, those that move most; press a name to see it. "
        f"Frames 0 to {len(some) - 1:,}; click to go to one. `liftpose angles` writes them all."
    )
    return Shown("angles", "Joint angles", caption, data, layout, 340, seeks=True)
