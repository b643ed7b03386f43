"""Held-out blocks of the training data, on which every choice is made.

Neighbouring frames are nearly the same pose: choosing on random frames rewards memory. What is
held out are therefore whole recordings, or blocks of time with a gap around them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from liftpose.poses import Key, Poses

FOLDS = 4

RECORDINGS = 3
"""Recordings from which on whole ones are held out: blocks of time of an animal that is learned
from tell too little of another one."""

SAME = 1e-6
"""Share of the ridge's error that a whole unit of weight has to gain, to be taken at all."""

GAP = 50
"""Frames left out on either side of a held-out block (a quarter of a block where that is less)."""

_JOINTS = 8192
"""Joints whose distances with all weights are held in memory at a time."""

Rows = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Fold:
    """Rows to learn from, and the held-out rows to judge on."""

    train: Rows
    held: Rows


@dataclass(frozen=True)
class Folds:
    """Folds of the training data, each held out once.

    Parameters
    ----------
    folds : tuple of Fold
        The folds; their held-out rows are disjoint.
    kind : str
        ``"recordings"``, ``"blocks"`` (of time), ``"validation"`` (poses given for it), or
        ``"none"`` where there are too few frames to hold any out: then the one fold is judged on
        what it learned from, which decides nothing.
    copies : int
        How often each frame is among the rows, as it was or changed.
    """

    folds: tuple[Fold, ...]
    kind: str
    copies: int = 1

    @property
    def honest(self) -> bool:
        """Whether the held-out rows were held out."""
        return self.kind != "none"

    @property
    def held(self) -> Rows:
        """All rows that some fold holds out: the usable ones."""
        return np.concatenate([fold.held for fold in self.folds])

    def summary(self, poses: Poses) -> dict[str, Any]:
        """Tell what is held out, and how many frames of the training data are used and left out."""
        used = len(self.held)
        return {"folds": self.describe(), "frames": used, "left_out": poses.frames - used}

    def describe(self) -> str:
        """Say in words what is held out."""
        if not self.honest:
            return "nothing held out: too few frames"
        what = {
            "recordings": "whole recordings",
            "blocks": "blocks of time with a gap",
            "validation": "validation poses",
        }
        return f"{len(self.folds)} folds of {what[self.kind]}"


def hold_out(
    poses: Poses,
    usable: npt.NDArray[np.bool_],
    count: int = FOLDS,
    recordings_from: int = RECORDINGS,
) -> Folds:
    """Divide training frames into folds, each to be held out once.

    Whole recordings are held out where there are enough of them, else blocks of time. Experiments
    whose tuple keys differ in the last element only (the camera) are one recording.

    Parameters
    ----------
    poses : Poses
        The training data.
    usable : bool array, shape (N,)
        Frames with something to learn from; the others are in no fold.
    count : int
        Number of folds; of fewer recordings there is one fold each.
    recordings_from : int
        How many recordings are enough.

    Returns
    -------
    Folds
    """
    recordings = recording_of(poses.keys)[poses.experiment]
    rows = np.flatnonzero(usable)
    found = len(np.unique(recordings[rows]))
    if found >= recordings_from:
        count = min(count, found)
        held = _by_recording(recordings[rows], count)
        folds = [Fold(rows[held != k], rows[held == k]) for k in range(count)]
        return Folds(tuple(folds), "recordings")
    folds = _by_time(poses, rows, count)
    if len(folds) < 2:
        return Folds((Fold(rows, rows),), "none")
    return Folds(tuple(folds), "blocks")


def recording_of(keys: Sequence[Key]) -> Rows:
    """Number the recordings that experiments belong to.

    Parameters
    ----------
    keys : sequence of str, number or tuple
        Names of the experiments.

    Returns
    -------
    array of int, shape (len(keys),)

    Examples
    --------
    >>> recording_of([("fly1", 0), ("fly1", 1), ("fly2", 0), "other"])
    array([0, 0, 1, 2])
    """
    names = [
        ("several", key[:-1]) if isinstance(key, tuple) and len(key) > 1 else ("one", key)
        for key in keys
    ]
    numbers = {name: i for i, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names], dtype=np.int64)


def _by_recording(recordings: Rows, count: int) -> Rows:
    """Fold of each row: recordings, longest first, each to the fold that has least."""
    numbers, sizes = np.unique(recordings, return_counts=True)
    load = np.zeros(count, dtype=np.int64)
    fold_of = {}
    for place in np.argsort(-sizes, kind="stable"):
        lightest = int(np.argmin(load))
        fold_of[numbers[place]] = lightest
        load[lightest] += sizes[place]
    return np.array([fold_of[number] for number in recordings], dtype=np.int64)


