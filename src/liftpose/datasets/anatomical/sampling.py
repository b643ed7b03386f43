"""Poses of an anatomical model: smooth, on the ground, and without parts in each other."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from liftpose.datasets.anatomical import insect, mammal
from liftpose.datasets.anatomical.individual import Individual
from liftpose.datasets.anatomical.model import Model
from liftpose.datasets.anatomical.plan import Plan
from liftpose.datasets.anatomical.posing import Poser, smoothed
from liftpose.datasets.anatomical.species import Species
from liftpose.datasets.simulated.motion import FRAMES_PER_SECOND, Bools, Floats, wander

FRAMES_EACH = 500
"""Frames of one animal, at most: then comes the next, with other proportions."""

_POSERS = {"mammal": mammal.pose, "insect": insect.pose}
_SECONDS = 0.5  # over which posture wanders within a bout
# Share of the variance that joints of one kind have in common where they move together.
_SHARED = 0.64
# A pose that cannot be is brought nearer to rest by this factor, time after time, and its
# neighbours in time with it; after so many times it is at rest.
_NEARER, _ROUNDS = 0.7, 12
_CALMED_SECONDS = 0.1
# Body lengths by which a landmark's step may differ from one frame to the next; and how many
# frames a leap is spread over.
_LEAP, _LEAP_FRAMES = 0.04, 2


@dataclass(frozen=True, eq=False)
class Sampled:
    """Poses of one animal.

    Parameters
    ----------
    points : array, shape (N, L, 3), millimetres
        Landmarks in the world: `x` ahead and `y` to the left on the ground, `z` up.
    angles : array, shape (N, Q), radians
        Of the model's joints.
    individual : Individual
    doing : tuple of str
        What the animal does in each frame.
    calmed : array of bool, shape (N,)
        Frames that were brought nearer to rest because parts were in each other.
    """

    points: Floats
    angles: Floats
    individual: Individual
    doing: tuple[str, ...]
    calmed: Bools


def sample(model: Model, frames: int, seed: int) -> list[Sampled]:
    """Sample sequences of poses.

    An animal does one thing after the other, as planned. Its feet are brought to where a gait or
    another behaviour wants them by bending its joints within their limits; all else follows from
    its posture and wanders about that. The chest faces `x` and stays where it is; the lowest
    landmark is on the ground.

    Parameters
    ----------
    model : Model
        Of the species.
    frames : int
        Number of frames of all animals together, at 100 frames a second.
    seed : int
        Of all draws.

    Returns
    -------
    list of Sampled
        One for each animal.
    """
    count = -(-frames // FRAMES_EACH)
    shares = [len(part) for part in np.array_split(np.arange(frames), count)]
    streams = np.random.SeedSequence(seed).spawn(count)
    return [
        _animal(model, share, np.random.default_rng(stream))
        for share, stream in zip(shares, streams, strict=True)
    ]


def _animal(model: Model, frames: int, rng: np.random.Generator) -> Sampled:
    species = model.species
    one = Individual.draw(model, rng)
    plan = Plan.draw(species.neutral, species.behaviours, _SECONDS, frames, rng)
    poser = Poser(model, one.tree, one.offsets, _wandering(model, frames, rng))
    _POSERS[species.build](poser, plan, rng)
    _without_leaps(poser)
    angles, calm = _possible(model, one, poser.logits)
    poser.calm(calm)
    points = poser.points()
    points[..., 2] -= points[..., 2].min(axis=1, keepdims=True)
    doing = tuple(plan.names[kind] for kind in plan.doing)
    return Sampled(millimetres(species, model) * points, angles, one, doing, calm < 1)


def millimetres(species: Species, model: Model) -> float:
    """Length of the body of a species."""
    return species.millimetres or (species.scale or 1.0) * model.length


def _wandering(model: Model, frames: int, rng: np.random.Generator) -> Floats:
    """How far each joint is from rest by itself (N, Q), as logits."""
    logits = np.zeros((frames, len(model.joints)))
    shared: dict[tuple[str, str], Floats] = {}
    for column, name in enumerate(model.joints):
        freedom = model.species.freedom(name)
        if freedom is None:
            continue
        noise = wander(rng, frames, freedom.seconds)
        if freedom.together:
            kind = re.search("extend|bend|twist|abduct", name)
            group = freedom.joints, kind.group() if kind else ""
            if group not in shared:
                shared[group] = wander(rng, frames, freedom.seconds)
            noise = np.sqrt(_SHARED) * shared[group] + np.sqrt(1 - _SHARED) * noise
        # An animal has a habit, and deviates from that.
        logits[:, column] = freedom.spread * (rng.standard_normal() + noise)
    return logits


def _without_leaps(poser: Poser) -> None:
    """Go smoothly from one way to reach a place to another, where joints would leap."""
    for round_ in range(_ROUNDS):
        second = np.diff(poser.points(), n=2, axis=0)
        leaps = np.linalg.norm(second, axis=2).max(axis=1, initial=0) > _LEAP
        if not leaps.any():
            return
        width = _LEAP_FRAMES * (1 + round_)
        slow = smoothed(poser.logits, width)
        share = _around(np.pad(leaps, 1), 2 * width)[:, None]
        poser.bend(poser.logits + share * (slow - poser.logits))


def _possible(model: Model, one: Individual, logits: Floats) -> tuple[Floats, Floats]:
    """Angles (N, Q) without parts in each other, and what their logits were multiplied by (N,)."""
    calm = np.ones(len(logits))
    angles = model.limits.angles(logits)
    wrong = np.ones(len(logits), bool)
    changed = wrong.copy()
    for _ in range(_ROUNDS):
        angles[changed] = model.limits.angles(calm[changed, None] * logits[changed])
        wrong[changed] = model.touching(angles[changed], one.places, one.length)
        if not wrong.any():
            return angles, calm
        nearby = _around(wrong, round(_CALMED_SECONDS * FRAMES_PER_SECOND))
        calm = calm * (1 - (1 - _NEARER) * nearby)
        changed = nearby > 0
    calm[wrong] = 0.0
    return model.limits.angles(calm[:, None] * logits), calm


def _around(frames: Bools, reach: int) -> Floats:
    """Rise smoothly to 1 at some frames (N,), from and to 0 at a distance of twice the reach."""
    near = np.convolve(np.pad(frames, reach), np.ones(2 * reach + 1), mode="valid") > 0
    kernel = np.hanning(2 * reach + 3)[1:-1]
    padded = np.pad(near.astype(float), reach, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")
