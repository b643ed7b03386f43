"""Colours of limbs, for readers of all kinds of eyes and for printers without colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from liftpose.skeleton.sides import pairs_of

if TYPE_CHECKING:
    from liftpose.skeleton import Skeleton

Integers = npt.NDArray[np.integer[Any]]
Color = tuple[int, int, int]

OKABE_ITO: tuple[Color, ...] = (
    (0, 114, 178),
    (213, 94, 0),
    (0, 158, 115),
    (204, 121, 167),
    (230, 159, 0),
    (86, 180, 233),
    (0, 0, 0),
    (240, 228, 66),
)
"""Eight colours (red, green, blue, 0 to 255) that colour-blind readers tell apart.

Okabe and Ito (2008), "Color Universal Design"; in an order that keeps the two that are faint or
heavy on white, yellow and black, for last.
"""

# Every dark one is darker than every light one, as in the skeletons that ship: the left side is
# the darker in all of them, and its hollow joints need a ring that stands out from the paper.
LEFT_AND_RIGHT: tuple[tuple[Color, Color], ...] = (
    ((0, 76, 168), (96, 160, 250)),
    ((176, 78, 0), (245, 140, 30)),
    ((0, 78, 50), (84, 205, 150)),
    ((118, 42, 128), (222, 160, 228)),
)
"""One hue a pair of limbs: dark for the left one and light for the right one."""

MIDLINE: tuple[Color, ...] = ((96, 96, 96), (144, 144, 144))
"""Greys of limbs that are on neither side."""


def limb_colors(limb_id: Integers, pairs: Integers) -> tuple[Color, ...]:
    """Choose colours in which limbs and sides are told apart, also in grey and by the colour-blind.

    Parameters
    ----------
    limb_id : array of int, shape (J,)
        Limb of each joint, counted from 0.
    pairs : array of int, shape (P, 2)
        Left and right of the same joint.

    Returns
    -------
    tuple of triples, 0 to 255
        One a limb. Two limbs that are left and right of each other share a hue of
        `LEFT_AND_RIGHT`; limbs with joints of both sides, or of none, are of `MIDLINE`. Where no
        limb is on a side, `OKABE_ITO` in turn. Each list is taken over and over where there are
        more limbs.

    Examples
    --------
    >>> left, right, tail = limb_colors(np.array([0, 1, 2]), np.array([[0, 1]]))
    >>> (left, right) == LEFT_AND_RIGHT[0], tail == MIDLINE[0]
    (True, True)
    """
    count = int(limb_id.max(initial=0)) + 1
    links = np.zeros((count, count), dtype=int)
    ends = limb_id[np.asarray(pairs, dtype=np.intp).reshape(-1, 2)]
    np.add.at(links, (ends[:, 0], ends[:, 1]), 1)
    of_left, of_right = links.sum(axis=1) > 0, links.sum(axis=0) > 0
    left, right = of_left & ~of_right, of_right & ~of_left
    if not (left | right).any():
        return tuple(OKABE_ITO[limb % len(OKABE_ITO)] for limb in range(count))
    hue, hues, greys = np.zeros(count, dtype=int), 0, 0
    for limb in np.flatnonzero(left):
        hue[limb], hues = hues, hues + 1
    for limb in np.flatnonzero(right):
        twins = links[:, limb] * left
        if twins.any():
            hue[limb] = hue[twins.argmax()]
        else:
            hue[limb], hues = hues, hues + 1
    for limb in np.flatnonzero(~(left | right)):
        hue[limb], greys = greys, greys + 1
    return tuple(
        LEFT_AND_RIGHT[number % len(LEFT_AND_RIGHT)][int(right[limb])]
        if left[limb] or right[limb]
        else MIDLINE[number % len(MIDLINE)]
        for limb, number in enumerate(hue)
    )


def limbs_of(skeleton: Skeleton) -> tuple[npt.NDArray[np.intp], tuple[Color, ...]]:
    """Give the limb of each joint and the colour of each limb, as every drawing shows them.

    Parameters
    ----------
    skeleton : Skeleton
        Where it gives no limbs but bones, left, right and the midline are its limbs; without
        sides, all joints are of one. Where it gives no colours, they are those of `limb_colors`.

    Returns
    -------
    limbs : array of int, shape (J,)
    colors : tuple of triples, 0 to 255
        One a limb.

    Examples
    --------
    >>> from liftpose.skeleton import Skeleton
    >>> limbs, colors = limbs_of(Skeleton(["paw_l", "paw_r", "chest"], bones=[(2, 0), (2, 1)]))
    >>> limbs.tolist(), colors == (*LEFT_AND_RIGHT[0], MIDLINE[0])
    ([0, 1, 2], True)
    """
    pairs = np.array(pairs_of(skeleton), dtype=np.intp).reshape(-1, 2)
    limbs = np.array(skeleton.limbs or np.zeros(skeleton.joint_count), dtype=np.intp)
    if not skeleton.limbs and skeleton.bones and len(pairs):
        limbs = np.full(skeleton.joint_count, 2)
        limbs[pairs] = 0, 1
    return limbs, skeleton.colors or limb_colors(limbs, pairs)
