"""From where cameras see an animal: around it, and above it."""

from __future__ import annotations

import numpy as np

from liftpose.poses import Floats
from liftpose.reporting.gathered import Gathered
from liftpose.skeleton.sides import pairs_by_name

_FAR = 3  # times the width of an animal: nearer, it is not where it was filmed


def directions(of: Gathered) -> tuple[Floats, Floats] | None:
    """Measure the direction of the camera about the animal, in every frame.

    Its left is taken from the joints that come in pairs, and up from the world, or where poses are
    in the frame of the camera, from the image.

    Parameters
    ----------
    of : Gathered

    Returns
    -------
    azimuth, elevation : array, shape (N,), degrees
        0 is from the front, 90 from its left; and 0 level with it. None where no camera is known
        or no joints come in pairs.
    """
    pairs = of.skeleton.pairs or pairs_by_name(of.skeleton.joints)
    if not pairs or (of.cameras is None and of.frame != "camera"):
        return None
    pose = of.pose if of.truth is None else of.truth
    left, right = (list(side) for side in zip(*pairs, strict=True))
    across = _unit(_mean(pose[:, left] - pose[:, right]))
    middle = _mean(pose)
    if of.frame == "camera":
        # Lifted poses may stand at the origin, where the camera is: it looks along z.
        width = np.linalg.norm(pose[:, left] - pose[:, right], axis=2)
        away = middle[:, 2:] > _FAR * np.nanmedian(width)
        up, towards = np.array([0.0, -1.0, 0.0]), np.where(away, -middle, [0.0, 0.0, -1.0])
    else:
        assert of.cameras is not None
        up = np.array([0.0, 0.0, 1.0])
        places = np.array([camera.position for camera in of.cameras], dtype=float)
        towards = np.repeat(places, of.lengths, axis=0) - middle
    across = _unit(across - (across @ up)[:, None] * up)
    ahead = np.cross(across, up)
    towards = _unit(towards)
    azimuth = np.degrees(np.arctan2((towards * across).sum(1), (towards * ahead).sum(1)))
    return azimuth, np.degrees(np.arcsin(np.clip(towards @ up, -1, 1)))


def _unit(vectors: Floats) -> Floats:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    nothing = np.full_like(vectors, np.nan)
    unit: Floats = np.divide(vectors, length, out=nothing, where=length > 1e-12)
    return unit


def _mean(points: Floats) -> Floats:
    """Mean of the joints that are known, (N, 3)."""
    known = np.isfinite(points).all(axis=2, keepdims=True)
    number = known.sum(axis=1)
    total = np.where(known, points, 0).sum(axis=1)
    mean: Floats = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    return mean
