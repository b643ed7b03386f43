"""The bone fit: a lifted pose is moved to where its 2D, its bones and the lifter's errors agree.

Nearly all of a lifter's error is depth, and what a lifter says does not quite project to the 2D
that it was given. A pose is therefore sought again, by its depths: with the rays ``a`` of the
joints, their depths ``z`` relative to the root's and the root's own, ``Z``, a joint is at ::

    p = (a (Z + z) - a_0 Z, z)

relative to the root, so that it is seen where it was seen. Among these poses that one is taken
which minimises ::

    (p - m)' C⁻¹ (p - m) + sum over bones of (|bone| - length)² / s²

where ``m`` is what the lifter said, ``C`` the covariance of its errors on held-out frames and of
what the 2D's own noise does to ``p``, and ``s`` how much a bone's length was measured to vary.
A few steps of Gauss and Newton (Nocedal and Wright 2006, "Numerical optimization", section 10.3)
are taken from what the lifter said. In the end the noise of the 2D is taken out again: the pose is
the mean of those that are likely under both, ``m + E C⁻¹ (p - m)`` with ``E`` the covariance of the
lifter's errors alone. How the steps are taken is in `bone_steps`.

What is measured for it, and how its settings are chosen, is in `bone_measuring`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from liftpose.lifter.bone_single import Single
from liftpose.lifter.bone_steps import Equations, Solver, times
from liftpose.lifter.normalization import Anchoring
from liftpose.lifter.sight import Sight, root_depth

Doubles = NDArray[np.float64]

STEPS = 2
"""Steps of Gauss and Newton. More were measured to gain nothing."""

CHUNK = 128
"""Poses that are fitted at a time; their normal equations stay in the cache."""


@dataclass(frozen=True)
class Body:
    """The joints that are fitted, and the bones between them.

    Parameters
    ----------
    anchoring : Anchoring
        Roots and targets.
    joints : tensor of int, shape (K + 1,)
        The first root, then all other roots and targets.
    bones : tensor of int, shape (B, 2)
        Places in `joints` of the two ends of each bone.
    """

    anchoring: Anchoring
    joints: Tensor
    bones: Tensor

    @classmethod
    def of(cls, anchoring: Anchoring, bones: Sequence[Sequence[int]]) -> Body:
        """Find the joints, and those bones that join two of them.

        Parameters
        ----------
        anchoring : Anchoring
            Roots and targets.
        bones : sequence of pairs of int
            Joints.

        Returns
        -------
        Body
        """
        first = anchoring.sets.roots[0]
        others = sorted({*anchoring.joints, *anchoring.sets.roots} - {first})
        place = {joint: number for number, joint in enumerate([first, *others])}
        known = [(place[a], place[b]) for a, b in bones if a in place and b in place]
        pairs = torch.tensor(known, dtype=torch.int64).reshape(-1, 2)
        return cls(anchoring, torch.tensor([first, *others]), pairs)

    def pose(self, relative: Tensor) -> Tensor:
        """Put joints relative to their anchors together, relative to the first root."""
        return self.anchoring.place(relative)[:, self.joints]

    def relative(self, pose: Tensor) -> Tensor:
        """Give the joints of a pose relative to their anchors: the inverse of `pose`."""
        whole = pose.new_zeros(len(pose), self.anchoring.sets.joint_count, 3)
        whole[:, self.joints] = pose
        return self.anchoring.relative(whole)

    def matrices(self) -> tuple[Any, Any]:
        """Give `pose`, without the first root, and `relative` as matrices, (K, M) and (M, K)."""
        count, others = len(self.anchoring.joints), len(self.joints) - 1
        pose = self.pose(torch.eye(count).unsqueeze(2))[:, 1:, 0]
        relative = self.relative(torch.eye(others + 1)[1:].unsqueeze(2))[..., 0]
        return pose.double().numpy().T, relative.double().numpy().T


@dataclass(frozen=True)
class BoneFit:
    """A lifted pose, moved to where its 2D and its bones are.

    Lengths are in units of `unit`, so that single precision is enough to solve in.

    Parameters
    ----------
    sight : Sight
        The camera.
    body : Body
        Joints and bones.
    precision : tensor, shape (3 K, 3 K)
        Inverse of the covariance ``C``; coordinates one after another, joints in each.
    gain : tensor, shape (3 K, 3 K)
        ``E C⁻¹``, transposed.
    lengths, spread : tensor, shape (B,)
        Of each bone, and how much it may vary; infinite where bones do not count.
    noise : float
        Standard deviation across the line of sight that the 2D's noise gives a joint.
    unit : float
        Length of a unit, in the lifter's.
    strength : float
        How far a pose is moved.
    steps : int
        Steps of Gauss and Newton.
    """

    sight: Sight
    body: Body
    precision: Tensor
    gain: Tensor
    lengths: Tensor
    spread: Tensor
    noise: float
    unit: float
    strength: float
    steps: int = STEPS

    def refine(self, relative: Tensor, image: Tensor, doubt: Tensor | None = None) -> Tensor:
        """Move lifted poses; those without a place before the camera stay as they are.

        Parameters
        ----------
        relative : tensor, shape (N, T + R, 3), float64
            Joints relative to their anchors, in the lifter's frame and unit.
        image : tensor, shape (N, J, 2), float64, pixels
            Their 2D. A pose of which a joint is not known does not move.
        doubt : tensor, shape (N, J), float64, pixels squared, optional
            Variance of the coordinates of joints that were not seen, beside the noise of the 2D:
            bones that end there may be as much longer or shorter.

        Returns
        -------
        tensor, shape (N, T + R, 3), float64
        """
        if self.strength == 0 or len(relative) == 0:
            return relative
        poses, points = relative.numpy(), image.numpy()
        beside = None if doubt is None else doubt.numpy()
        refined = np.empty_like(poses, order="C")
        solver = Solver(self._fixed.equations, min(len(poses), CHUNK))
        for start in range(0, len(poses), CHUNK):
            rows = slice(start, start + CHUNK)
            if len(poses) - start < solver.frames:
                solver = Solver(self._fixed.equations, len(poses) - start)
            part = None if beside is None else beside[rows]
            refined[rows] = self._refined(poses[rows], points[rows], solver, part)
        return torch.from_numpy(refined)

    def refine_one(self, relative: Doubles, image: Doubles) -> Doubles:
        """Move one lifted pose as `refine` does, in a fraction of the time.

        Parameters
        ----------
        relative, image : array, shape (1, T + R, 3) and (1, J, 2), float64
            As `refine` takes them.

        Returns
        -------
        array, shape (1, T + R, 3), float64
        """
        if self.strength == 0:
            return relative
        fixed, points = self._fixed, image.take(self._fixed.joints, 1)
        with np.errstate(all="ignore"):  # of poses without a place
            step = fixed.single.move(relative[0], points[0], self.steps)
        if step is None:
            return relative
        refined = relative + step.reshape(relative.shape)
        if fixed.around is not None:
            refined += fixed.around @ relative
        return refined

    @cached_property
    def _fixed(self) -> _Fixed:
        return _Fixed(self)

    def _refined(
        self, relative: Doubles, image: Doubles, solver: Solver, doubt: Doubles | None
    ) -> Doubles:
        fixed, frames = self._fixed, solver.frames
        points = image.take(fixed.joints, 1)
        flat = relative.reshape(frames, -1)
        with np.errstate(all="ignore"):  # of poses without a place, which are told apart below
            said = times(fixed.said, flat.astype(np.float32).T).reshape(-1, 3, frames)
            out = np.ones((len(fixed.joints), 3, frames), np.float32)
            # Of a very long lens rays differ in late digits, hence only now in single precision.
            out[:, :2] = times(fixed.rays, points.reshape(frames, -1).T).reshape(-1, 2, frames)
            away = out[1:].copy()
            away[:, 2] = 0
            apart = away[:, :2]
            out[0, :2] += fixed.offset
            out[1:, :2] += out[0, :2]
            depth = root_depth(apart - np.add.reduce(apart) / len(out), apart, out[1:, :2], said)
            usable = np.isfinite(depth) & (depth + np.minimum.reduce(said[:, 2], 0, initial=0) > 0)
            if not usable.all():
                out, said = (np.where(usable, values, np.float32(0)) for values in (out, said))
                away, depth = np.where(usable, away, np.float32(0)), np.where(usable, depth, 1)
            away *= depth
            loose = None if doubt is None else fixed.loose(doubt, depth)
            moves, solved = solver.solved(said, out, away, self.steps, loose)
            step = times(moves.reshape(-1, frames).T, fixed.back)
            if fixed.around is not None:
                step += np.matmul(fixed.around, relative).reshape(frames, -1)
        usable &= solved
        usable &= np.isfinite(step).all(1)
        if not usable.all():
            step[~usable] = 0
        refined: Doubles = (flat + step).reshape(relative.shape)
        return refined

    def state(self) -> dict[str, Any]:
        """Everything needed to build it again, but for the anchoring."""
        first = self.body.joints[self.body.bones]
        return {
            "sight": self.sight.state(),
            "bones": first,
            "precision": self.precision,
            "gain": self.gain,
            "lengths": self.lengths,
            "spread": self.spread,
            "noise": self.noise,
            "unit": self.unit,
            "strength": self.strength,
            "steps": self.steps,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], anchoring: Anchoring) -> BoneFit:
        """Build it from what `state` gave.

        Parameters
        ----------
        state : mapping
        anchoring : Anchoring
            Roots and targets of the lifter.

        Returns
        -------
        BoneFit
        """
        values = dict(state)
        sight = Sight.from_state(values.pop("sight"))
        return cls(sight, Body.of(anchoring, values.pop("bones").tolist()), **values)


class _Fixed:
    """What of a fit is the same for all poses: how they become what is solved, and that a move.

    Parameters
    ----------
    fit : BoneFit
    """

    def __init__(self, fit: BoneFit):
        pose, relative = fit.body.matrices()
        count, turn = len(pose), fit.sight.turn.numpy()
        self.joints = fit.body.joints.numpy()
        self.said = np.kron(pose, turn / fit.unit).astype(np.float32)
        # A fit's matrices have all joints of a coordinate together.
        order = np.arange(3 * count).reshape(3, count).T.ravel()
        precision, gain = (
            matrix.double().numpy()[np.ix_(order, order)] for matrix in (fit.precision, fit.gain)
        )
        back = gain @ np.kron(relative.T, turn) * fit.unit * fit.strength
        self.back = np.ascontiguousarray(back, np.float32)
        # Nothing but where a root is a target as well, which may contradict itself.
        around = relative @ pose - np.eye(len(relative))
        self.around = around * fit.strength if around.any() else None
        inverse, difference = fit.sight.inverse.numpy(), np.eye(count + 1)
        difference[1:, 0] = -1
        self.rays = np.kron(difference, inverse[:2, :2])
        self.offset = inverse[:2, 2:].astype(np.float32)
        bones, lengths = fit.body.bones.numpy(), fit.lengths.numpy()
        self.bones, self.per_pixel = bones, inverse[0, 0] * inverse[1, 1]
        self.equations = Equations(precision, bones, lengths, fit.spread.numpy(), fit.noise)
        self.single = Single(self.equations, self.said, inverse[:2], self.back.T)

    def loose(self, doubt: Doubles, depth: Any) -> Any:
        """Variance of bones, shape (B, N), whose ends are as doubtful in the image (N, J)."""
        of_joints = doubt.take(self.joints, 1).T * self.per_pixel * depth**2
        return of_joints[self.bones].sum(1).astype(np.float32)
