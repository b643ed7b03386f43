"""What clean recordings are like, measured on held-out blocks of the training data.

Each fold is looked at with what the others taught, in blocks as long as a short recording. Nothing
is measured on examples of mistakes: a sign may be as far from its mean as all but one in a hundred
new recordings are, if folds are draws of a normal distribution (the prediction interval of Hahn and
Meeker 1991, "Statistical Intervals", section 4.7), and further by a margin that does not depend on
data, because a recording of another animal or another day differs by more than blocks do.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from liftpose.lifter.around import Around
from liftpose.lifter.batch import Batch
from liftpose.lifter.mistakes import Flip
from liftpose.lifter.novelty import Novelty, corrections
from liftpose.lifter.preparation import Judged
from liftpose.lifter.selection import Fold, Folds, Rows
from liftpose.lifter.shapes import NUGGETS, RIDGES, Shapes, Statistics
from liftpose.lifter.signs import SIGNS, badness, signs_of_recording
from liftpose.lifter.stages import Stages
from liftpose.lifter.uncertainty import shown_of, unlikeness
from liftpose.lifter.uncertainty_measuring import whitening_of
from liftpose.poses import Floats
from liftpose.poses.verdict import ELSEWHERE, REORDERED
from liftpose.skeleton import Skeleton

BLOCK = 75
"""Frames of a block, about."""

BLOCKS = 6
"""Blocks of a fold at most, evenly taken."""

FEWEST = 20
"""Frames of a block at least."""

LEARNED = 4000
"""Frames at most, taken evenly, that shapes are learned from."""

TRIED = 500
"""Frames of a fold at most, taken evenly, that settings are chosen on."""

QUANTILES = 201
"""Quantiles of held-out frames that are kept."""

PART = 0.99
"""Share of new recordings that a prediction interval holds."""

MARGINS = {"shape": 1.8, "size": 0.3, "residual": 1.5, "bones": 1.25, "moved": 1.5, "wobble": 1.25}
"""Logarithms by which every recording may differ."""

LARGEST = 0.5
"""Logarithm by which the size may differ at most, whatever the blocks do."""

ENOUGH = 5
"""Frames for each coordinate that it takes at least: with fewer, what is taught of the poses is
mostly chance, and clean recordings are taken for wrong ones."""

GAIN = 0.4
"""Logarithms that a correction has to gain at least, of all signs together."""


def measured_novelty(
    stages: Stages,
    judged: Judged,
    folds: Folds,
    skeleton: Skeleton,
    height: int | None,
) -> Novelty | None:
    """Measure on held-out blocks what clean recordings are like.

    Parameters
    ----------
    stages : Stages
        With its closed-form members.
    judged : Judged
        Holds the frames.
    folds : Folds
        What the members hold out of them.
    skeleton : Skeleton
    height : int, pixels, optional
        Of the image, where it is known.

    Returns
    -------
    Novelty or None
        None where there are fewer than `ENOUGH` frames for each coordinate, or fewer than two folds
        have frames enough.
    """
    batch, normalization = judged.batch, stages.normalization
    if not folds.honest or len(folds.folds) < 2:
        return None
    whole = normalization.complete(batch.pose_2d).numpy()
    used = normalization.used
    usable = np.isfinite(whole[:, used.numpy()]).all((1, 2))
    usable &= np.ptp(whole[:, used.numpy()], axis=1).max(1) > 0
    if usable.sum() < ENOUGH * 2 * len(used) * folds.copies:
        return None
    parts = [_Fold(fold, usable) for fold in folds.folds]
    if any(min(len(part.train), len(part.held)) < FEWEST for part in parts):
        return None
    statistics = [Statistics.of(whole[part.some], used) for part in parts]
    settings = _settings(parts, statistics, whole)
    learned = [one.shapes(*settings) for one in statistics]
    everything = _evenly(np.flatnonzero(usable), LEARNED)
    shapes = Statistics.of(whole[everything], used).shapes(*settings)
    usual = float(np.mean(whole[usable][:, used.numpy(), 1]))
    flip = Flip(None if height is None else (height - 1) / 2, usual)
    signs: list[Floats] = []
    gains: dict[str, dict[int, list[float]]] = {}
    for number, (part, known) in enumerate(zip(parts, learned, strict=True)):
        found = [
            _of_block(batch.pose_2d[rows].numpy(), known, stages, number, flip, skeleton)
            for rows in _blocks(part.held, batch)
        ]
        signs.append(np.array([one for one, _ in found]))
        for _, gained in found:
            for name, gain in gained.items():
                gains.setdefault(name, {}).setdefault(number, []).append(gain)
    centre, room = _room(signs)
    around, turned = _around(stages, batch, parts, used)
    return Novelty(
        _quantiles(stages, batch, parts),
        shapes,
        torch.from_numpy(centre),
        torch.from_numpy(room),
        {name: _most(list(of_folds.values())) for name, of_folds in gains.items()}
        | {REORDERED: GAIN, ELSEWHERE: turned},
        flip,
        dict(stages.weights),
        not normalization.norm_2d,
        around,
    )


class _Fold:
    """Usable rows of a fold."""

    def __init__(self, fold: Fold, usable: NDArray[np.bool_]) -> None:
        self.train, self.held = fold.train[usable[fold.train]], fold.held[usable[fold.held]]
        self.some = _evenly(self.train, LEARNED)


def _evenly(rows: Rows, count: int) -> Rows:
    return rows[:: -(-len(rows) // count)]


def _settings(
    parts: Sequence[_Fold], statistics: Sequence[Statistics], whole: Floats
) -> tuple[float, float]:
    """Nugget and ridge that held-out frames are likeliest under."""
    unlikely, off = np.zeros(len(NUGGETS)), np.zeros(len(RIDGES))
    for part, one in zip(parts, statistics, strict=True):
        held = whole[_evenly(part.held, TRIED)]
        for place, nugget in enumerate(NUGGETS):
            shapes = one.shapes(nugget, RIDGES[0])
            unlike, _ = shapes.measure(held)
            # Of heavy tails: a few frames of a kind that is not known do not decide.
            tails = np.log1p(np.exp(unlike)).mean() * len(shapes.mean) / 2
            unlikely[place] += tails - float(torch.linalg.slogdet(shapes.whitening)[1])
        for place, ridge in enumerate(RIDGES):
            _, sizes = one.shapes(NUGGETS[0], ridge).measure(held)
            off[place] += np.abs(sizes).mean()
    return NUGGETS[int(unlikely.argmin())], RIDGES[int(off.argmin())]


def _blocks(held: Rows, batch: Batch) -> list[Rows]:
    """Blocks of the held-out rows of a fold, each of one experiment."""
    experiment = batch.experiment.numpy()[held]
    found: list[Rows] = []
    for one in np.unique(experiment):
        rows = held[experiment == one]
        count = max(1, round(len(rows) / BLOCK))
        found += [part for part in np.array_split(rows, count) if len(part) >= FEWEST]
    found = found or [held]
    return [found[place] for place in np.unique(np.linspace(0, len(found) - 1, BLOCKS).astype(int))]


def _of_block(
    points: Floats, shapes: Shapes, stages: Stages, fold: int, flip: Flip, skeleton: Skeleton
) -> tuple[Floats, dict[str, float]]:
    """Signs of a block, and what corrections seem to gain."""
    signs = signs_of_recording(points, shapes, stages, fold)
    gains = {}
    for name, correct in corrections(flip, skeleton, shapes):
        corrected = signs_of_recording(correct(points), shapes, stages, fold)
        gains[name] = badness(signs) - badness(corrected)
    return signs, gains


def _around(
    stages: Stages, batch: Batch, parts: Sequence[_Fold], used: Tensor
) -> tuple[Around | None, float]:
    """Training poses from all sides, and how much likelier clean ones may seem from another."""
    if stages.bone_fit is None:
        return None, GAIN
    unseen = batch.pose_2d.isnan().any(2, keepdim=True)
    space = torch.where(unseen, torch.nan, batch.pose_3d) @ stages.bone_fit.sight.turn.T
    known = space[:, used].isfinite().all(2).all(1).numpy()
    if any(known[part.train].sum() < FEWEST for part in parts):
        return None, GAIN
    gains = []
    for part in parts:
        others = Around.of(space[_evenly(part.train[known[part.train]], LEARNED)], used)
        found = [others.gain(batch.pose_2d[rows].numpy()) for rows in _blocks(part.held, batch)]
        gains.append(np.array([gain for gain in found if np.isfinite(gain)]))
    if any(len(part) == 0 for part in gains):
        return None, GAIN
    usual = float(np.mean([part.mean() for part in gains]))
    around = Around.of(space[_evenly(np.flatnonzero(known), LEARNED)], used)
    return around, max(GAIN, usual + _reach(gains, alike=True))


def _room(signs: Sequence[Floats]) -> tuple[Floats, Floats]:
    """Mean of each sign, and how far from it a clean recording may be."""
    centre = np.mean([part.mean(0) for part in signs], 0)
    room = np.array([_reach([part[:, place] for part in signs]) for place in range(len(SIGNS))])
    room = np.maximum(room, [MARGINS[name] for name in SIGNS])
    room[SIGNS.index("size")] = min(room[SIGNS.index("size")], LARGEST)
    known = np.isfinite(centre)
    return np.where(known, centre, 0.0), np.where(known, room, np.inf)


def _reach(parts: Sequence[Floats], alike: bool = False) -> float:
    """How far above its mean over the folds a new recording's value may be.

    The folds are few. Their blocks are many, but count as such only where those of all recordings
    are `alike`.
    """
    from scipy.special import stdtrit  # late: it takes longer than all of ours

    means = np.array([part.mean() for part in parts])
    between = means.var(ddof=1) * (1 + 1 / len(means))
    within = np.mean([part.var() for part in parts])
    few = stdtrit(len(means) - 1, PART)
    many = NormalDist().inv_cdf(PART) if alike else few
    return float(np.hypot(few * np.sqrt(between), many * np.sqrt(within)))


def _most(gains: Sequence[Sequence[float]]) -> float:
    """What a correction of a clean recording may seem to gain."""
    return max(GAIN, max(max(part) for part in gains) + GAIN)


def _quantiles(stages: Stages, batch: Batch, parts: Sequence[_Fold]) -> Tensor:
    """Quantiles of how unlike held-out frames are to what the other folds taught."""
    normalization = stages.normalization
    found = []
    for part in parts:
        taught = normalization.inputs(batch.pose_2d[part.some])
        # The normalization has seen the held-out frames as well, and takes their mean away, too.
        mean = taught.mean(0)
        held = batch.pose_2d[_evenly(part.held, LEARNED)]
        unlike = unlikeness(
            normalization.inputs(held) - mean,
            whitening_of(taught - mean),
            shown_of(held, normalization.used),
        )
        found.append(unlike.double().clamp(min=1e-30).log())
    levels = torch.linspace(0, 1, QUANTILES, dtype=torch.float64)
    scores = torch.cat(found)
    return torch.quantile(scores, levels)
