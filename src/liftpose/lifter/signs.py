"""What of a recording is compared with held-out blocks of the training data.

Six signs, all logarithms: how unlike its shapes are to those of the training data, how large the
animal is in the image for its shape, how far what the members say is from being seen where it was
seen (the residual that a bone fit has to take away), how far its bones are from the lengths that
they have in training, how far the bone fit moves it therefore, and how much its bones change in
time. The first two need nothing but 2D; the others a lifter that knows its camera and has bones.
"""

from __future__ import annotations

import numpy as np
import torch

from liftpose.lifter.bone_fit import BoneFit
from liftpose.lifter.shapes import Shapes
from liftpose.lifter.stages import Stages
from liftpose.poses import Floats

SIGNS = ("shape", "size", "residual", "bones", "moved", "wobble")

QUALITIES = (0, 2, 3, 4)
"""Places in `SIGNS` of what shows that 2D is wrong, whatever its size; see `badness`."""

LEAST = 1e-4
"""Added before logarithms are taken, as a share of an extent or of a length."""


def signs_of_recording(
    points: Floats, shapes: Shapes, stages: Stages, fold: int | None = None
) -> Floats:
    """Give the signs of some frames of a recording.

    Parameters
    ----------
    points : array, shape (N, J, 2), float64, pixels of the reference camera
        NaN = not seen.
    shapes : Shapes
        What was learned.
    stages : Stages
        What lifts.
    fold : int, optional
        Which fold has not learned from them; None for what lifts in the end.

    Returns
    -------
    array, shape (6,)
        See `SIGNS`; NaN for what cannot be told.
    """
    given = torch.from_numpy(np.ascontiguousarray(points, np.float64))
    whole = stages.normalization.complete(given)
    unlike, sizes = shapes.measure(whole.numpy())
    found = np.full(len(SIGNS), np.nan)
    known = np.isfinite(unlike)
    if not known.any():
        return found
    found[:2] = np.median(unlike[known]), np.median(sizes[known])
    if stages.bone_fit is not None:
        staged = stages.lift(given[known], fold)
        found[2:] = _of_lifted(staged.said, staged.fitted, whole[known], stages.bone_fit)
    return found


def badness(signs: Floats) -> float:
    """Give what a correction should make less of: how unlike the shapes, residual, and bones."""
    return float(np.nansum(signs[list(QUALITIES)]))


def _of_lifted(
    said: torch.Tensor, fitted: torch.Tensor, image: torch.Tensor, fit: BoneFit
) -> Floats:
    """Residual, bones, move and wobble of what the members say."""
    pose = fit.body.pose(said)
    points = image[:, fit.body.joints]
    turned = pose @ fit.sight.turn.T
    place = fit.sight.place(turned, fit.sight.rays(points))
    off = (fit.sight.pixels(turned + place[:, None]) - points).square().mean((1, 2)).sqrt()
    extent = (points - points.mean(1, keepdim=True)).square().mean((1, 2)).sqrt()
    found = np.full(4, np.nan)
    found[0] = _typical((off / extent + LEAST).log().numpy())
    if fit.strength > 0:
        moved = (fitted - said).square().sum(2).mean(1).sqrt() / fit.unit
        found[2] = _typical((moved + LEAST).log().numpy())
    near, far = fit.body.bones.T
    counted = fit.spread.isfinite()
    if bool(counted.any()):
        lengths = (pose[:, near] - pose[:, far]).norm(dim=2)[:, counted] / fit.unit
        off_by = (lengths / fit.lengths[counted] + LEAST).log()
        found[1] = _typical((off_by.square().mean(1).sqrt() + LEAST).log().numpy())
        found[3] = float((off_by.var(0, correction=0).mean().sqrt() + LEAST).log())
    return found


def _typical(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else np.nan
