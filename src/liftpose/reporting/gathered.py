"""What is known of lifted poses, wherever it was found: in the folder of a run, or in files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose import metrics
from liftpose.geometry.camera import Camera
from liftpose.lifter.lifter import Lifter
from liftpose.poses import Bars, Floats, Key, Lifted, Verdict
from liftpose.poses.bars import LEVELS
from liftpose.postprocess.evaluation import Evaluation
from liftpose.skeleton import Skeleton

Bools = npt.NDArray[np.bool_]

UNUSUAL = 99.0
"""Percentile of novelty above which a frame counts as unusual."""

LEVEL = 0.9
"""Of the error bars that are spoken of."""


@dataclass(frozen=True, eq=False)
class Gathered:
    """Lifted poses with all that is known of them; row i is frame i.

    Parameters
    ----------
    source : pathlib.Path
        The folder of a run, or a file of lifted poses.
    skeleton : Skeleton
        Names, bones and colours of the joints J.
    targets : tuple of int, length T
        Joints that count in the errors.
    keys, lengths : tuple
        Name of each recording, and its number of frames.
    pose : array, shape (N, J, 3)
        As they are shown.
    unit, frame : str or None
    fps : float or None
    truth : array, shape (N, J, 3), optional
        As it is shown; NaN where it is not known.
    true, found : array, shape (N, T, D), optional
        Targets relative to their roots: the truth where it counts, which it does only where both
        were seen in 2D, and what was lifted.
    known : array, shape (N, T, D), optional
        The truth of targets that were not seen as well.
    beside : mapping of str to array, shape (N, T, D)
        The same of other guesses: ``ridge`` and ``mean_pose``.
    spread : array, shape (N, J, 3), optional
        One standard deviation of each coordinate, of targets relative to their roots.
    image : array, shape (N, J, 2), optional
        The 2D that was lifted, NaN where a joint was not seen.
    cameras : tuple of Camera, optional
        Of each recording.
    novelty : array, shape (N,), optional
    verdicts : mapping, optional
        Of the recordings, by key.
    bars : Bars, optional
    evaluation : Evaluation, optional
        The errors as they are written, or as they were found just now.
    lifted : Lifted, optional
        Of which angles are measured.
    lifter : Lifter, optional
        What lifted it, where it is at hand.
    training : tuple of three lists
        Epochs, and the losses on training and test data; empty where none was trained.
    provenance : mapping of str to str
        What the file says of its origin.
    unknown : tuple of str
        What is not known, and why, a sentence each.
    """

    source: Path
    skeleton: Skeleton
    targets: tuple[int, ...]
    keys: tuple[Key, ...]
    lengths: tuple[int, ...]
    pose: Floats
    unit: str | None = None
    frame: str | None = None
    fps: float | None = None
    truth: Floats | None = None
    true: Floats | None = None
    found: Floats | None = None
    known: Floats | None = None
    beside: Mapping[str, Floats] = field(default_factory=dict)
    spread: Floats | None = None
    image: Floats | None = None
    cameras: tuple[Camera, ...] | None = None
    novelty: Floats | None = None
    verdicts: Mapping[Key, Verdict] | None = None
    bars: Bars | None = None
    evaluation: Evaluation | None = None
    lifted: Lifted | None = None
    lifter: Lifter | None = None
    training: tuple[list[int], list[float], list[float]] = ([], [], [])
    provenance: Mapping[str, str] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def frames(self) -> int:
        """Number of frames N."""
        return len(self.pose)

    @cached_property
    def recordings(self) -> tuple[tuple[str, int, int], ...]:
        """Name, first frame and number of frames of each."""
        firsts = np.cumsum([0, *self.lengths]).tolist()
        return tuple(
            (called(key), first, length)
            for key, first, length in zip(self.keys, firsts, self.lengths, strict=False)
        )

    @cached_property
    def errors(self) -> Floats | None:
        """Distance of each target from its truth, (N, T); NaN where it does not count."""
        if self.true is None or self.found is None:
            return None
        return np.asarray(metrics.joint_errors(self.true, self.found), np.float64)

    @cached_property
    def errors_beside(self) -> dict[str, Floats]:
        """The same of other guesses."""
        return {
            name: np.asarray(metrics.joint_errors(self.true, guess), np.float64)
            for name, guess in self.beside.items()
        }

    @cached_property
    def all_errors(self) -> Floats | None:
        """The same of targets that were not seen, too, as far as their truth is known."""
        if self.known is None or self.found is None:
            return self.errors
        return np.asarray(metrics.joint_errors(self.known, self.found), np.float64)

    @cached_property
    def frame_errors(self) -> Floats | None:
        """Mean of the errors of a frame, (N,)."""
        return None if self.errors is None else mean_known(self.errors, 1)

    @cached_property
    def deviation(self) -> Floats | None:
        """Root of the sum of the variances of each target, (N, T)."""
        if self.spread is None:
            return None
        own = np.asarray(self.spread, np.float64)[:, list(self.targets)]
        deviation: Floats = np.sqrt(np.square(own).sum(axis=2))
        return deviation

    @cached_property
    def hidden(self) -> Bools | None:
        """Whether each joint was not seen, (N, J)."""
        return None if self.image is None else np.asarray(np.isnan(self.image).any(axis=2))

    def held(self, level: float, ball: bool) -> Floats | None:
        """Whether error bars hold the truth: 1, 0, or NaN where either is not known.

        Parameters
        ----------
        level : float
        ball : bool
            Of joints, (N, T); else of single coordinates, (N, T, D).

        Returns
        -------
        array or None
            None where there are no error bars of this level.
        """
        if self.bars is None or self.spread is None or self.true is None or self.found is None:
            return None
        if level > self.bars.highest:
            return None
        if ball:
            assert self.deviation is not None
            radius = self.bars.of_ball(level) * self.deviation
            inside = metrics.in_ball(self.true, self.found, radius)
        else:
            # Where depth alone is lifted, it stands last of three.
            spread = self.spread[:, list(self.targets), -self.found.shape[2] :]
            half = self.bars.of_interval(level) * spread
            inside = metrics.in_interval(self.true, self.found - half, self.found + half)
        return np.asarray(inside, np.float64)

    def coverage(self, ball: bool) -> tuple[list[float], list[tuple[float, float, float]]]:
        """How often error bars hold the truth.

        Parameters
        ----------
        ball : bool
            Of joints; else of single coordinates.

        Returns
        -------
        levels : list of float
        shares : list of three floats
            The share, and the ends of its 95 % interval.
        """
        blocks = metrics.time_blocks(self.lengths)
        levels, shares = [], []
        for level in LEVELS[1::2]:
            inside = self.held(level, ball)
            if inside is None or not np.isfinite(inside).any():
                continue
            found = metrics.coverage_interval(inside, blocks)
            levels.append(level)
            shares.append((found.share, found.lower, found.upper))
        return levels, shares


def called(key: Any) -> str:
    """Name a recording."""
    return " ".join(map(str, key)) if isinstance(key, tuple) else str(key)


def mean_known(values: Floats, axis: int) -> Floats:
    """Mean of what is known along an axis; NaN where nothing is."""
    known = np.isfinite(values)
    number = known.sum(axis=axis)
    total = np.where(known, values, 0).sum(axis=axis)
    mean: Floats = np.where(number > 0, total / np.maximum(number, 1), np.nan)
    return mean
