"""What the uncertainty of a lifter is measured on: held-out frames, with joints hidden or not.

How many spreads wide an interval or a ball has to be, to hold the truth with some probability, is
what it would have had to be there: conformal prediction, with scores scaled by the spread (Lei et
al. 2018, "Distribution-free predictive inference for regression", section 5.2), each fold scored by
what the others taught. Frames are not exchangeable, folds are nearer to being so: how much wider or
narrower the bars of a whole fold would have to be is taken for a draw of a log-normal distribution,
and a new recording for another draw.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist

import torch
from torch import Tensor

from liftpose.lifter.judging import HeldOut
from liftpose.lifter.selection import RECORDINGS, recording_of
from liftpose.lifter.stages import Stages
from liftpose.lifter.uncertainty import (
    Uncertainty,
    shown_of,
    signs_of,
    unlikeness,
)
from liftpose.poses.bars import BLOCK, LEVELS, Bars

MEASURED = 1000
"""Frames at most of each fold that are learned from."""

FEWEST = 20
"""Frames of a fold that it takes at least."""

HIDDEN = 0.2
"""Share of the joints that are hidden in a copy of these frames, to learn what that costs."""

PENALTIES = (0.003, 0.03, 0.3, 3.0)
"""Of the regression's weights, as shares of the number of joints; what serves each fold best when
the others teach is taken."""

ROUNDS = 60
"""Steps of the regression at most."""

SHARES = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 16.0)
"""What the variance that a hidden joint leaves open may be multiplied by."""

LEVEL = 0.9
"""Share of the hidden joints that their balls of this level have to hold."""

LONGEST = 1.0
"""Step of a weight at most: far from the solution, a longer one leads away from it."""

TINY = 1e-6
"""Error of a joint at least, as a share of the spread of a joint."""

DRAWS = 21
"""Quantiles of the log-normal distribution that stand for it."""

SCORES = 20_000
"""Scores at most, taken evenly, that quantiles are taken of."""

NUGGET = 1e-3
"""Variance that standardised inputs are taken to have at least in every direction."""


@dataclass(frozen=True)
class _Part:
    """Signs (N, K, S) and errors (N, K, D) of frames, and what hidden joints leave open (N, K).

    Errors are NaN where the truth is not known. Which joints, or their anchors, are hidden: (N, K);
    and the number of the recording of each frame: (N,).
    """

    signs: Tensor
    errors: Tensor
    open: Tensor
    hidden: Tensor
    recording: Tensor

    @property
    def squares(self) -> Tensor:
        return self.errors.square().sum(2)


def measured_uncertainty(
    stages: Stages, judged: HeldOut, generator: torch.Generator
) -> Uncertainty | None:
    """Measure on held-out frames how far off joints are, and what tells it.

    Parameters
    ----------
    stages : Stages
        With all that is chosen.
    judged : HeldOut
        Holds the frames.
    generator : torch.Generator
        CPU generator that joints are hidden by.

    Returns
    -------
    Uncertainty or None
        None where fewer than two folds have frames enough.
    """
    if not judged.folds.honest:
        return None
    ready = judged.ready[0].cpu()
    whitening = whitening_of(ready)
    parts, holed = [], []
    recordings = torch.from_numpy(recording_of(judged.batch.keys))[judged.batch.experiment]
    for number, rows in enumerate(judged.rows):
        kept = rows[:: -(-len(rows) // MEASURED)].cpu()
        fold = number, judged.fresh
        seen, truth = judged.frames(kept)
        # As unlike as they would be to what had not seen them.
        others = (
            whitening if judged.fresh else whitening_of(ready[judged.folds.folds[number].train])
        )
        part = _part(stages, fold, (seen, truth, recordings[kept]), others)
        if int(part.squares.isfinite().any(1).sum()) >= FEWEST:
            parts.append(part)
            hidden = torch.rand(seen.shape[:2], generator=generator) < HIDDEN
            seen = torch.where(hidden.unsqueeze(2), torch.nan, seen)
            holed.append(_part(stages, fold, (seen, truth, recordings[kept]), others))
    if len(parts) < 2:
        return None
    unit = float(stages.normalization.std_out.square().mean().sqrt())
    penalty = _best_penalty(parts, whitening, unit)
    found = _fitted(parts, whitening, unit, penalty)
    measured = replace(found, bars=_bars(found, parts, penalty, _blocks(judged, recordings)))
    return replace(measured, share=_share(measured, holed))


def _part(
    stages: Stages,
    fold: tuple[int, bool],
    frames: tuple[Tensor, Tensor, Tensor],
    whitening: Tensor,
) -> _Part:
    """Lift 2D frames, beside their 3D and recordings, that a fold holds out."""
    seen, truth, recording = frames
    normalization = stages.normalization
    inputs, _, linear, said, fitted, opened = stages.lift(seen, *fold)
    unit = float(normalization.std_out.square().mean().sqrt())
    unlike = unlikeness(inputs, whitening, shown_of(seen, normalization.used))
    signs = signs_of(linear, said, fitted, unlike, unit)
    errors = fitted - normalization.anchoring.relative(truth)
    open_ = torch.zeros(errors.shape[:2], dtype=torch.float64)
    if opened is not None:
        rows, left, _ = opened
        open_[rows] = left.diagonal(dim1=2, dim2=3).sum(-1) * unlike[rows, None]
    hidden = normalization.anchoring.relative(seen).isnan().any(2)
    return _Part(signs, errors, open_, hidden, recording)


def whitening_of(inputs: Tensor) -> Tensor:
    """Give what takes standardised inputs (N, F) to uncorrelated ones of unit variance."""
    products = inputs.double().T @ inputs.double() / len(inputs)
    values, vectors = torch.linalg.eigh(products)
    whitening: Tensor = (vectors / (values.clamp(min=0) + NUGGET).sqrt()).float()
    return whitening


def _without(parts: Sequence[_Part], number: int) -> list[_Part]:
    return [*parts[:number], *parts[number + 1 :]]


def _best_penalty(parts: Sequence[_Part], whitening: Tensor, unit: float) -> float:
    """Give the penalty under which errors of each fold are likeliest when the others teach."""

    def surprise(penalty: float) -> float:
        total = 0.0
        for number, part in enumerate(parts):
            others = _fitted(_without(parts, number), whitening, unit, penalty)
            squares, known = others.squares(part.signs), part.squares.isfinite()
            terms = squares.log() + part.squares / squares
            total += float(terms[known].mean())
        return total

    return min(PENALTIES, key=surprise)


def _fitted(parts: Sequence[_Part], whitening: Tensor, unit: float, penalty: float) -> Uncertainty:
    """Regress errors on what tells of them; bars are yet to be measured."""
    signs, errors = (torch.cat([getattr(p, name) for p in parts]) for name in ("signs", "errors"))
    squares = errors.square().sum(2)
    known = squares.isfinite()
    count = known.sum(0).clamp(min=1)
    tiny = 1e-12 * squares[known].mean() + (TINY * unit) ** 2
    typical = (torch.where(known, squares, 0.0).sum(0) / count + tiny).log()
    mean, scale = signs[known].mean(0), signs[known].std(0).clamp(min=1e-9)
    design = torch.cat([torch.ones(int(known.sum()), 1), (signs[known] - mean) / scale], 1)
    ratios = (squares / typical.exp())[known]
    weights = _gamma(design.double(), ratios, penalty)
    bare = Uncertainty(
        whitening, mean, scale, weights, unit, typical, errors.new_zeros(0), 0.0, Bars((), (), 0)
    )
    scaled = errors / bare.squares(signs).sqrt().unsqueeze(2)
    scaled = torch.where(known.unsqueeze(2), scaled, 0.0)
    shapes = torch.einsum("nki,nkj->kij", scaled, scaled) / count[:, None, None]
    trace = shapes.diagonal(dim1=1, dim2=2).sum(1).clamp(min=1e-12)
    even = torch.eye(errors.shape[2], dtype=torch.float64) / errors.shape[2]
    shapes = torch.where((count > 1)[:, None, None], shapes / trace[:, None, None], even)
    return replace(bare, shapes=shapes)


def _gamma(design: Tensor, ratios: Tensor, penalty: float) -> Tensor:
    """Weights with which gamma distributions of mean exp(design @ weights) fit ratios best."""
    products = design.T @ design
    products.diagonal()[1:] += penalty * len(design)
    weights = design.new_zeros(design.shape[1])
    for _ in range(ROUNDS):
        gradient = design.T @ (1 - ratios * (-(design @ weights)).exp())
        gradient[1:] += penalty * len(design) * weights[1:]
        step = torch.linalg.solve(products, gradient).clamp(-LONGEST, LONGEST)
        weights = weights - step
        if float(step.abs().max()) < 1e-6:
            break
    return weights


def _blocks(judged: HeldOut, recordings: Tensor) -> int:
    """Count the blocks of time that are held out; several cameras see the same ones."""
    count = 0
    for fold in judged.folds.folds:
        pairs = torch.stack([recordings, judged.batch.experiment])[:, torch.from_numpy(fold.held)]
        kinds, frames = pairs.unique(dim=1, return_counts=True)
        for recording in kinds[0].unique():
            longest = int(frames[kinds[0] == recording].max())
            count += max(1, longest // (BLOCK * judged.folds.copies))
    return count


def _bars(found: Uncertainty, parts: Sequence[_Part], penalty: float, blocks: int) -> Bars:
    """Measure how wide bars have to be, each fold by what the others taught."""
    ball, interval = [], []
    several = len(torch.cat([part.recording for part in parts]).unique()) >= RECORDINGS
    for number, part in enumerate(parts):
        others = _fitted(_without(parts, number), found.whitening, found.unit, penalty)
        squares = others.squares(part.signs)
        each = squares.unsqueeze(2) * others.directions()
        balls, intervals = part.squares / squares, part.errors.square() / each
        units = part.recording if several else torch.zeros_like(part.recording)
        for unit in units.unique():
            of_unit, known = balls[units == unit], part.squares[units == unit].isfinite()
            if known.any():
                ball.append(of_unit[known].sqrt())
                interval.append(intervals[units == unit][known].sqrt().flatten())
    return Bars(_widths(interval), _widths(ball), blocks)


def _share(found: Uncertainty, parts: Sequence[_Part]) -> float:
    """Least share with which balls about joints that were hidden hold the truth as they should."""
    which = [part.hidden & part.squares.isfinite() for part in parts]
    squares, expected, left = (
        torch.cat([values[rows] for values, rows in zip(of_parts, which, strict=True)])
        for of_parts in (
            [part.squares for part in parts],
            [found.squares(part.signs) for part in parts],
            [part.open for part in parts],
        )
    )
    width = found.bars.ball[LEVELS.index(LEVEL)] ** 2
    for share in SHARES[:-1]:
        held = squares <= width * (expected + share * left)
        if float(held.double().mean()) >= LEVEL:
            return share
    return SHARES[-1]


def _widths(scores: Sequence[Tensor]) -> tuple[float, ...]:
    """Quantiles at `LEVELS` of the scores of a new fold."""
    sizes = torch.stack([part.square().mean().sqrt().log() for part in scores])
    spread = float(sizes.std()) * (1 + 1 / len(scores)) ** 0.5
    normal = NormalDist(float(sizes.mean()), max(spread, 1e-9))
    draws = torch.tensor([normal.inv_cdf((k + 0.5) / DRAWS) for k in range(DRAWS)]).exp()
    alike = torch.cat([part / size.exp() for part, size in zip(scores, sizes, strict=True)])
    alike = alike[:: -(-len(alike) // SCORES)]
    levels = torch.tensor(LEVELS, dtype=alike.dtype)
    return tuple(
        torch.quantile(torch.outer(draws, alike.to(draws)).flatten().double(), levels).tolist()
    )