def _by_time(poses: Poses, rows: Rows, count: int) -> list[Fold]:
    """Fold k holds out the k-th of `count` stretches of every experiment."""
    frame = np.concatenate([np.arange(length) for length in poses.lengths])[rows]
    length = np.repeat(poses.lengths, poses.lengths)[rows]
    gap = np.minimum(GAP, length // (4 * count))
    folds = []
    for k in range(count):
        start, stop = length * k // count, length * (k + 1) // count
        held = (frame >= start) & (frame < stop)
        near = (frame >= start - gap) & (frame < stop + gap)
        if held.any() and not near.all():
            folds.append(Fold(rows[~near], rows[held]))
    return folds


@dataclass(frozen=True)
class Weights:
    """How much of each member is added to the ridge, and what that is worth on held-out frames.

    Parameters
    ----------
    values : dict of str to float
        Of each member, in 0 .. 1, together at most 1; zeros leave the ridge alone.
    error : float
        What the choice was made on; lower is better.
    mpjpe, ridge_mpjpe : float
        Mean held-out distance of the targets, with these weights and of the ridge alone, in the
        data's unit.
    """

    values: dict[str, float]
    error: float
    mpjpe: float
    ridge_mpjpe: float


def choose_weights(
    missing: Sequence[Tensor], additions: Mapping[str, Sequence[Tensor]], steps: int = 10
) -> Weights:
    """Choose how much of each addition to the ridge to take.

    The error in each fold is taken relative to the ridge's there and averaged over the folds, so
    that one in which all members are far off counts no more than the others. Of weights that are
    as good those with the smallest sum are taken.

    Parameters
    ----------
    missing : sequence of tensors, shape (M, D)
        For each fold, what the ridge leaves to be explained of M held-out joints.
    additions : mapping of str to sequence of tensors, shape (M, D)
        For each member and fold, what it adds to the ridge there.
    steps : int
        Weights are tried in so many steps from 0 to 1.

    Returns
    -------
    Weights

    Examples
    --------
    >>> missing = [torch.ones(5, 3) for _ in range(4)]
    >>> choose_weights(missing, {"twice": [2 * part for part in missing]}).values
    {'twice': 0.5}
    """
    tried = _weights(len(additions), steps)
    of_folds = zip(*additions.values(), strict=True) if additions else [()] * len(missing)
    distances = torch.stack(
        [_mean_distances(m, added, tried) for m, added in zip(missing, of_folds, strict=True)]
    )
    error = (distances / distances[:, :1].clamp(min=1e-12)).mean(0)
    best = int((error + SAME * tried.sum(1)).argmin())
    sizes = torch.tensor([len(part) for part in missing], dtype=torch.float64)
    mean = (distances * sizes.unsqueeze(1)).sum(0) / sizes.sum()
    values = [round(float(value) * steps) / steps for value in tried[best]]
    named = dict(zip(additions, values, strict=True))
    return Weights(named, float(error[best]), float(mean[best]), float(mean[0]))


def _weights(members: int, steps: int) -> Tensor:
    """All weights that add up to 1 at most, shape (W, members); the first are zeros."""
    if members == 0:
        return torch.zeros(1, 0, dtype=torch.float64)
    grid = torch.cartesian_prod(*[torch.arange(steps + 1)] * members).reshape(-1, members)
    return grid[grid.sum(1) <= steps].double() / steps


def _mean_distances(missing: Tensor, additions: Sequence[Tensor], tried: Tensor) -> Tensor:
    """Mean length of what is left of `missing` with each of the weights, shape (W,)."""
    parts = torch.stack([missing, *additions]).double()
    signs = torch.cat([tried.new_ones(len(tried), 1), -tried], 1).to(parts.device)
    # The square of a length is quadratic in the weights: few products of each joint serve them all.
    products = torch.einsum("amd,bmd->mab", parts, parts).flatten(1)
    quadratic = torch.einsum("wa,wb->abw", signs, signs).flatten(0, 1)
    total = sum((chunk @ quadratic).clamp(min=0).sqrt().sum(0) for chunk in products.split(_JOINTS))
    return (torch.as_tensor(total) / max(1, len(missing))).cpu()
