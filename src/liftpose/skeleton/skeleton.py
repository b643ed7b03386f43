"""What is known of an animal's body: joints, bones, limbs, and what is predicted from what.

A joint is meant by its name or by its index, wherever one is asked for; inside, everything is
indices. What is not said is empty, and nothing is guessed but the target sets: where none are
given, `Skeleton.sets` finds them from the bones.
"""

from __future__ import annotations

import json
import operator
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, SupportsIndex

from liftpose.names import closest, listed
from liftpose.skeleton.checks import (
    as_colors,
    as_joint,
    as_joints,
    as_limbs,
    as_names,
    as_pairs,
    as_target_sets,
    as_unit,
)
from liftpose.skeleton.target_sets import TargetSets

Pairs = tuple[tuple[int, int], ...]


@dataclass(frozen=True, init=False)
class Skeleton:
    """Joints of an animal, and what is known of them.

    Two skeletons are equal if they say the same; a skeleton never changes and can be a key of a
    dictionary. Lists, tuples and arrays are all taken, with names or indices of joints.

    Parameters
    ----------
    joints : sequence of str, length J
        Their names, each once, in the order of the joints in every pose.
    bones : sequence of pairs of joints, optional
        Joints that are joined. They need not form a tree, nor reach every joint.
    roots : sequence of joints, optional
        Joints that others are predicted from. The first is the origin of a lifted pose.
    target_sets : sequence of sequences of joints, optional
        The joints predicted from each root; with one root, a flat list will do. Joints that are
        neither root nor target are not predicted.
    limbs : optional
        The number of the limb of each joint, counted from 0, length J; or the joints of each limb
        in turn, as a list of lists or as a dict, whose keys, names for the reader, are not kept.
        Every joint is in one limb.
    colors : sequence of triples, optional
        Red, green and blue of each limb, 0 to 255, rounded to whole numbers.
    pairs : sequence of pairs of joints, optional
        Left and right of the same joint, left first. No joint is in two of them. Where there are
        none, whoever needs them goes by the names (see `liftpose.skeleton.sides`).
    rigid : sequence of pairs of joints, optional
        Between which joints the distance never changes in one animal: bones, or other joints of
        one hard part, such as those where the legs leave the thorax. None means that nobody has
        said; an empty list, that no distance is constant.
    unit : str, optional
        Of 3D positions, such as ``"mm"``.

    Raises
    ------
    ValueError
        A joint that does not exist (the closest name is offered), a name or a bone twice, a joint
        joined to itself or in two pairs or target sets, limbs or colours of the wrong number.
    TypeError
        Something that is no list, no joint or no number where one is needed.

    Examples
    --------
    >>> leg = Skeleton(["hip", "knee", "ankle", "toe"],
    ...                bones=[("hip", "knee"), ("knee", "ankle"), ("ankle", "toe")], unit="mm")
    >>> print(leg)
    Skeleton of 4 joints and 3 bones, in mm
      joints  hip, knee, ankle, toe
      root    knee: hip, ankle, toe (found from the bones)
    >>> leg.subset(["hip", "knee"]).bones
    ((0, 1),)
    """

    joints: tuple[str, ...]
    bones: Pairs
    roots: tuple[int, ...]
    target_sets: tuple[tuple[int, ...], ...]
    limbs: tuple[int, ...]
    colors: tuple[tuple[int, int, int], ...]
    pairs: Pairs
    rigid: Pairs | None
    unit: str | None

    def __init__(
        self,
        joints: Iterable[str],
        bones: Iterable[Any] | None = None,
        roots: Iterable[Any] | None = None,
        target_sets: Iterable[Any] | None = None,
        limbs: Iterable[Any] | Mapping[str, Iterable[Any]] | None = None,
        colors: Iterable[Any] | None = None,
        pairs: Iterable[Any] | None = None,
        rigid: Iterable[Any] | None = None,
        unit: str | None = None,
    ) -> None:
        names = as_names(joints)
        chosen = as_joints(roots, "roots", names)
        numbers = as_limbs(limbs, names)
        found: dict[str, Any] = {
            "joints": tuple(names),
            "bones": as_pairs(bones, "bones", names),
            "roots": chosen,
            "target_sets": as_target_sets(target_sets, chosen, names),
            "limbs": numbers,
            "colors": as_colors(colors, numbers, names),
            "pairs": as_pairs(pairs, "pairs", names, disjoint=True),
            "rigid": None if rigid is None else as_pairs(rigid, "rigid", names),
            "unit": as_unit(unit),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    @classmethod
    def unnamed(
        cls,
        joint_count: int,
        roots: Iterable[SupportsIndex] | None = None,
        target_sets: Iterable[Any] | None = None,
    ) -> Skeleton:
        """Make a skeleton of joints that are called by their numbers.

        Parameters
        ----------
        joint_count : int
            Number of joints J; they are called ``"0"`` to ``str(J - 1)``.
        roots, target_sets
            As of `Skeleton`.

        Returns
        -------
        Skeleton

        Raises
        ------
        ValueError
            No joint, or roots and target sets that do not fit.

        Examples
        --------
        >>> Skeleton.unnamed(3, roots=[0], target_sets=[1, 2]).joints
        ('0', '1', '2')
        """
        return cls(
            map(str, range(operator.index(joint_count))), roots=roots, target_sets=target_sets
        )

    @classmethod
    def named(cls, name: str) -> Skeleton:
        """Give a skeleton that ships with the package.

        Parameters
        ----------
        name : str
            One of `shipped`.

        Returns
        -------
        Skeleton
            Without a unit: that is of your 3D.

        Raises
        ------
        ValueError
            There is no such skeleton; the closest name is offered.
        TypeError
            The name is no text.

        Examples
        --------
        >>> print(Skeleton.named("macaque13"))
        Skeleton of 13 joints, 12 bones, 5 limbs and 4 left-right pairs
          joints  Nose, Head, Neck, RShoulder, RHand, LShoulder, LHand, Hip and 5 more
          root    Neck: Nose, Head, RShoulder, RHand, LShoulder, LHand, Hip, RKnee and 4 more
        """
        from liftpose.skeleton.shipped import shipped_file

        return cls.read(shipped_file(name))

    @staticmethod
    def shipped() -> tuple[str, ...]:
        """Name the skeletons that ship with the package.

        Returns
        -------
        tuple of str
            In the order of the alphabet.

        Examples
        --------
        >>> Skeleton.shipped()[:3]
        ('dog26', 'fly-leg15', 'fly38')
        """
        from liftpose.skeleton.shipped import shipped_names

        return shipped_names()

    @property
    def joint_count(self) -> int:
        """Number of joints J."""
        return len(self.joints)

    def index(self, joint: str | SupportsIndex) -> int:
        """Find a joint.

        Parameters
        ----------
        joint : str or int
            A name; an index is checked and given back.

        Returns
        -------
        int

        Raises
        ------
        ValueError
            There is no such joint; the closest name is offered.

        Examples
        --------
        >>> Skeleton(["hip", "knee"]).index("knee")
        1
        """
        return as_joint(joint, "the skeleton", self._names)

    @cached_property
    def _names(self) -> dict[str, int]:
        return {name: number for number, name in enumerate(self.joints)}

    @property
    def has_names(self) -> bool:
        """Whether the joints have names of their own, and not only their numbers."""
        return self.joints != tuple(map(str, range(self.joint_count)))

    @cached_property
    def sets(self) -> TargetSets:
        """Roots and target sets: as given, or found from the bones.

        With bones and no roots, each connected part of at least two joints gets its most central
        joint as root. With roots and no target sets, each joint that bones connect to a root is a
        target of the nearest. The rules in full are those of `TargetSets.from_bones`. With one
        root and nothing else, all other joints are its targets.

        Raises
        ------
        ValueError
            Neither target sets nor bones for several roots or none, or a root that no bone
            connects to a target.
        """
        if self.target_sets:
            return TargetSets(self.roots, self.target_sets, self.joint_count)
        if self.bones:
            return TargetSets.from_bones(self.bones, self.joint_count, self.roots, self.joints)
        if len(self.roots) == 1:
            others = [joint for joint in range(self.joint_count) if joint != self.roots[0]]
            return TargetSets.resolve(self.roots, others, self.joint_count, self.joints)
        lacking = "roots, but no target_sets" if self.roots else "no roots"
        raise ValueError(
            f"nothing says which joints are predicted from which: the skeleton has {lacking} and "
            "no bones. Give roots and target_sets, or the bones to find them from."
        )

    def subset(self, joints: Iterable[str | SupportsIndex]) -> Skeleton:
        """Keep some of the joints, in the order that is asked for.

        Bones, pairs and rigid distances stay where both ends do; nothing is joined anew across a
        joint that goes. Limbs keep their numbers, and so their colours. A root that was given
        keeps those of its targets that stay; where none of them does, it is a root no more.
        Roots that were found from the bones are found anew, from the bones that stay.

        Parameters
        ----------
        joints : sequence of str or int
            Each joint once.

        Returns
        -------
        Skeleton

        Raises
        ------
        ValueError
            No joint, an unknown one, one twice, or a given root that is left out though one of
            its targets stays that is no root itself.

        Examples
        --------
        >>> leg = Skeleton(["hip", "knee", "ankle"], roots=["hip"], target_sets=["knee", "ankle"])
        >>> leg.subset(["ankle", "hip"]).as_dict()
        {'joints': ['ankle', 'hip'], 'roots': ['hip'], 'target_sets': [['ankle']]}
        """
        kept = as_joints(joints, "subset", self._names, once=True)
        if not kept:
            raise ValueError("subset names no joint; name those to keep.")
        place = {joint: number for number, joint in enumerate(kept)}
        roots, target_sets = self._kept_sets(place)

        def within(pairs: Pairs) -> list[tuple[int, int]]:
            return [(place[a], place[b]) for a, b in pairs if a in place and b in place]

        return Skeleton(
            [self.joints[joint] for joint in kept],
            bones=within(self.bones),
            roots=roots,
            target_sets=target_sets,
            limbs=[self.limbs[joint] for joint in kept] if self.limbs else (),
            colors=self.colors,
            pairs=within(self.pairs),
            rigid=None if self.rigid is None else within(self.rigid),
            unit=self.unit,
        )

    def _kept_sets(self, place: Mapping[int, int]) -> tuple[list[int], list[list[int]]]:
        if not self.roots:
            return [], []
        staying = [root for root in self.roots if root in place]
        if not (self.target_sets or self.bones):
            return [place[root] for root in staying], []
        kept = [
            (root, targets)
            for root, members in zip(self.sets.roots, self.sets.sets, strict=True)
            if (targets := [joint for joint in members if joint in place])
        ]
        serving = [root for root, _ in kept if root in place]
        for root, targets in kept:
            # A leg that is kept without the body has a root of its own, and its joint with the
            # body becomes the origin.
            lost = [self.joints[joint] for joint in targets if joint not in serving]
            if root not in place and lost:
                raise ValueError(
                    f"root {self.joints[root]!r} is left out, but what is predicted from it "
                    f"stays: {listed(lost)}. Keep the root too, or take all roots out first: "
                    "dataclasses.replace(skeleton, roots=(), target_sets=())."
                )
        return [place[root] for root in serving or staying], [
            [place[joint] for joint in targets] for root, targets in kept if root in place
        ]

    def as_dict(self) -> dict[str, Any]:
        """Give what the skeleton says as plain lists and strings, joints by name.

        Returns
        -------
        dict
            The parameters of `Skeleton` by name; those that say nothing are left out. Limbs are
            numbers. It can be written as JSON or TOML.

        Examples
        --------
        >>> Skeleton(["hip", "knee"], bones=[(0, 1)]).as_dict()
        {'joints': ['hip', 'knee'], 'bones': [['hip', 'knee']]}
        """

        def named(entries: Iterable[Iterable[int]]) -> list[list[str]]:
            return [[self.joints[joint] for joint in entry] for entry in entries]

        said: dict[str, Any] = {
            "joints": list(self.joints),
            "unit": self.unit,
            "bones": named(self.bones) or None,
            "rigid": None if self.rigid is None else named(self.rigid),
            "roots": [self.joints[root] for root in self.roots] or None,
            "target_sets": named(self.target_sets) or None,
            "limbs": list(self.limbs) or None,
            "colors": [list(color) for color in self.colors] or None,
            "pairs": named(self.pairs) or None,
        }
        return {name: value for name, value in said.items() if value is not None}

    @cached_property
    def as_json(self) -> str:
        """What `as_dict` gives, as JSON: how files of poses keep their skeleton."""
        return json.dumps(self.as_dict())

    @classmethod
    def from_dict(cls, said: Mapping[str, Any]) -> Skeleton:
        """Make a skeleton from what `as_dict` gave, or from what someone wrote in its manner.

        Parameters
        ----------
        said : mapping
            Parameters of `Skeleton` by name; ``joints`` is needed.

        Returns
        -------
        Skeleton

        Raises
        ------
        TypeError
            No mapping.
        ValueError
            An unknown name, no joints, or whatever `Skeleton` refuses.

        Examples
        --------
        >>> leg = Skeleton(["hip", "knee"], bones=[(0, 1)])
        >>> Skeleton.from_dict(leg.as_dict()) == leg
        True
        """
        if not isinstance(said, Mapping):
            raise TypeError(f"a skeleton is written as a mapping of names to values, got {said!r}.")
        known = [field.name for field in fields(cls)]
        for name in said:
            if name not in known:
                raise ValueError(f"a skeleton has no {name!r}.{closest(str(name), known)}")
        if "joints" not in said:
            raise ValueError("the skeleton has no 'joints'; list their names.")
        return cls(**said)

    @classmethod
    def read(cls, path: str | os.PathLike[str], *, joint_count: int | None = None) -> Skeleton:
        """Read a skeleton from a file.

        Parameters
        ----------
        path : path-like
            A ``.toml`` file as `write` makes them, or a ``.yaml`` file of liftpose 0.22, which has
            roots and target sets under ``data`` and bones, limbs and colours under ``vis``. Or,
            where there is no such file, the name of a skeleton that ships with the package.
        joint_count : int, optional
            For ``.yaml`` files, which do not say how many joints there are; limb numbers beyond
            them are left out. Without it, as many as ``names`` names or, where there are none, as
            the file has limb numbers or joints in roots, target sets and bones, whichever are
            more.

        Returns
        -------
        Skeleton
            From ``.yaml`` files without ``names``, the joints are called by their numbers.

        Raises
        ------
        ValueError
            The file is of another kind or broken, or has an unknown key: its line and the closest
            known key are said; or whatever `Skeleton` refuses.
        OSError
            The file is not there, cannot be read, or is a folder.

        Examples
        --------
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "leg.toml"
        >>> _ = path.write_text('joints = ["hip", "knee"]')
        >>> Skeleton.read(path).joints
        ('hip', 'knee')
        """
        from liftpose.skeleton.files import read_fields
        from liftpose.skeleton.shipped import is_shipped, shipped_file

        path = shipped_file(os.fspath(path)) if is_shipped(path) else path
        said = read_fields(path, [field.name for field in fields(cls)], joint_count)
        try:
            return cls.from_dict(said)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{Path(path).name}: {error}") from None

    def write(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the skeleton to a TOML file that is meant to be read and changed by hand.

        Parameters
        ----------
        path : path-like
            Ends in ``.toml``. Its folder must exist.
        overwrite : bool
            Replace a file that is there already.

        Returns
        -------
        pathlib.Path
            The file.

        Raises
        ------
        ValueError
            Another ending.
        OSError
            The file is there already, is a folder, or cannot be written.

        Examples
        --------
        >>> import tempfile
        >>> leg = Skeleton(["hip", "knee"], bones=[(0, 1)])
        >>> path = leg.write(Path(tempfile.mkdtemp()) / "leg.toml")
        >>> Skeleton.read(path) == leg
        True
        """
        from liftpose.skeleton.files import write_fields

        return write_fields(self.as_dict(), path, overwrite)

    def __str__(self) -> str:
        from liftpose.skeleton.text import as_text

        return as_text(self)

    def _repr_html_(self) -> str:
        from liftpose.skeleton.text import as_html

        return as_html(self)
