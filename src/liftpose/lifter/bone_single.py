"""The bone fit of one pose, in whole matrices.

The same as in `bone_fit` and `bone_steps`. What one pose costs is the number of operations, not
their size: a few products of matrices that are mostly zeros take a third of the time of what is
quickest for many poses. Numbers of all joints of a coordinate lie together.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from liftpose.lifter.bone_steps import TINY, Equations, Singles, weighed
from liftpose.lifter.products import product

Doubles = NDArray[np.float64]


class Single:
    """Moves one pose of which everything was seen; threads may share it.

    Parameters
    ----------
    equations : Equations
        Of all poses.
    said : array, shape (3 K, 3 M)
        From M joints relative to their anchors to K relative to the root.
    inverse : array, shape (2, 3), float64
        From pixels to rays.
    back : array, shape (3 M, 3 K)
        From moves of the K joints to those of the M.
    """

    def __init__(self, equations: Equations, said: Any, inverse: Any, back: Any):
        count, self.equations, self.inverse = equations.count, equations, inverse
        joints = np.arange(3 * count).reshape(count, 3).T.ravel()
        self.precision = np.ascontiguousarray(equations.precision[np.ix_(joints, joints)])
        self.said = np.ascontiguousarray(said[joints])
        self.back = np.ascontiguousarray(back[:, joints])
        # How the coordinates change with the unknowns, one a row, where no pose matters.
        self.change = np.zeros((count + 1, 3 * count), np.float32)
        self.change.ravel()[2 * count :: 3 * count + 1][:count] = 1

    def move(self, relative: Doubles, points: Doubles, steps: int) -> Singles | None:
        """Find by how much a pose is moved.

        Parameters
        ----------
        relative : array, shape (M, 3)
            Joints relative to their anchors.
        points : array, shape (K + 1, 2), pixels
            Where they were seen, the root first.
        steps : int
            Of Gauss and Newton.

        Returns
        -------
        array, shape (3 M,), float32
            None for a pose without a place before the camera, or where there is no solution.
        """
        count = self.equations.count
        said = product(self.said, relative.astype(np.float32).ravel())
        # Of a very long lens rays differ in late digits, hence only now in single precision.
        apart = self.inverse[:, :2] @ (points[1:] - points[0]).T
        root = self.inverse[:, :2] @ points[0] + self.inverse[:, 2]
        apart, depths = apart.astype(np.float32), said[2 * count :]
        rays = apart + root.astype(np.float32)[:, None]
        off = (apart - np.add.reduce(apart, 1, keepdims=True) / np.float32(count + 1)).ravel()
        across = said[: 2 * count] - (rays * depths).ravel()
        away = apart.ravel()
        depth = float(off @ across) / (float(off @ away) or math.nan)
        if not (math.isfinite(depth) and depth + min(float(np.minimum.reduce(depths)), 0.0) > 0):
            return None
        change = self.change.copy()
        flat = change.ravel()
        flat[:: 3 * count + 1][:count] = rays[0]
        flat[count :: 3 * count + 1][:count] = rays[1]
        np.multiply(away, np.float32(depth), out=change[-1, : 2 * count])
        moves = self._solved(said, change, steps)
        return None if moves is None else product(self.back, moves)

    def _solved(self, said: Singles, change: Singles, steps: int) -> Singles | None:
        """Take steps from what a lifter said, and give by how much that moved."""
        unknowns = np.ones(len(change), np.float32)
        unknowns[:-1] = said[2 * len(unknowns) - 2 :]
        pull = product(change, self.precision)
        errors = product(pull, change.T)
        errors[-1, -1] += TINY * (errors[-1, -1] + 1)
        pose = product(unknowns, change)
        for _ in range(steps):
            normal, slope = errors, product(pull, said - pose)
            if len(self.equations.lengths):
                lines, short = self._bones(pose, change)
                normal, slope = errors + product(lines.T, lines), slope + product(short, lines)
            try:
                step = np.linalg.solve(normal, slope)
            except np.linalg.LinAlgError:
                return None
            if not step @ slope >= 0:  # where the equations are of no least, but of a saddle
                return None
            unknowns += step
            pose = product(unknowns, change)
        moves: Singles = pose - said
        return moves if math.isfinite(np.add.reduce(moves)) else None

    def _bones(self, pose: Singles, change: Singles) -> tuple[Singles, Singles]:
        """How bones change with the unknowns, shape (B, K + 1), and how short they are."""
        equations = self.equations
        bone = product(pose.reshape(3, -1), equations.between.T)
        along, short = weighed(
            bone, equations.lengths[:, 0], equations.variance[:, 0], equations.blur
        )
        ends = along.T[:, :, None] * equations.between[:, None]
        return product(ends.reshape(len(short), -1), change.T), short
