"""Left and right: as a skeleton says, or by the names of joints."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from liftpose.skeleton import Skeleton

_SIDES = (
    # By themselves, or beside a word that begins anew: EarL, LElbow, ear_l, L.ear
    (r"(?<![A-Z])L(?=$|[^A-Za-z]|[A-Z][a-z])", "R"),
    (r"(?<![A-Za-z])l(?![A-Za-z])", "r"),
    (r"left", "right"),
    (r"Left", "Right"),
    (r"LEFT", "RIGHT"),
)


def pairs_by_name(joints: Sequence[str]) -> tuple[tuple[int, int], ...]:
    """Find left and right of the same joint, where names say which is which.

    Parameters
    ----------
    joints : sequence of str
        Their names.

    Returns
    -------
    tuple of (left, right) pairs of int
        Those whose names differ in a "left" and a "right", or in an L and an R by itself, alone.

    Examples
    --------
    >>> pairs_by_name(["nose", "left_ear", "right_ear", "PawL", "PawR", "LKnee", "RKnee"])
    ((1, 2), (3, 4), (5, 6))
    """
    place = {name: number for number, name in enumerate(joints)}
    pairs: dict[int, int] = {}
    for left, name in enumerate(joints):
        for pattern, other in _SIDES:
            for found in re.finditer(pattern, name):
                right = place.get(name[: found.start()] + other + name[found.end() :])
                if right is not None and not {left, right} & {*pairs, *pairs.values()}:
                    pairs[left] = right
    return tuple(pairs.items())


def pairs_of(skeleton: Skeleton) -> tuple[tuple[int, int], ...]:
    """Give left and right of the same joint: the skeleton's pairs, or what its names say.

    Parameters
    ----------
    skeleton : Skeleton

    Returns
    -------
    tuple of (left, right) pairs of int

    Examples
    --------
    >>> from liftpose.skeleton import Skeleton
    >>> pairs_of(Skeleton(["nose", "ear_l", "ear_r"]))
    ((1, 2),)
    """
    return skeleton.pairs or pairs_by_name(skeleton.joints)
