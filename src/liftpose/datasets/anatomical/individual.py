"""One animal of a species: its own proportions, and where its landmarks are."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from liftpose.datasets.anatomical.kinematics import Tree
from liftpose.datasets.anatomical.model import Model
from liftpose.datasets.simulated.motion import Floats

_SURFACE = 0.015  # body lengths, standard deviation of where a landmark on the skin is


@dataclass(frozen=True, eq=False)
class Individual:
    """An animal.

    Parameters
    ----------
    places : array, shape (B, 3)
        Origin of each body in the frame of its parent, in the model's unit.
    length : float
        Of the body at rest, in the model's unit.
    tree : Tree
        The same bodies, in body lengths.
    offsets : array, shape (L, 3), body lengths
        Landmarks in the frames of their bodies.
    """

    places: Floats
    length: float
    tree: Tree
    offsets: Floats

    @classmethod
    def draw(cls, model: Model, rng: np.random.Generator) -> Individual:
        """Draw an animal's proportions, left and right alike."""
        places, offsets = model.places.copy(), model.offsets.copy()
        names = list(model.species.landmarks)
        for segment in model.species.segments:
            factor = segment.factor * float(np.exp(rng.normal(0, segment.spread)))
            places[_matching(segment.bodies, model.bodies)] *= factor
            offsets[_matching(segment.landmarks, names)] *= factor
        length = _length(model, places, offsets)
        offsets += length * _aside(model, rng)
        length = _length(model, places, offsets)
        return cls(places, length, model.tree(places, length), offsets / length)


def _matching(pattern: str, names: tuple[str, ...] | list[str]) -> list[int]:
    return [number for number, name in enumerate(names) if re.match(pattern, name)]


def _length(model: Model, places: Floats, offsets: Floats) -> float:
    """Distance at rest of the two landmarks that say how long the body is."""
    posed = model.tree(places, 1.0).pose(model.limits.angles(np.zeros((1, len(model.joints)))))
    names = list(model.species.landmarks)
    ends = [
        posed.point(int(model.landmark_bodies[n]), offsets[n])[:, 0]
        for n in map(names.index, model.species.length)
    ]
    return float(np.linalg.norm(ends[0] - ends[1]))


def _aside(model: Model, rng: np.random.Generator) -> Floats:
    """By how much landmarks on the skin are elsewhere (L, 3), mirrored on the other side."""
    names = list(model.species.landmarks)
    found = np.zeros((len(names), 3))
    for number, name in enumerate(names):
        if name not in model.species.surface:
            continue
        found[number] = rng.normal(0, _SURFACE, 3)
        if name.startswith("right"):
            found[number] = found[names.index(name.replace("right", "left"))] * [1, -1, 1]
        elif not name.startswith("left"):
            found[number, 1] = 0.0
    return found
