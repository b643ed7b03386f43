"""Kalman filter and smoother of many series at once, their noise found by likelihood.

Every series is the position ``x`` of a body that stands still, or moves with constant velocity or
acceleration, but for white noise ``w`` of the next derivative, and that is measured with noise ::

    s_t = F s_{t-1} + w_t,   w_t ~ N(0, q Q)
    y_t = x_t + e_t,         e_t ~ N(0, r c_t)

where ``s`` holds ``x`` and none, one or two of its derivatives per frame, ``F`` and ``Q`` are those
of continuous motion seen once a frame, and ``c_t`` is how noisy a frame is beside others.
The two levels ``q`` and ``r`` are those under which what was measured is most likely. For a given
ratio of the two the best ``r`` has a closed form, so that the search is along one line.

References
----------
Y. Bar-Shalom, X. R. Li and T. Kirubarajan, "Estimation with applications to tracking and
navigation", 2001, section 6.2 (the models), 5.2 (the filter). H. E. Rauch, F. Tung and C. T.
Striebel, "Maximum likelihood estimates of linear dynamic systems", AIAA Journal 3(8), 1965 (the
smoother), in the form without inverses of G. J. Bierman, "Fixed interval smoothing with discrete
measurements", International Journal of Control 18(1), 1973. F. C. Schweppe, "Evaluation of
likelihood functions for Gaussian signals", IEEE Transactions on Information Theory 11(1), 1965.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

DIFFUSE = 1e6
"""Variance of a state when it is first measured, in those of measurement and process together."""

FRAMES = 4096
"""Frames at most that the noise is found on, and how many of these follow one another."""
BLOCK = 256

UNCOUNTED = 3
"""First measurements of a recording that no model's likelihood counts: they begin the longest."""

STEPS = 8
"""Fine steps of the search to a coarse one, which is a factor of ten."""

MEMORY = 1 << 29
"""Bytes that states take at most while they are smoothed; series are smoothed some at a time."""


@dataclass(frozen=True)
class Motion:
    """A model of how things move from one frame to the next.

    Parameters
    ----------
    transition : array, shape (S, S)
        ``F``.
    noise : array, shape (S, S)
        ``Q``.
    ratios : tuple of float
        Decimal logarithms of the least and the greatest ``q / r`` that is looked at: from smooth
        over a hundred frames to not smooth at all.
    """

    transition: Array
    noise: Array
    ratios: tuple[int, int]

    @property
    def size(self) -> int:
        """Number of states S: of derivatives, the zeroth included."""
        return len(self.transition)


