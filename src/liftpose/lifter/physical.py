"""Other animals and other looks at them, from the poses there are: physical augmentation.

Bones of other lengths, a body of another size, a camera that stands a little elsewhere, a tracker
that errs: each changes 3D and 2D together. Bones keep their directions, and what hangs on a bone
moves along with it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

import torch
from torch import Tensor

from liftpose.geometry.bones import tree_edges
from liftpose.geometry.camera import Camera, as_camera
from liftpose.geometry.rotation import from_euler
from liftpose.lifter.batch import Batch
from liftpose.lifter.projection import all_finite, image_shifts, only_whole
from liftpose.poses import Key
from liftpose.skeleton import Skeleton

AUTO = "auto"

STRENGTHS = (0.5, 1.0)
"""Strengths that are tried, beside none at all, where the strength is to be chosen."""

SHORTEST = 0.01
"""Least share of a length that a draw leaves: a Gaussian can fall to zero or below, and a bone has
to keep a direction."""

Edges = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class BoneTree:
    """Bones, each with the joint that it hangs on.

    Parameters
    ----------
    edges : tuple of (near, far)
        Every bone, after the one that its near joint hangs on.
    joint_count : int
        Number of joints J.

    Examples
    --------
    >>> BoneTree.of_skeleton(Skeleton(["hip", "knee", "toe"], [(2, 1), (1, 0)], roots=["hip"]))
    BoneTree(edges=((0, 1), (1, 2)), joint_count=3)
    """

    edges: Edges
    joint_count: int

    @classmethod
    def of_children(cls, child: Sequence[Iterable[int]]) -> BoneTree:
        """Read the tree from the joints that hang on each joint; see `tree_edges`."""
        return cls(tree_edges(child), len(child))

    @classmethod
    def of_skeleton(cls, skeleton: Skeleton) -> BoneTree:
        """Let every bone of a skeleton hang on the side of its nearest root.

        A bone that closes a ring is in no tree, and left out. Parts of the body that no bone joins
        to a root hang on their first joint.
        """
        beside: dict[int, list[int]] = {joint: [] for joint in range(skeleton.joint_count)}
        for a, b in skeleton.bones:
            beside[a].append(b)
            beside[b].append(a)
        found: set[int] = set()
        edges: list[tuple[int, int]] = []
        # The first root alone to begin with: where bones join the roots, one tree is enough.
        for start in (*(skeleton.sets.roots if skeleton.bones else ()), *beside):
            queue = [] if start in found else [start]
            found.update(queue)
            for near in queue:
                for far in beside[near]:
                    if far not in found:
                        found.add(far)
                        queue.append(far)
                        edges.append((near, far))
        return cls(tuple(edges), skeleton.joint_count)

    def vectors(self, pose: Tensor) -> tuple[Tensor, Tensor]:
        """Give every bone's vector and length.

        Parameters
        ----------
        pose : Tensor, shape (B, J, 3)

        Returns
        -------
        vectors : Tensor, shape (B, E, 3)
            Zero where an end is not known.
        lengths : Tensor, shape (B, E)
        """
        near, far = [a for a, _ in self.edges], [b for _, b in self.edges]
        vectors = pose[:, far] - pose[:, near]
        vectors = torch.where(all_finite(vectors)[..., None], vectors, 0.0)
        return vectors, vectors.norm(dim=-1)

    def shifts(self, growth: Tensor) -> Tensor:
        """Let every joint move along with the bones between it and its root.

        Parameters
        ----------
        growth : Tensor, shape (B, E, 3), float64
            What each bone's vector gains.

        Returns
        -------
        Tensor, shape (B, J, 3)
        """
        carries = _carries(self.edges, self.joint_count).to(growth)
        return torch.einsum("je,bed->bjd", carries, growth)


@lru_cache(maxsize=64)
def _carries(edges: Edges, joint_count: int) -> Tensor:
    """For every joint a row, with 1 for each bone that carries it."""
    carries = torch.zeros(joint_count, len(edges), dtype=torch.float64)
    for number, (near, far) in enumerate(edges):
        carries[far] = carries[near]
        carries[far, number] = 1.0
    return carries


@lru_cache(maxsize=64)
def tree_of(skeleton: Skeleton) -> BoneTree:
    """Give the tree of a skeleton's bones; see `BoneTree.of_skeleton`."""
    return BoneTree.of_skeleton(skeleton)


