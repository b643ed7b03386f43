"""The figures of a report, as Plotly takes them: plain values, so that nothing draws them here.

The basic bundle of Plotly knows lines, points and bars. Violins are outlines of a density,
therefore, and tiles are shapes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.plot.report.findings import Mark, Shown, rounded
from liftpose.poses import Floats

Rows = npt.NDArray[np.intp]

INK, MUTED, LINE, PAPER = "#1B1E23", "#626A73", "#D9DDE1", "#FFFFFF"
ACCENT, WARN, TRUTH = "#0072B2", "#D55E00", "#9AA3AD"
"""Of light pages. In capitals, by which a dark page tells them from the colours of limbs: it has
others for these, and keeps those.
"""

POINTS = 1500
"""Of a line over time: more than a screen has columns for."""

ANGLE_FRAMES = 400
"""Frames of which angles are drawn: single steps are to be seen."""

_DENSITY_POINTS, _DENSITY_SAMPLE, _HIGHEST = 48, 800, 99.5
_FEWEST = 20  # frames in a tile or a group: of fewer, a mean tells little
_TILE = 30  # degrees
_ON_TILES = "rgb(27,30,35)"  # tiles are pale on dark pages, too
_ANGLES, _DASHES = 6, ("solid", "dash", "dot")  # lines are told apart without colours


def error_per_joint(
    errors: Floats,
    names: Sequence[str],
    marks: Sequence[Mark],
    unit: str | None,
    body_length: float = math.nan,
    beside: Mapping[str, Sequence[float]] | None = None,
) -> Shown:
    """Draw how the errors of every joint are distributed.

    Parameters
    ----------
    errors : array, shape (N, T), in `unit`
        NaN where a joint does not count.
    names : sequence of str, length T
    marks : sequence of Mark, length T
        Violins of the left side are hollow.
    unit : str or None
    body_length : float
        In `unit`, for an axis on the right; NaN for none.
    beside : mapping of str to sequence of float, length T, optional
        Mean errors of other guesses, by their name.

    Returns
    -------
    Shown

    Examples
    --------
    >>> errors = np.abs(np.random.default_rng(0).normal(size=(50, 1)))
    >>> shown = error_per_joint(errors, ["nose"], [Mark("#0072b2", False)], "mm")
    >>> shown.layout["xaxis"]["ticktext"]
    ['nose']
    """
    data: list[dict[str, Any]] = []
    for place, (name, mark) in enumerate(zip(names, marks, strict=True)):
        known = errors[np.isfinite(errors[:, place]), place]
        if len(known):
            data.append(_violin(known, place, name, mark, unit))
    means = [float(np.nanmean(row)) if np.isfinite(row).any() else math.nan for row in errors.T]
    places = list(range(len(names)))
    data.append(_points(places, means, "LiftPose, mean", INK, "line-ew", 18))
    for (name, values), symbol in zip((beside or {}).items(), ("line-ew", "x-thin"), strict=False):
        data.append(
            _points(places, list(values), name, MUTED, symbol, 12 if "-ew" in symbol else 7)
        )
    top = _top(errors, means, beside or {})
    layout = _layout(
        xaxis={
            "tickvals": places,
            "ticktext": [_shown_name(name) for name in names],
            "tickangle": -90 if len(names) > 16 else -45 if len(names) > 6 else 0,
            "range": [-0.7, len(names) - 0.3],
            "showgrid": False,
            "zeroline": False,
        },
        yaxis={"title": {"text": _with_unit("Error", unit)}, "range": [0, top], "fixedrange": True},
    )
    if math.isfinite(body_length) and body_length > 0:
        data.append({**_points([0], [None], "", MUTED, "circle", 1), "yaxis": "y2"})
        data[-1] |= {"showlegend": False, "hoverinfo": "skip"}
        layout["margin"] = {**layout["margin"], "r": 64}
        layout["yaxis2"] = {
            "overlaying": "y",
            "side": "right",
            "range": [0, _short(100 * top / body_length)],
            "title": {"text": "% of body length", "font": {"size": 12}},
            "tickfont": {"size": 11},
            "showgrid": False,
            "zeroline": False,
            "automargin": True,
            "fixedrange": True,
        }
    worst = int(np.nanargmax(means)) if np.isfinite(means).any() else None
    least = int(np.nanargmin(means)) if worst is not None else 0
    caption = "No joint has an error that counts." if worst is None else (
        f"Largest at {names[worst]} ({rounded(means[worst])}{_of(unit)} on average), smallest at "
        f"{names[least]} ({rounded(means[least])}{_of(unit)}). Wide where errors are frequent; the "
        "bar is the mean. Hollow: left side."
    )  # fmt: skip
    return Shown("error-per-joint", "Error of every joint", caption, data, layout, 460)


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
    data = [_over_time(starts, _means(known, starts), "mean", INK, 1.4, seek)]
    if frames > POINTS:
        high = np.fmax.reduceat(known, starts)
        data.insert(0, _over_time(starts, high, "largest", TRUTH, 0.8, seek))
    if worst:
        rows = [row for row, _ in worst]
        data.append(
            {
                **_points(rows, [known[row] for row in rows], "worst", WARN, "circle-open", 9),
                "text": [_escaped(text) for _, text in worst],
                "customdata": [int(seek[row]) for row in rows],
                "hovertemplate": "%{text}<extra></extra>",
            }
        )
    top = float(np.nanmax(known)) if np.isfinite(known).any() else 1.0
    layout = _layout(
        xaxis={"title": {"text": "Frame"}, "range": [0, max(1, frames - 1)]},
        yaxis={"title": {"text": _with_unit("Error", unit)}, "range": [0, _short(1.08 * top)]},
    )
    _add_recordings(layout, recordings, frames)
    caption = "No frame has an error that counts."
    if np.isfinite(known).any():
        row = int(np.nanargmax(known))
        caption = (
            f"Mean of the joints of a frame. Half of the frames are below "
            f"{rounded(float(np.nanmedian(known)))}{_of(unit)}; the largest, "
            f"{rounded(top)}{_of(unit)}, is frame {row:,}. Click to go there."
        )
    return Shown("error-over-time", "Error against time", caption, data, layout, 300, seeks=True)


def calibration(
    levels: Sequence[float],
    interval: Sequence[tuple[float, float, float]],
    ball: Sequence[tuple[float, float, float]],
) -> Shown:
    """Draw how often error bars hold the truth, against how often they are to.

    Parameters
    ----------
    levels : sequence of float
        Probabilities, 0 to 1.
    interval, ball : sequence of three floats, one a level
        Share of coordinates, and of joints, that hold the truth, and the ends of what that share
        is likely to be.

    Returns
    -------
    Shown

    Examples
    --------
    >>> calibration([0.5, 0.9], [(0.5, 0.4, 0.6), (0.9, 0.8, 0.95)], []).data[1]["y"]
    [50, 90]
    """
    data: list[dict[str, Any]] = [
        {
            **_line([0, 100], [0, 100], "as they are to be", TRUTH, 1.2),
            "hoverinfo": "skip",
        }
    ]
    known = (
        ("balls of joints", ball, ACCENT, "circle", -0.3),
        ("intervals of coordinates", interval, INK, "square-open", 0.3),
    )
    for name, found, color, symbol, aside in known:
        if not found:
            continue
        shares, low, high = (100 * np.array(column) for column in zip(*found, strict=True))
        data.append(
            {
                **_line(
                    [_short(100 * level + aside) for level in levels], shares, name, color, 1.4
                ),
                "mode": "lines+markers",
                "marker": {"symbol": symbol, "size": 6, "color": color},
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": _plain(high - shares),
                    "arrayminus": _plain(shares - low),
                    "thickness": 0.8,
                    "width": 0,
                    "color": color,
                },
                "hovertemplate": "%{y:.1f} % of " + name + "<extra></extra>",
            }
        )
    layout = _layout(
        xaxis={"title": {"text": "Wanted (%)"}, "range": [0, 101], "constrain": "domain"},
        yaxis={"title": {"text": "Held the truth (%)"}, "range": [0, 101], "scaleanchor": "x"},
    )
    caption = "No error bars of any level are known."
    first = next((found for found in (ball, interval) if found), None)
    if first is not None:
        off = [100 * (share[0] - level) for share, level in zip(first, levels, strict=True)]
        most = max(off, key=abs)
        caption = (
            f"On the line, bars hold as often as they say. Furthest off by {abs(most):.0f} points "
            f"({'too wide' if most > 0 else 'too narrow'}). Whiskers: 95 % interval, by blocks of "
            "time or recordings."
        )
    return Shown("calibration", "Do the error bars hold?", caption, data, layout, 420)


def reliability(
    hidden: Sequence[int],
    frames: Sequence[int],
    seen_error: Sequence[float],
    hidden_error: Sequence[float],
    expected: Sequence[float],
    unit: str | None,
) -> Shown:
    """Draw errors against the number of joints that the tracker did not see.

    Parameters
    ----------
    hidden, frames : sequence of int
        Numbers of joints not seen, and of frames with so many.
    seen_error, hidden_error : sequence of float, in `unit`
        Mean error of the joints that were seen in these frames, and of the others; NaN for none.
    expected : sequence of float, in `unit`
        What the spread says that the error of all is; NaN where it is not known.
    unit : str or None

    Returns
    -------
    Shown

    Examples
    --------
    >>> nan = float("nan")
    >>> len(reliability([0, 1], [90, 10], [1.0, 1.1], [nan, 2.0], [nan, nan], "mm").data)
    2
    """
    lines = (
        ("joints that were seen", seen_error, ACCENT, "circle", "solid"),
        ("joints that were not", hidden_error, WARN, "circle-open", "solid"),
        ("all, as their spread says", expected, MUTED, "line-ew", "dot"),
    )
    data = []
    for name, values, color, symbol, dash in lines:
        if not np.isfinite(values).any():
            continue
        line = _line(list(hidden), values, name, color, 1.4)
        line["line"]["dash"] = dash
        data.append(
            line
            | {
                "mode": "lines+markers",
                "marker": {"symbol": symbol, "size": 7, "color": color},
                "customdata": [int(count) for count in frames],
                "hovertemplate": "%{y:.3g}, %{customdata:,} frames<extra></extra>",
            }
        )
    layout = _layout(
        xaxis={
            "title": {"text": "Joints of a frame that were not seen"},
            **_whole_ticks(max(hidden, default=1)),
        },
        yaxis={"title": {"text": _with_unit("Mean error", unit)}, "rangemode": "tozero"},
    )
    whole = 100 * frames[0] / max(1, sum(frames)) if hidden and hidden[0] == 0 else 0.0
    caption = (
        f"In {whole:.0f} % of the frames every joint was seen. Groups of fewer than {_FEWEST} "
        "frames are left out."
    )
    return Shown("reliability", "When joints are hidden", caption, data, layout, 340)


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
    data = [_over_time(starts, np.fmax.reduceat(known, starts), "most unusual", INK, 1.0, seek)]
    layout = _layout(
        xaxis={"title": {"text": "Frame"}, "range": [0, max(1, frames - 1)]},
        yaxis={"title": {"text": "Novelty (percentile)"}, "range": [0, 101]},
    )
    _add_recordings(layout, recordings, frames)
    layout["shapes"].append(_rule(99, WARN))
    share = 100 * float(np.mean(known[np.isfinite(known)] > 99)) if np.isfinite(known).any() else 0
    caption = (
        f"{share:.1f} % of the frames are above 99, less like the training data than 99 in 100 "
        "held-out frames; of recordings like those, one in 100 is. Click to go there."
    )
    return Shown("novelty", "How unusual is each frame?", caption, data, layout, 260, seeks=True)


def training(
    epochs: Sequence[int],
    loss_train: Sequence[float],
    loss_test: Sequence[float],
    best: int | None = None,
) -> Shown:
    """Draw the losses of the training.

    Parameters
    ----------
    epochs : sequence of int
    loss_train, loss_test : sequence of float
        Of each epoch, standardised; NaN where there was none.
    best : int, optional
        The epoch that was taken.

    Returns
    -------
    Shown

    Examples
    --------
    >>> len(training([1, 2], [0.5, 0.4], [float("nan")] * 2).data)
    1
    """
    data = [
        {**_line(list(epochs), values, name, color, 1.6), "mode": "lines+markers"}
        for name, values, color in (
            ("training data", loss_train, INK),
            ("test data (nothing was chosen on it)", loss_test, ACCENT),
        )
        if np.isfinite(values).any()
    ]
    layout = _layout(
        xaxis={"title": {"text": "Epoch"}, **_whole_ticks(max(epochs, default=1))},
        yaxis={"title": {"text": "Loss (standardised)"}},
    )
    caption = f"{len(epochs)} epochs."
    if best is not None:
        layout["shapes"] = [
            {"type": "line", "x0": best, "x1": best, "yref": "paper", "y0": 0, "y1": 1}
            | {"line": {"color": MUTED, "width": 1, "dash": "dot"}}
        ]
        caption += f" The network of epoch {best} was taken: it was best on held-out frames."
    return Shown("training", "The course of the training", caption, data, layout, 300)


def viewpoints(azimuth: Floats, elevation: Floats, error: Floats, unit: str | None) -> Shown | None:
    """Draw the error over the directions from which the camera saw the animal.

    Parameters
    ----------
    azimuth, elevation : array, shape (N,), degrees
        Of the camera, about the animal: 0 is from the front, 90 from its left, and 0 level with it.
    error : array, shape (N,), in `unit`
    unit : str or None

    Returns
    -------
    Shown or None
        None where the camera saw it from one direction only, so that there is nothing to compare.

    Examples
    --------
    >>> around = np.linspace(-180, 180, 400)
    >>> viewpoints(around, np.full(400, 10.0), np.ones(400), "mm").name
    'viewpoints'
    """
    known = np.isfinite(azimuth) & np.isfinite(elevation) & np.isfinite(error)
    column = np.floor((azimuth[known] + 180) / _TILE).astype(int) % (360 // _TILE)
    line = np.floor(elevation[known] / _TILE).astype(int)
    tiles, place = np.unique(np.stack([column, line]), axis=1, return_inverse=True)
    place = place.reshape(-1)
    counts = np.bincount(place, minlength=tiles.shape[1])
    kept = np.flatnonzero(counts >= _FEWEST)
    if len(kept) < 2:
        return None
    means = (np.bincount(place, error[known], tiles.shape[1]) / np.maximum(counts, 1))[kept]
    x = tiles[0, kept] * _TILE - 180 + _TILE / 2
    y = tiles[1, kept] * _TILE + _TILE / 2
    layout = _layout(
        xaxis={
            "title": {"text": "Camera around the animal (°; 0 front, 90 left)"},
            "range": [-180, 180],
            "tickvals": list(range(-180, 181, 90)),
            "showgrid": False,
        },
        yaxis={
            "title": {"text": "Above it (°)"},
            "range": [float(y.min() - _TILE / 2), float(y.max() + _TILE / 2)],
            "dtick": _TILE,
            "showgrid": False,
        },
    )
    layout["shapes"] = [
        _tile(one, other, color) for one, other, color in zip(x, y, _shades(means), strict=True)
    ]
    data = [
        {
            "type": "scatter",
            "mode": "text",
            "x": _plain(x),
            "y": _plain(y),
            "text": [rounded(float(value), 2) for value in means],
            "textfont": {"size": 11, "color": _ON_TILES},
            "customdata": counts[kept].tolist(),
            "hovertemplate": "%{text}, %{customdata:,} frames<extra></extra>",
            "showlegend": False,
        }
    ]
    caption = (
        f"Mean error{f' in {unit}' if unit else ''} by where the camera stood about the animal, "
        f"from {rounded(float(means.min()))} to {rounded(float(means.max()))}. Directions with "
        f"fewer than {_FEWEST} frames are left out."
    )
    return Shown("viewpoints", "Error by viewpoint", caption, data, layout, 280)


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
        line = _over_time(rows, some[:, place], names[place], colors[place], 1.3, seek)
        line["line"]["dash"] = _DASHES[rank % len(_DASHES)]
        data.append(line if rank < len(_DASHES) else {**line, "visible": "legendonly"})
    layout = _layout(
        xaxis={"title": {"text": "Frame"}, "range": [0, max(1, len(some) - 1)]},
        yaxis={"title": {"text": "Angle (°)"}},
    )
    caption = (
        f"180° is straight. Of {known.sum()} angles, those that move most; press a name to see it. "
        f"Frames 0 to {len(some) - 1:,}; click to go to one. `liftpose angles` writes them all."
    )
    return Shown("angles", "Joint angles", caption, data, layout, 340, seeks=True)


def _violin(known: Floats, place: int, name: str, mark: Mark, unit: str | None) -> dict[str, Any]:
    """Outline of the density of some errors, about `place`."""
    values = np.quantile(known, np.linspace(0, _HIGHEST / 100, min(len(known), _DENSITY_SAMPLE)))
    # The rule of Silverman (1986), with the smaller of two measures of width.
    low, high = np.percentile(values, [25, 75])
    widths = (float(values.std()), float(high - low) / 1.34)
    width = 0.9 * min(filter(None, widths), default=1e-9) * len(values) ** -0.2
    levels = np.linspace(values[0], values[-1], _DENSITY_POINTS)
    density = np.exp(-0.5 * ((levels[:, None] - values) / max(width, 1e-12)) ** 2).mean(axis=1)
    half = 0.42 * density / max(float(density.max()), 1e-12)
    mean, high = float(known.mean()), float(np.percentile(known, 95))
    said = f"{_escaped(name)}<br>mean {rounded(mean)}{_of(unit)}<br>95 in 100 below {rounded(high)}"
    return {
        "type": "scatter",
        "mode": "lines",
        "x": _plain(np.concatenate([place - half, (place + half)[::-1]])),
        "y": _plain(np.concatenate([levels, levels[::-1]])),
        "fill": "toself",
        "fillcolor": PAPER if mark.left else _faint(mark.color),
        "line": {"color": mark.color, "width": 1.6 if mark.left else 1},
        "hoveron": "fills",
        "hoverinfo": "text",
        "text": said,
        "showlegend": False,
    }


def _top(errors: Floats, means: Sequence[float], beside: Mapping[str, Sequence[float]]) -> float:
    known = errors[np.isfinite(errors)]
    highest = [float(np.percentile(known, _HIGHEST))] if len(known) else []
    for values in (means, *beside.values()):
        highest += [value for value in values if math.isfinite(value)]
    return _short(1.05 * max(highest, default=1.0)) or 1.0


def _points(x: Any, y: Any, name: str, color: str, symbol: str, size: float) -> dict[str, Any]:
    marker = {"symbol": symbol, "size": size, "color": color}
    if symbol.startswith("line") or symbol.endswith(("thin", "open")):
        marker["line"] = {"color": color, "width": 2}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": _plain(x),
        "y": _plain(y),
        "name": _escaped(name),
        "marker": marker,
        "hovertemplate": "%{y:.3g}<extra>" + _escaped(name) + "</extra>",
    }


def _line(x: Any, y: Any, name: str, color: str, width: float) -> dict[str, Any]:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": _plain(x),
        "y": _plain(y),
        "name": _escaped(name),
        "line": {"color": color, "width": width},
    }


def _over_time(
    starts: Any, values: Floats, name: str, color: str, width: float, seek: Any
) -> dict[str, Any]:
    return {
        **_line(starts, values, name, color, width),
        "customdata": [int(frame) for frame in np.asarray(seek)[starts]],
        "hovertemplate": "frame %{x:,}: %{y:.3g}<extra>" + _escaped(name) + "</extra>",
    }


def _means(values: Floats, starts: Any) -> Floats:
    known = np.isfinite(values)
    count = np.add.reduceat(known, starts, dtype=float)
    total = np.add.reduceat(np.where(known, values, 0), starts)
    means: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means


def _add_recordings(
    layout: dict[str, Any], recordings: Sequence[tuple[str, int, int]], frames: int
) -> None:
    """Draw lines between recordings, and the names of those that are wide enough for one."""
    layout["shapes"] = [
        {"type": "line", "x0": first, "x1": first, "yref": "paper", "y0": 0, "y1": 1}
        | {"line": {"color": MUTED, "width": 1}}
        for _, first, _ in recordings[1:]
    ]
    layout["annotations"] = [
        {"x": first + count / 2, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False}
        | {"text": _shown_name(name), "font": {"size": 11, "color": MUTED}}
        for name, first, count in recordings
        if name and len(recordings) > 1 and count > frames / 12
    ]
    if layout["annotations"]:
        layout["legend"] = {**layout["legend"], "y": 1.1}
        layout["margin"] = {**layout["margin"], "t": 44}


def _rule(height: float, color: str) -> dict[str, Any]:
    ends = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height}
    return ends | {"line": {"color": color, "width": 1, "dash": "dot"}}


def _tile(x: float, y: float, color: str) -> dict[str, Any]:
    half = _TILE / 2
    corners = {"x0": float(x - half), "x1": float(x + half)}
    corners |= {"y0": float(y - half), "y1": float(y + half)}
    return {"type": "rect", **corners, "fillcolor": color, "layer": "below"} | {
        "line": {"color": PAPER, "width": 1}
    }


def _shades(values: Floats) -> list[str]:
    """From pale to orange, so that ink can be read on all of them."""
    low, high = np.array([253, 240, 228]), np.array([238, 150, 84])
    span = float(values.max() - values.min()) or 1.0
    return [
        "rgb({:.0f},{:.0f},{:.0f})".format(*(low + (high - low) * (value - values.min()) / span))
        for value in values
    ]


def _layout(**axes: Any) -> dict[str, Any]:
    common = {"gridcolor": LINE, "zerolinecolor": LINE, "linecolor": MUTED, "automargin": True}
    common |= {"title": {"font": {"size": 12}}, "tickfont": {"size": 11}, "ticks": ""}
    whole: dict[str, Any] = {
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "font": {
            "family": 'system-ui, "Helvetica Neue", Arial, sans-serif',
            "size": 12,
            "color": INK,
        },
        "margin": {"l": 56, "r": 16, "t": 28, "b": 44},
        "hovermode": "closest",
        "hoverlabel": {"font": {"size": 12}},
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "font": {"size": 11},
        },
        "showlegend": True,
    }
    for name, said in axes.items():
        whole[name] = {**common, **said}
        if "title" in said:
            whole[name]["title"] = {**common["title"], **said["title"]}  # type: ignore[dict-item]
    return whole


def _whole_ticks(most: int) -> dict[str, Any]:
    """Ticks at whole numbers, ten at most."""
    return {"tick0": 0, "dtick": max(1, math.ceil(most / 10))}


def _faint(color: str) -> str:
    """The same colour, half as strong on white."""
    parts = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    return "rgba({},{},{},0.45)".format(*parts)


def _with_unit(what: str, unit: str | None) -> str:
    return f"{what} ({_escaped(unit)})" if unit else what


def _of(unit: str | None) -> str:
    return f" {unit}" if unit else ""


def _shown_name(name: str) -> str:
    """Underscores as spaces, and no longer than a label may be; Plotly understands some HTML."""
    words = str(name).replace("_", " ")
    return _escaped(words if len(words) <= 24 else words[:23] + "…")


def _escaped(text: str) -> str:
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain(values: Any) -> list[Any]:
    """Numbers of five digits, which is more than a figure shows; None for what is not known."""
    return [
        None if value is None or not math.isfinite(value) else _short(float(value))
        for value in (values.tolist() if hasattr(values, "tolist") else values)
    ]


def _short(value: float) -> float:
    number = float(f"{value:.5g}")
    return int(number) if number.is_integer() and abs(number) < 1e9 else number
