"""What a user writes about a skeleton, checked and turned into plain tuples of indices."""

from __future__ import annotations

import operator
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from liftpose.names import closest
from liftpose.skeleton.target_sets import TargetSets

MOST_LIMBS = 1000
"""A limb of this number or above is taken for a slip: tables of limbs grow with the number."""


def as_names(joints: Any) -> dict[str, int]:
    """Check the names of the joints.

    Parameters
    ----------
    joints : iterable of str

    Returns
    -------
    dict of str to int
        Index of each joint, in the order of the joints.

    Raises
    ------
    TypeError
        No list, or a name that is no string.
    ValueError
        No joint, an empty name, or a name twice.

    Examples
    --------
    >>> as_names(["hip", "knee"])
    {'hip': 0, 'knee': 1}
    """
    entries = _entries(joints, "joints", "the names of the joints, such as ['hip', 'knee']")
    if not entries:
        raise ValueError("joints is empty; a skeleton has at least one.")
    names: dict[str, int] = {}
    for number, entry in enumerate(entries):
        if not isinstance(entry, str):
            raise TypeError(
                f"joint {number} is {entry!r}; expected a name. "
                "Joints without names come from Skeleton.unnamed(joint_count)."
            )
        if not entry.strip() or not _is_text(entry):
            raise ValueError(f"joint {number} is called {entry!r}; expected a name to be read.")
        if entry in names:
            raise ValueError(
                f"joints {names[entry]} and {number} are both called {entry!r}; "
                "each joint needs a name of its own."
            )
        names[str(entry)] = number
    return names


def as_joint(value: Any, what: str, names: Mapping[str, int]) -> int:
    """Find a joint by name or index.

    Parameters
    ----------
    value : str or int
    what : str
        What the error says it is named by, such as ``"bones"``.
    names : mapping of str to int
        From `as_names`.

    Returns
    -------
    int

    Raises
    ------
    TypeError
        Neither a name nor an integer.
    ValueError
        No such joint.

    Examples
    --------
    >>> as_joint("knee", "roots", {"hip": 0, "knee": 1})
    1
    """
    if isinstance(value, str):
        if value not in names:
            raise ValueError(f"{what} has no joint {value!r}.{closest(value, names)}")
        return names[value]
    joint = _integer(value)
    if joint is None:
        raise TypeError(f"{what}: {value!r} is neither a joint's name nor its index.")
    if not 0 <= joint < len(names):
        raise ValueError(
            f"{what}: joint {joint} does not exist; there are {len(names)} joints, "
            f"0 to {len(names) - 1}."
        )
    return joint


def as_joints(
    value: Any, what: str, names: Mapping[str, int], once: bool = False
) -> tuple[int, ...]:
    """Find a list of joints by names or indices.

    Parameters
    ----------
    value : iterable of str or int, or None for none
    what, names
        As of `as_joint`.
    once : bool
        Refuse a joint that comes twice.

    Returns
    -------
    tuple of int

    Raises
    ------
    TypeError
        No list, or an entry that is no joint's name or index.
    ValueError
        An unknown joint, or one twice.

    Examples
    --------
    >>> as_joints(["knee", 0], "roots", {"hip": 0, "knee": 1})
    (1, 0)
    """
    joints = tuple(
        as_joint(entry, what, names) for entry in _entries(value, what, "a list of joints")
    )
    if once:
        for joint, count in Counter(joints).items():
            if count > 1:
                raise ValueError(f"{what} has joint {list(names)[joint]!r} {count} times.")
    return joints


