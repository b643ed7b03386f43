"""A small drawing of a skeleton, as an SVG for a page."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import numpy as np

from liftpose.skeleton.colors import limbs_of
from liftpose.skeleton.layout import Floats, laid_out
from liftpose.skeleton.sides import pairs_of

if TYPE_CHECKING:
    from liftpose.skeleton import Skeleton

MOST = 120
"""Joints beyond which nothing is seen in a drawing of this size."""

_SIZE = 300.0  # px, of the longer side, without margins
_BONE = 34.0  # px, at most
_MARGIN = 20.0
_RADIUS = 4.5
_LABEL = 11.0  # px from a joint to the middle of its number
_PAPER = "var(--jp-layout-color0, var(--vscode-editor-background, var(--paper, #fff)))"
_INK = "var(--jp-content-font-color1, var(--vscode-editor-foreground, var(--ink, #1b1e23)))"


def as_svg(skeleton: Skeleton) -> str:
    """Draw a skeleton: bones in the colours of their limbs, left joints hollow, joints by number.

    It takes ink and paper from the page (of Jupyter and Visual Studio Code, by their themes).

    Parameters
    ----------
    skeleton : Skeleton

    Returns
    -------
    str
        An ``<svg>`` with a title and a description for screen readers; each joint tells its name.
        Empty where there are no bones, and for more than `MOST` joints.

    Examples
    --------
    >>> from liftpose.skeleton import Skeleton
    >>> drawn = as_svg(Skeleton(["ear_l", "ear_r"], bones=[("ear_l", "ear_r")]))
    >>> drawn.count("<circle"), drawn.count("<line")
    (2, 2)
    """
    if not skeleton.bones or skeleton.joint_count > MOST:
        return ""
    points = laid_out(skeleton)
    extent = np.ptp(points, axis=0)
    points = points * [1, -1] * min(_BONE, _SIZE / max(extent.max(), 1e-9))
    points = points - points.min(0) + _MARGIN
    width, height = np.ceil(points.max(0) + _MARGIN)
    body = [*_bones(skeleton, points), *_joints(skeleton, points), *_numbers(skeleton, points)]
    words = "The joints, by their numbers in the table, and the bones between them."
    sides = " Left joints are hollow." if pairs_of(skeleton) else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.0f}" '
        f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}" '
        f'style="color:{_INK};max-width:100%">'
        f"<title>Diagram of the skeleton</title><desc>{words}{sides}</desc>{''.join(body)}</svg>"
    )


def shades_of(skeleton: Skeleton) -> list[str]:
    """Give the colour of each joint for a page, which is that of its limb in every figure."""
    limbs, colors = limbs_of(skeleton)
    return ["#{:02x}{:02x}{:02x}".format(*colors[limb]) for limb in limbs]


def _bones(skeleton: Skeleton, points: Floats) -> list[str]:
    # A faint edge, so that a pale limb is seen on white and a black one on a dark page.
    lines, shades = [], shades_of(skeleton)
    for style in (
        'stroke="currentColor" stroke-opacity=".45" stroke-width="4.4"',
        'stroke-width="3"',
    ):
        for a, b in skeleton.bones:
            (x1, y1), (x2, y2) = points[[a, b]]
            own = "" if style.startswith("stroke=") else f' stroke="{shades[a]}"'
            lines.append(
                f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" {style}{own} '
                'stroke-linecap="round"/>'
            )
    return lines


def _joints(skeleton: Skeleton, points: Floats) -> list[str]:
    left = {a for a, _ in pairs_of(skeleton)}
    dots = []
    for joint, ((x, y), shade) in enumerate(zip(points, shades_of(skeleton), strict=True)):
        look = (
            f'style="fill:{_PAPER}" stroke="{shade}" stroke-width="2"'
            if joint in left
            else f'fill="{shade}" stroke="currentColor" stroke-opacity=".45" stroke-width=".7"'
        )
        radius = _RADIUS - (joint in left) * 0.7
        dots.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius:.1f}" {look}>'
            f"<title>{joint} {escape(skeleton.joints[joint])}</title></circle>"
        )
    return dots


def _numbers(skeleton: Skeleton, points: Floats) -> list[str]:
    """Put each joint's number beside it, where there is most room."""
    angles = np.radians(np.arange(0, 360, 30))
    around = _LABEL * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    bones = np.array(skeleton.bones, dtype=int).reshape(-1, 2)
    shares = np.linspace(0, 1, 9)[:, None, None]
    along = (points[bones[:, 0]] * (1 - shares) + points[bones[:, 1]] * shares).reshape(-1, 2)
    taken = np.concatenate([points, along])
    texts = []
    for joint, place in enumerate(points):
        tried = place + around
        room = np.linalg.norm(tried[:, None] - taken[None], axis=2).min(1)
        x, y = tried[int(np.argmax(room.round(3)))]
        taken = np.concatenate([taken, [[x, y]]])
        texts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-size="9" font-family="system-ui, sans-serif" '
            f'text-anchor="middle" dominant-baseline="central" fill="currentColor">{joint}</text>'
        )
    return texts
