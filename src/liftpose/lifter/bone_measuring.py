"""What a bone fit is measured on and set by: held-out frames.

Covariances, lengths of bones and their spread are measured on frames that the lifter had not seen
when it lifted them. How far a covariance is drawn to its diagonal, how much longer than measured
the spread of a bone is, and how far towards the solution a pose is moved, is what serves each fold
best when all is measured on the others; not at all is one choice.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch
from torch import Tensor

from liftpose.lifter.bone_fit import STEPS, Body, BoneFit
from liftpose.lifter.normalization import Anchoring
from liftpose.lifter.sight import Sight

CAUTIONS = (0.01, 0.1, 0.3, 0.6)
"""Shares of the covariance's diagonal that are tried; the rest is as measured."""

SLACKS = (1.0, 3.0, None)
"""What a bone's measured spread is multiplied with; None leaves the bones out."""

STRENGTHS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How far towards the solution a pose may be moved."""

STIFFEST = 3e-3
"""Least spread of a bone, as a share of its length."""

TINY = 1e-5
"""Added to the covariance's diagonal, as a share of its mean."""

MEASURED = 2000
"""Frames at most of each fold that covariances and lengths are measured on."""

JUDGED = 200
"""Frames at most of each fold that the choices are made on."""


@dataclass(frozen=True)
class Guess:
    """What a lifter said of frames that it had not seen, and the truth.

    Parameters
    ----------
    relative : tensor, shape (M, T + R, 3), float64
        What it said, joints relative to their anchors.
    image : tensor, shape (M, J, 2), float64, pixels
        The 2D; NaN = not seen.
    space : tensor, shape (M, J, 3), float64
        The truth; NaN = not known.
    """

    relative: Tensor
    image: Tensor
    space: Tensor

    def some(self, count: int) -> Guess:
        """Give about so many of the frames, taken evenly."""
        step = max(1, -(-len(self.relative) // count))
        return Guess(self.relative[::step], self.image[::step], self.space[::step])


@dataclass(frozen=True)
class _Errors:
    """What the frames of a fold tell: errors, noise, and lengths of bones, in `unit`s.

    `wrong` and `noise` have shape (M, 3 K) and (M, 2 K), `lengths` (M, B).
    """

    wrong: Tensor
    noise: Tensor
    lengths: Tensor

    @classmethod
    def of(cls, guess: Guess, sight: Sight, body: Body, unit: float) -> _Errors:
        known = guess.space[:, body.joints].isfinite().all(2).all(1)
        known &= guess.image[:, body.joints].isfinite().all(2).all(1)
        true = guess.space[known][:, body.joints]
        true = (true - true[:, :1]) @ sight.turn.T
        rays = sight.rays(guess.image[known][:, body.joints])
        depth = sight.place(true, rays)[:, 2, None, None]
        shown = rays * (depth + true[..., 2:]) - rays[:, :1] * depth
        said = body.pose(guess.relative[known]) @ sight.turn.T
        near, far = body.bones.unbind(1)
        bones = (true[:, far] - true[:, near]).norm(dim=2)
        wrong, noise = true - said, shown - true[..., :2]
        good = noise.isfinite().all(2).all(1)
        return cls(
            (wrong[good, 1:] / unit).transpose(1, 2).flatten(1),
            (noise[good, 1:] / unit).transpose(1, 2).flatten(1),
            bones[good] / unit,
        )

    @classmethod
    def joined(cls, several: Sequence[_Errors]) -> _Errors:
        return cls(
            torch.cat([one.wrong for one in several]),
            torch.cat([one.noise for one in several]),
            torch.cat([one.lengths for one in several]),
        )

    def fit(self, sight: Sight, body: Body, unit: float, caution: float, steps: int) -> BoneFit:
        """Measure what a fit needs; its bones as measured, at full strength."""
        of_lifter = _drawn(self.wrong.T @ self.wrong / len(self.wrong), caution)
        of_image = torch.zeros_like(of_lifter)
        flat = self.noise.shape[1]
        of_image[:flat, :flat] = _drawn(self.noise.T @ self.noise / len(self.noise), caution)
        both = of_lifter + of_image
        both.diagonal().add_(TINY * both.diagonal().mean())
        precision = torch.linalg.inv(both)
        lengths = self.lengths.median(0).values
        spread = (self.lengths - lengths).square().mean(0).sqrt()
        spread = torch.maximum(spread, STIFFEST * lengths)
        return BoneFit(
            sight,
            body,
            precision.float(),
            (of_lifter @ precision).T.float().contiguous(),
            lengths.float(),
            spread.float(),
            float(self.noise.square().mean().sqrt()),
            unit,
            1.0,
            steps,
        )


def _drawn(covariance: Tensor, caution: float) -> Tensor:
    return torch.lerp(covariance, torch.diag(covariance.diagonal()), caution)


@dataclass(frozen=True)
class Choice:
    """How a bone fit is set, and what that is worth on held-out frames.

    Parameters
    ----------
    caution : float
        See `CAUTIONS`.
    slack : float or None
        See `SLACKS`.
    strength : float
        See `STRENGTHS`.
    share : float
        Error that is left, as a share of that without: of each fold, and the mean of these.
    kept : float
        Error of all folds together that is left, as a share of that without.
    """

    caution: float
    slack: float | None
    strength: float
    share: float
    kept: float = 1.0

    def as_dict(self) -> dict[str, Any]:
        """Give it as plain values."""
        return asdict(self)

    def applied(self, fit: BoneFit) -> BoneFit:
        """Set a fit so."""
        bones = fit.body.bones if self.slack is not None else fit.body.bones[:0]
        kept = slice(len(bones))
        return replace(
            fit,
            body=replace(fit.body, bones=bones),
            lengths=fit.lengths[kept],
            spread=fit.spread[kept] * (self.slack or 1.0),
            strength=self.strength,
        )


@dataclass(frozen=True)
class Measured:
    """A bone fit as it was measured and set.

    Parameters
    ----------
    fit : BoneFit
        Measured on all held-out frames.
    choice : Choice
        How it is set.
    of_folds : tuple of BoneFit
        The same for each fold, measured on the others.
    """

    fit: BoneFit
    choice: Choice
    of_folds: tuple[BoneFit, ...]


def fit_bones(
    guesses: Sequence[Guess],
    sight: Sight,
    anchoring: Anchoring,
    bones: Sequence[Sequence[int]],
    unit: float,
    steps: int = STEPS,
    settings: Choice | None = None,
) -> Measured | None:
    """Measure a bone fit on held-out frames, and choose its settings on them.

    What a fold is judged with is measured on the others.

    Parameters
    ----------
    guesses : sequence of Guess
        Of each fold, what a lifter that had not seen its frames said of them.
    sight : Sight
        The camera.
    anchoring : Anchoring
        Roots and targets.
    bones : sequence of pairs of int
        Between joints; none will do.
    unit : float
        About the size of a pose.
    steps : int
        Of Gauss and Newton.
    settings : Choice, optional
        Chosen already, but for the strength.

    Returns
    -------
    Measured or None
        None where there are too few frames to measure it on.
    """
    body = Body.of(anchoring, bones)
    errors = [_Errors.of(guess.some(MEASURED), sight, body, unit) for guess in guesses]
    if len(errors) < 2 or min(len(one.wrong) for one in errors) < len(body.joints):
        return None
    if settings is not None:
        tried = [(settings.caution, settings.slack)]
    else:
        tried = list(itertools.product(CAUTIONS, SLACKS if len(body.bones) else (None,)))
    # Errors of every fold with every strength of every setting; the first strength is none.
    left = torch.zeros(len(guesses), len(tried), len(STRENGTHS), dtype=torch.float64)
    others = [_Errors.joined(errors[:k] + errors[k + 1 :]) for k in range(len(errors))]
    for number, guess in enumerate(guesses):
        judged = guess.some(JUDGED)
        for place, (caution, slack) in enumerate(tried):
            fit = Choice(caution, slack, 1.0, 1.0).applied(
                others[number].fit(sight, body, unit, caution, steps)
            )
            step = fit.refine(judged.relative, judged.image) - judged.relative
            for further, strength in enumerate(STRENGTHS):
                moved = judged.relative + strength * step
                left[number, place, further] = _mean_error(body, moved, judged.space)
    shares = (left / left[:, :1, :1]).mean(0)
    best, strongest = divmod(int(shares.argmin()), len(STRENGTHS))
    kept = left[:, best, strongest].sum() / left[:, best, 0].sum()
    share = float(shares[best, strongest])
    choice = Choice(*tried[best], STRENGTHS[strongest], share, float(kept))
    whole, *of_folds = (
        choice.applied(some.fit(sight, body, unit, choice.caution, steps))
        for some in (_Errors.joined(errors), *others)
    )
    return Measured(whole, choice, tuple(of_folds))


def _mean_error(body: Body, relative: Tensor, space: Tensor) -> Tensor:
    """Mean distance of the targets that are known."""
    targets = slice(body.anchoring.target_count)
    off = (relative - body.anchoring.relative(space))[:, targets].norm(dim=2)
    error: Tensor = off[off.isfinite()].mean().clamp(min=1e-12)
    return error
