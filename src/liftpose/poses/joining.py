"""What several poses must have in common, and what they have, when they become one table."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from liftpose.names import listed
from liftpose.poses.given import Floats, called, one_after_another, place

if TYPE_CHECKING:
    from liftpose.poses.poses import Poses

STATED = ("unit", "frame")
"""What must not contradict."""


def check_joinable(parts: Sequence[Poses]) -> None:
    """Check that several poses can become one.

    Parameters
    ----------
    parts : sequence of Poses
        In any number.

    Raises
    ------
    ValueError
        None at all, an experiment in two of them, other joints or another number of coordinates,
        or units or frames that contradict each other.

    Examples
    --------
    >>> from liftpose import Poses
    >>> walk = Poses.from_experiments({"a": np.zeros((4, 5, 3))}, unit="mm")
    >>> check_joinable([walk, Poses.from_experiments({"b": np.zeros((4, 5, 3))}, unit="cm")])
    Traceback (most recent call last):
    ...
    ValueError: poses, experiment 'a' and poses, experiment 'b' differ in unit: mm and cm.
    """
    if not parts:
        raise ValueError("there are no poses to join.")
    _alike(parts, "joints", [part.joints or part.joint_count for part in parts])
    _alike(parts, "coordinates", [part.dims for part in parts])
    for name in STATED:
        stating = [part for part in parts if getattr(part, name) is not None]
        _alike(stating, name, [getattr(part, name) for part in stating])
    keys = Counter(key for part in parts for key in part.keys)
    twice = [key for key, number in keys.items() if number > 1]
    if twice:
        raise ValueError(f"{called(twice[0])} is there twice; give each its own name.")


def stated(parts: Sequence[Poses], name: str) -> Any:
    """Give the unit or frame of joined poses: the one that is stated, if any is.

    Parameters
    ----------
    parts : sequence of Poses
        Those that state it agree.
    name : {"unit", "frame"}
        Which of the two.

    Returns
    -------
    str or None

    Warns
    -----
    UserWarning
        Some state it and others do not: all are taken to be alike.

    Examples
    --------
    >>> from liftpose import Poses
    >>> stated([Poses.from_experiments({"a": np.zeros((4, 5, 3))}, unit="mm")], "unit")
    'mm'
    """
    silent = [key for part in parts if getattr(part, name) is None for key in part.keys]
    stating = [part for part in parts if getattr(part, name) is not None]
    if not stating:
        return None
    value = getattr(stating[0], name)
    if silent:
        warnings.warn(
            f"no {name} is stated of the poses of {listed([str(key) for key in silent])}: it is "
            f"taken to be {value!r}, as stated of {str(stating[0].keys[0])!r}.",
            stacklevel=3,
        )
    return value


def shared(parts: Sequence[Poses], name: str) -> Any:
    """Give a property of joined poses: None unless it is the same of all.

    Parameters
    ----------
    parts : sequence of Poses
    name : str
        Of the property.

    Returns
    -------
    value or None

    Examples
    --------
    >>> from liftpose import Poses
    >>> slow, fast = (Poses.from_experiments(np.zeros((4, 5, 3)), fps=fps) for fps in (50, 100))
    >>> shared([slow, fast], "fps"), shared([slow, slow], "fps")
    (None, 50.0)
    """
    values = [getattr(part, name) for part in parts]
    return values[0] if all(value == values[0] for value in values) else None


def joined_confidence(parts: Sequence[Poses]) -> Floats | None:
    """Put confidences below each other; NaN for poses that have none, None where no poses have.

    Parameters
    ----------
    parts : sequence of Poses
        N frames in all, of J joints.

    Returns
    -------
    array, shape (N, J), or None

    Examples
    --------
    >>> from liftpose import Poses
    >>> plain = Poses.from_experiments(np.zeros((1, 2, 2)))
    >>> sure = Poses.from_experiments(np.zeros((1, 2, 2)), confidence=np.ones((1, 2)))
    >>> joined_confidence([plain, sure]).tolist()
    [[nan, nan], [1.0, 1.0]]
    """
    if all(part.confidence is None for part in parts):
        return None
    known = [
        np.full(part.points.shape[:2], np.nan, np.float32)
        if part.confidence is None
        else part.confidence
        for part in parts
    ]
    return one_after_another(known)


def joined_extra(parts: Sequence[Poses]) -> dict[str, Floats]:
    """Put further numbers of joints below each other; NaN for poses that do not have them.

    Parameters
    ----------
    parts : sequence of Poses
        N frames in all, of J joints.

    Returns
    -------
    dict of str to array, shape (N, J)

    Examples
    --------
    >>> from liftpose import Poses
    >>> plain = Poses.from_experiments(np.zeros((1, 2, 2)))
    >>> seen = Poses.from_experiments(np.zeros((1, 2, 2)), extra={"ncams": np.full((1, 2), 3)})
    >>> joined_extra([plain, seen])["ncams"].tolist()
    [[nan, nan], [3.0, 3.0]]
    """
    names = dict.fromkeys(name for part in parts for name in part.extra)
    return {
        name: one_after_another(
            [
                part.extra[name]
                if name in part.extra
                else np.full(part.points.shape[:2], np.nan, np.float32)
                for part in parts
            ]
        )
        for name in names
    }


def _alike(parts: Sequence[Poses], what: str, values: Sequence[Any]) -> None:
    for part, value in zip(parts, values, strict=True):
        if value != values[0]:
            mine, theirs = (place("poses", each.keys[0]) for each in (parts[0], part))
            raise ValueError(f"{mine} and {theirs} differ in {what}: {values[0]} and {value}.")