def relative_growth(
    tree: BoneTree, pose: Tensor, spread: float, generator: torch.Generator
) -> Tensor:
    """Draw how much the bones of every pose gain, as a share of their own lengths.

    Parameters
    ----------
    tree : BoneTree
        The bones.
    pose : Tensor, shape (B, J, 3), float64
        Joint positions.
    spread : float
        Standard deviation of the share.
    generator : torch.Generator
        On the CPU.

    Returns
    -------
    Tensor, shape (B, E, 3), float64
    """
    vectors, lengths = tree.vectors(pose)
    share = factors(lengths.shape, spread, generator).to(pose.device)
    return vectors * (share - 1.0)[..., None]


def factors(shape: Sequence[int], spread: float, generator: torch.Generator) -> Tensor:
    """Draw factors about 1, none below a hundredth."""
    normal = torch.randn(tuple(shape), generator=generator, dtype=torch.float64)
    return (1.0 + spread * normal).clamp(min=SHORTEST)


def moved(batch: Batch, shifts: Tensor, camera: Camera | None) -> Batch:
    """Move joints in space and, as a camera shows it, in the image.

    Parameters
    ----------
    batch : Batch
        With three coordinates in 3D.
    shifts : Tensor, shape (B, J, 3), float64, finite
        By how much every joint moves.
    camera : Camera, optional
        What filmed the poses, where the batch does not know.

    Returns
    -------
    Batch
    """
    cameras = () if camera is None else (camera,) * len(batch.keys)
    in_image = image_shifts(batch, batch.pose_3d, shifts, cameras)
    return replace(batch, pose_2d=batch.pose_2d + in_image, pose_3d=batch.pose_3d + shifts)


def body_of(skeleton: Skeleton | None, batch: Batch, name: str) -> Skeleton:
    """Give the skeleton that an augmentation was given, or else the batch's.

    Parameters
    ----------
    skeleton : Skeleton or None
        What the user gave.
    batch : Batch
        What is augmented.
    name : str
        Of the augmentation, for the error.

    Returns
    -------
    Skeleton

    Raises
    ------
    ValueError
        Nobody knows the skeleton.
    """
    known = skeleton or batch.skeleton
    if known is None:
        raise ValueError(f"{name} needs the bones: give skeleton=, or train with a skeleton.")
    return known


def check_body(skeleton: Skeleton | None, joint_count: int, name: str) -> None:
    """Raise where a skeleton is of other joints than the poses."""
    if skeleton is not None and skeleton.joint_count != joint_count:
        raise ValueError(
            f"the skeleton given to {name} has {skeleton.joint_count} joints and the poses have "
            f"{joint_count}."
        )


def check_bones(skeleton: Skeleton | None, name: str) -> None:
    """Raise where a skeleton is known and has no bones."""
    if skeleton is not None and not skeleton.bones:
        raise ValueError(f"{name} changes lengths of bones, and the skeleton has no bones.")


