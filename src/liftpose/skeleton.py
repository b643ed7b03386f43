"""What is known of an animal's joints: which are roots, and which are predicted from each root."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class TargetSets:
    """Roots, and the joints that are predicted relative to each.

    Parameters
    ----------
    roots : tuple of int
        One joint a set; the first is the origin of a lifted pose.
    sets : tuple of tuple of int
        The targets of each root. No joint is in two sets; a root may be a target of another set.
    joint_count : int
        Number of joints J of the poses.

    Examples
    --------
    >>> legs = TargetSets.resolve([0, 3], [[1, 2], [4, 5]], joint_count=7)
    >>> legs.targets, legs.anchors, legs.unused
    ((1, 2, 4, 5), (0, 0, 3, 3), (6,))
    """

    roots: tuple[int, ...]
    sets: tuple[tuple[int, ...], ...]
    joint_count: int

    @classmethod
    def resolve(cls, roots: Any, target_sets: Any, joint_count: int) -> TargetSets:
        """Check roots and target sets as a user writes them.

        Parameters
        ----------
        roots : sequence of int
            At least one.
        target_sets : sequence of sequences of int, or of int where there is one root
            ``[1, 2, 3]`` means ``[[1, 2, 3]]``.
        joint_count : int
            Number of joints J; every index lies in ``0 .. J - 1``.

        Returns
        -------
        TargetSets

        Raises
        ------
        ValueError
            No root, another number of sets than of roots, an empty set, an index that is no
            joint, a joint in two sets, or a root in its own set.
        TypeError
            Something that is not an integer.
        """
        roots = _as_indices(roots, "roots")
        target_sets = _as_list(target_sets, "target_sets")
        if not roots:
            raise ValueError("roots is empty; name at least one joint, such as roots=[0].")
        if target_sets and not any(_is_sequence(entry) for entry in target_sets):
            if len(roots) != 1:
                raise ValueError(
                    f"target_sets is one flat list, but there are {len(roots)} roots {list(roots)}."
                    " Give one list a root, such as target_sets=[[1, 2], [4, 5]]."
                )
            target_sets = [target_sets]
        sets = tuple(_as_indices(entry, "target_sets") for entry in target_sets)
        if len(sets) != len(roots):
            raise ValueError(
                f"{len(roots)} roots but {len(sets)} target sets; each root needs its own set."
            )
        _check_members(roots, sets, joint_count)
        return cls(roots, sets, joint_count)

    @property
    def targets(self) -> tuple[int, ...]:
        """Every target joint, in the order of the joints."""
        return tuple(sorted(joint for members in self.sets for joint in members))

    @property
    def anchors(self) -> tuple[int, ...]:
        """The root of each of `targets`."""
        root_of = {
            joint: root
            for root, members in zip(self.roots, self.sets, strict=True)
            for joint in members
        }
        return tuple(root_of[joint] for joint in self.targets)

    @property
    def further_roots(self) -> tuple[int, ...]:
        """The roots after the first, each once."""
        return tuple(dict.fromkeys(root for root in self.roots[1:] if root != self.roots[0]))

    @property
    def unused(self) -> tuple[int, ...]:
        """Joints that are neither root nor target."""
        used = {*self.roots, *self.targets}
        return tuple(joint for joint in range(self.joint_count) if joint not in used)


def _check_members(
    roots: tuple[int, ...], sets: tuple[tuple[int, ...], ...], joint_count: int
) -> None:
    for joint in (*roots, *(joint for members in sets for joint in members)):
        if not 0 <= joint < joint_count:
            raise ValueError(
                f"joint {joint} does not exist: the poses have {joint_count} joints, "
                f"0 to {joint_count - 1}."
            )
    home: dict[int, int] = {}
    for number, (root, members) in enumerate(zip(roots, sets, strict=True)):
        if not members:
            raise ValueError(f"the target set of root {root} is empty; name its targets.")
        if root in members:
            raise ValueError(f"root {root} is in its own target set {list(members)}; take it out.")
        for joint in members:
            if joint in home:
                raise ValueError(
                    f"joint {joint} is in two target sets (number {home[joint]} and number "
                    f"{number}); each target has one root."
                )
            home[joint] = number


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Iterable) and not isinstance(value, str)


def _as_list(value: Any, name: str) -> list[Any]:
    if not _is_sequence(value):
        raise TypeError(f"{name} is {value!r}; expected a list of joint indices.")
    return list(value)


def _as_indices(value: Any, name: str) -> tuple[int, ...]:
    entries: Sequence[Any] = _as_list(value, name)
    try:
        if any(isinstance(entry, bool | np.bool_) for entry in entries):
            raise TypeError
        return tuple(operator.index(entry) for entry in entries)
    except TypeError:
        raise TypeError(f"{name} holds {entries!r}; expected joint indices (integers).") from None