def as_target_sets(
    value: Any, roots: tuple[int, ...], names: Mapping[str, int]
) -> tuple[tuple[int, ...], ...]:
    """Find the joints of target sets, and check them against the roots.

    Parameters
    ----------
    value : iterable of joints or of iterables of joints, or None for none
        A list for each root, or one flat list for one root.
    roots : tuple of int
    names
        As of `as_joint`.

    Returns
    -------
    tuple of tuple of int
        Empty for none.

    Raises
    ------
    TypeError
        No list, or an entry that is no joint's name or index.
    ValueError
        An unknown joint, or whatever `liftpose.skeleton.target_sets.TargetSets.resolve` refuses.

    Examples
    --------
    >>> as_target_sets(["knee"], (0,), {"hip": 0, "knee": 1})
    ((1,),)
    """
    entries = _entries(value, "target_sets", "one list of joints for each root")
    if not entries:
        return ()
    if not roots:
        raise ValueError("target_sets need roots: the joint that each is predicted from.")
    joints: list[Any] = (
        [as_joints(entry, "target_sets", names) for entry in entries]
        if any(_is_list(entry) for entry in entries)
        else list(as_joints(entries, "target_sets", names))
    )
    return TargetSets.resolve(roots, joints, len(names), tuple(names)).sets


def as_pairs(
    value: Any, what: str, names: Mapping[str, int], disjoint: bool = False
) -> tuple[tuple[int, int], ...]:
    """Find pairs of joints.

    Parameters
    ----------
    value : iterable of pairs of joints, or None for none
    what, names
        As of `as_joint`.
    disjoint : bool
        Refuse a joint that is in two pairs.

    Returns
    -------
    tuple of (int, int)
        In the order they were written in.

    Raises
    ------
    TypeError
        No list, or an entry that is no joint's name or index.
    ValueError
        No pair, an unknown joint, one with itself, or a pair twice, whichever way round.

    Examples
    --------
    >>> as_pairs([("hip", "knee")], "bones", {"hip": 0, "knee": 1})
    ((0, 1),)
    """
    called = list(names)
    found: dict[frozenset[int], tuple[int, int]] = {}
    for entry in _entries(value, what, "pairs of joints, such as [['hip', 'knee']]"):
        ends = list(entry) if _is_list(entry) else []
        if len(ends) != 2:
            raise ValueError(
                f"{what} holds {entry!r}; expected pairs of joints, such as [['hip', 'knee']]."
            )
        one, other = (as_joint(end, what, names) for end in ends)
        if one == other:
            raise ValueError(f"{what} has {called[one]!r} together with itself.")
        both = frozenset((one, other))
        if both in found:
            raise ValueError(f"{what} has {called[one]!r} and {called[other]!r} together twice.")
        shared = [joint for pair in found.values() for joint in pair if joint in both]
        if disjoint and shared:
            raise ValueError(
                f"{what} has {called[shared[0]]!r} in two pairs; a joint has one partner."
            )
        found[both] = (one, other)
    return tuple(found.values())


def as_limbs(value: Any, names: Mapping[str, int]) -> tuple[int, ...]:
    """Number the limb of each joint.

    Parameters
    ----------
    value : iterable or mapping, or None for none
        The limb of each joint, or the joints of each limb, as of `liftpose.skeleton.Skeleton`.
    names
        As of `as_joint`.

    Returns
    -------
    tuple of int, length J
        Empty for none.

    Raises
    ------
    TypeError
        No list, or an entry that is neither number nor list of joints.
    ValueError
        Another number of entries than of joints, a number out of range, or a joint in no limb or
        in two.

    Examples
    --------
    >>> as_limbs([["knee"], ["hip"]], {"hip": 0, "knee": 1})
    (1, 0)
    """
    expected = "the number of the limb of each joint, or the joints of each limb"
    by_name = isinstance(value, Mapping)
    entries = _entries(value.values() if by_name else value, "limbs", expected)
    if by_name or any(_is_list(entry) for entry in entries):
        return _limbs_of_groups(entries, names)
    if entries and len(entries) != len(names):
        raise ValueError(
            f"limbs has {len(entries)} numbers, but there are {len(names)} joints; "
            "expected the number of the limb of each."
        )
    limbs = []
    for name, entry in zip(names, entries, strict=False):
        limb = _integer(entry)
        if limb is None:
            raise TypeError(f"limbs holds {entry!r} for joint {name!r}; expected {expected}.")
        if not 0 <= limb < MOST_LIMBS:
            raise ValueError(
                f"joint {name!r} is of limb {limb}; limbs count from 0 to at most {MOST_LIMBS - 1}."
            )
        limbs.append(limb)
    return tuple(limbs)


