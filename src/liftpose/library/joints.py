"""What library and tracker have in common, by name, and the size that the library is given."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from liftpose.datasets import Library
from liftpose.datasets import library as make_library
from liftpose.datasets.anatomical import SPECIES
from liftpose.io import read_poses
from liftpose.library.distance import LEAST_JOINTS, evenly
from liftpose.names import closest, listed
from liftpose.poses import Floats, Poses
from liftpose.postprocess.length import as_length
from liftpose.postprocess.results import body_length
from liftpose.skeleton import Skeleton

BODY_LENGTH = "body length"
"""The unit of lengths where nobody says how large the animal is."""


@dataclass(frozen=True, eq=False)
class Source:
    """A library, its skeleton and what it is called.

    Parameters
    ----------
    poses, skeleton
    length : float or None
        Of the body, where it is known.
    anywhere : bool
        Whether its place in the world means nothing.
    called : str
    variety : float
        How much other animals and trackers differ from it; see `Library`.
    """

    poses: Poses
    skeleton: Skeleton
    length: float | None
    anywhere: bool
    called: str
    variety: float = 0.0

    @classmethod
    def of(
        cls, library: Any, skeleton: Skeleton | None, kind: str, frames: int, seed: int
    ) -> Source:
        """Make, read or take a library.

        Raises
        ------
        ValueError
            Neither file nor species, or poses without a skeleton.
        """
        if isinstance(library, str) and library in SPECIES:
            library = make_library(library, frames, seed, kind=kind)
        elif isinstance(library, str) and not os.path.exists(library):
            raise ValueError(
                f"{library!r} is neither a file nor a species.{closest(library, SPECIES)}"
            )
        if isinstance(library, Library):
            called = f"the {library.kind} library of the {library.name}"
            return cls(
                library.poses, library.skeleton, library.length, True, called, library.variety
            )
        poses = as_poses(library, 3, "the library")
        if skeleton is None or poses is None:
            raise ValueError("poses have no skeleton; give skeleton=, with roots or bones.")
        if poses.joints is None:
            poses = poses.matched(skeleton.joints, by_order=True)
        called = f"the library {poses.source_file}" if poses.source_file else "a library"
        return cls(poses.matched(skeleton.joints), skeleton, None, False, called)


@dataclass(frozen=True, eq=False)
class Common:
    """The joints that library and tracker have in common, by the tracker's names."""

    skeleton: Skeleton
    poses: Poses
    untracked: tuple[str, ...]
    unknown: tuple[str, ...]

    @property
    def joints(self) -> tuple[str, ...]:
        """Their names."""
        return self.skeleton.joints

    @classmethod
    def of(cls, source: Source, tracked: Sequence[str] | None, rename: Mapping[str, str]) -> Common:
        """Match by name.

        Raises
        ------
        ValueError
            A joint to rename that does not exist, or fewer than three in common.
        """
        known = source.skeleton.joints
        names = known if tracked is None else tuple(tracked)
        for ours, new in rename.items():
            for joint, there, who in ((ours, names, "tracker"), (new, known, "library")):
                if joint not in there:
                    raise ValueError(
                        f"rename: the {who} has no joint {joint!r}.{closest(joint, there)}"
                    )
        meant = {name: rename.get(name, name) for name in names}
        common = [name for name in names if meant[name] in known]
        if len(common) < LEAST_JOINTS:
            raise ValueError(
                f"library and tracker have {len(common)} joints in common; {LEAST_JOINTS} are "
                f"needed. The library has {listed(known, 40)}; the tracker has "
                f"{listed(names, 40)}. Say which are the same with rename."
            )
        theirs = [meant[name] for name in common]
        if len(set(theirs)) < len(theirs):
            raise ValueError("rename: two of the tracker's joints are the same of the library.")
        poses = source.poses.matched(theirs)
        return cls(
            _part(source.skeleton, theirs, common, poses.points),
            replace(poses, joints=tuple(common)),
            tuple(name for name in known if name not in theirs),
            tuple(name for name in names if name not in common),
        )

    def sized(self, source: Source, length: Any, in_body_lengths: bool) -> Poses:
        """Give the poses in the unit that lengths are to have."""
        factor, unit = 1.0, self.poses.unit
        if length is not None:
            known = as_length(length, self.joints)
            one, other = (self.poses.points[:, joint] for joint in known.joints)
            factor = known.value / float(np.nanmedian(np.linalg.norm(one - other, axis=1)))
            unit = known.unit or unit
        elif in_body_lengths:
            factor, unit = 1 / (source.length or body_length(source.poses.points)), BODY_LENGTH
        points = factor * self.poses.points
        return replace(self.poses, points=points, given=points, unit=unit)

    def skeleton_in(self, unit: str | None) -> Skeleton:
        """Give the skeleton with another unit."""
        return _but(self.skeleton, self.joints, unit)


def _part(
    skeleton: Skeleton, kept: Sequence[str], called: Sequence[str], points: Floats
) -> Skeleton:
    """The part of a skeleton that is left, under other names; each joint is predicted."""
    roots = {skeleton.joints[root] for root in skeleton.sets.roots}
    if roots <= set(kept):
        part = skeleton.subset(kept)
        found = {*part.sets.roots, *(joint for joints in part.sets.sets for joint in joints)}
        if len(found) == len(kept):
            return _but(part, called, skeleton.unit)
    # The joint that is nearest to all others takes the place of roots that are not there.
    some = evenly(points, 500)
    apart = np.linalg.norm(some[:, :, None] - some[:, None], axis=3)
    middle = int(np.nanmean(apart, axis=0).sum(axis=1).argmin())
    bare = Skeleton(
        skeleton.joints,
        bones=skeleton.bones,
        limbs=skeleton.limbs or None,
        colors=skeleton.colors,
        pairs=skeleton.pairs,
        rigid=skeleton.rigid,
    ).subset(kept)
    others = [joint for joint in range(len(kept)) if joint != middle]
    return _but(bare, called, skeleton.unit, [middle], [others])


def _but(
    skeleton: Skeleton,
    joints: Sequence[str],
    unit: str | None,
    roots: Sequence[int] | None = None,
    target_sets: Sequence[Sequence[int]] | None = None,
) -> Skeleton:
    if roots is None or target_sets is None:
        roots, target_sets = skeleton.sets.roots, skeleton.sets.sets
    return Skeleton(
        joints,
        bones=skeleton.bones,
        roots=roots,
        target_sets=target_sets,
        limbs=skeleton.limbs or None,
        colors=skeleton.colors,
        pairs=skeleton.pairs,
        rigid=skeleton.rigid,
        unit=unit,
    )


def as_poses(poses: Any, dims: int, what: str) -> Poses | None:
    """Read poses where they are a file; None stays None.

    Raises
    ------
    TypeError, ValueError
        Something else, or another number of coordinates.
    """
    if poses is None:
        return None
    if isinstance(poses, str | os.PathLike):
        poses = read_poses(poses)
    if not isinstance(poses, Poses):
        raise TypeError(f"{what}: got {type(poses).__name__}; expected Poses or a file of them.")
    if poses.dims != dims:
        raise ValueError(f"{what}: expected {dims} coordinates a joint; got {poses.dims}.")
    return poses
