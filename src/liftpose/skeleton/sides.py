"""Left and right by the names of joints."""

from __future__ import annotations

import re
from collections.abc import Sequence

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