def _limbs_of_groups(groups: list[Any], names: Mapping[str, int]) -> tuple[int, ...]:
    if not groups:
        return ()
    if len(groups) > MOST_LIMBS:
        raise ValueError(f"limbs has {len(groups)} limbs; expected at most {MOST_LIMBS}.")
    called = list(names)
    limb_of: dict[int, int] = {}
    for limb, group in enumerate(groups):
        for joint in as_joints(group, "limbs", names, once=True):
            if joint in limb_of:
                raise ValueError(
                    f"joint {called[joint]!r} is in limb {limb_of[joint]} and in limb {limb}; "
                    "each joint is in one."
                )
            limb_of[joint] = limb
    for joint, name in enumerate(called):
        if joint not in limb_of:
            raise ValueError(f"joint {name!r} is in no limb; each joint needs one.")
    return tuple(limb_of[joint] for joint in range(len(names)))


def as_colors(
    value: Any, limbs: tuple[int, ...], names: Mapping[str, int]
) -> tuple[tuple[int, int, int], ...]:
    """Check colours against the limbs, and round them.

    Parameters
    ----------
    value : iterable of triples of numbers from 0 to 255, or None for none
    limbs : tuple of int, length J
        From `as_limbs`.
    names
        As of `as_joint`.

    Returns
    -------
    tuple of (int, int, int)
        Empty for none.

    Raises
    ------
    TypeError
        No list.
    ValueError
        An entry that is no triple of numbers from 0 to 255, or a limb without a colour, or
        colours without limbs.

    Examples
    --------
    >>> as_colors([[0, 127.6, 255]], (0,), {"hip": 0})
    ((0, 128, 255),)
    """
    colors = []
    for limb, entry in enumerate(_entries(value, "colors", "one triple a limb")):
        parts = list(entry) if _is_list(entry) else []
        if len(parts) != 3 or not all(_is_shade(part) for part in parts):
            raise ValueError(
                f"the color of limb {limb} is {entry!r}; expected red, green and blue, "
                "numbers from 0 to 255."
            )
        red, green, blue = (round(float(part)) for part in parts)
        colors.append((red, green, blue))
    if colors and not limbs:
        raise ValueError(
            "colors has one colour a limb, and limbs, which says the limb of each joint, is "
            "missing; give both, or limbs alone."
        )
    for name, limb in zip(names, limbs, strict=False):
        if colors and limb >= len(colors):
            raise ValueError(
                f"joint {name!r} is of limb {limb}, but there are {len(colors)} colors, "
                f"for the limbs 0 to {len(colors) - 1}."
            )
    return tuple(colors)


def as_unit(value: Any) -> str | None:
    """Check a unit of length.

    Parameters
    ----------
    value : str or None

    Returns
    -------
    str or None

    Raises
    ------
    TypeError
        Neither.
    ValueError
        Nothing in it.

    Examples
    --------
    >>> as_unit("mm")
    'mm'
    """
    if value is None:
        return None
    if not isinstance(value, str):
        raise TypeError(f"unit is {value!r}; expected a string, such as 'mm'.")
    if not value.strip() or not _is_text(value):
        raise ValueError(f"unit is {value!r}; expected a unit, such as 'mm'.")
    return str(value)


def _is_list(value: Any) -> bool:
    # An array without axes is iterable by its type, and cannot be iterated over.
    several = isinstance(value, Iterable) and getattr(value, "ndim", 1) != 0
    return several and not isinstance(value, str | bytes | Mapping)


def _entries(value: Any, what: str, expected: str) -> list[Any]:
    if value is None:
        return []
    # A dict would be read as a list of its keys, and a set has no order.
    if not _is_list(value) or isinstance(value, set | frozenset):
        raise TypeError(f"{what} is {value!r}; expected {expected}.")
    return list(value)


def _integer(value: Any) -> int | None:
    try:
        return None if isinstance(value, bool | np.bool_) else operator.index(value)
    except TypeError:
        return None


def _is_shade(value: Any) -> bool:
    number = isinstance(value, int | float | np.number) and not isinstance(value, bool)
    return number and 0 <= value <= 255


def _is_text(value: str) -> bool:
    """Whether UTF-8 can hold it, as half a surrogate pair cannot be."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)
