"""Hypotheses weighed by how well each explains the 2D, which needs nothing but that and the camera.

Each hypothesis is put where it is seen best, and missed joints by so many pixels there. Its weight
in a frame is the normal likelihood of these, with all joints of the frame counting as a single
observation, since they miss together. What is the same in all frames of a recording, as where 2D
and 3D were labelled differently, tells nothing of a pose and is taken out first.

The lifted pose is moved by what the weighted mean is away from the unweighted one, as far as that
proves itself: weights from one half of the joints have to bring the other half nearer to where it
was seen. The factor with which they do so best, found by least squares over several halvings of the
joints, is halved (half of what is gained there is the noise of the halves' common 2D) and limited.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera
from liftpose.lifter.opt import Options
from liftpose.lifter.terms import as_poses_2d
from liftpose.lifter.views import Views
from liftpose.poses import Lifted, Poses
from liftpose.postprocess.moving import moved
from liftpose.postprocess.placing import FEWEST_JOINTS, beside, check_lifted, translation, weights

Array = npt.NDArray[np.float64]

LOOKED_AT = 4000
"""Frames at most, taken evenly, on which noise and factor are found."""

CHUNK = 1024
"""Frames that are weighed at a time."""

HALVINGS = 4
"""Of the joints, at random, each half in turn telling of the other."""

FEWEST_HALVED = 4
"""Joints from which on they are halved; of fewer, a half tells nothing."""

MOST = 0.5
"""Factor at most. Without halving and this limit, one of ten recordings became 1 % worse; without
taking out what is missed in the same way in all frames, another did by 4 %."""


def aggregate(
    lifted: Lifted,
    poses_2d: Any,
    camera: Any,
    confidence: Any = None,
    *,
    min_confidence: float = Options.min_confidence,
) -> Lifted:
    """Move lifted poses towards those of their hypotheses that explain the 2D.

    Parameters
    ----------
    lifted : Lifted
        N frames, with `hypotheses`: what ``Lifter.lift(poses_2d, hypotheses=k)`` gives.
    poses_2d : Poses, array of shape (N, J, 2), dict of such arrays, or dataset
        The pixels that were lifted; NaN = not seen.
    camera : Camera, dict of Camera, or sequence of Camera
        What filmed them: one, or one an experiment.
    confidence : array, shape (N, J), or dict of such arrays, optional
        Weight of each joint; by default that of the 2D, or all are alike.
    min_confidence : float, default as in `Options`
        A joint below it counts as not seen.

    Returns
    -------
    Lifted
        Without the hypotheses, which are about the poses as they were. Frames that cannot be
        weighed, with fewer than three joints seen, stay as they are; all frames do where the 2D
        prefers none of the hypotheses, or nothing that proves itself. The factor is in its
        ``provenance``.

    Raises
    ------
    ValueError
        No hypotheses, depth only, no frame, another number of frames or joints in 2D and 3D, or
        no camera.
    TypeError
        Something that is no Lifted, no poses or no camera.

    Notes
    -----
    What a lifter lifts is the mean of what is likely given the 2D, so that most of what the 2D
    tells is in it already. Do not expect much: see ``docs/hypotheses.md``.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> camera = Camera(K=[[900, 0, 320], [0, 900, 240], [0, 0, 1]], t=[0, 0, 30])
    >>> pose = rng.normal(size=(200, 6, 3))
    >>> two = np.stack([pose, pose + 0.5 * rng.normal(size=pose.shape)])
    >>> lifted = Lifted(two.mean(0), two.mean(0), ("",), (200,), frame="world", hypotheses=two)
    >>> nearer = aggregate(lifted, camera.project(pose), camera)
    >>> bool(abs(nearer.position - pose).mean() < 0.8 * abs(lifted.position - pose).mean())
    True
    """
    check_lifted(lifted)
    if lifted.hypotheses is None or len(lifted.hypotheses) < 2:
        raise ValueError(
            "lifted has no hypotheses to aggregate; expected two or more, such as "
            "lifter.lift(poses_2d, hypotheses=10) gives."
        )
    if camera is None:
        raise ValueError(
            "camera is missing; give the camera that filmed the 2D, such as lifter.camera."
        )
    seen = beside(as_poses_2d(poses_2d, confidence, copy=False), lifted)
    films = list(_films(lifted, seen, camera, min_confidence))
    factor = _factor(films)
    position = lifted.position.astype(np.float64)
    for film in films if factor > 0 else ():
        film.move(position, factor)
    step = {"step": "aggregate", "hypotheses": len(lifted.hypotheses), "factor": factor}
    spread = None if lifted.spread is None else lifted.spread.astype(np.float64)
    return moved(lifted, position, spread, step)


class _Film:
    """One experiment: its hypotheses, its 2D, and how far these miss each other.

    Parameters
    ----------
    poses : array, shape (1 + k, n, J, 3)
        The lifted poses, then their hypotheses.
    pixels : array, shape (n, J, 2)
    weight : array, shape (n, J)
        Of the joints.
    camera : Camera
    turned : bool
        Whether the poses are in the world.
    rows : slice
        Of the frames, among those of all experiments.
    """

    def __init__(
        self, poses: Any, pixels: Any, weight: Array, camera: Camera, turned: bool, rows: slice
    ):
        self.poses, self.pixels, self.weight, self.rows = poses, pixels, weight, rows
        self.camera, self.turn = camera, camera.R if turned else np.eye(3)
        step = -(-len(pixels) // LOOKED_AT)
        missed = self._missed(np.arange(0, len(pixels), max(step, 1)))
        told = np.isfinite(missed[0]).any(0)
        self.bias = np.zeros(missed.shape[2:])
        self.bias[told] = np.nanmedian(missed[0][:, told], axis=0)
        self.looked_at = missed - self.bias
        off = _mean_square(self.looked_at[0])
        known = off[np.isfinite(off)]
        self.usual = float(np.median(known)) if len(known) else 0.0

    def _missed(self, rows: Any) -> Array:
        """Pixels (1 + k, m, J, 2) from where joints were seen to where each pose has them."""
        pixels = self.pixels[rows].astype(np.float64)
        rays = self.camera.rays(pixels)
        shown = np.isfinite(rays).all(-1) & (self.weight[rows] > 0)
        missed = np.empty((len(self.poses), *pixels.shape))
        for number, poses in enumerate(self.poses):
            pose = poses[rows].astype(np.float64) @ self.turn.T
            seen = shown & np.isfinite(pose).all(-1)
            seen &= (seen.sum(1) >= FEWEST_JOINTS)[:, None]
            equal = np.where(seen, self.weight[rows], 0.0)[..., None] * np.ones(2)
            cleared = np.where(seen[..., None], pose, 0.0), np.where(seen[..., None], rays, 0.0)
            there = pose + translation(*cleared, equal)[:, None]
            behind = (seen & ~(there[..., 2] > 0)).any(1)
            away = self.camera.project(there, frame="camera") - pixels
            missed[number] = np.where(seen[..., None] & ~behind[:, None, None], away, np.nan)
        # Where one of the poses has no place, the others have nothing to be compared with.
        missed[:, np.isnan(missed).all((2, 3)).any(0)] = np.nan
        return missed

    def excess(self, missed: Array) -> Array:
        """Weights (k, m) of the hypotheses beyond equal ones, from what they miss."""
        noise = np.maximum(_mean_square(missed[0]), self.usual)
        square = np.array([_mean_square(one) for one in missed[1:]])
        with np.errstate(all="ignore"):
            logarithm = -square / (2 * noise)
            likely = np.exp(logarithm - logarithm.max(0))
            weight = likely / likely.sum(0)
        return np.where(np.isfinite(weight), weight - 1 / len(weight), 0.0)

    def move(self, position: Array, factor: float) -> None:
        """Move the lifted poses, in place, by so much of what the weights tell."""
        for start in range(0, len(self.pixels), CHUNK):
            rows = np.arange(start, min(start + CHUNK, len(self.pixels)))
            excess = self.excess(self._missed(rows) - self.bias)
            step = np.einsum("kn,knjd->njd", excess, self.poses[1:, rows].astype(np.float64))
            position[self.rows][rows] += factor * np.where(np.isfinite(step), step, 0.0)


def _films(lifted: Lifted, seen: Poses, camera: Any, least: float) -> Iterator[_Film]:
    turned = lifted.frame == "world"
    cameras = Views.resolve(camera, lifted.keys, turns=turned).of(lifted.keys)
    weight, start = weights(seen, lifted, least), 0
    assert lifted.hypotheses is not None
    for one, count in zip(cameras, lifted.lengths, strict=True):
        rows = slice(start, start + count)
        start += count
        poses = np.concatenate([lifted.position[None, rows], lifted.hypotheses[:, rows]])
        yield _Film(poses, seen.points[rows], weight[rows], one, turned, rows)


def _factor(films: list[_Film]) -> float:
    """Give the factor with which weights from half of the joints serve the other half, halved."""
    along, across = 0.0, 0.0
    rng = np.random.default_rng(0)
    for film in films:
        missed = film.looked_at
        joints = np.flatnonzero(np.isfinite(missed[0]).any((0, 2)))
        if len(joints) < FEWEST_HALVED:
            continue
        noise = np.maximum(_mean_square(missed[0]), film.usual)[:, None, None]
        for _ in range(HALVINGS):
            drawn = rng.permutation(joints)
            for telling, told in ((drawn[::2], drawn[1::2]), (drawn[1::2], drawn[::2])):
                excess = film.excess(missed[:, :, telling])
                step = np.einsum("kn,knjd->njd", excess, missed[1:, :, told])
                with np.errstate(all="ignore"):  # of frames that nothing is missed in
                    pulled = -missed[0][:, told] * step / noise
                    length = step**2 / noise
                known = np.isfinite(pulled)
                along += float(pulled[known].sum())
                across += float(length[known].sum())
    return float(np.clip(along / across / 2, 0.0, MOST)) if across > 0 else 0.0


def _mean_square(missed: Array) -> Array:
    """Mean square of what is missed in a frame, shape (m,); NaN where nothing is known."""
    known = np.isfinite(missed)
    total = np.where(known, missed, 0.0) ** 2
    with np.errstate(all="ignore"):
        mean: Array = total.sum((1, 2)) / known.sum((1, 2))
    return mean
