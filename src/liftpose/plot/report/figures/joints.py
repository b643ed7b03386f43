"""How the errors of every joint are distributed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from liftpose.plot.report.figures.elements import (
    INK,
    MUTED,
    PAPER,
    after,
    dots,
    escaped,
    plain,
    short,
    shown_name,
    with_axes,
    with_unit,
)
from liftpose.plot.report.findings import Mark, Shown, in_words, rounded
from liftpose.plot.scene import nice_length
from liftpose.poses import Floats

_DENSITY_POINTS, _DENSITY_SAMPLE, _HIGHEST = 48, 800, 99.5


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
    data.append(dots(places, means, "LiftPose, mean", INK, "line-ew", 18))
    for (name, values), symbol in zip((beside or {}).items(), ("line-ew", "x-thin"), strict=False):
        data.append(dots(places, list(values), name, MUTED, symbol, 12 if "-ew" in symbol else 7))
    top = _top(errors, means, beside or {})
    layout = with_axes(
        xaxis={
            "tickvals": places,
            "ticktext": [shown_name(name) for name in names],
            "tickangle": -90 if len(names) > 16 else -45 if len(names) > 6 else 0,
            "range": [-0.7, len(names) - 0.3],
            "showgrid": False,
            "zeroline": False,
        },
        yaxis={"title": {"text": with_unit("Error", unit)}, "range": [0, top], "fixedrange": True},
    )
    if math.isfinite(body_length) and body_length > 0:
        data.append({**dots([0], [None], "", MUTED, "circle", 1), "yaxis": "y2"})
        data[-1] |= {"showlegend": False, "hoverinfo": "skip"}
        layout["margin"] = {**layout["margin"], "r": 64}
        layout["yaxis2"] = _percent(100 * top / body_length)
    caption = _told(names, means, unit)
    return Shown("error-per-joint", "Error of every joint", caption, data, layout, 460)


def _percent(top: float) -> dict[str, Any]:
    """The axis on the right, with round ticks of its own: the grid is that of the left one."""
    return {
        "overlaying": "y",
        "side": "right",
        "range": [0, short(top)],
        "tickmode": "linear",
        "tick0": 0,
        "dtick": nice_length(top / 4),
        "ticks": "outside",
        "ticklen": 4,
        "tickcolor": MUTED,
        "linecolor": MUTED,
        "showline": True,
        "title": {"text": "% of body length", "font": {"size": 12}},
        "tickfont": {"size": 11},
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
        "fixedrange": True,
    }


def _told(names: Sequence[str], means: Sequence[float], unit: str | None) -> str:
    if not np.isfinite(means).any():
        return "No joint has an error that counts."
    said = [
        f"{in_words(names[place])} ({rounded(means[place])}{after(unit)}"
        for place in (int(np.nanargmax(means)), int(np.nanargmin(means)))
    ]
    return (
        f"Largest at {said[0]} on average), smallest at {said[1]}). Wide where errors are "
        "frequent; the bar is the mean. Hollow: left side."
    )


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
    said = (
        f"{escaped(in_words(name))}<br>mean {rounded(mean)}{after(unit)}"
        f"<br>95 in 100 below {rounded(high)}"
    )
    return {
        "type": "scatter",
        "mode": "lines",
        "x": plain(np.concatenate([place - half, (place + half)[::-1]])),
        "y": plain(np.concatenate([levels, levels[::-1]])),
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
    return short(1.05 * max(highest, default=1.0)) or 1.0


def _faint(color: str) -> str:
    """The same colour, half as strong on white."""
    parts = [int(color[at : at + 2], 16) for at in (1, 3, 5)]
    return "rgba({},{},{},0.45)".format(*parts)
