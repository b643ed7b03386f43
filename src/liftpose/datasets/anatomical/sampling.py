"""Poses of an anatomical model: smooth, on the ground, and without parts in each other."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from liftpose.datasets.anatomical.model import Model
from liftpose.datasets.anatomical.species import Species
from liftpose.datasets.simulated.motion import (
    FRAMES_PER_SECOND,
    Bools,
    Floats,
    wander,
)

# Share of the variance that joints of one kind have in common where they move together.
_SHARED = 0.64
# A pose that cannot be is brought nearer to rest by this factor, time after time, and its
# neighbours in time with it; after so many times it is at rest.
_NEARER, _ROUNDS = 0.7, 12
_CALMED_SECONDS = 0.1
# Height that every foot keeps below, as a share of the animal's height at rest; and of that, what
# the lowest one keeps below, so that no tail or heel carries the animal.
_FOOT_HEIGHT, _LOWEST_FOOT = 0.4, 0.2
_LEVEL = 0.2  # body lengths, of the ground that is taken to be level under the animal


@dataclass(frozen=True, eq=False)
class Sampled:
    """Poses of an anatomical model.

    Parameters
    ----------
    points : array, shape (N, L, 3), millimetres
        Landmarks in the world: `x` ahead and `y` to the left on the ground, `z` up.
    length : float, millimetres
        Of the body at rest.
    calmed : float
        Share of the frames that were brought nearer to rest because parts were in each other, or
        feet too far above the ground.
    versions : dict of str to str
        Of the packages that the model comes from.
    """

    points: Floats
    length: float
    calmed: float
    versions: dict[str, str]


def sample(species: Species, frames: int, seed: int) -> Sampled:
    """Sample a sequence of poses.

    Joint angles wander smoothly within their limits. The animal stands on the plane that its feet
    come nearest to, its lowest joint on the ground. It faces `x` and stays where it is.

    Parameters
    ----------
    species : Species
        Which animal.
    frames : int
        Number N, at 100 frames a second.
    seed : int
        Of all draws.

    Returns
    -------
    Sampled

    Raises
    ------
    ModuleNotFoundError
        The extra ``anatomy`` is not installed.
    """
    model, rng = Model(species), np.random.default_rng(seed)
    logits = _wandering(model, frames, rng)
    points, calmed = _possible(model, logits)
    scale = species.scale or (species.millimetres or 1.0) / model.length
    return Sampled(scale * points, scale * model.length, calmed, model.versions)


def _wandering(model: Model, frames: int, rng: np.random.Generator) -> Floats:
    """How far each joint is from rest (N, Q), as logits."""
    logits = np.zeros((frames, len(model.joints)))
    shared: dict[tuple[str, str], Floats] = {}
    for column, (name, freedom) in enumerate(zip(model.joints, model.freedoms, strict=True)):
        if freedom is None:
            continue
        noise = wander(rng, frames, freedom.seconds)
        if freedom.together:
            kind = re.search("extend|bend|twist|abduct", name)
            group = freedom.joints, kind.group() if kind else ""
            if group not in shared:
                shared[group] = wander(rng, frames, freedom.seconds)
            noise = np.sqrt(_SHARED) * shared[group] + np.sqrt(1 - _SHARED) * noise
        logits[:, column] = freedom.spread * noise
    return logits


def _possible(model: Model, logits: Floats) -> tuple[Floats, float]:
    """Landmarks (N, L, 3) standing on the ground, and the share of frames that were calmed."""
    calm = np.ones(len(logits))
    points = np.empty((len(logits), len(model.species.landmarks), 3))
    wrong = np.ones(len(logits), bool)
    highest = _FOOT_HEIGHT * _height(model)
    changed = wrong.copy()
    for _ in range(_ROUNDS):
        found = model.at(model.angles(calm[changed, None] * logits[changed]))
        points[changed], off = _standing(model, found.points, highest)
        wrong[changed] = found.touching | off
        if not wrong.any():
            break
        nearby = _around(wrong, round(_CALMED_SECONDS * FRAMES_PER_SECOND))
        calm = calm * (1 - (1 - _NEARER) * nearby)
        changed = nearby > 0
    else:
        points[wrong], _ = _standing(model, _at_rest(model), highest)
    return points, float(np.mean(calm < 1))


def _around(frames: Bools, reach: int) -> Floats:
    """Rise smoothly to 1 at some frames (N,), from and to 0 at a distance of twice the reach."""
    near = np.convolve(np.pad(frames, reach), np.ones(2 * reach + 1), mode="valid") > 0
    kernel = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(near.astype(float), reach, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")


def _at_rest(model: Model) -> Floats:
    return model.at(model.angles(np.zeros((1, len(model.joints))))).points


def _height(model: Model) -> float:
    """How high the trunk is above the feet at rest."""
    points = _upright(model, _at_rest(model))[0]
    return float(points[:, 2].max() - points[_feet(model), 2].min())


def _feet(model: Model) -> list[int]:
    names = list(model.species.landmarks)
    return [names.index(name) for name in model.species.feet]


def _standing(model: Model, points: Floats, highest: float) -> tuple[Floats, Bools]:
    """Poses on the ground, and those of which a foot is too high above it, or all feet are."""
    points = _upright(model, points)
    ground = points[..., 2].min(axis=1)
    feet = points[:, _feet(model), 2] - ground[:, None]
    off = (feet.max(axis=1) > highest) | (feet.min(axis=1) > _LOWEST_FOOT * highest)
    points[..., 2] -= ground[:, None]
    return points, off


def _upright(model: Model, points: Floats) -> Floats:
    """Turn poses by the least angle, so that the plane nearest to their feet is level."""
    feet = points[:, _feet(model)]
    middle = feet.mean(axis=1, keepdims=True)
    across, up = (feet - middle)[..., :2], (feet - middle)[..., 2:]
    # Feet on one line say nothing about the slope across it: the weight of a level foot at some
    # distance on every side keeps it small there, and the plane from jumping.
    weight = (_LEVEL * model.length) ** 2 * np.eye(2)
    slope = np.linalg.solve(
        np.swapaxes(across, 1, 2) @ across + weight, np.swapaxes(across, 1, 2) @ up
    )[..., 0]
    normal = np.concatenate([-slope, np.ones_like(slope[:, :1])], axis=1)
    normal /= np.linalg.norm(normal, axis=1, keepdims=True)
    x, y, z = normal.T
    # The rotation that takes the normal to z about their common perpendicular (Rodrigues).
    bend = 1 / (1 + z)
    turn = np.stack(
        [
            np.stack([1 - x * x * bend, -x * y * bend, -x], axis=1),
            np.stack([-x * y * bend, 1 - y * y * bend, -y], axis=1),
            np.stack([x, y, z], axis=1),
        ],
        axis=1,
    )
    return np.asarray((points - middle) @ np.swapaxes(turn, 1, 2))
