"""Bones: their lengths, and poses with other lengths but the same directions.

A tree of joints is written as a list with one entry per joint: the joints that hang on it. A joint
that hangs on none is a root; there may be several, and joints without any bone are roots too.
"""

import math
import operator
from collections.abc import Iterable, Sequence
from typing import Any

import array_api_compat


def bone_lengths(poses: Any, bones: Iterable[Sequence[int]]) -> Any:
    """Measure every bone in every frame.

    Parameters
    ----------
    poses : array, shape (N, J, D)
        Joint positions, any unit. NaN where a joint was not seen. More leading dimensions than
        one are kept.
    bones : sequence of pairs of int, or array, shape (B, 2)
        Joint indices at the two ends of each bone.

    Returns
    -------
    array, shape (N, B)
        Same unit and floating dtype as `poses` (float64 for integers); NaN where either end has a
        coordinate that is not finite.

    Raises
    ------
    ValueError
        If a bone is no pair, or names a joint that `poses` do not have.

    Examples
    --------
    >>> import numpy as np
    >>> poses = np.asarray([[[0.0, 0.0, 0.0], [3.0, 4.0, 0.0], [np.nan, 0.0, 0.0]]])
    >>> bone_lengths(poses, [(0, 1), (1, 2)]).tolist()
    [[5.0, nan]]
    """
    xp = array_api_compat.array_namespace(poses)
    poses = _floating(xp, poses)
    if poses.ndim < 2:
        raise ValueError(f"poses must have shape (..., J, D); got {tuple(poses.shape)}.")
    pairs = _pairs(bones, poses.shape[-2])
    place = array_api_compat.device(poses)
    near = xp.asarray([a for a, _ in pairs], dtype=xp.int64, device=place)
    far = xp.asarray([b for _, b in pairs], dtype=xp.int64, device=place)
    length, _ = _length_and_vector(xp, xp.take(poses, near, axis=-2), xp.take(poses, far, axis=-2))
    return length


def tree_edges(child: Sequence[Iterable[int]]) -> tuple[tuple[int, int], ...]:
    """List the bones of a tree from the roots outwards.

    Parameters
    ----------
    child : sequence of sequences of int
        For every joint the joints that hang on it; an empty list for a tip. Several trees side by
        side are fine.

    Returns
    -------
    tuple of (parent, child) pairs
        Every bone once; a bone comes after the one its parent hangs on.

    Raises
    ------
    ValueError
        If a child is no joint, hangs on two joints, or the joints form a ring.

    Examples
    --------
    >>> tree_edges([[1, 2], [], [3], []])
    ((0, 1), (0, 2), (2, 3))
    """
    branches = [
        [as_joint_number(joint, len(child), "child") for joint in joints] for joints in child
    ]
    parent: dict[int, int] = {}
    for joint, joints in enumerate(branches):
        for below in joints:
            if below in parent:
                raise ValueError(
                    f"joint {below} hangs on joint {parent[below]} and on joint {joint}; in a tree "
                    f"a joint hangs on one other at most."
                )
            parent[below] = joint
    frontier = [joint for joint in range(len(branches)) if joint not in parent]
    edges: list[tuple[int, int]] = []
    for joint in frontier:
        edges.extend((joint, below) for below in branches[joint])
        frontier.extend(branches[joint])
    if len(frontier) < len(branches):
        ring = sorted(set(range(len(branches))) - set(frontier))
        raise ValueError(f"joints {ring} hang on each other in a ring; a tree needs a root.")
    return tuple(edges)


