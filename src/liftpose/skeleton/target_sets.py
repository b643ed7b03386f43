"""Roots, and the joints that are predicted from each."""

from __future__ import annotations

import operator
from collections import deque
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
    def resolve(
        cls,
        roots: Any,
        target_sets: Any,
        joint_count: int,
        joints: Sequence[str] | None = None,
    ) -> TargetSets:
        """Check roots and target sets as a user writes them.

        Parameters
        ----------
        roots : sequence of int
            At least one.
        target_sets : sequence of sequences of int, or of int where there is one root
            ``[1, 2, 3]`` means ``[[1, 2, 3]]``.
        joint_count : int
            Number of joints J; every index lies in ``0 .. J - 1``.
        joints : sequence of str, length J, optional
            Names, for the errors to say instead of numbers.

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
        _check_members(roots, sets, joint_count, joints)
        return cls(roots, sets, joint_count)

    @classmethod
    def from_bones(
        cls,
        bones: Sequence[tuple[int, int]],
        joint_count: int,
        roots: Sequence[int] = (),
        joints: Sequence[str] | None = None,
    ) -> TargetSets:
        """Find target sets, and roots where there are none, from the bones.

        The distance of two joints is the number of bones on the shortest way between them. Where
        no root is given, every connected part of at least two joints gets its most central joint,
        the one with the least sum of distances to the others: the first of them in the order of
        the joints if several have it. The part with the most joints comes first, of equally large
        ones that with the first joint. Every other joint is a target of its nearest root: of the
        first of them if several are as near. Joints that no bones connect to a root are unused.

        Parameters
        ----------
        bones : sequence of pairs of int
            Joint indices; which end comes first makes no difference.
        joint_count : int
            Number of joints J.
        roots : sequence of int
            Empty to have them found.
        joints : sequence of str, length J, optional
            Names, for the errors to say instead of numbers.

        Returns
        -------
        TargetSets

        Raises
        ------
        ValueError
            No bone at all, a bone or root that is no joint, or a root that would have no target.

        Examples
        --------
        >>> TargetSets.from_bones([(0, 1), (1, 2), (3, 4)], joint_count=6)
        TargetSets(roots=(1, 3), sets=((0, 2), (4,)), joint_count=6)
        >>> TargetSets.from_bones([(0, 1), (1, 2), (3, 4)], joint_count=6, roots=[0]).sets
        ((1, 2),)
        """
        ends = [joint for bone in bones for joint in bone]
        _check_exist((*ends, *roots), joint_count)
        steps = _steps(bones, joint_count)
        chosen = list(roots) or _central_joints(steps)
        sets: list[list[int]] = [[] for _ in chosen]
        for joint in range(joint_count):
            reach = [number for number, root in enumerate(chosen) if joint in steps[root]]
            if reach and joint not in chosen:
                nearest = min(reach, key=lambda number: steps[chosen[number]][joint])
                sets[nearest].append(joint)
        return cls.resolve(chosen, sets, joint_count, joints)

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


def _steps(bones: Sequence[tuple[int, int]], joint_count: int) -> list[dict[int, int]]:
    """From every joint, the number of bones to each joint that can be reached."""
    neighbours: list[list[int]] = [[] for _ in range(joint_count)]
    for one, other in bones:
        neighbours[one].append(other)
        neighbours[other].append(one)
    found = []
    for start in range(joint_count):
        steps = {start: 0}
        ahead = deque([start])
        while ahead:
            joint = ahead.popleft()
            for neighbour in neighbours[joint]:
                if neighbour not in steps:
                    steps[neighbour] = steps[joint] + 1
                    ahead.append(neighbour)
        found.append(steps)
    return found


def _central_joints(steps: list[dict[int, int]]) -> list[int]:
    parts = {min(reached): sorted(reached) for reached in steps if len(reached) > 1}
    if not parts:
        raise ValueError("there are no bones to find a root from; name one, such as roots=[0].")
    ordered = sorted(parts.values(), key=lambda part: (-len(part), part[0]))
    return [min(part, key=lambda joint: sum(steps[joint].values())) for part in ordered]


def _check_exist(joints: Iterable[int], joint_count: int) -> None:
    for joint in joints:
        if not 0 <= joint < joint_count:
            raise ValueError(
                f"joint {joint} does not exist: the poses have {joint_count} joints, "
                f"0 to {joint_count - 1}."
            )


def _check_members(
    roots: tuple[int, ...],
    sets: tuple[tuple[int, ...], ...],
    joint_count: int,
    joints: Sequence[str] | None,
) -> None:
    _check_exist((*roots, *(joint for members in sets for joint in members)), joint_count)
    called: Sequence[Any] = range(joint_count) if joints is None else [repr(j) for j in joints]
    home: dict[int, int] = {}
    for number, (root, members) in enumerate(zip(roots, sets, strict=True)):
        if not members:
            raise ValueError(f"the target set of root {called[root]} is empty; name its targets.")
        if root in members:
            raise ValueError(
                f"root {called[root]} is in its own target set "
                f"[{', '.join(str(called[joint]) for joint in members)}]; take it out."
            )
        for joint in members:
            if joint in home:
                raise ValueError(
                    f"joint {called[joint]} is in two target sets (number {home[joint]} and number "
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
