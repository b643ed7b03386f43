"""The errors of whole poses that hypotheses are drawn from, gathered on held-out frames.

Whether an error is taken to be as likely as its opposite is decided by the energy score (Gneiting
and Raftery 2007, "Strictly proper scoring rules, prediction, and estimation", section 4.2) of what
would be drawn of each fold from the errors of the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from liftpose.lifter.hypotheses import Hypotheses, size_of
from liftpose.lifter.judging import HeldOut
from liftpose.lifter.normalization import Normalization
from liftpose.lifter.row_numbers import RowNumbers
from liftpose.lifter.stages import Staged, Stages
from liftpose.lifter.uncertainty import Uncertainty, shown_of, signs_of, unlikeness

KEPT = 1000
"""Frames at most whose errors are kept, in the lifter and in its file. With four times as many, the
energy score on held-out frames was no better."""

FEWEST = 40
"""Frames that are known as a whole that it takes at least, for others to be left out."""

SHARE = 0.9
"""Of the variance of errors that the directions kept hold. What is left is in many directions, each
with little: with 0.95 of it, the best of ten poses was 0 to 5 % farther from the truth on held-out
frames of four recordings, and the energy score less than 2 % better."""

TRIED = 100
"""Frames of a fold, about, that are drawn for to decide whether errors are symmetric."""

COUNT = 10
"""Draws of each of them."""

CLEARLY = 0.98
"""Energy score of draws from errors as they are, as a share of that with their opposites, that it
takes to leave the opposites out: these make up for how few errors there are of any one image."""


@dataclass(frozen=True)
class _Part:
    """Held-out frames of a fold: where they lie, expected squares, and errors (N, K, D)."""

    places: Tensor
    square: Tensor
    errors: Tensor

    def at(self, rows: Tensor | slice) -> _Part:
        return _Part(self.places[rows], self.square[rows], self.errors[rows])


def measured_hypotheses(
    stages: Stages, judged: HeldOut, uncertainty: Uncertainty
) -> Hypotheses | None:
    """Gather errors of held-out frames.

    Parameters
    ----------
    stages : Stages
        With all that is chosen.
    judged : HeldOut
        Holds the frames.
    uncertainty : Uncertainty
        Measured of the same.

    Returns
    -------
    Hypotheses or None
        None where too little is held out for that.
    """
    each = -(-KEPT // len(judged.rows))
    parts = []
    for number, rows in enumerate(judged.rows):
        kept = rows[:: max(1, -(-len(rows) // each))].cpu()
        staged = stages.lift(judged.batch.pose_2d[kept], number, judged.fresh)
        parts.append(_part(stages.normalization, uncertainty, staged, judged.frames(kept)))
    parts = _filled(parts)
    if len(parts) < 2:
        return None
    found = _gathered(parts, symmetric=True)
    with_opposites = _score(parts, symmetric=True)
    return replace(found, symmetric=_score(parts, symmetric=False) >= CLEARLY * with_opposites)


def _part(
    normalization: Normalization,
    known: Uncertainty,
    staged: Staged,
    frames: tuple[Tensor, Tensor],
) -> _Part:
    """Compare what was lifted of some frames (see `Stages.lift`) with their truth."""
    (seen, truth), (inputs, _, linear, said, fitted, _) = frames, staged
    unlike = unlikeness(inputs, known.whitening, shown_of(seen, normalization.used))
    square = known.squares(signs_of(linear, said, fitted, unlike, known.unit))
    errors = normalization.anchoring.relative(truth) - fitted
    # Frames with hidden joints err by more; what these leave open is drawn by itself.
    whole = seen[:, normalization.used].isfinite().all(2).all(1)
    errors = torch.where(whole[:, None, None] | (whole.sum() < FEWEST), errors, torch.nan)
    return _Part(inputs @ known.whitening, square, errors)


def _filled(parts: Sequence[_Part]) -> list[_Part]:
    """Frames whose errors are known as a whole; or filled with those of frames next to them."""
    whole = [part.errors.isfinite().all(2).all(1) for part in parts]
    if sum(int(rows.sum()) for rows in whole) >= FEWEST:
        kept = [part.at(rows) for part, rows in zip(parts, whole, strict=True)]
    else:
        some = [part.at(part.errors.isfinite().any(2).any(1)) for part in parts]
        kept = [replace(part, errors=_carried(part.errors)) for part in some]
    return [part for part in kept if len(part.errors)]


def _carried(errors: Tensor) -> Tensor:
    """Give each joint, where its error is not known, that of the last frame in which it is."""
    values = errors.flatten(1).numpy()
    known = np.isfinite(values)
    rows = np.where(known, np.arange(len(values))[:, None], 0)
    last = np.maximum.accumulate(rows, 0)
    first = known.argmax(0)
    carried = values[np.maximum(last, first), np.arange(values.shape[1])]
    return torch.from_numpy(np.nan_to_num(carried)).reshape(errors.shape)


def _gathered(parts: Sequence[_Part], symmetric: bool) -> Hypotheses:
    places, square, errors = (
        torch.cat([getattr(part, name) for part in parts])
        for name in ("places", "square", "errors")
    )
    scaled = errors.flatten(1) / size_of(square)[:, None]
    values, vectors = torch.linalg.eigh(scaled.T @ scaled)
    values, vectors = values.flip(0).clamp(min=0), vectors.flip(1)
    share = values.cumsum(0) / values.sum().clamp(min=1e-300)
    kept = int((share < SHARE).sum()) + 1
    directions = vectors[:, :kept]
    return Hypotheses(
        places.float(),
        (scaled @ directions).float(),
        directions.T.reshape(kept, *errors.shape[1:]).float().contiguous(),
        symmetric,
    )


def _score(parts: Sequence[_Part], symmetric: bool) -> float:
    """Energy score of draws for each fold from the errors of the others."""
    total, frames = 0.0, 0
    for number, part in enumerate(parts):
        some = part.at(slice(None, None, max(1, len(part.places) // TRIED)))
        found = _gathered([*parts[:number], *parts[number + 1 :]], symmetric)
        numbers = RowNumbers.of(some.places, seed=0)
        draws = found.drawn(some.places, some.square, numbers, COUNT).flatten(2)
        away = (draws - some.errors.flatten(1)).norm(dim=2).mean(0)
        apart = torch.cdist(draws.transpose(0, 1), draws.transpose(0, 1)).sum((1, 2))
        total += float((away - apart / (2 * COUNT**2)).sum())
        frames += len(some.places)
    return total / frames
