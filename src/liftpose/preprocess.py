"""What scripts for liftpose 0.22 import of its room of this name.

Anchoring, unit norm and standardisation are done by the lifter (`liftpose.lifter.normalization`).
"""

from __future__ import annotations

import hashlib
import logging
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from liftpose.files import replacing
from liftpose.lifter.augmentation import random_project
from liftpose.lifter.batch import Augmentation, Batch
from liftpose.lifter.normalization import Anchoring, anchored_inputs, counted_values
from liftpose.lifter.preparation import as_batch, fingerprint, generator_for
from liftpose.poses import Floats, Poses
from liftpose.skeleton import TargetSets

__all__ = ["obtain_projected_stats"]

log = logging.getLogger("liftpose")

NAMES = ("mean_2d", "std_2d", "mean_3d", "std_3d")
FILE = "stats.npz"

Stats = tuple[Floats, Floats, Floats, Floats]


def obtain_projected_stats(
    pts3d: Any,
    eangles: Any,
    axsorder: str,
    vis: Any,
    tvec: Any,
    intr: Any,
    roots: Any,
    target_sets: Any,
    out_dir: str | os.PathLike[str],
    load_existing: bool = True,
    th: float = 0.05,
    norm_2d: bool = True,
    *,
    seed: int = 0,
) -> Stats:
    """Estimate the statistics of poses that are turned and projected at random.

    Every round turns and projects all poses once more (see `random_project`) and takes the
    statistics of all rounds together, until a round changes them by less than `th`: the sum of
    the Euclidean norms of the changes of the four arrays. That is an absolute measure, in
    pixels (none with `norm_2d`) and the unit of the 3D alike.

    `Lifter.fit` and `liftpose.main.train` take such statistics themselves; this is for scripts
    that ask for them, and for ``train(..., stats=)`` with the published network.

    Parameters
    ----------
    pts3d : array, shape (N, J, 3), dict of such arrays, or Poses
        NaN = not known.
    eangles, axsorder, vis, tvec, intr
        As of `random_project`.
    roots, target_sets : sequences of int
        As of `liftpose.main.train`.
    out_dir : path-like
        Folder for ``stats.npz``, with the statistics; it is made where it is not there.
    load_existing : bool
        Take them from ``stats.npz``, if that is of the same poses and arguments.
    th : float
        Change at which to stop, positive.
    norm_2d : bool
        Whether the 2D of each pose is scaled to unit norm.
    seed : int
        Of all draws.

    Returns
    -------
    mean_2d, std_2d : array, shape (2 J,), float64
        Of the 2D relative to the roots. What was not seen does not count; joints that are never
        seen, roots, and joints in no target set have mean 0 and standard deviation 1.
    mean_3d, std_3d : array, shape (3 J,), float64
        Of the 3D likewise, in its unit.

    Raises
    ------
    ValueError, TypeError
        Poses or arguments that make no sense.

    Examples
    --------
    >>> import tempfile
    >>> pose_3d = np.random.default_rng(0).normal(size=(500, 3, 3))
    >>> mean_2d, std_2d, mean_3d, std_3d = obtain_projected_stats(
    ...     pose_3d, {0: [[-180, 180]] * 3}, "zyx", None, None, None, [0], [1, 2],
    ...     tempfile.mkdtemp(), norm_2d=False,
    ... )
    >>> std_3d.shape
    (9,)
    >>> std_3d[3:].round(0).tolist()
    [1.0, 1.0, 1.0, 1.0, 1.0, 1.0]
    """
    if not (np.isfinite(th) and th > 0):
        raise ValueError(f"th is {th}; expected a positive number, or no round would be the last.")
    poses = pts3d
    if not isinstance(poses, Poses):
        poses = Poses.from_experiments(pts3d, None, (3,), "pts3d")
    sets = TargetSets.resolve(roots, target_sets, poses.joint_count)
    step = random_project(eangles, axsorder, vis, tvec, intr, norm_2d)
    step.check(poses.keys, poses.joint_count)
    data = as_batch(Poses.unseen(poses, 2), poses, sets)
    settings = repr((step, sets, float(th), bool(norm_2d), int(seed)))
    digest = hashlib.sha256(f"{fingerprint(data)} {settings}".encode()).hexdigest()
    path = Path(out_dir) / FILE
    found = _stored(path, digest) if load_existing else None
    if found is not None:
        return found
    stats = _estimated(data, step, sets, th, bool(norm_2d), seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as beside, beside.open("wb") as file:
        contents: dict[str, Any] = {"digest": np.array(digest)}
        contents |= zip(NAMES, stats, strict=True)
        np.savez(file, **contents)
    return stats


def _stored(path: Path, digest: str) -> Stats | None:
    """Statistics of earlier, if they are of the same poses and arguments."""
    if not path.exists():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            same = str(stored["digest"]) == digest
            mean_2d, std_2d, mean_3d, std_3d = (stored[name] for name in NAMES)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        log.warning("%s is none of ours or damaged; the statistics are estimated anew.", path)
        return None
    if same:
        return mean_2d, std_2d, mean_3d, std_3d
    log.info("%s is of other poses or arguments; the statistics are estimated anew.", path)
    return None


def _estimated(
    data: Batch, step: Augmentation, sets: TargetSets, th: float, norm_2d: bool, seed: int
) -> Stats:
    anchoring, generator = Anchoring(sets), generator_for(seed, "projected statistics")
    pooled_2d, pooled_3d = _Pooled(), _Pooled()
    stats: Stats = (np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))
    change, rounds = np.inf, 0
    while change >= th:
        turned = step(data, generator)
        image = anchored_inputs(anchoring, turned.pose_2d, norm_2d).flatten(1)
        space = anchoring.relative(turned.pose_3d).flatten(1)
        counts = counted_values(anchoring, turned.pose_2d, turned.pose_3d, turned.counts)
        pooled_2d = pooled_2d.with_more(image, image.isfinite())
        pooled_3d = pooled_3d.with_more(space, counts.flatten(1))
        now = (*_flat(pooled_2d, sets, 2), *_flat(pooled_3d, sets, 3))
        if rounds:
            change = sum(float(np.linalg.norm(a - b)) for a, b in zip(now, stats, strict=True))
        stats, rounds = now, rounds + 1
    log.info(
        "statistics of %d rounds of projections; the last changed them by %.3g.", rounds, change
    )
    return stats