def check_share(value: Any, name: str) -> float:
    """Check a spread or an amount: finite, not negative."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} is {value!r}; expected a number.")
    if not (math.isfinite(value) and value >= 0):
        raise ValueError(f"{name} must be finite and not negative; got {value}.")
    return float(value)


def physical(
    skeleton: Skeleton | None = None,
    camera: Any = None,
    *,
    strength: float | str = 1.0,
    bones: float = 0.1,
    size: float = 0.1,
    rotation: float = 5.0,
    noise: float = 0.01,
) -> Physical:
    """Show every pose as another animal before a camera that stands a little elsewhere.

    For each pose are drawn: a factor for each bone, a factor for the whole body, and a turn about
    each axis. Bones keep their directions up to that turn, and what hangs on a bone moves along
    with it; size and turn are about the middle of the known joints. The 2D moves as the camera
    shows it, and gets noise. What of all this makes a lifter better or worse differs between
    recordings: with ``strength="auto"`` that is found out on held-out blocks of the training data,
    and may come out as none.

    Parameters
    ----------
    skeleton : Skeleton, optional
        Its bones; a lifter gives its own where none is given. Without bones their lengths stay.
    camera : Camera, optional
        What filmed the poses. A lifter that is fitted with cameras gives its own. Where nobody
        knows, one affine (weak perspective) camera is fitted for each experiment of the batch.
    strength : float or "auto"
        Multiplies the four amounts below. ``"auto"``: `Lifter.fit` takes the one of 0, 0.5 and 1
        with which a linear map lifts held-out frames, as they are, best.
    bones : float
        Standard deviation of each bone's factor.
    size : float
        Standard deviation of the body's factor.
    rotation : float, degrees
        Standard deviation of the turn about each axis.
    noise : float
        Standard deviation of noise on every 2D coordinate, as a share of the pose's extent in
        the image (root mean square distance of its seen joints from their middle).

    Returns
    -------
    Augmentation
        Needs 3D poses with three coordinates. Where it turns, a joint of which not all three
        coordinates count and are finite does not count afterwards.

    Raises
    ------
    ValueError
        An amount that is negative or not finite, another word than "auto"; when checked or
        called, a skeleton of other joints, or 3D with one coordinate only.
    TypeError
        Something that is no number, no skeleton or no camera.

    Examples
    --------
    >>> physical(strength=0.5).makes_2d
    False
    """
    if isinstance(strength, str):
        if strength != AUTO:
            raise ValueError(f'strength is {strength!r}; expected a number, or "auto".')
    else:
        strength = check_share(strength, "strength")
    if skeleton is not None and not isinstance(skeleton, Skeleton):
        raise TypeError(f"skeleton is a {type(skeleton).__name__}; expected a liftpose.Skeleton.")
    return Physical(
        skeleton=skeleton,
        camera=None if camera is None else as_camera(camera, "camera"),
        strength=strength,
        bones=check_share(bones, "bones"),
        size=check_share(size, "size"),
        rotation=check_share(rotation, "rotation"),
        noise=check_share(noise, "noise"),
    )


@dataclass(frozen=True)
class Physical:
    """What `physical` makes."""

    skeleton: Skeleton | None
    camera: Camera | None
    strength: float | str
    bones: float
    size: float
    rotation: float
    noise: float
    norm_2d: ClassVar[bool | None] = None
    makes_2d: ClassVar[bool] = False
    moves: ClassVar[bool] = True

    def check(self, keys: Sequence[Key], joint_count: int) -> None:
        """See `Augmentation`."""
        check_body(self.skeleton, joint_count, "physical")

    def at(self, strength: float) -> Physical:
        """Give the same with a strength that is known."""
        return replace(self, strength=strength)

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Give other animals."""
        if batch.pose_3d.shape[-1] != 3:
            raise ValueError(
                "physical needs 3D poses with three coordinates; got shape "
                f"{tuple(batch.pose_3d.shape)}. Leave it out where only one coordinate is lifted."
            )
        if isinstance(self.strength, str):
            raise ValueError('strength "auto" is chosen by Lifter.fit; give a number here.')
        self.check(batch.keys, batch.pose_3d.shape[1])
        batch = self._whole(batch)
        batch = moved(batch, self._shifts(batch, self.strength, generator), self.camera)
        return replace(batch, pose_2d=batch.pose_2d + self._noise(batch, generator))

    def _whole(self, batch: Batch) -> Batch:
        """Take out joints of which a coordinate is missing: a turn mixes them."""
        if not self.rotation:
            return batch
        whole = all_finite(batch.pose_3d)
        pose = torch.where(whole[..., None], batch.pose_3d, torch.nan)
        return replace(batch, pose_3d=pose, counts=only_whole(batch.counts, whole))

    def _shifts(self, batch: Batch, strength: float, generator: torch.Generator) -> Tensor:
        pose = batch.pose_3d
        known = all_finite(pose)[..., None]
        number = known.sum(dim=1, keepdim=True).clamp(min=1)
        middle = torch.where(known, pose, 0.0).sum(dim=1, keepdim=True) / number
        start = torch.where(known, pose, middle)
        grown = start
        tree = tree_of(body_of(self.skeleton, batch, "physical"))
        if tree.edges:
            growth = relative_growth(tree, pose, strength * self.bones, generator)
            grown = start + tree.shifts(growth)
        body = factors((len(pose), 1, 1), strength * self.size, generator).to(pose.device)
        angles = torch.randn((len(pose), 3), generator=generator, dtype=torch.float64)
        turn = from_euler("xyz", angles * (strength * self.rotation)).to(pose.device)
        turned: Tensor = (grown - middle) * body @ turn.mT
        return turned + middle - start

    def _noise(self, batch: Batch, generator: torch.Generator) -> Tensor:
        image = batch.pose_2d
        noise = torch.randn(image.shape, generator=generator, dtype=torch.float64)
        middle = image.nanmean(dim=1, keepdim=True)
        extent = (image - middle).square().sum(-1).nanmean(dim=1).sqrt()
        amount = float(self.strength) * self.noise * extent.nan_to_num(0.0)
        added: Tensor = amount[:, None, None] * noise.to(image.device)
        return added
