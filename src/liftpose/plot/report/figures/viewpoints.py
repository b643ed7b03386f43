"""Errors by the direction from which the camera saw the animal."""

from __future__ import annotations

from typing import Any

import numpy as np

from liftpose.plot.report.figures.elements import FEWEST, PAPER, plain, with_axes
from liftpose.plot.report.findings import Shown, rounded
from liftpose.poses import Floats

_TILE = 30  # degrees
_ON_TILES = "rgb(27,30,35)"  # tiles are pale on dark pages, too


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
    kept = np.flatnonzero(counts >= FEWEST)
    if len(kept) < 2:
        return None
    means = (np.bincount(place, error[known], tiles.shape[1]) / np.maximum(counts, 1))[kept]
    x = tiles[0, kept] * _TILE - 180 + _TILE / 2
    y = tiles[1, kept] * _TILE + _TILE / 2
    layout = with_axes(
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
            "x": plain(x),
            "y": plain(y),
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
        f"fewer than {FEWEST} frames are left out."
    )
    return Shown("viewpoints", "Error by viewpoint", caption, data, layout, 280)


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
