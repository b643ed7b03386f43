"""What needs no training worth the name: the mean pose, and the nearest frame of the training."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.record.fitting import Training

Floats = NDArray[np.float64]


def relative_to_roots(
    poses: NDArray[np.floating], roots: Sequence[int], target_sets: Sequence[Sequence[int]]
) -> Floats:
    """Take each target relative to its own root.

    Parameters
    ----------
    poses : array, shape (N, J, D)
        Any unit and frame.
    roots : sequence of int
        Root joint of each target set.
    target_sets : sequence of sequence of int
        The targets of each.

    Returns
    -------
    array, shape (N, J, D)
        NaN for joints that are no target, and where a target or its root was not seen.

    Examples
    --------
    >>> relative_to_roots(np.asarray([[[1.0], [3.0], [8.0]]]), [0], [[2]]).tolist()
    [[[nan], [nan], [7.0]]]
    """
    relative = np.full(poses.shape, np.nan)
    for root, targets in zip(roots, target_sets, strict=True):
        relative[:, targets] = poses[:, targets] - poses[:, [root]]
    return relative


def mean_pose(training: Training, points: Mapping[str, Floats], seed: int) -> dict[str, Floats]:
    """Predict the mean of the training poses for every frame.

    Parameters
    ----------
    training : Training
        What is learned from.
    points : dict of array, shape (N, J, 2)
        Tells how many frames there are.
    seed : int
        Of no use here.

    Returns
    -------
    dict of array, shape (N, J, 3)
        Targets relative to their roots.
    """
    mean = _mean(_learned(training))
    return {name: np.broadcast_to(mean, (len(one), *mean.shape)) for name, one in points.items()}


def nearest(training: Training, points: Mapping[str, Floats], seed: int) -> dict[str, Floats]:
    """Predict the pose of that training frame whose 2D is nearest.

    Distances are Euclidean, of targets relative to their roots and of further roots relative to
    the first, each coordinate divided by its standard deviation in the training. What was not seen
    counts as the mean.

    Parameters
    ----------
    training : Training
        What is learned from.
    points : dict of array, shape (N, J, 2)
        What is lifted.
    seed : int
        Of no use here.

    Returns
    -------
    dict of array, shape (N, J, 3)
        Targets relative to their roots.
    """

    def anchored(poses: Floats) -> Floats:
        first, *further = training.roots
        relative = relative_to_roots(poses, training.roots, training.target_sets)
        relative[:, further] = poses[:, further] - poses[:, [first]]
        wanted = [*sorted({joint for joints in training.target_sets for joint in joints}), *further]
        return relative[:, wanted].reshape(len(poses), -1)

    learned = anchored(np.concatenate(list(training.train_2d.values())))
    mean, std = np.nanmean(learned, axis=0), np.nanstd(learned, axis=0)
    std[~(std > 0)] = 1.0
    tree = cKDTree(np.nan_to_num((learned - mean) / std))
    poses = _learned(training)
    poses = np.where(np.isfinite(poses), poses, _mean(poses))
    return {
        name: poses[tree.query(np.nan_to_num((anchored(one) - mean) / std))[1]]
        for name, one in points.items()
    }


PLAIN: dict[str, Callable[[Training, Mapping[str, Floats], int], dict[str, Floats]]] = {
    "mean": mean_pose,
    "nearest": nearest,
}


def _learned(training: Training) -> Floats:
    poses = np.concatenate(list(training.train_3d.values()))
    return relative_to_roots(poses, training.roots, training.target_sets)


def _mean(poses: Floats) -> Floats:
    """Mean over what was seen, NaN where nothing ever was."""
    counts = np.isfinite(poses).sum(axis=0)
    return np.where(counts > 0, np.nansum(poses, axis=0) / np.maximum(counts, 1), np.nan)
