"""Where to draw the joints of a skeleton of which no pose is known.

Joints are placed in the plane so that those that are few bones apart are near to each other
(stress majorisation), and a left joint is the mirror image of its right one. The animal is seen
from above: its left is on the left, and its head, where a name tells of one, is up.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from liftpose.skeleton.sides import pairs_of

if TYPE_CHECKING:
    from liftpose.skeleton import Skeleton

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]

_STARTS, _TRIED, _STEPS = 12, 60, 300
_PAIRS = 16_000_000  # of joints that are looked at, at the most: of a thousand, a second
_APART = 2.0  # bones, between parts that no bone joins
_HEAD = ("nose", "snout", "beak", "head", "antenna")
_AHEAD = (*_HEAD[:4], "front", "lf", "rf", "eye", "ear", "neck", "antenna")


def laid_out(skeleton: Skeleton) -> Floats:
    """Place the joints of a skeleton in the plane.

    The same skeleton is always laid out in the same way.

    Parameters
    ----------
    skeleton : Skeleton

    Returns
    -------
    array, shape (J, 2)
        To the right and up; about one a bone. The middle is the origin.

    References
    ----------
    Gansner, Koren and North (2004), "Graph drawing by stress majorization".

    Examples
    --------
    >>> from liftpose.skeleton import Skeleton
    >>> leg = Skeleton(["hip", "knee", "toe"], bones=[("hip", "knee"), ("knee", "toe")])
    >>> np.linalg.norm(np.diff(laid_out(leg), axis=0), axis=1).round(2).tolist()
    [1.0, 1.0]
    """
    count = skeleton.joint_count
    mirror = _mirror(skeleton)
    apart = steps_between(skeleton, mirror)
    apart = (apart + apart[np.ix_(mirror, mirror)]) / 2
    if count < 2:
        return np.zeros((count, 2))
    points = _least_strained(apart, _begun(apart, mirror, _side(skeleton)), mirror)
    points -= (points.max(0) + points.min(0)) / 2
    return points * [1, _up(skeleton, points[:, 1])]


def _mirror(skeleton: Skeleton) -> Integers:
    """Give each joint's mirror image, which is the joint itself where it has no other side."""
    mirror = np.arange(skeleton.joint_count)
    for left, right in pairs_of(skeleton):
        mirror[[left, right]] = right, left
    return mirror


def _side(skeleton: Skeleton) -> Integers:
    """Give -1 for joints of the left, 1 for those of the right, 0 for others."""
    side = np.zeros(skeleton.joint_count, dtype=np.intp)
    for left, right in pairs_of(skeleton):
        side[[left, right]] = -1, 1
    return side


def steps_between(skeleton: Skeleton, mirror: Integers) -> Floats:
    """Count the bones between all joints; parts that no bone joins stand side by side.

    Parameters
    ----------
    skeleton : Skeleton
    mirror : array of int, shape (J,)
        The joint of the other side, or the joint itself.

    Returns
    -------
    array, shape (J, J)
    """
    count = skeleton.joint_count
    apart = np.where(np.eye(count, dtype=bool), 0.0, np.inf)
    for a, b in skeleton.bones:
        apart[a, b] = apart[b, a] = 1.0
    over_bones = _shortest(apart)
    for a, b in _links(skeleton, over_bones, mirror):
        apart[a, b] = apart[b, a] = min(_APART, apart[a, b])
    return _shortest(apart)


def _shortest(apart: Floats) -> Floats:
    """Take shortest ways from joint to joint."""
    # It takes as long to import as all the rest that a drawing needs.
    from scipy.sparse.csgraph import shortest_path

    ways: Floats = shortest_path(apart, directed=False)
    return ways


def _links(skeleton: Skeleton, apart: Floats, mirror: Integers) -> list[tuple[int, int]]:
    """Choose joints by which parts that no bone joins are held together."""
    part = np.argmin(np.isinf(apart), axis=1)
    side = _side(skeleton)
    heads = [_head(skeleton, np.flatnonzero(part == first)) for first in np.unique(part)]
    heads.sort(key=lambda joint: not _named(skeleton, np.flatnonzero(part == part[joint]), _HEAD))
    if len(heads) == 1:
        return []
    of_side = {
        which: [joint for joint in heads if _sided(part == part[joint], side) == which]
        for which in (-1, 0, 1)
    }
    links = [pair for row in of_side.values() for pair in pairwise(row)]
    links += [(joint, int(mirror[joint])) for joint in of_side[-1] if mirror[joint] in of_side[1]]
    return links + [
        (of_side[0][0], of_side[which][0]) for which in (-1, 1) if of_side[0] and of_side[which]
    ]


