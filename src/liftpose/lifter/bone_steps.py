"""Steps of Gauss and Newton from what a lifter said of poses, to where their bones agree with it.

The objective is that of `bone_fit`; unknown are the depths of the joints relative to the root, and
how far away the root is as a share of how far that was thought. The matrix of the normal equations
is that of the precision, which changes with the rays only, and for each bone a few entries more:
its two joints, the pair of them, and the root's distance.

Numbers of many poses lie with the poses last and coordinates of a joint one after another, so that
an operation on a joint is one on a whole row. Large products with a matrix, and the equations, are
left to PyTorch, which keeps to its number of threads; all else to NumPy, which begins sooner.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from liftpose.lifter.products import product

Singles = NDArray[np.float32]

TINY = 1e-5
"""Added to the root's distance in the normal equations, which a very long lens does not show."""

SHORTEST = 1e-18
"""Least square of a bone's length, so that one without any has a direction, too."""


def times(matrix: Any, rows: Any) -> Any:
    """Multiply a matrix with rows of numbers, of which there may be several a column.

    Parameters
    ----------
    matrix : array, shape (A, B)
    rows : array, shape (..., N), B M N numbers
        Row after row in memory, or one row a pose in memory where M is one.

    Returns
    -------
    array, shape (A, M N)

    Examples
    --------
    >>> times(np.ones((1, 2)), np.arange(6.0).reshape(2, 3)).tolist()
    [[3.0, 5.0, 7.0]]
    """
    return product(matrix, rows.reshape(matrix.shape[1], -1))


def weighed(bone: Singles, lengths: Singles, variance: Singles, blur: Any) -> tuple[Any, Any]:
    """Say of bones where they point to and how short they are, both in their spreads.

    Parameters
    ----------
    bone : array, shape (..., 3, N), float32
        From its near end to its far one.
    lengths, variance : array, shape (..., N) or one that is repeated to it
        What it should be long, and of that the square of the standard deviation.
    blur : float
        How much of the variance is of the noise across the line of sight.

    Returns
    -------
    along : array, shape (..., 3, N)
        A direction over how much the length may vary.
    short : array, shape (..., N)
    """
    squares = bone * bone
    square = np.add.reduce(squares, -2)
    np.maximum(square, SHORTEST, out=square)
    # Across the line of sight a bone is as long as the noisy 2D has it.
    share = squares[..., 2, :] / square
    share *= blur
    spread = np.sqrt(variance - share)
    length = np.sqrt(square)
    short = (lengths - length) / spread
    length *= spread
    bone /= length[..., None, :]
    return bone, short


class Equations:
    """What the normal equations of all poses have in common.

    Parameters
    ----------
    precision : array, shape (3 K, 3 K)
        Of what was said; coordinates of a joint one after another.
    bones : array of int, shape (B, 2)
        Joints at the two ends; 0 is the root.
    lengths, spread : array, shape (B,)
        Of each bone; a spread may be infinite.
    noise : float
        Standard deviation of a joint across the line of sight.
    """

    def __init__(self, precision: Any, bones: Any, lengths: Any, spread: Any, noise: float):
        self.count = len(precision) // 3
        self.unknowns = self.count + 1
        parts = np.asarray(precision, np.float64).reshape(self.count, 3, self.count, 3)
        self.precision = np.ascontiguousarray(precision, np.float32)
        # The equations are symmetric: what is below their diagonal is enough.
        self.row, self.column = np.tril_indices(self.count)
        self.below = self.row * self.unknowns + self.column
        entries = parts[self.row, :, self.column].transpose(2, 1, 0)[..., None]
        self.entries = torch.from_numpy(np.ascontiguousarray(entries, np.float32)).unbind()
        blur = 2 * noise**2
        self.blur = np.float32(blur)
        self.lengths = np.asarray(lengths, np.float32)[:, None]
        self.variance = (np.asarray(spread, np.float64)[:, None] ** 2 + blur).astype(np.float32)
        if len(bones):
            self._join(*np.asarray(bones).T)

    def _join(self, near: Any, far: Any) -> None:
        """Say as matrices which unknowns a bone depends on."""
        bones = np.arange(len(near))
        # How a bone changes with its far end, with its near one, and with the root's distance.
        lines = np.zeros((self.unknowns + 1, len(near), 3), np.float32)
        lines[far, bones, 0] = lines[near, bones, 1] = lines[-1, :, 2] = 1
        lines = lines[1:]  # the root's depth is no unknown
        self.lines = lines.reshape(self.unknowns, -1)
        self.between = np.ascontiguousarray((lines[:-1, :, 0] - lines[:-1, :, 1]).T)
        self.ends = np.stack([far, near], 1)
        inner = np.flatnonzero(np.minimum(near, far) > 0)
        low, high = np.sort(np.stack([near, far])[:, inner], 0) - 1
        self.places, which = np.unique(high * self.unknowns + low, return_inverse=True)
        self.pairs = np.zeros((len(self.places), len(near)), np.float32)
        self.pairs[which, inner] = 1


