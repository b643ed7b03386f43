"""One pose as a drawing that needs no script: what is seen before the player, and in print."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from liftpose.plot.scene import nice_length
from liftpose.plot.track import Track
from liftpose.poses import Floats

_WIDTH, _HEIGHT, _EDGE = 640, 420, 36
_AZIMUTH, _ELEVATION = np.radians(35.0), np.radians(20.0)


def typical(track: Track) -> int:
    """Give the frame that shows most joints, and of those the one nearest to the middle.

    Examples
    --------
    >>> from liftpose.plot.limbs import Limbs
    >>> pose = np.full((5, 1, 3), np.nan)
    >>> pose[3:] = 0
    >>> typical(Track({"pose": pose}, ("nose",), Limbs.resolve(1, [], None, None)))
    3
    """
    seen = np.isfinite(track.layers["pose"]).all(axis=2).sum(axis=1)
    best = np.flatnonzero(seen == seen.max())
    return int(best[np.abs(best - track.frames // 2).argmin()])


def still(track: Track, frame: int) -> str:
    """Draw a frame from above and aside, as SVG.

    Parameters
    ----------
    track : Track
    frame : int

    Returns
    -------
    str
        Truth in grey and broader behind it; joints of the left side are hollow.

    Examples
    --------
    >>> from liftpose.plot.limbs import Limbs
    >>> track = Track({"pose": np.zeros((1, 1, 3))}, ("nose",), Limbs.resolve(1, [], None, None))
    >>> still(track, 0).count("<circle")
    1
    """
    pose = np.asarray(track.layers["pose"][frame], float)
    truth = np.asarray(track.layers["truth"][frame], float) if "truth" in track.layers else None
    both = pose if truth is None else np.concatenate([pose, truth])
    flat, scale = _fitted(_turned(both))
    parts = []
    if truth is not None:
        parts.append(_bones(track, flat[len(pose) :], None))
    parts += [_bones(track, flat[: len(pose)], track.limbs.colors), _joints(track, flat)]
    parts.append(_bar(scale, track.unit))
    label = escape(f"The pose in frame {track.place(frame)[1]:,}", quote=True)
    return (
        f'<svg class="still" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{label}">'
        + "".join(parts)
        + "</svg>"
    )


def _turned(points: Floats) -> Floats:
    """Points as they are seen from aside and above: across, and up."""
    x, y, z = np.moveaxis(points, -1, 0)
    across = x * np.cos(_AZIMUTH) + y * np.sin(_AZIMUTH)
    away = y * np.cos(_AZIMUTH) - x * np.sin(_AZIMUTH)
    return np.stack([across, z * np.cos(_ELEVATION) + away * np.sin(_ELEVATION)], axis=-1)


def _fitted(flat: Floats) -> tuple[Floats, float]:
    """The same in the units of the drawing, and how many of them are one of the pose."""
    seen = flat[np.isfinite(flat).all(axis=-1)]
    if not len(seen):
        return flat, float("nan")
    low, high = seen.min(axis=0), seen.max(axis=0)
    room = np.array([_WIDTH, _HEIGHT]) - 2 * _EDGE
    reach = np.maximum(high - low, 1e-12)
    scale = float((room / reach).min()) if (high > low).any() else 1.0
    middle = (low + high) / 2
    return (flat - middle) * [scale, -scale] + np.array([_WIDTH, _HEIGHT]) / 2, scale


def _bones(track: Track, flat: Floats, colors: Any) -> str:
    lines = []
    for one, other in track.limbs.bones:
        ends = flat[[one, other]]
        if not np.isfinite(ends).all():
            continue
        look = 'class="truth"' if colors is None else f'stroke="{_hex(track, other)}"'
        (x1, y1), (x2, y2) = ends.tolist()
        lines.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {look}/>')
    return f"<g>{''.join(lines)}</g>"


def _joints(track: Track, flat: Floats) -> str:
    dots = []
    for joint in np.flatnonzero(np.isfinite(flat[: len(track.joints)]).all(axis=1)):
        x, y = flat[joint].tolist()
        color = _hex(track, joint)
        look = f'class="left" stroke="{color}"' if track.limbs.left[joint] else f'fill="{color}"'
        dots.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" {look}/>')
    return f"<g>{''.join(dots)}</g>"


def _bar(scale: float, unit: str | None) -> str:
    """A bar of a round length, as long as a fifth of the drawing at most."""
    if not np.isfinite(scale) or unit is None:
        return ""
    length = nice_length(_WIDTH / 5 / scale)
    x, y = _EDGE / 2, _HEIGHT - _EDGE / 2
    return (
        f'<g class="bar"><line x1="{x:.1f}" y1="{y:.1f}" x2="{x + length * scale:.1f}" '
        f'y2="{y:.1f}"/><text x="{x:.1f}" y="{y - 7:.1f}">{length:g} {escape(unit)}</text></g>'
    )


def _hex(track: Track, joint: Any) -> str:
    return hex_of(track.limbs.color_of(int(joint)))


def hex_of(color: Any) -> str:
    """Write a colour, 0 to 1, as ``"#rrggbb"``.

    Examples
    --------
    >>> hex_of([0, 0.5, 1])
    '#0080ff'
    """
    red, green, blue = np.rint(np.asarray(color) * 255).astype(int).tolist()
    return f"#{red:02x}{green:02x}{blue:02x}"
