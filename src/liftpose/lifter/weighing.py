"""How much a joint counts that the tracker is not quite sure of.

A tracker's confidence ``c`` is read as the probability that a joint is where it was found, as a
share of what is typical of the tracker: with it the joint is there, and otherwise where the others
expect it. That is what comes out where a joint is seen with noise of variance ::

    r = k v (1 - c) / c

with ``v`` the variance of its coordinates given all other joints, and ``k = 1``. How far unsure
joints of the training poses are from where the others expect them tells whether that is so: of sure
joints the mean square is ``v``, of unsure ones ``v + r``, and ``k`` is what makes this true, from 0
(confidence tells nothing) to 1. The 2D of a frame, ``x``, is then expected at
``m + C (C + R)⁻¹ (x - m)`` with mean and covariance of `completion`, and ``R`` the diagonal matrix
of the noise: a sure joint stays, an unsure one is pulled to where the others have it, and they
count for less in turn (Anderson 2003, "An Introduction to Multivariate Statistical Analysis",
section 2.5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from liftpose.lifter.completion import CHUNK, FEWEST, Completion
from liftpose.lifter.normalization import Anchoring
from liftpose.poses import Poses
from liftpose.skeleton.target_sets import TargetSets

LEAST = 1e-3
"""Least probability that a joint is where it was found."""

WEAKEST = 0.1
"""Least strength for confidence to count."""

ENOUGH = 20.0
"""Joints, each as far as it is unsure, from which on there is anything to measure."""


@dataclass(frozen=True)
class Weighing:
    """What confidence means, learned from training poses.

    Parameters
    ----------
    completion : Completion
        Where joints are expected.
    typical : float
        Confidence from which on a joint is where it was found.
    strength : float
        The factor ``k`` of the noise, up to 1.
    """

    completion: Completion
    typical: float
    strength: float = 1.0

    @classmethod
    def fit(
        cls, pose_2d: Tensor, confidence: Tensor, joints: Any, sizeless: bool = False
    ) -> Weighing | None:
        """Learn what a tracker's confidence means.

        Parameters
        ----------
        pose_2d : tensor, shape (N, J, 2), float64, pixels
            NaN = not seen.
        confidence : tensor, shape (N, J)
            0 to 1; NaN where it is not known.
        joints : sequence of int
            Those that play a part.
        sizeless : bool
            As `Completion.fit` takes it.

        Returns
        -------
        Weighing or None
            None where confidence tells nothing: there is none, or joints of low confidence are
            where the others expect them as much as the rest.
        """
        known = pose_2d.isfinite().all(2) & confidence.isfinite()
        known = known[:, torch.as_tensor(joints)]
        values = confidence[:, torch.as_tensor(joints)][known].double()
        if not len(values):
            return None
        typical = float(values.median())
        if typical <= 0 or not bool((values < typical).any()):
            return None
        completion = Completion.fit(pose_2d, joints, False, sizeless)
        strength = cls(completion, typical)._measured(pose_2d, confidence)
        return cls(completion, typical, strength) if strength >= WEAKEST else None

    @cached_property
    def _precision(self) -> Tensor:
        inverse: Tensor = torch.linalg.inv(self.completion.covariance)
        return inverse

    @cached_property
    def _alone(self) -> Tensor:
        """Variance of each joint's coordinates given all others, shape (U,)."""
        variance: Tensor = (1 / self._precision.diagonal()).unflatten(0, (-1, 2)).mean(1)
        return variance

    def _probability(self, confidence: Tensor) -> Tensor:
        """Probabilities (N, U) that joints are where they were found."""
        known = confidence[:, self.completion.joints].double() / self.typical
        return known.nan_to_num(1.0).clamp(LEAST, 1.0)

    def _measured(self, pose_2d: Tensor, confidence: Tensor) -> float:
        """How much of the noise of strength 1 unsure joints have."""
        seen = pose_2d[:, self.completion.joints].isfinite().all(2)
        whole = self.completion.standardised(self.completion.complete(pose_2d))
        usable = whole.isfinite().all(1)
        off = (whole[usable] - self.completion.mean) @ self._precision
        square = (off.square() / self._precision.diagonal()).unflatten(1, (-1, 2)).mean(2)
        probability = self._probability(confidence)[usable]
        unsure = (1 - probability) * seen[usable]
        sure = (unsure == 0) & seen[usable]
        if min(float(unsure.sum()), float(sure.sum())) < ENOUGH:
            return 0.0
        beside = unsure * (square / square[sure].mean() - 1)
        odds = unsure * (1 - probability) / probability
        return min(1.0, float(beside.sum() / odds.sum()))

    def weigh(self, pose_2d: Tensor, confidence: Tensor) -> Tensor:
        """Pull joints to where the others expect them, as far as the tracker is not sure.

        Parameters
        ----------
        pose_2d : tensor, shape (N, J, 2), float64, pixels
            NaN = not seen.
        confidence : tensor, shape (N, J)
            0 to 1; NaN where it is not known, and nothing is pulled.

        Returns
        -------
        tensor, shape (N, J, 2)
            The same tensor where all joints are sure; those that are not seen stay so.
        """
        probability = self._probability(confidence)
        seen = pose_2d[:, self.completion.joints].isfinite().all(2)
        unsure = seen & (probability < 1)
        rows = (unsure.any(1) & (seen.sum(1) >= FEWEST)).nonzero().squeeze(1)
        if not len(rows):
            return pose_2d
        noise = self.strength * self._alone * (1 - probability) / probability
        weighed = pose_2d.clone()
        for part in rows.split(CHUNK):
            found = self.completion.cleaned(pose_2d[part], noise[part])
            before = weighed[part[:, None], self.completion.joints]
            after = torch.where(unsure[part].unsqueeze(2), found, before)
            weighed[part[:, None], self.completion.joints] = after
        return weighed

    def state(self) -> dict[str, Any]:
        """Everything needed to build it again."""
        return {
            "completion": self.completion.state(),
            "typical": self.typical,
            "strength": self.strength,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Weighing:
        """Build it from what `state` gave."""
        completion = Completion.from_state(state["completion"])
        return cls(completion, state["typical"], state["strength"])


def weighing_of(poses_2d: Poses, sets: TargetSets, sizeless: bool) -> Weighing | None:
    """Learn what the confidence of training poses means; see `Weighing.fit`.

    Parameters
    ----------
    poses_2d : Poses
        As the lifter learns them, without what is too unsure.
    sets : TargetSets
        Roots and targets.
    sizeless : bool
        Whether the 2D of each frame is scaled to unit norm.

    Returns
    -------
    Weighing or None
        None where there is no confidence, too.
    """
    if poses_2d.confidence is None:
        return None
    points = torch.from_numpy(np.array(poses_2d.points, np.float64))
    sure = torch.from_numpy(np.array(poses_2d.confidence, np.float64))
    return Weighing.fit(points, sure, Anchoring(sets).used, sizeless)