class Solver:
    """Solves the equations of some poses, and keeps the memory that it needs for that.

    Threads need one each.

    Parameters
    ----------
    equations : Equations
        Of all poses.
    frames : int
        How many poses are solved at a time.
    """

    # Of the poses that are being solved.
    said: Singles
    out: Singles
    away: Singles
    variance: Singles

    def __init__(self, equations: Equations, frames: int):
        self.equations, self.frames = equations, frames
        size, entries, bones = equations.unknowns, len(equations.below), len(equations.lengths)
        # The matrix, one entry a row, and below it the right side; and the same, one pose a row.
        table = np.empty((size * size + size, frames), np.float32)
        self.normal, self.slope = table[:-size], table[-size:]
        self.diagonal, self.edge = self.normal[:: size + 1], self.normal[-size:-1]
        turned = np.empty((frames, len(table)), np.float32)
        self.table, self.turned = torch.from_numpy(table.T), torch.from_numpy(turned)
        self.matrix = torch.from_numpy(turned[:, :-size].reshape(frames, size, size))
        self.right = torch.from_numpy(turned[:, -size:, None])
        self.rays = np.empty((2, entries, 2, frames), np.float32)
        self.of_row, self.of_column = (torch.from_numpy(rays).unbind(1) for rays in self.rays)
        self.inner = torch.empty(3, entries, frames)
        self.inner_parts = self.inner.unbind()
        self.ends = np.empty((bones, 3, 3, frames), np.float32)
        self.products = np.empty((bones, 3, 3, frames), np.float32)

    def solved(
        self,
        said: Singles,
        out: Singles,
        away: Singles,
        steps: int,
        loose: Singles | None = None,
    ) -> tuple[Singles, NDArray[np.bool_]]:
        """Take steps from what a lifter said.

        Parameters
        ----------
        said : array, shape (K, 3, N), float32
            Joints relative to the root.
        out : array, shape (K + 1, 3, N), float32
            What a joint, the root first, does when its depth grows by a unit.
        away : array, shape (K, 3, N), float32
            What it does when the root's distance grows by as much as it was thought to be.
        steps : int
            How many.
        loose : array, shape (B, N), float32, optional
            Variance of the bones' lengths beside their own, where an end was not seen.

        Returns
        -------
        moves : array, shape (K, 3, N), float32
            What has become of the joints, relative to what was said.
        good : bool array, shape (N,)
            False where the equations have no solution.
        """
        self.said, self.out, self.away = said, out[1:], away
        own = self.equations.variance
        self.variance = own if loose is None else own + loose
        self._begin()
        if len(self.equations.lengths):
            first = self._begin_bones(out)
        depths, distance = said[:, 2], np.ones(self.frames, np.float32)
        good = np.ones(self.frames, np.bool_)
        pose = self._at(depths, distance)
        for _ in range(steps):
            pull = times(self.equations.precision, said - pose).reshape(said.shape)
            self._back(pull, self.slope)
            if len(self.equations.lengths):
                self._add_bones(pose, *first)
            step, failed = self._step()
            if np.count_nonzero(failed):
                good &= failed == 0
                step = np.where(good, step, np.float32(0))
            depths, distance = depths + step[:-1], distance + step[-1]
            pose = self._at(depths, distance)
        pose -= said
        return pose, good

    def _at(self, depths: Singles, distance: Singles) -> Singles:
        """Give the joints, shape (K, 3, N), of the unknowns."""
        pose = self.out * depths[:, None]
        pose += self.away * distance
        return pose

    def _back(self, joints: Singles, onto: Singles) -> None:
        """Write what pulls at joints, as it pulls at the unknowns, shape (K + 1, N)."""
        np.add.reduce(self.out * joints, 1, out=onto[:-1])
        np.add.reduce(self.away * joints, (0, 1), out=onto[-1])

    def _step(self) -> tuple[Singles, Any]:
        """Solve for a step of the unknowns, shape (K + 1, N)."""
        self.turned.copy_(self.table)
        factor, failed = torch.linalg.cholesky_ex(self.matrix)
        half = torch.linalg.solve_triangular(factor, self.right, upper=False)
        step = torch.linalg.solve_triangular(factor.mT, half, upper=True)
        return step.numpy()[..., 0].T, failed.numpy()

    def _begin(self) -> None:
        """Write the equations without the bones; what is above their diagonal is never read."""
        equations, size = self.equations, self.equations.unknowns
        rays = self.out[:, :2].copy()
        rays.take(equations.row, 0, self.rays[0], "clip")
        rays.take(equations.column, 0, self.rays[1], "clip")
        with_x, with_y, alone = equations.entries
        self.inner.copy_(alone)
        self.inner.addcmul_(with_x, self.of_column[0]).addcmul_(with_y, self.of_column[1])
        of_x, of_y, inner = self.inner_parts
        inner.addcmul_(of_x, self.of_row[0]).addcmul_(of_y, self.of_row[1])
        self.normal[equations.below] = inner.numpy()
        across = times(equations.precision, self.away).reshape(self.said.shape)
        self._back(across, self.normal[-size:])
        self.normal[-1] *= 1 + TINY
        self.normal[-1] += TINY

    def _begin_bones(self, out: Singles) -> tuple[Singles, Singles, Singles]:
        """Write what the unknowns do to the bones, and give entries that these add to."""
        equations = self.equations
        out.take(equations.ends, 0, self.ends[:, :2], "clip")
        np.negative(self.ends[:, 1], out=self.ends[:, 1])
        apart = times(equations.between, self.away)
        self.ends[:, 2] = apart.reshape(-1, 3, self.frames)
        return self.diagonal.copy(), self.edge.copy(), self.normal.take(equations.places, 0)

    def _add_bones(self, pose: Singles, diagonal: Singles, edge: Singles, pairs: Singles) -> None:
        """Add to the equations what the bones have to do with them."""
        equations, products = self.equations, self.products
        bone = times(equations.between, pose).reshape(-1, 3, self.frames)
        along, short = weighed(bone, equations.lengths, self.variance, equations.blur)
        np.multiply(self.ends, along[:, None], out=products)
        lines = np.add.reduce(products, 2)
        # Of each line its square, and its products with the root's and with what is missing.
        np.multiply(lines, lines, out=products[:, :, 0])
        np.multiply(lines, lines[:, 2:], out=products[:, :, 1])
        np.multiply(lines, short[:, None], out=products[:, :, 2])
        sums = times(equations.lines, products).reshape(-1, 3, self.frames)
        np.add(diagonal, sums[:, 0], out=self.diagonal)
        np.add(edge, sums[:-1, 1], out=self.edge)
        self.slope += sums[:, 2]
        self.normal[equations.places] = pairs + times(equations.pairs, lines[:, 0] * lines[:, 1])