MOTIONS = {
    "position": Motion(np.array([[1.0]]), np.array([[1.0]]), (-4, 3)),
    "velocity": Motion(
        np.array([[1.0, 1.0], [0.0, 1.0]]),
        np.array([[1 / 3, 1 / 2], [1 / 2, 1.0]]),
        (-8, 3),
    ),
    "acceleration": Motion(
        np.array([[1.0, 1.0, 0.5], [0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]),
        np.array([[1 / 20, 1 / 8, 1 / 6], [1 / 8, 1 / 3, 1 / 2], [1 / 6, 1 / 2, 1.0]]),
        (-12, 3),
    ),
}
"""Models by what is constant but for noise."""


@dataclass(frozen=True)
class Levels:
    """Noise of each series.

    Parameters
    ----------
    measurement : array, shape (B,)
        ``r``, a variance.
    process : array, shape (B,)
        ``q``, a variance per frame of the highest derivative.
    cost : array, shape (B,)
        Twice the negative logarithm of the likelihood, but for a constant that all models share.
    """

    measurement: Array
    process: Array
    cost: Array

    def of(self, which: npt.NDArray[Any]) -> Levels:
        """Give those of some series."""
        return Levels(self.measurement[which], self.process[which], self.cost[which])


@dataclass(frozen=True)
class _Filtered:
    """What is known of a frame from those up to it, and what the smoother needs of it.

    `mean` (F, S, B), `covariance` (F, S, S, B), `gain` (F, S, B); of what was measured, the
    `surprise` over its variance and one over that variance, (F, B), 0 in gaps.
    """

    mean: Array
    covariance: Array
    gain: Array
    surprise: Array
    certainty: Array


def levels(
    experiments: Sequence[Array], noises: Sequence[Array], motion: Motion, most: Array | None = None
) -> Levels:
    """Find the noise of every series by likelihood.

    Parameters
    ----------
    experiments : sequence of array, shape (F, B)
        What was measured; NaN = not. Each is a recording of its own.
    noises : sequence of array, shape (F, B)
        How noisy each measurement is beside others: variances, about 1.
    motion : Motion
        See `MOTIONS`.
    most : array, shape (B,), optional
        The greatest ``r`` that may be found.

    Returns
    -------
    Levels
        NaN for a series with too few measurements, and with none that differ.
    """
    values, noise = (_blocks(each) for each in (experiments, noises))
    low, high = motion.ratios
    own = np.arange(values.shape[2])
    coarse = np.arange(low, high + 1.0)
    limit = np.full(len(own), np.inf) if most is None else most
    costs, _ = _costs(values, noise, motion, np.repeat(coarse[:, None], len(own), 1), limit)
    best = coarse[np.argmin(costs, axis=0)]
    fine = np.clip(best + np.linspace(-1, 1, 2 * STEPS + 1)[:, None], low, high)
    costs, scales = _costs(values, noise, motion, fine, limit)
    place = np.argmin(costs, axis=0)
    measurement = np.where(scales[place, own] > 0, scales[place, own], np.nan)
    return Levels(measurement, measurement * 10.0 ** fine[place, own], costs[place, own])


def smoothed(
    values: Array, noise: Array, motion: Motion, found: Levels, *, causal: bool
) -> tuple[Array, Array]:
    """Give the most likely position in every frame, and its variance.

    Parameters
    ----------
    values, noise : array, shape (F, B)
        As for `levels`, of one recording.
    motion : Motion
        See `MOTIONS`.
    found : Levels
        Noise of every series.
    causal : bool
        From the frames up to each alone; else from all.

    Returns
    -------
    position, variance : array, shape (F, B)
        NaN where a series has no measurement at all or, with `causal`, none until then.
    """
    frames, count = values.shape
    size = motion.size
    many = max(1, MEMORY // (8 * max(frames, 1) * (size * size + 2 * size + 2)))
    position, variance = np.empty((2, frames, count))
    for first in range(0, count, many):
        some = slice(first, first + many)
        given = values[:, some], noise[:, some], motion, found.of(np.arange(count)[some])
        position[:, some], variance[:, some] = _both_ways(*given, causal)
    return position, variance


def _both_ways(
    values: Array, noise: Array, motion: Motion, own: Levels, causal: bool
) -> tuple[Array, Array]:
    passed = _filtered(values, noise, motion, own)
    before = np.cumsum(np.isfinite(values), axis=0) == 0
    position, variance = passed.mean[:, 0], passed.covariance[:, 0, 0]
    if not causal:
        position, variance = _backwards(passed, motion)
        late = np.flatnonzero(before[0] & ~before[-1])
        if len(late):
            # The models are the same backwards in time, where these frames come last.
            ends = _filtered(values[::-1, late], noise[::-1, late], motion, own.of(late))
            told = before[:, late]
            position[:, late] = np.where(told, ends.mean[::-1, 0], position[:, late])
            last = ends.covariance[::-1, 0, 0]
            variance[:, late] = np.where(told, last, variance[:, late])
            before[:, late] = False
    return np.where(before, np.nan, position), np.where(before, np.nan, variance)


def _blocks(experiments: Sequence[Array]) -> Array:
    """Some stretches of all recordings, shape (BLOCK, stretches, B), NaN after a short one."""
    pieces = [
        each[first : first + BLOCK] for each in experiments for first in range(0, len(each), BLOCK)
    ]
    kept = pieces[:: max(1, -(-len(pieces) // (FRAMES // BLOCK)))]
    found = np.full((min(BLOCK, max(map(len, kept))), len(kept), kept[0].shape[1]), np.nan)
    for number, piece in enumerate(kept):
        found[: len(piece), number] = piece
    return found


def _costs(
    values: Array, noise: Array, motion: Motion, ratios: Array, most: Array
) -> tuple[Array, Array]:
    """Twice the negative logarithm of the likelihood at some ratios, and the best ``r`` there.

    Values and noise are (F, stretches, B), ratios (G, B), and so is what is returned.
    """
    shape = (len(ratios), *values.shape[1:])
    # In units of r, which is not known yet.
    drive = np.broadcast_to(10.0 ** ratios[:, None], shape)
    walk = _Walk(motion, drive, 1.0 + drive)
    seen = np.zeros(values.shape[1:])
    squares, logs, number = np.zeros(ratios.shape), np.zeros(ratios.shape), 0.0
    for value, noisy in zip(values, noise, strict=True):
        there = np.isfinite(value)
        gap, whole, _ = walk.step(value, noisy, there, seen > 0)
        # The first ones say where a series begins, and nothing of its noise.
        counted = there & (seen >= UNCOUNTED)
        squares += np.where(counted, gap * gap / whole, 0.0).sum(1)
        logs += np.where(counted, np.log(whole), 0.0).sum(1)
        number = number + counted.sum(0)
        seen += there
    with np.errstate(all="ignore"):  # of a series that is never measured, or always the same
        scales = np.minimum(squares / number, most)
        costs = number * np.log(scales) + logs + squares / scales
    return np.where(np.isnan(costs), np.inf, costs), scales


class _Walk:
    """The filter: a state and its covariance, from frame to frame.

    Parameters
    ----------
    motion : Motion
    drive : array, shape (...)
        ``q`` of each series.
    level : array, shape (...)
        Noise of each, by which `DIFFUSE` is meant.
    """

    def __init__(self, motion: Motion, drive: Array, level: Array):
        size, ones = motion.size, [1] * drive.ndim
        self.forward = motion.transition
        self.noise = motion.noise.reshape(size, size, *ones) * drive
        self.start = np.eye(size).reshape(size, size, *ones) * (DIFFUSE * level)
        self.mean = np.zeros((size, *drive.shape))
        self.covariance = self.start

    def step(self, value: Array, noise: Array, there: Any, begun: Any) -> tuple[Array, ...]:
        """Go on one frame; a series that has not begun starts where it is measured.

        Gives the surprise, its variance and the gain, all of no meaning where nothing is measured.
        """
        half = np.tensordot(self.forward, self.covariance, 1)
        # A covariance is its own transpose, so that its other side is turned like the first.
        covariance = np.tensordot(self.forward, half.swapaxes(0, 1), 1) + self.noise
        mean = np.tensordot(self.forward, self.mean, 1)
        known = np.where(there, value, 0.0)
        if not np.all(begun):
            covariance = np.where(begun, covariance, self.start)
            mean = np.where(begun, mean, 0.0)
            mean[0] = np.where(begun, mean[0], known)
        gap = known - mean[0]
        whole = covariance[0, 0] + np.where(there, noise, 1.0)
        gain = np.where(there, covariance[:, 0] / whole, 0.0)
        self.mean = mean + gain * gap
        self.covariance = covariance - gain[:, None] * covariance[0]
        return gap, whole, gain


def _filtered(values: Array, noise: Array, motion: Motion, own: Levels) -> _Filtered:
    frames, count = values.shape
    size = motion.size
    means, gains = np.empty((2, frames, size, count))
    covariances = np.empty((frames, size, size, count))
    surprises, certainties = np.empty((2, frames, count))
    walk = _Walk(motion, own.process, own.measurement + own.process)
    there = np.isfinite(values)
    begun = np.zeros(count, bool)
    for frame in range(frames):
        noisy = own.measurement * noise[frame]
        gap, whole, gains[frame] = walk.step(values[frame], noisy, there[frame], begun)
        means[frame], covariances[frame] = walk.mean, walk.covariance
        certainties[frame] = there[frame] / whole
        surprises[frame] = gap * certainties[frame]
        begun |= there[frame]
    return _Filtered(means, covariances, gains, surprises, certainties)


def _backwards(passed: _Filtered, motion: Motion) -> tuple[Array, Array]:
    """What later frames add: the adjoint of the state and its covariance, from the last frame."""
    frames, size, count = passed.mean.shape
    back = motion.transition.T
    position, variance = np.empty((frames, count)), np.empty((frames, count))
    adjoint, information = np.zeros((size, count)), np.zeros((size, size, count))
    for frame in range(frames - 1, -1, -1):
        covariance, gain = passed.covariance[frame], passed.gain[frame]
        first = covariance[0]
        position[frame] = passed.mean[frame, 0] - (first * adjoint).sum(0)
        turned = (information * first).sum(1)
        variance[frame] = covariance[0, 0] - (first * turned).sum(0)
        # Before this frame's measurement: (I - K H)' on both sides, K H being of one column.
        drawn = (gain * adjoint).sum(0)
        adjoint = adjoint.copy()
        adjoint[0] -= drawn + passed.surprise[frame]
        column = (information * gain).sum(1)
        inner = (gain * column).sum(0)
        information = information.copy()
        information[0] -= column
        information[:, 0] -= column
        information[0, 0] += inner + passed.certainty[frame]
        adjoint = np.tensordot(back, adjoint, 1)
        half = np.tensordot(back, information, 1)
        information = np.tensordot(back, half.swapaxes(0, 1), 1)
    return position, np.maximum(variance, 0.0)
