"""What an augmentation is given and gives back: the poses of one training batch.

NaN means not seen (2D) or not known (3D).
"""

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from liftpose.geometry.camera import Camera
from liftpose.poses import Key
from liftpose.skeleton import Skeleton


@dataclass(frozen=True)
class Batch:
    """Poses of a training batch, before they are made root-relative and normalized.

    How a tensor lies in memory is free (see `frames_last`): ``reshape`` works on each, ``view``
    need not.

    Parameters
    ----------
    pose_2d : Tensor, shape (B, J, 2), float64, pixels
        NaN = not seen.
    pose_3d : Tensor, shape (B, J, D), float64, the caller's unit and frame
        D is 3 or 1. NaN = not known.
    counts : Tensor, shape (B, J, D), bool
        Values that count in the loss and in statistics.
    experiment : Tensor, shape (B,), int64
        Index into `keys` for each pose.
    keys : tuple of Key
        The experiments' names: a string, a number, or a tuple of those. The last entry of a tuple
        may name the experiment's camera.
    roots : tuple of int
        Root joint of each target set.
    target_sets : tuple of tuple of int
        Joints that are predicted relative to each root.
    cameras : tuple of Camera
        For each experiment the camera whose ``project`` takes `pose_3d` to `pose_2d`; empty where
        they are not known. An augmentation that changes how the two go together says so here.
    skeleton : Skeleton, optional
        What is known of the animal's body.

    Examples
    --------
    >>> batch = Batch(
    ...     pose_2d=torch.zeros(4, 2, 2, dtype=torch.float64),
    ...     pose_3d=torch.zeros(4, 2, 3, dtype=torch.float64),
    ...     counts=torch.ones(4, 2, 3, dtype=torch.bool),
    ...     experiment=torch.zeros(4, dtype=torch.int64),
    ...     keys=("fly1",),
    ...     roots=(0,),
    ...     target_sets=((1,),),
    ... )
    >>> batch.pose_3d.shape
    torch.Size([4, 2, 3])
    """

    pose_2d: Tensor
    pose_3d: Tensor
    counts: Tensor
    experiment: Tensor
    keys: tuple[Key, ...]
    roots: tuple[int, ...]
    target_sets: tuple[tuple[int, ...], ...]
    cameras: tuple[Camera, ...] = ()
    skeleton: Skeleton | None = None


def frames_last(points: Tensor) -> Tensor:
    """Lay out points so that each coordinate of a joint is one run of memory over the frames.

    What is done to whole batches is several times as fast in this order, and a result of
    elementwise operations has the order of what it was made from. Permuted back it is like any
    other tensor of its shape, and costs nothing to lay out again.

    Parameters
    ----------
    points : Tensor, shape (B, J, D)
        In any order of memory.

    Returns
    -------
    Tensor, shape (J, D, B), contiguous
        ``result.permute(2, 0, 1)`` is `points`.

    Examples
    --------
    >>> points = torch.rand(4, 2, 3)
    >>> torch.equal(frames_last(points).permute(2, 0, 1), points)
    True
    """
    return points.permute(1, 2, 0).contiguous()


def is_complete(points: Tensor) -> bool:
    """Tell whether no number is NaN or infinite, at a tenth of what asking each of them costs.

    Parameters
    ----------
    points : Tensor, any shape

    Returns
    -------
    bool
        Also False for numbers so large that their sum is infinite.

    Examples
    --------
    >>> is_complete(torch.tensor([1.0, 2.0])), is_complete(torch.tensor([1.0, torch.nan]))
    (True, False)
    """
    return math.isfinite(float(points.sum()))


class Augmentation(Protocol):
    """Anything that can be called with a batch and a CPU generator and gives a new batch.

    The trainer also reads three attributes where they are there, as they are on every
    augmentation of `liftpose.lifter.augmentation`: ``makes_2d`` (bool; the 2D comes from the 3D,
    so that training needs no 2D; taken as False), ``norm_2d`` (bool or None; whether poses in 2D
    are to be scaled to unit norm, None for no opinion; taken as None), ``norm_2d_default`` (bool;
    what is done where nobody has an opinion) and ``check(keys, joint_count)``, which raises
    ValueError before training starts when the augmentation does not fit the data.

    Examples
    --------
    >>> from dataclasses import replace
    >>> def mirror(batch: Batch, generator: torch.Generator) -> Batch:
    ...     flip = torch.tensor([-1.0, 1.0, 1.0], dtype=torch.float64)
    ...     return replace(batch, pose_2d=batch.pose_2d * flip[:2], pose_3d=batch.pose_3d * flip)
    >>> augmentation: Augmentation = mirror
    """

    def __call__(self, batch: Batch, generator: torch.Generator, /) -> Batch:
        """Give a changed batch, drawing from the generator alone."""