def bone_order(
    child: Sequence[Iterable[int]], bones: Iterable[Sequence[int]]
) -> tuple[int | None, ...]:
    """Find, for each bone of a tree, its place in a list of bones.

    Parameters
    ----------
    child : sequence of sequences of int
        The tree: for every joint the joints that hang on it.
    bones : sequence of pairs of int
        Bones, their ends in either order.

    Returns
    -------
    tuple of int or None
        For every bone of ``tree_edges(child)`` its index in `bones`, None where it is not listed.

    Raises
    ------
    ValueError
        If a bone is not in the tree or listed twice, or the tree is none (see `tree_edges`).

    Examples
    --------
    >>> bone_order([[1, 2], [], [3], []], [(3, 2), (0, 1)])
    (1, None, 0)
    """
    edges = tree_edges(child)
    index: dict[frozenset[int], int] = {}
    known = {frozenset(edge) for edge in edges}
    for position, (a, b) in enumerate(_pairs(bones, len(child))):
        ends = frozenset((a, b))
        if ends not in known:
            raise ValueError(
                f"bone {position} joins joints {a} and {b}, but in the tree neither hangs on the "
                f"other; leave it out, or add it to the list of children."
            )
        if ends in index:
            raise ValueError(f"bones {index[ends]} and {position} both join joints {a} and {b}.")
        index[ends] = position
    return tuple(index.get(frozenset(edge)) for edge in edges)


def bone_length_shifts(
    poses: Any, child: Sequence[Iterable[int]], bones: Iterable[Sequence[int]], lengths: Any
) -> Any:
    """Say how far every joint moves when the bones of a tree take new lengths.

    Each bone keeps its direction and everything that hangs on it moves along. A bone without a
    direction (an end not seen, or no length) leaves the offset between its ends as it was: what
    hangs on it moves with its near end. So do bones that are not listed in `bones`.

    Parameters
    ----------
    poses : array, shape (N, J, D)
        Joint positions, any unit. NaN where a joint was not seen.
    child : sequence of J sequences of int
        The tree: for every joint the joints that hang on it. Roots stay where they are.
    bones : sequence of pairs of int, or array, shape (B, 2)
        The bones that get a new length, their ends in either order.
    lengths : array, shape (N, B) or (B,)
        New lengths in the unit of `poses`, not negative; NaN leaves that bone as it is.

    Returns
    -------
    array, shape (N, J, D)
        Shift of every joint, finite also where the joint was not seen; the floating dtype of
        `poses` (float64 for integers).

    Raises
    ------
    ValueError
        If shapes do not fit, a length is negative, a bone is not in the tree, or the tree is none.

    Examples
    --------
    >>> import numpy as np
    >>> poses = np.asarray([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]])
    >>> bone_length_shifts(poses, [[1], [2], []], [(0, 1)], np.asarray([3.0])).tolist()
    [[[0.0, 0.0], [2.0, 0.0], [2.0, 0.0]]]
    """
    xp = array_api_compat.array_namespace(poses, lengths)
    poses = _floating(xp, poses)
    listed = list(bones)
    _check_retarget(xp, poses, child, listed, lengths)
    wide = xp.astype(poses, xp.float64)
    lengths = xp.astype(lengths, xp.float64)
    order = bone_order(child, listed)
    shifts = [xp.zeros_like(wide[:, 0, :])] * len(child)
    for (near, far), position in zip(tree_edges(child), order, strict=True):
        shifts[far] = shifts[near]
        if position is None:
            continue
        length, vector = _length_and_vector(xp, wide[:, near, :], wide[:, far, :])
        wanted = lengths[..., position] + xp.zeros_like(length)
        defined = (length > 0) & ~xp.isnan(wanted)
        unit = vector / xp.where(defined, length, xp.ones_like(length))[:, None]
        growth = wanted[:, None] * unit - vector
        shifts[far] = shifts[near] + xp.where(defined[:, None], growth, xp.zeros_like(growth))
    return xp.astype(xp.stack(shifts, axis=1), poses.dtype)


