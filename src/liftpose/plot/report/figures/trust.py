"""How far to believe poses: whether error bars hold, and errors where joints are hidden."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from liftpose.plot.report.figures.elements import (
    ACCENT,
    FEWEST,
    INK,
    MUTED,
    TRUTH,
    WARN,
    plain,
    short,
    stroke,
    whole_ticks,
    with_axes,
    with_unit,
)
from liftpose.plot.report.findings import Shown

_PALE = "rgba(0,114,178,0.35)"  # that of ACCENT


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
            **stroke([0, 100], [0, 100], "as they are to be", TRUTH, 1.2),
            "hoverinfo": "skip",
        }
    ]
    # Where both are at the same place, thin dark whiskers lie on broad pale ones.
    known = (
        ("balls of joints", ball, ACCENT, "circle", {"color": _PALE, "thickness": 7, "width": 0}),
        ("intervals of coordinates", interval, INK, "square-open",
         {"color": INK, "thickness": 1.3, "width": 4}),
    )  # fmt: skip
    for name, found, color, symbol, whiskers in known:
        if not found:
            continue
        shares, low, high = (100 * np.array(column) for column in zip(*found, strict=True))
        data.append(
            {
                **stroke([short(100 * level) for level in levels], shares, name, color, 1.4),
                "mode": "lines+markers",
                "marker": {"symbol": symbol, "size": 7, "color": color},
                "error_y": {
                    "type": "data",
                    "symmetric": False,
                    "array": plain(high - shares),
                    "arrayminus": plain(shares - low),
                    **whiskers,
                },
                "hovertemplate": "%{y:.1f} % of " + name + "<extra></extra>",
            }
        )
    layout = with_axes(
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
            f"({'too wide' if most > 0 else 'too narrow'}). Whiskers, broad for balls and thin for "
            "intervals: 95 % interval of the share, by blocks of time or recordings."
        )
    return Shown("calibration", "Do the error bars hold?", caption, data, layout, 520)


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
        line = stroke(list(hidden), values, name, color, 1.4)
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
    layout = with_axes(
        xaxis={
            "title": {"text": "Joints of a frame that were not seen"},
            **whole_ticks(max(hidden, default=1)),
        },
        yaxis={"title": {"text": with_unit("Mean error", unit)}, "rangemode": "tozero"},
    )
    whole = 100 * frames[0] / max(1, sum(frames)) if hidden and hidden[0] == 0 else 0.0
    caption = (
        f"In {whole:.0f} % of the frames every joint was seen. Groups of fewer than {FEWEST} "
        "frames are left out."
    )
    return Shown("reliability", "When joints are hidden", caption, data, layout, 340)
