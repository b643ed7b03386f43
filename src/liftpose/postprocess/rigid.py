"""The nearest pose whose bones have given lengths, and which is seen where it was seen.

With the joints ``p`` of a lifted pose, ``m``, one standard deviation ``s`` of each coordinate, the
distances ``d`` that are constant, their lengths ``l`` and, where there is 2D, the place ``T`` of
the pose before the camera and rays ``a``, that pose is taken which minimises ::

    sum((p - m)² / s²) + sum((d(p) - l)² / (STIFF l)²) + sum((ray(p + T) - a)² / noise²)

Distances and rays are replaced by their tangents, the minimum of that is found, and this is
repeated from there (Gauss and Newton), with steps halved until they lead downwards. Without the
distances a step is cheap: joints hang together by ``T`` alone. The distances come in by as many
multipliers, which costs one small system a frame, and nothing is divided by their tiny variance.

References
----------
J. Nocedal and S. J. Wright, "Numerical optimization", 2nd edition, 2006, sections 10.3 (Gauss and
Newton), 16.1 (multipliers) and 16.2 (elimination by the Schur complement).
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

STIFF = 1e-3
"""Standard deviation of a constant distance, as a share of it."""

STEPS = 30
"""Steps at most; most poses of the simulated animals are there after five."""

HALVINGS = 6
"""How often a step is halved at most."""

SETTLED = 1e-3
"""A pose that would move by less than this share of its standard deviations is there."""

_AT_ONCE = 512


@dataclass(frozen=True)
class Seen:
    """What a camera saw of some frames.

    Parameters
    ----------
    turn : array, shape (3, 3)
        From the frame of the poses to that of the camera.
    rays : array, shape (N, J, 2)
        Of the joints, without distortion.
    weight : array, shape (N, J, 2)
        One over the variance of a ray; 0 where a joint was not seen.
    place : array, shape (N, 3)
        Of the poses' origin before the camera, in its frame.
    """

    turn: Array
    rays: Array
    weight: Array
    place: Array

    def part(self, rows: slice) -> Seen:
        """Give some frames."""
        return Seen(self.turn, self.rays[rows], self.weight[rows], self.place[rows])


@dataclass(frozen=True)
class Fitted:
    """What came of it.

    Parameters
    ----------
    pose : array, shape (N, J, 3)
        NaN where `said` was.
    variance : array, shape (N, J, 3)
    place : array, shape (N, 3), or None
        As of `Seen`.
    settled : bool array, shape (N,)
        Which frames came to rest; the others are as near as they came.
    """

    pose: Array
    variance: Array
    place: Array | None
    settled: Bools


def fitted(
    said: Array, variance: Array, pairs: npt.NDArray[np.intp], lengths: Array, seen: Seen | None
) -> Fitted:
    """Fit poses to lengths and, where a camera saw them, to its rays.

    Parameters
    ----------
    said : array, shape (N, J, 3)
        Poses; NaN = not known.
    variance : array, shape (N, J, 3)
        Of their coordinates, above 0.
    pairs : array of int, shape (B, 2)
        Joints whose distance is constant.
    lengths : array, shape (B,)
        These distances; NaN = not known.
    seen : Seen or None
        What a camera saw.

    Returns
    -------
    Fitted
    """
    parts = []
    for first in range(0, len(said), _AT_ONCE):
        rows = slice(first, first + _AT_ONCE)
        view = None if seen is None else seen.part(rows)
        parts.append(_Frames(said[rows], variance[rows], pairs, lengths, view).solved())
    return Fitted(
        np.concatenate([part.pose for part in parts]),
        np.concatenate([part.variance for part in parts]),
        None if seen is None else np.concatenate([part.place for part in parts]),
        np.concatenate([part.settled for part in parts]),
    )


class _Frames:
    """Some frames that are fitted together."""

    def __init__(
        self,
        said: Array,
        variance: Array,
        pairs: npt.NDArray[np.intp],
        lengths: Array,
        seen: Seen | None,
    ):
        self.known: Bools = np.asarray(np.isfinite(said).all(2))
        self.said = np.where(self.known[..., None], said, 0.0)
        self.precision = 1 / np.where(self.known[..., None], variance, 1.0)
        self.pairs, self.seen = pairs, seen
        held = np.isfinite(lengths) & self.known[:, pairs].all(2)
        self.lengths = np.where(held, lengths, 0.0)
        self.slack = np.where(held, (STIFF * lengths) ** 2, np.inf)
        if seen is not None:
            # Without a ray, a place has nothing to go by.
            self.shown = seen.weight * self.known[..., None]
            self.rays = np.where(self.shown > 0, seen.rays, 0.0)
            self.placed = (self.shown > 0).any((1, 2))

    def solved(self) -> Fitted:
        """Take steps until every frame is there."""
        pose = self.said.copy()
        place = None if self.seen is None else self.seen.place.copy()
        variance = np.empty_like(pose)
        settled = np.zeros(len(pose), bool)
        with np.errstate(all="ignore"):  # of frames that come apart, which stay where they are
            for number in range(STEPS):
                rows = np.flatnonzero(~settled)
                some = self if number == 0 else self._of(rows)
                there = None if place is None else place[rows]
                step, further, variance[rows] = some._step(pose[rows], there)
                moved, placed, better = some._downwards(pose[rows], there, step, further)
                share = (step**2 * some.precision).max((1, 2))
                pose[rows] = moved
                if place is not None:
                    place[rows] = placed
                settled[rows] = (share < SETTLED**2) | ~better
                if settled.all():
                    break
        lost = ~np.isfinite(variance).all((1, 2))
        variance[lost] = 1 / self.precision[lost]
        pose[~self.known] = variance[~self.known] = np.nan
        return Fitted(pose, variance, place, settled & ~lost)

    def _of(self, rows: npt.NDArray[np.intp]) -> _Frames:
        """Some of the frames."""
        other = copy.copy(self)
        for name in ("known", "said", "precision", "lengths", "slack"):
            setattr(other, name, getattr(self, name)[rows])
        if self.seen is not None:
            other.seen = replace(self.seen, place=self.seen.place[rows])
            for name in ("shown", "rays", "placed"):
                setattr(other, name, getattr(self, name)[rows])
        return other

    def _downwards(
        self, pose: Array, place: Array | None, step: Array, further: Array | None
    ) -> tuple[Array, Array | None, Bools]:
        """Pose and place after as much of a step as leads downwards, and whether any does."""
        before = self._cost(pose, place)
        share = np.ones(len(pose))
        best, there, better = pose.copy(), place, np.zeros(len(pose), bool)
        for _ in range(HALVINGS + 1):
            moved = pose + share[:, None, None] * step
            placed = place
            if place is not None and further is not None:
                placed = place + share[:, None] * further
            lower = ~better & (self._cost(moved, placed) <= before)
            best[lower] = moved[lower]
            if there is not None and placed is not None:
                there = np.where(lower[:, None], placed, there)
            better |= lower
            if better.all():
                break
            share = share / 2
        return best, there, better

    def _cost(self, pose: Array, place: Array | None) -> Array:
        apart, _ = self._distances(pose)
        cost = (self.precision * (pose - self.said) ** 2).sum((1, 2)) + (apart**2 / self.slack).sum(
            1
        )
        if place is not None:
            off, _, depth = self._off(pose, place)
            cost = cost + (self.shown * off**2).sum((1, 2))
            cost = np.where(((self.shown[..., 0] > 0) & ~(depth > 0)).any(1), np.inf, cost)
        return np.asarray(cost)

    def _distances(self, pose: Array) -> tuple[Array, Array]:
        """How much too long each pair is, and its direction."""
        near, far = pose[:, self.pairs[:, 0]], pose[:, self.pairs[:, 1]]
        vector = far - near
        length = np.sqrt((vector**2).sum(2))
        held = np.isfinite(self.slack) & (length > 0)
        direction = np.where(held[..., None], vector, 0.0) / np.where(held, length, 1.0)[..., None]
        return np.where(held, length - self.lengths, 0.0), direction

    def _off(self, pose: Array, place: Array) -> tuple[Array, Array, Array]:
        """How far rays are off, their derivatives by position (N, J, 2, 3), and depths."""
        assert self.seen is not None
        there = pose @ self.seen.turn.T + place[:, None]
        depth = there[..., 2]
        safe = np.where(depth == 0, 1.0, depth)
        rays = there[..., :2] / safe[..., None]
        by_camera = np.zeros((*rays.shape, 3))
        by_camera[..., 0, 0] = by_camera[..., 1, 1] = 1 / safe
        by_camera[..., 2] = -rays / safe[..., None]
        seen = self.shown > 0
        return np.where(seen, rays - self.rays, 0.0), by_camera, depth

    def _step(self, pose: Array, place: Array | None) -> tuple[Array, Array | None, Array]:
        """Move of pose and place, and the variance of the pose."""
        apart, direction = self._distances(pose)
        frames, count, _ = pose.shape
        pairs = len(self.pairs)
        slope = np.zeros((frames, count, 3, pairs))
        number = np.arange(pairs)
        slope[:, self.pairs[:, 1], :, number] += direction.swapaxes(0, 1)
        slope[:, self.pairs[:, 0], :, number] -= direction.swapaxes(0, 1)
        system = _System.of(self, pose, place)
        columns = slope.reshape(frames, 3 * count, pairs)
        bent, bent_place = system.over(columns, None)
        free, free_place = system.over(system.pull[..., None], system.pull_place)
        whole = columns.swapaxes(1, 2) @ bent
        # A pair that is not held has no multiplier.
        held = np.isfinite(self.slack)
        whole[:, number, number] += np.where(held, self.slack, 1.0)
        right = apart[..., None] - columns.swapaxes(1, 2) @ free
        inverse = np.linalg.inv(whole)
        force = inverse @ right
        step = -(free + bent @ force)[..., 0]
        variance = system.variance - ((bent @ inverse) * bent).sum(2)
        shape = pose.shape
        further = None
        if free_place is not None and bent_place is not None and self.seen is not None:
            further = -(free_place + bent_place @ force)[..., 0] @ self.seen.turn.T
        return step.reshape(shape), further, np.maximum(variance, 0.0).reshape(shape)


@dataclass(frozen=True)
class _System:
    """Normal equations of all but the distances, in the axes of the poses.

    Joints are blocks of three; each hangs together with the place, and with no other joint.

    Parameters
    ----------
    blocks : array, shape (N, J, 3, 3)
        Inverse of each joint's own.
    shared : array, shape (N, J, 3, 3), or None
        What of a joint's own is also the place's.
    rest : array, shape (N, 3, 3), or None
        Inverse of what is left of the place when joints are eliminated.
    pull, pull_place : array, shape (N, 3 J) and (N, 3, 1), or None
        Gradients.
    """

    blocks: Array
    shared: Array | None
    rest: Array | None
    pull: Array
    pull_place: Array | None

    @classmethod
    def of(cls, frames: _Frames, pose: Array, place: Array | None) -> _System:
        gradient = frames.precision * (pose - frames.said)
        own = np.zeros((*pose.shape, 3))
        axes = np.arange(3)
        own[..., axes, axes] = frames.precision
        if place is None or frames.seen is None:
            return cls(_inverse(own), None, None, gradient.reshape(len(pose), -1), None)
        off, slope, _ = frames._off(pose, place)
        slope = slope @ frames.seen.turn
        weighed = slope * frames.shown[..., None]
        shared = weighed.swapaxes(2, 3) @ slope
        of_rays = (weighed * off[..., None]).sum(2)
        blocks = _inverse(own + shared)
        rest = shared.sum(1) - (shared @ blocks @ shared).sum(1)
        rest[~frames.placed] = np.eye(3)
        pull = (gradient + of_rays).reshape(len(pose), -1)
        return cls(blocks, shared, _inverse(rest), pull, of_rays.sum(1)[..., None])

    def over(self, joints: Array, place: Array | None) -> tuple[Array, Array | None]:
        """The inverse of the system, times columns (N, 3 J, C) and, of the place, (N, 3, C)."""
        frames, _, columns = joints.shape
        apart = joints.reshape(frames, -1, 3, columns)
        if self.shared is None or self.rest is None:
            return (self.blocks @ apart).reshape(joints.shape), None
        alone = self.blocks @ apart
        right = -(self.shared @ alone).sum(1)
        there = self.rest @ (right if place is None else right + place)
        back = self.blocks @ (apart - self.shared @ there[:, None])
        return back.reshape(joints.shape), there

    @property
    def variance(self) -> Array:
        """Of every coordinate if no distance were known, (N, 3 J)."""
        whole = np.einsum("njaa->nja", self.blocks)
        if self.shared is not None and self.rest is not None:
            through = self.blocks @ self.shared
            whole = whole + np.einsum("njab,nbc,njac->nja", through, self.rest, through)
        return np.asarray(whole.reshape(len(whole), -1))


def _inverse(matrices: Any) -> Array:
    """Inverses of symmetric matrices; of one that is not regular, NaN."""
    with np.errstate(all="ignore"):
        try:
            return np.asarray(np.linalg.inv(matrices))
        except np.linalg.LinAlgError:
            regular = np.linalg.matrix_rank(matrices) == matrices.shape[-1]
            safe = np.where(regular[..., None, None], matrices, np.eye(matrices.shape[-1]))
            return np.asarray(
                np.where(regular[..., None, None], np.linalg.inv(safe), np.nan), np.float64
            )