def with_bone_lengths(
    poses: Any, child: Sequence[Iterable[int]], bones: Iterable[Sequence[int]], lengths: Any
) -> Any:
    """Give the bones of a tree new lengths, keeping every direction.

    Each bone keeps its direction and everything that hangs on it moves along. A bone without a
    direction (an end not seen, or no length) leaves the offset between its ends as it was: what
    hangs on it moves with its near end. So do bones that are not listed in `bones`.

    Parameters
    ----------
    poses : array, shape (N, J, D)
        Joint positions, any unit. NaN where a joint was not seen.
    child : sequence of J sequences of int
        The tree: for every joint the joints that hang on it. Roots stay where they are.
    bones : sequence of pairs of int, or array, shape (B, 2)
        The bones that get a new length, their ends in either order.
    lengths : array, shape (N, B) or (B,)
        New lengths in the unit of `poses`, not negative; NaN leaves that bone as it is.

    Returns
    -------
    array, shape (N, J, D)
        The moved poses, a new array; NaN stays NaN. The floating dtype of `poses` (float64 for
        integers).

    Raises
    ------
    ValueError
        If shapes do not fit, a length is negative, a bone is not in the tree, or the tree is none.

    Examples
    --------
    >>> import numpy as np
    >>> poses = np.asarray([[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]])
    >>> with_bone_lengths(poses, [[1], [2], []], [(0, 1)], np.asarray([3.0])).tolist()
    [[[0.0, 0.0], [3.0, 0.0], [3.0, 1.0]]]
    """
    return poses + bone_length_shifts(poses, child, bones, lengths)


def _floating(xp: Any, array: Any) -> Any:
    return array if xp.isdtype(array.dtype, "real floating") else xp.astype(array, xp.float64)


def _length_and_vector(xp: Any, near: Any, far: Any) -> tuple[Any, Any]:
    """Length (NaN where undefined) and vector (zero where undefined) of a bone."""
    seen = xp.all(xp.isfinite(near), axis=-1) & xp.all(xp.isfinite(far), axis=-1)
    # Blanked before the difference: inf - inf would warn.
    blank = xp.zeros_like(near)
    vector = xp.where(seen[..., None], far, blank) - xp.where(seen[..., None], near, blank)
    length = xp.sqrt(xp.sum(vector * vector, axis=-1))
    return xp.where(seen, length, xp.full_like(length, math.nan)), vector


def as_joint_number(joint: Any, joint_count: int, what: str) -> int:
    """Check the number of a joint.

    Parameters
    ----------
    joint : int
    joint_count : int
        Number of joints J.
    what : str
        What names it, as the error says it.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        No whole number, or none of a joint.

    Examples
    --------
    >>> as_joint_number(2, 3, "bone 0")
    2
    """
    try:
        index = operator.index(joint)
    except TypeError:
        raise ValueError(f"{what}: joint indices must be whole numbers; got {joint!r}.") from None
    if not 0 <= index < joint_count:
        raise ValueError(f"{what}: joint {index} is not one of the {joint_count} joints.")
    return index


def _pairs(bones: Iterable[Sequence[int]], joint_count: int) -> list[tuple[int, int]]:
    pairs = []
    for position, bone in enumerate(bones):
        if len(bone) != 2:
            raise ValueError(f"bone {position} must be a pair of joints; got {tuple(bone)}.")
        a, b = (as_joint_number(joint, joint_count, f"bone {position}") for joint in bone)
        pairs.append((a, b))
    return pairs


def _check_retarget(
    xp: Any, poses: Any, child: Sequence[Iterable[int]], bones: list[Sequence[int]], lengths: Any
) -> None:
    if poses.ndim != 3:
        raise ValueError(f"poses must have shape (N, J, D); got {tuple(poses.shape)}.")
    if len(child) != poses.shape[1]:
        raise ValueError(
            f"the list of children has {len(child)} entries and the poses have {poses.shape[1]} "
            f"joints; it needs one entry for each joint."
        )
    if tuple(lengths.shape) not in ((len(bones),), (poses.shape[0], len(bones))):
        raise ValueError(
            f"lengths must have shape ({len(bones)},) or ({poses.shape[0]}, {len(bones)}), one for "
            f"each bone; got {tuple(lengths.shape)}."
        )
    if bool(xp.any(lengths < 0)):
        raise ValueError("bone lengths must not be negative.")
