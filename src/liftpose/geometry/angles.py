"""Angles at joints, and how they change when joints move."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import array_api_compat

from liftpose.geometry.bones import as_joint_number


def bend_angles(poses: Any, triples: Iterable[Sequence[int]]) -> Any:
    """Measure the angles at joints, between two other joints each.

    Parameters
    ----------
    poses : array, shape (N, J, 3)
        Joint positions, any unit. NaN where a joint was not seen.
    triples : sequence of three int, or array, shape (A, 3)
        Joint indices: at one end, at the angle, at the other end.

    Returns
    -------
    array, shape (N, A), degrees
        0 to 180, where 180 is straight; the floating dtype of `poses` (float64 for integers). NaN
        where one of the three has a coordinate that is not finite, or lies on the middle one.

    Raises
    ------
    ValueError
        Poses of another shape, or triples that are none or name a joint that is not there.

    References
    ----------
    W. Kahan, "How futile are mindless assessments of roundoff in floating-point computation?",
    2006, section 12 (the tangent of an angle is accurate where its cosine is not).

    Examples
    --------
    >>> import numpy as np
    >>> leg = np.asarray([[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 2.0, 0.0]]])
    >>> bend_angles(leg, [(0, 1, 2)]).tolist()
    [[90.0]]
    """
    xp, first, second = _arms(poses, triples)
    across, along = _sine_and_cosine(xp, first, second)
    angle = xp.atan2(across, along) * (180.0 / math.pi)
    known = (_length(xp, first) > 0) & (_length(xp, second) > 0)
    return xp.where(known, angle, xp.full_like(angle, math.nan))


def bend_angle_slopes(poses: Any, triples: Iterable[Sequence[int]]) -> Any:
    """Tell how much the angles at joints change when one of the three joints moves.

    Parameters
    ----------
    poses : array, shape (N, J, 3)
        Joint positions, any unit. NaN where a joint was not seen.
    triples : sequence of three int, or array, shape (A, 3)
        As for `bend_angles`.

    Returns
    -------
    array, shape (N, A, 3, 3), degrees per unit of the poses
        Derivatives by the coordinates of the three joints of a triple, in its order. NaN where the
        angle is, and where it is 0 or 180 degrees exactly: any move makes it less straight.

    Raises
    ------
    ValueError
        As `bend_angles`.

    Examples
    --------
    >>> import numpy as np
    >>> leg = np.asarray([[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0], [0.0, 2.0, 0.0]]])
    >>> slopes = bend_angle_slopes(leg, [(0, 1, 2)]) * np.pi / 180
    >>> slopes[0, 0, 0].round(6).tolist()
    [0.0, -1.0, 0.0]
    """
    xp, first, second = _arms(poses, triples)
    across, along = _sine_and_cosine(xp, first, second)
    blank = xp.full_like(across, math.nan)
    bent = xp.where(across > 0, across, blank)[..., None]
    along = along[..., None]
    # Each end moves the angle when it moves at right angles to its arm, in the plane of both.
    squares = [xp.sum(arm * arm, axis=-1) for arm in (first, second)]
    lengths = [xp.where(square > 0, square, blank)[..., None] for square in squares]
    by_first = (along * first / lengths[0] - second) / bent
    by_second = (along * second / lengths[1] - first) / bent
    slopes = xp.stack([by_first, -(by_first + by_second), by_second], axis=-2)
    return slopes * (180.0 / math.pi)


def _arms(poses: Any, triples: Iterable[Sequence[int]]) -> tuple[Any, Any, Any]:
    """Namespace, and from the middle joint to both ends, (N, A, 3); NaN where not seen."""
    xp = array_api_compat.array_namespace(poses)
    if not xp.isdtype(poses.dtype, "real floating"):
        poses = xp.astype(poses, xp.float64)
    if poses.ndim != 3 or poses.shape[2] != 3:
        raise ValueError(f"poses must have shape (N, J, 3); got {tuple(poses.shape)}.")
    listed = _triples(triples, poses.shape[1])
    place = array_api_compat.device(poses)
    ends = [
        xp.take(poses, xp.asarray(list(column), dtype=xp.int64, device=place), axis=1)
        for column in (zip(*listed, strict=True) if listed else ((), (), ()))
    ]
    seen = xp.all(xp.isfinite(xp.stack(ends)), axis=-1)
    seen = xp.all(seen, axis=0)[..., None]
    blank = xp.zeros_like(ends[0])
    nan = xp.full_like(blank, math.nan)
    middle = xp.where(seen, ends[1], blank)
    arms = [xp.where(seen, xp.where(seen, end, blank) - middle, nan) for end in (ends[0], ends[2])]
    return xp, arms[0], arms[1]


def _sine_and_cosine(xp: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """Both times the lengths of the two arms."""
    normal = xp.stack(
        [
            first[..., a] * second[..., b] - first[..., b] * second[..., a]
            for a, b in ((1, 2), (2, 0), (0, 1))
        ],
        axis=-1,
    )
    return _length(xp, normal), xp.sum(first * second, axis=-1)


def _length(xp: Any, vectors: Any) -> Any:
    return xp.sqrt(xp.sum(vectors * vectors, axis=-1))


def _triples(triples: Iterable[Sequence[int]], joint_count: int) -> list[tuple[int, int, int]]:
    found = []
    for position, triple in enumerate(triples):
        if len(triple) != 3:
            raise ValueError(f"triple {position} must be three joints; got {tuple(triple)}.")
        one, at, other = (
            as_joint_number(joint, joint_count, f"triple {position}") for joint in triple
        )
        if len({one, at, other}) < 3:
            raise ValueError(f"triple {position} names a joint twice: {(one, at, other)}.")
        found.append((one, at, other))
    return found
