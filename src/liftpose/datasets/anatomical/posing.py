"""An animal of which posture is put together: trunk on its feet, limbs where they are wanted."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from liftpose.datasets.anatomical.kinematics import Posed, Reach, Tree, about, reach
from liftpose.datasets.anatomical.model import Model
from liftpose.datasets.anatomical.plan import Plan
from liftpose.datasets.simulated.motion import FRAMES_PER_SECOND, Floats

# A leg follows its hip or shoulder only slowly: trunk and legs sway above feet that stand.
_FOLLOWS_SECONDS = 0.3
_STEEPEST = 0.98  # sine of the trunk's pitch


class Poser:
    """The posture of one animal in N frames, all lengths in body lengths.

    Parameters
    ----------
    model : Model
    tree : Tree
        The animal's own bones.
    offsets : array, shape (L, 3)
        Its landmarks, in the frames of their bodies.
    logits : array, shape (N, Q)
        What its joints do by themselves.
    """

    def __init__(self, model: Model, tree: Tree, offsets: Floats, logits: Floats) -> None:
        self.model, self.tree, self.offsets, self.logits = model, tree, offsets, logits
        self.posed: Posed = tree.pose(model.limits.angles(logits))
        self.turn = np.repeat(np.eye(3)[..., None], len(logits), axis=2)
        self.place = np.zeros((3, len(logits)))
        self.roll, self.down = np.zeros((2, len(logits)))
        self.at_rest = tree.pose(model.limits.angles(np.zeros((1, logits.shape[1]))))

    def columns(self, joints: str) -> list[int]:
        """Joints whose names begin with what a regular expression matches."""
        return [n for n, name in enumerate(self.model.joints) if re.match(joints, name)]

    def add(self, joints: str, logits: Floats) -> None:
        """Bend some joints by logits (N,), and pose the animal anew."""
        added = self.logits.copy()
        added[:, self.columns(joints)] += logits[:, None]
        self.bend(added)

    def inside(self, *landmarks: str) -> Floats:
        """Middle of some landmarks (3, N), in the frame of the root."""
        return self._middle(self.posed, landmarks)

    def rest(self, *landmarks: str) -> Floats:
        """Middle of some landmarks (3,) at rest, in the frame of the root."""
        return np.asarray(self._middle(self.at_rest, landmarks)[:, 0])

    def rest_offset(self, foot: str, girdle: Sequence[str]) -> tuple[float, float]:
        """How far a foot is ahead of the middle of its girdle at rest, and to its left."""
        ahead, aside, _ = self.rest(foot) - self.rest(*girdle)
        return float(ahead), float(aside)

    def points(self) -> Floats:
        """All landmarks (N, L, 3), in the world."""
        return np.stack([self.world(name) for name in self.model.species.landmarks], axis=1)

    def _middle(self, posed: Posed, landmarks: Sequence[str]) -> Floats:
        names = list(self.model.species.landmarks)
        bodies = self.model.landmark_bodies
        points = [posed.point(int(bodies[n]), self.offsets[n]) for n in map(names.index, landmarks)]
        return np.asarray(np.mean(points, axis=0))

    def world(self, *landmarks: str) -> Floats:
        """Middle of some landmarks (N, 3), in the world."""
        return self.to_world(self.inside(*landmarks))

    def to_world(self, points: Floats) -> Floats:
        """Points (3, N) of the root's frame, in the world (N, 3)."""
        return np.asarray((np.einsum("ijn,jn->in", self.turn, points) + self.place).T)

    def stand(
        self,
        front: Sequence[str],
        hind: Sequence[str],
        heights: tuple[Floats, Floats],
        roll: Floats,
    ) -> None:
        """Pitch and raise the trunk, so that two of its places are at some heights.

        Parameters
        ----------
        front, hind : sequence of str
            Landmarks whose middles are meant.
        heights : pair of array, shape (N,)
            Of the two above the ground.
        roll : array, shape (N,), radians
            Left side up.
        """
        self.roll = roll
        lean = about(np.array([1.0, 0, 0]), roll)
        ahead = np.einsum("ijn,jn->in", lean, self.inside(*front) - self.inside(*hind))
        reach_of = np.hypot(ahead[0], ahead[2])
        # Turned down about y by some angle, the height of the one above the other is
        # reach * sin(own slope - angle).
        want = np.clip((heights[0] - heights[1]) / reach_of, -_STEEPEST, _STEEPEST)
        self.down = np.arctan2(ahead[2], ahead[0]) - np.arcsin(want)
        self.turn = self._turned(1.0)
        low = np.einsum("jn,jn->n", self.turn[2], self.inside(*hind))
        self.place = np.stack([0 * low, 0 * low, heights[1] - low])

    def calm(self, share: Floats) -> None:
        """Bring everything nearer to rest: multiply its deviation by a share (N,)."""
        self.bend(self.logits * share[:, None])
        self.turn = self._turned(share)

    def bend(self, logits: Floats) -> None:
        """Pose the animal with other logits (N, Q) of its joints."""
        self.logits = logits
        self.posed = self.tree.pose(self.model.limits.angles(logits))

    def _turned(self, share: Any) -> Floats:
        lean = about(np.array([1.0, 0, 0]), share * self.roll)
        down = about(np.array([0, 1.0, 0]), share * self.down)
        return np.asarray(np.einsum("ijn,jkn->ikn", down, lean))

    def heading(self, body: str) -> Floats:
        """Direction in which a part of the body points, seen from above (N,), radians."""
        turn = np.einsum("ijn,jn->in", self.turn, self.posed.turn[self.model.body(body)][:, 0])
        return np.asarray(np.arctan2(turn[1], turn[0]))

    def reach(
        self, joints: str, targets: Mapping[str, tuple[Floats, Any]], fixed: str = "$"
    ) -> None:
        """Bring landmarks to places in the world, by joints whose names begin so.

        Parameters
        ----------
        joints, fixed : str
            Regular expressions; joints that match the second do not move.
        targets : mapping of str to pair of array (N, 3) and array (N,) or float
            Places, and how much they count.
        """
        names = list(self.model.species.landmarks)
        numbers = [names.index(name) for name in targets]
        inside = [
            np.einsum("jin,nj->ni", self.turn, places - self.place.T)
            for places, _ in targets.values()
        ]
        weights = [np.broadcast_to(weight, len(self.logits)) for _, weight in targets.values()]
        wanted = Reach(
            np.array(
                [n for n in self.columns(joints) if not re.match(fixed, self.model.joints[n])]
            ),
            [(int(self.model.landmark_bodies[n]), self.offsets[n]) for n in numbers],
            np.stack(inside, axis=1),
            np.stack(weights, axis=1),
        )
        reach(self.tree, self.model.limits, self.posed, self.logits, wanted)

    def foothold(
        self, girdle: Sequence[str], heading: Floats, ahead: Floats, aside: Floats
    ) -> Floats:
        """Places on the ground (N, 3), ahead and to the left of where a girdle mostly is."""
        slowly = _FOLLOWS_SECONDS * FRAMES_PER_SECOND
        middle = smoothed(self.world(*girdle), slowly)
        turn = smoothed(heading[:, None], slowly)[:, 0]
        x = middle[:, 0] + np.cos(turn) * ahead - np.sin(turn) * aside
        y = middle[:, 1] + np.sin(turn) * ahead + np.cos(turn) * aside
        return np.stack([x, y, np.zeros_like(x)], axis=1)


def smoothed(values: Floats, width: float) -> Floats:
    """Take the fast part out of values (N, K): a Gaussian over so many frames."""
    reach_of = int(3 * width)
    kernel = np.exp(-0.5 * (np.arange(-reach_of, reach_of + 1) / width) ** 2)
    kernel /= kernel.sum()
    padded = np.pad(values, ((reach_of, reach_of), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, kernel, mode="valid") for column in padded.T], axis=1)


def along(heading: Floats, pitch: Floats) -> Floats:
    """Unit vectors (N, 3) with a heading and a pitch above the horizon, both in radians."""
    return np.stack(
        [np.cos(pitch) * np.cos(heading), np.cos(pitch) * np.sin(heading), np.sin(pitch)], axis=1
    )


def blended(first: Floats, second: Floats, share: Floats) -> Floats:
    """Go from places (N, 3) to others by a share (N,)."""
    return np.asarray(first + share[:, None] * (second - first))


def wave(plan: Plan, rate: str, rng: np.random.Generator) -> Floats:
    """Phase (N,), radians, of something that is repeated at a rate of the plan."""
    turns = rng.uniform() + np.cumsum(np.clip(plan[rate], 0, None)) / FRAMES_PER_SECOND
    return np.asarray(2 * np.pi * turns)