@dataclass(frozen=True)
class _Pooled:
    """Number, mean and sum of squares about it of every column, over several tables.

    References
    ----------
    T. F. Chan, G. H. Golub and R. J. LeVeque, "Algorithms for computing the sample variance:
    analysis and recommendations", The American Statistician 37(3), 242-247, 1983.
    """

    number: Tensor | float = 0.0
    mean: Tensor | float = 0.0
    squares: Tensor | float = 0.0

    def with_more(self, values: Tensor, counts: Tensor) -> _Pooled:
        """Add a table (N, F); what does not count may be NaN."""
        number = counts.sum(0).double()
        mean = torch.where(counts, values, 0.0).sum(0) / number.clamp(min=1)
        squares = torch.where(counts, values - mean, 0.0).square().sum(0)
        together = self.number + number
        apart = mean - self.mean
        share = number / together.clamp(min=1)
        return _Pooled(
            together,
            self.mean + apart * share,
            self.squares + squares + apart.square() * self.number * share,
        )

    def moments(self) -> tuple[Tensor, Tensor]:
        """Mean and standard deviation; 1 where nothing varies."""
        number, mean, squares = (torch.as_tensor(part) for part in vars(self).values())
        std = (squares / number.clamp(min=1)).sqrt()
        # A constant column differs from its mean by rounding only.
        return mean, torch.where(std > 1e-9 * (1 + mean.abs()), std, 1.0)


def _flat(pooled: _Pooled, sets: TargetSets, dims: int) -> tuple[Floats, Floats]:
    """Mean and standard deviation of all joints, those that are no targets 0 and 1."""
    targets = list(sets.targets)
    mean, std = np.zeros((sets.joint_count, dims)), np.ones((sets.joint_count, dims))
    for whole, part in zip((mean, std), pooled.moments(), strict=True):
        whole[targets] = part.reshape(-1, dims)[: len(targets)].numpy()
    return mean.ravel(), std.ravel()
