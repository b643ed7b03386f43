"""Other animals, and other trackers, than those of a library."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from liftpose.lifter.batch import Batch
from liftpose.lifter.physical import relative_growth, tree_of
from liftpose.poses import Key, Poses
from liftpose.skeleton import Skeleton


@dataclass(frozen=True)
class Variation:
    """Show every pose of a library as another animal, whose joints another tracker marks.

    Nobody knows beforehand how an animal is built, nor where on its skin a tracker puts a joint:
    a lifter that has seen one build and one convention only is brittle to all others. The defaults
    were chosen on a mouse and a dog; see the documents.

    Parameters
    ----------
    skeleton : Skeleton
        Its bones.
    bones : float
        Standard deviation of each bone's length, as a share.
    build : float
        Standard deviation of the logarithm of the body's length, width and height.
    slide : float
        Joints are marked up to this share of a bone away from its end, towards the next joint.
    scatter : float
        Standard deviation of where a joint is marked, as a share of the pose's extent (root mean
        square distance of its joints from their middle).

    Examples
    --------
    >>> Variation(Skeleton(["hip", "knee"], [(0, 1)], roots=["hip"])).makes_2d
    False
    """

    skeleton: Skeleton
    bones: float = 0.2
    build: float = 0.2
    slide: float = 0.6
    scatter: float = 0.06
    norm_2d: ClassVar[bool | None] = None
    makes_2d: ClassVar[bool] = False
    moves: ClassVar[bool] = True

    def of(self, variety: float) -> Variation:
        """Give the same, all amounts multiplied by a number."""
        return replace(
            self,
            bones=variety * self.bones,
            build=variety * self.build,
            slide=variety * self.slide,
            scatter=variety * self.scatter,
        )

    def poses(self, poses: Poses, seed: int) -> Poses:
        """Vary every pose once, as `varied` does."""
        generator = torch.Generator().manual_seed(seed)
        points = torch.from_numpy(np.array(poses.points, np.float64))
        varied = self.varied(points, generator).numpy()
        return replace(poses, points=varied, given=varied)

    def check(self, keys: Sequence[Key], joint_count: int) -> None:
        """See `liftpose.lifter.batch.Augmentation`."""

    def __call__(self, batch: Batch, generator: torch.Generator) -> Batch:
        """Give other animals; the 2D is made afterwards."""
        return replace(batch, pose_3d=self.varied(batch.pose_3d, generator))

    def varied(self, poses: Tensor, generator: torch.Generator) -> Tensor:
        """Vary complete poses of which `x` points ahead and `z` up.

        Parameters
        ----------
        poses : Tensor, shape (B, J, 3), float64
        generator : torch.Generator

        Returns
        -------
        Tensor, shape (B, J, 3)
        """

        def draw(*shape: int) -> Tensor:
            return torch.randn(shape, generator=generator, dtype=torch.float64)

        middle = poses.mean(dim=1, keepdim=True)
        extent = (poses - middle).square().sum(-1).mean(dim=1).sqrt()[:, None, None]
        tree = tree_of(self.skeleton)
        grown = poses
        if tree.edges:
            grown = grown + tree.shifts(relative_growth(tree, poses, self.bones, generator))
            grown = grown + self._slid(grown, generator)
        grown = grown + self.scatter * extent * draw(*poses.shape)
        return (grown - middle) * torch.exp(self.build * draw(len(poses), 1, 3)) + middle

    def _slid(self, poses: Tensor, generator: torch.Generator) -> Tensor:
        """By how much joints are marked nearer to the next ones along a bone."""
        one, other = torch.tensor(self.skeleton.bones).T
        start, end = torch.cat([one, other]), torch.cat([other, one])
        share = torch.rand((len(poses), len(start), 1), generator=generator, dtype=torch.float64)
        degree = torch.bincount(start, minlength=poses.shape[1]).clamp(min=1)
        moves = self.slide * share * (poses[:, end] - poses[:, start]) / degree[start, None]
        return torch.zeros_like(poses).index_add(1, start, moves)
