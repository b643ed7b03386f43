"""What the figures of a report share: colours, lines, axes and words, as Plotly takes them.

The basic bundle of Plotly knows lines, points and bars. Violins are outlines of a density,
therefore, and tiles are shapes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.plot.report.findings import in_words
from liftpose.poses import Floats

Rows = npt.NDArray[np.intp]

INK, MUTED, LINE, PAPER = "#1B1E23", "#626A73", "#D9DDE1", "#FFFFFF"
ACCENT, WARN, TRUTH = "#0072B2", "#D55E00", "#9AA3AD"
"""Of light pages. In capitals, by which a dark page tells them from the colours of limbs: it has
others for these, and keeps those.
"""

FEWEST = 20
"""Frames of a tile or a group: of fewer, a mean tells little."""


def dots(x: Any, y: Any, name: str, color: str, symbol: str, size: float) -> dict[str, Any]:
    """Give points as a trace.

    Parameters
    ----------
    x, y : sequence of float, length M
        NaN or None for none.
    name : str
        As it stands in the legend.
    color : str
        ``"#RRGGBB"``.
    symbol : str
        One of Plotly's; open ones and lines get a rim of the colour.
    size : float, pixels

    Returns
    -------
    dict

    Examples
    --------
    >>> dots([0], [2.0], "mean", INK, "circle", 7)["y"]
    [2]
    """
    marker = {"symbol": symbol, "size": size, "color": color}
    if symbol.startswith("line") or symbol.endswith(("thin", "open")):
        marker["line"] = {"color": color, "width": 2}
    return {
        "type": "scatter",
        "mode": "markers",
        "x": plain(x),
        "y": plain(y),
        "name": escaped(name),
        "marker": marker,
        "hovertemplate": "%{y:.3g}<extra>" + escaped(name) + "</extra>",
    }


def stroke(x: Any, y: Any, name: str, color: str, width: float) -> dict[str, Any]:
    """Give a line as a trace.

    Parameters
    ----------
    x, y : sequence of float, length M
        NaN where the line has a gap.
    name : str
        As it stands in the legend.
    color : str
        ``"#RRGGBB"``.
    width : float, pixels

    Returns
    -------
    dict

    Examples
    --------
    >>> stroke([0, 1], [2.0, float("nan")], "mean", INK, 1)["y"]
    [2, None]
    """
    return {
        "type": "scatter",
        "mode": "lines",
        "x": plain(x),
        "y": plain(y),
        "name": escaped(name),
        "line": {"color": color, "width": width},
    }


def along(
    starts: Any, values: Floats, name: str, color: str, width: float, seek: Any
) -> dict[str, Any]:
    """Give a line over frames of which each knows where the player has it.

    Parameters
    ----------
    starts : array of int, length M
        Frames that are drawn.
    values : array, length M
        NaN where the line has a gap.
    name, color, width
        As of `stroke`.
    seek : array of int, length N
        Frame of the player for each frame.

    Returns
    -------
    dict

    Examples
    --------
    >>> along(np.array([0, 4]), np.ones(2), "mean", INK, 1, np.arange(9) // 2)["customdata"]
    [0, 2]
    """
    return {
        **stroke(starts, values, name, color, width),
        "customdata": [int(frame) for frame in np.asarray(seek)[starts]],
        "hovertemplate": "frame %{x:,}: %{y:.3g}<extra>" + escaped(name) + "</extra>",
    }


def means_of(values: Floats, starts: Any) -> Floats:
    """Average what is known of stretches.

    Parameters
    ----------
    values : array, length N
        NaN where nothing is known.
    starts : array of int, length M
        Where each stretch begins.

    Returns
    -------
    array, length M
        NaN where nothing is known of a stretch.

    Examples
    --------
    >>> means_of(np.array([1.0, 3.0, np.nan]), np.array([0, 2])).tolist()
    [2.0, nan]
    """
    known = np.isfinite(values)
    count = np.add.reduceat(known, starts, dtype=float)
    total = np.add.reduceat(np.where(known, values, 0), starts)
    means: Floats = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means


def add_recordings(
    layout: dict[str, Any], recordings: Sequence[tuple[str, int, int]], frames: int
) -> None:
    """Draw lines between recordings, and the names of those that are wide enough for one.

    Parameters
    ----------
    layout : dict
        Of a figure over frames; it is changed.
    recordings : sequence of (str, int, int)
        Name, first frame and number of frames of each.
    frames : int
        Of all of them.

    Examples
    --------
    >>> layout = with_axes()
    >>> add_recordings(layout, [("a", 0, 5), ("b", 5, 5)], 10)
    >>> [line["x0"] for line in layout["shapes"]]
    [5]
    """
    layout["shapes"] = [
        {"type": "line", "x0": first, "x1": first, "yref": "paper", "y0": 0, "y1": 1}
        | {"line": {"color": MUTED, "width": 1}}
        for _, first, _ in recordings[1:]
    ]
    layout["annotations"] = [
        {"x": first + count / 2, "y": 1, "yref": "paper", "yanchor": "bottom", "showarrow": False}
        | {"text": shown_name(name), "font": {"size": 11, "color": MUTED}}
        for name, first, count in recordings
        if name and len(recordings) > 1 and count > frames / 12
    ]
    if layout["annotations"]:
        layout["legend"] = {**layout["legend"], "y": 1.1}
        layout["margin"] = {**layout["margin"], "t": 44}


def rule(height: float, color: str) -> dict[str, Any]:
    """Give a dotted line across a figure.

    Parameters
    ----------
    height : float
        In the unit of the upright axis.
    color : str
        ``"#RRGGBB"``.

    Returns
    -------
    dict

    Examples
    --------
    >>> rule(99, WARN)["y1"]
    99
    """
    ends = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": height, "y1": height}
    return ends | {"line": {"color": color, "width": 1, "dash": "dot"}}


def with_axes(**axes: Any) -> dict[str, Any]:
    """Give the layout of a figure.

    Parameters
    ----------
    **axes : dict
        ``xaxis``, ``yaxis`` and what is particular about them.

    Returns
    -------
    dict

    Examples
    --------
    >>> with_axes(xaxis={"range": [0, 9]})["xaxis"]["range"]
    [0, 9]
    """
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


def whole_ticks(most: int) -> dict[str, Any]:
    """Ticks at whole numbers, ten at most.

    Examples
    --------
    >>> whole_ticks(45)["dtick"]
    5
    """
    return {"tick0": 0, "dtick": max(1, math.ceil(most / 10))}


def with_unit(what: str, unit: str | None) -> str:
    """Give the title of an axis.

    Examples
    --------
    >>> with_unit("Error", "mm"), with_unit("Error", None)
    ('Error (mm)', 'Error')
    """
    return f"{what} ({escaped(unit)})" if unit else what


def after(unit: str | None) -> str:
    """Give what stands after a number: its unit, where it has one.

    Examples
    --------
    >>> after("mm"), after(None)
    (' mm', '')
    """
    return f" {unit}" if unit else ""


def shown_name(name: str) -> str:
    """Underscores as spaces, and no longer than a label may be; Plotly understands some HTML.

    Examples
    --------
    >>> shown_name("left_claw"), len(shown_name("a" * 99))
    ('left claw', 24)
    """
    words = in_words(name)
    return escaped(words if len(words) <= 24 else words[:23] + "…")


def escaped(text: str) -> str:
    """Give text that Plotly, which understands some HTML, shows as it is.

    Examples
    --------
    >>> escaped("<b>")
    '&lt;b&gt;'
    """
    return str(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def plain(values: Any) -> list[Any]:
    """Numbers of five digits, which is more than a figure shows; None for what is not known.

    Examples
    --------
    >>> plain([1 / 3, float("nan"), None])
    [0.33333, None, None]
    """
    return [
        None if value is None or not math.isfinite(value) else short(float(value))
        for value in (values.tolist() if hasattr(values, "tolist") else values)
    ]


def short(value: float) -> float:
    """Give a number of five digits.

    Examples
    --------
    >>> short(1 / 3), short(2.0)
    (0.33333, 2)
    """
    number = float(f"{value:.5g}")
    return int(number) if number.is_integer() and abs(number) < 1e9 else number