def _sided(members: npt.NDArray[np.bool_], side: Integers) -> int:
    found = np.unique(side[members])
    return int(found[0]) if len(found) == 1 else 0


def _named(skeleton: Skeleton, joints: Iterable[int], words: Iterable[str]) -> bool:
    """Tell whether any of the words is in the name of any of the joints."""
    names = [skeleton.joints[joint].lower() for joint in joints]
    return any(word in name for word in words for name in names)


def _head(skeleton: Skeleton, members: Integers) -> int:
    """Choose the joint by which a part is held: a root, else the first, which is often proximal."""
    roots = [joint for joint in skeleton.roots if joint in members]
    return int(roots[0] if roots else members[0])


def _begun(apart: Floats, mirror: Integers, side: Integers) -> list[Floats]:
    """Give first guesses (classical scaling), symmetric and with left on the left.

    What starts in the wrong place may not pass the others, such as a tail among the ears; so
    there are several, which look at the body from different directions.
    """
    count = len(apart)
    centred = np.eye(count) - 1 / count
    values, vectors = np.linalg.eigh(-centred @ apart**2 @ centred / 2)
    found = vectors * np.sqrt(np.clip(values, 0, None))
    looks = np.random.default_rng(0).normal(size=(_STARTS, count, 2))
    looks[0] = np.eye(count)[:, [-2, -1]]
    if not side.any():
        return [_steady(found @ look) for look in looks]
    # What is alike on both sides tells along the body, and the way to its middle across.
    alike = (found + found[mirror]) / 2
    looks[0, :, 1] = np.eye(count)[np.argmax((alike**2).sum(0))]
    middle = side == 0
    out = apart[:, middle].min(1) if middle.any() else np.full(count, _APART / 2)
    across = side * np.maximum(out, 0.5)
    return [_steady(np.stack([across, alike @ look[:, 1]], axis=1)) for look in looks]


def _steady(points: Floats) -> Floats:
    """Settle signs, which eigenvectors leave open, and part joints at one place."""
    signs = [np.sign(column[np.argmax(np.abs(column) > 1e-6)]) or 1.0 for column in points.T]
    shift = 1e-3 * np.arange(len(points))[:, None] * [0.0, -1.0]
    return np.asarray(points * [1.0, -signs[1]] + shift)


def _least_strained(apart: Floats, starts: list[Floats], mirror: Integers) -> Floats:
    """Settle from several starts, and keep the best."""
    steps = _PAIRS // len(apart) ** 2
    if steps < _STARTS * _TRIED + _STEPS:
        return _settled(apart, starts[0], mirror, min(steps, _STEPS))
    tried = [_settled(apart, start, mirror, _TRIED) for start in starts]
    best = min(tried, key=lambda points: round(strain(points, apart), 6))
    return _settled(apart, best, mirror, _STEPS)


def strain(points: Floats, apart: Floats) -> float:
    """Sum the squares of how far distances are from the wanted ones, as shares of these.

    Parameters
    ----------
    points : array, shape (J, 2)
    apart : array, shape (J, J)
        Wanted distances.

    Returns
    -------
    float
    """
    one, other = np.triu_indices(len(points), 1)
    distance = np.linalg.norm(points[one] - points[other], axis=1)
    return float(np.square(distance / apart[one, other] - 1).sum())


def _settled(apart: Floats, points: Floats, mirror: Integers, steps: int) -> Floats:
    """Bring distances in the plane near to those over the bones."""
    itself = np.eye(len(apart), dtype=bool)
    wanted = np.where(itself, 1.0, apart)
    weight = np.where(itself, 0.0, wanted**-2.0)
    inverse = np.linalg.pinv(np.diag(weight.sum(1)) - weight)
    flip = np.array([-1.0, 1.0]) if (mirror != np.arange(len(apart))).any() else np.ones(2)
    for _ in range(steps):
        distance = np.linalg.norm(points[:, None] - points[None], axis=2)
        pull = weight * wanted / np.maximum(distance, 1e-9)
        points = inverse @ (pull.sum(1)[:, None] * points - pull @ points)
        points = (points + points[mirror] * flip) / 2
    return points


def _up(skeleton: Skeleton, height: Floats) -> int:
    """Tell whether to turn the drawing over: the first part of a head that has a name is up.

    Without a name of one, it is the first joint.
    """
    names = [name.lower() for name in skeleton.joints]
    for word in _AHEAD:
        heights = [height[joint] for joint, name in enumerate(names) if word in name]
        if heights and abs(np.mean(heights)) > 1e-6:
            return 1 if np.mean(heights) > 0 else -1
    return 1 if height[0] >= 0 else -1
