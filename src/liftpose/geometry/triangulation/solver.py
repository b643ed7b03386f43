"""Consensus of cameras, and the point of least squares among those that agree."""

import itertools
import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from liftpose.geometry.camera import Camera
from liftpose.geometry.lens import bend
from liftpose.geometry.triangulation.found import Bools, Floats, Triangulated

# A pixel further from where the others put the point than this many standard deviations of the
# pixels that do agree is left out. Of pixels with Gaussian noise it loses one in 1,500 or so.
_DEVIATIONS = 4.0
# No tracker is better: without it exact pixels would make every rounding error an outlier.
_LEAST_DEVIATION = 0.1  # pixels
# Points that are worked on together, which bounds memory; and those that noise is measured on.
_BLOCK = 8192
_SAMPLE = 8192
# All pairs of eight cameras; of more cameras, the pairs that stand furthest apart.
_MOST_PAIRS = 28
_STEPS = 12
_SETTLED = 1e-6  # pixels


class Solver:
    """Finds points out of their pixels, each by itself.

    Parameters
    ----------
    views : sequence of Camera, length C
    pixels : array, shape (C, M, 2), float64, pixels
        As the cameras show them; NaN where a point was not seen.
    weights : array, shape (C, M), float64
        Of every squared distance; 0 is not seen.

    Examples
    --------
    >>> K = [[900, 0, 320], [0, 900, 240], [0, 0, 1]]
    >>> views = [Camera(K, t=[x, 0, 10]) for x in (0, -1, 1)]
    >>> pixels = np.stack([camera.project(np.asarray([[0.5, -0.25, 1.0]])) for camera in views])
    >>> solver = Solver(views, pixels, np.ones((3, 1)))
    >>> solver.solve(solver.noise()).points.round(6).tolist()
    [[0.5, -0.25, 1.0]]
    """

    def __init__(self, views: Sequence[Camera], pixels: Floats, weights: Floats):
        self.views, self.pixels = views, pixels
        self.rays = np.stack(
            [camera.rays(seen) for camera, seen in zip(views, pixels, strict=True)]
        )
        given = np.isfinite(pixels).all(axis=2) & (weights > 0)
        reached = np.isfinite(self.rays).all(axis=2)
        for number, lost in enumerate((given & ~reached).sum(axis=1).tolist()):
            if lost:
                warnings.warn(
                    f"camera {_name(views[number], number)!r}: its distortion cannot be inverted "
                    f"at {lost} of {given[number].sum()} pixels, which count as not seen.",
                    stacklevel=3,
                )
        self.weights = np.where(given & reached, weights, 0.0)
        self.seen: Bools = self.weights > 0
        self.hypotheses = _hypotheses(views)

    def noise(self) -> float:
        """Measure the noise of the pixels that agree with each other.

        Returns
        -------
        float, pixels
            Standard deviation of one coordinate; NaN where no point was seen by three cameras.
        """
        rows = np.flatnonzero(self.seen.sum(axis=0) >= 3)
        if not len(rows):
            return math.nan
        rows = rows[:: max(1, len(rows) // _SAMPLE)]
        seen, weights = self.seen[:, rows], self.weights[:, rows]
        blocks = [rows[a : a + _BLOCK] for a in range(0, len(rows), _BLOCK)]
        squares = np.concatenate([self._all_squares(block)[1] for block in blocks], axis=2)
        number = seen.sum(axis=0)
        # So many pixels have to agree that, of four or more, one may be wrong everywhere.
        agree = np.maximum(3, (number + 3) // 2)
        ordered = np.sort(np.where(seen & ~np.isnan(squares), squares, np.inf), axis=1)
        best = np.take_along_axis(ordered, (agree - 1)[None, None], axis=1).min(axis=(0, 1))
        best = best[np.isfinite(best)]
        if not len(best):
            return math.nan
        deviation = _from_median(np.median(best))
        for _ in range(5):
            points, used = self._consensus(rows, deviation)
            points = self._refined(rows, points, np.where(used, weights, 0.0))
            error = self._residual(rows, points)[0]
            spare = 2 * used.sum(axis=0) - 3
            # With three coordinates fitted, what remains is smaller than the noise.
            grown = (error**2).sum(axis=2) * (2 * used.sum(axis=0) / np.maximum(spare, 1))
            kept = used & np.isfinite(grown) & (used.sum(axis=0) >= 3)
            if not kept.any():
                break
            deviation = _from_median(np.median(grown[kept]))
        return deviation

    def solve(self, noise: float) -> Triangulated:
        """Find all points, some at a time.

        Parameters
        ----------
        noise : float, pixels
            Standard deviation of a coordinate, by which pixels that do not agree are told; with
            NaN all are used.

        Returns
        -------
        Triangulated
            With one axis M for frames and joints.
        """
        count = self.pixels.shape[1]
        # One block at least, which may be empty.
        starts = range(0, max(count, 1), _BLOCK)
        blocks = [np.arange(begin, min(begin + _BLOCK, count)) for begin in starts]
        points, errors, used, angles, behind = zip(
            *(self._solve(block, noise) for block in blocks), strict=True
        )
        return Triangulated(
            np.concatenate(points),
            np.concatenate(errors, axis=1),
            np.concatenate(used, axis=1),
            np.concatenate(angles),
            int(np.concatenate(behind, axis=1).any(axis=0).sum()),
            tuple(np.concatenate(behind, axis=1).sum(axis=1).tolist()),
            noise,
            tuple(_name(camera, number) for number, camera in enumerate(self.views)),
        )

    def _solve(self, rows: Any, noise: float) -> tuple[Floats, Floats, Bools, Floats, Bools]:
        """Points, errors, which pixels were used, angles, and which points are behind cameras."""
        seen, weights = self.seen[:, rows], self.weights[:, rows]
        if math.isnan(noise):
            points, used = self._linear(rows, weights), seen
        else:
            points, used = self._consensus(rows, noise)
        used = used & (used.sum(axis=0) >= 2)
        points = self._refined(rows, points, np.where(used, weights, 0.0))
        if not math.isnan(noise):
            points, used = self._again(rows, points, used, noise)
        depth = np.stack([camera.world_to_camera(points)[..., 2] for camera in self.views])
        behind = used & (depth <= 0)
        gone = behind.any(axis=0) | (used.sum(axis=0) < 2)
        points = np.where(gone[:, None], np.nan, points)
        used = used & np.isfinite(points[:, 0])
        shown = np.stack([camera.project(points) for camera in self.views])
        errors = np.where(seen, np.linalg.norm(self.pixels[:, rows] - shown, axis=2), np.nan)
        return points, errors, used, self._angles(points, used), behind

    def _again(self, rows: Any, points: Floats, used: Bools, noise: float) -> tuple[Floats, Bools]:
        """Choose the pixels once more, now that the point is that of all those chosen."""
        seen, weights = self.seen[:, rows], self.weights[:, rows]
        limit = (_DEVIATIONS * noise) ** 2
        square = (self._residual(rows, points)[0] ** 2).sum(axis=2)
        close = seen & (square <= limit)
        close = np.where((close.sum(axis=0) >= 2) & (seen.sum(axis=0) >= 3), close, used)
        changed = (close != used).any(axis=0)
        if not changed.any():
            return points, used
        refined = self._refined(rows, points, np.where(close, weights, 0.0))
        before = _cost(square, weights, limit)
        after = _cost((self._residual(rows, refined)[0] ** 2).sum(axis=2), weights, limit)
        better = changed & (after < before)
        return np.where(better[:, None], refined, points), np.where(better, close, used)

    def _linear(self, rows: Any, weights: Floats) -> Floats:
        """The linear solution (M, 3) of each point, its squared distances about those in pixels."""
        squares, vectors = self._normal(rows, weights)
        return _solved(squares.sum(axis=0), vectors.sum(axis=0))

    def _normal(self, rows: Any, weights: Floats) -> tuple[Floats, Floats]:
        """Each camera's share (C, M, 3, 3) and (C, M, 3) of the normal equations."""
        squares, vectors = [], []
        for number, camera in enumerate(self.views):
            rays = np.nan_to_num(self.rays[number, rows])
            # x_c = x z_c and y_c = y z_c, in pixels at the distance of the world's origin.
            scale = np.abs(np.diag(camera.K)[:2]) / (np.linalg.norm(camera.position) or 1.0)
            left = (rays[..., None] * camera.R[2] - camera.R[:2]) * scale[:, None]
            right = (camera.t[:2] - rays * camera.t[2]) * scale
            weighted = left * weights[number][:, None, None]
            squares.append(np.einsum("mki,mkj->mij", weighted, left))
            vectors.append(np.einsum("mki,mk->mi", weighted, right))
        return np.stack(squares), np.stack(vectors)

    def _all_squares(self, rows: Any) -> tuple[Floats, Floats]:
        """Points (H, M, 3) of every choice of cameras, and squared distances (H, C, M)."""
        squares, vectors = self._normal(rows, self.weights[:, rows])
        points = _solved(
            np.einsum("hc,cmij->hmij", self.hypotheses, squares),
            np.einsum("hc,cmi->hmi", self.hypotheses, vectors),
        )
        # Cameras of a choice that did not see the joint leave it to others.
        present = np.einsum("hc,cm->hm", self.hypotheses, self.seen[:, rows].astype(float)) >= 2
        points = np.where(present[..., None], points, np.nan)
        shown = np.stack([camera.project(points) for camera in self.views], axis=1)
        return points, ((self.pixels[:, rows] - shown) ** 2).sum(axis=3)

    def _consensus(self, rows: Any, noise: float) -> tuple[Floats, Bools]:
        """Of all choices the point that most pixels agree with, and which do."""
        limit = (_DEVIATIONS * noise) ** 2
        seen, weights = self.seen[:, rows], self.weights[:, rows]
        points, squares = self._all_squares(rows)
        cost = _cost(squares, weights, limit)
        best = cost.argmin(axis=0)
        place = np.arange(len(rows))
        chosen = points[best, place]
        of_best = squares[best, :, place].T
        close = seen & (of_best <= limit)
        enough = (close.sum(axis=0) >= 2) & (seen.sum(axis=0) >= 3)
        return np.where(enough[:, None], chosen, points[0]), np.where(enough, close, seen)

    def _residual(self, rows: Any, points: Floats) -> tuple[Floats, Floats]:
        """Pixels minus where points are shown (C, M, 2), and its derivative (C, M, 2, 3)."""
        residuals, slopes = [], []
        for number, camera in enumerate(self.views):
            shown, slope = _shown(camera, points)
            residuals.append(self.pixels[number, rows] - shown)
            slopes.append(slope)
        return np.stack(residuals), np.stack(slopes)

    def _refined(self, rows: Any, points: Floats, weights: Floats) -> Floats:
        """Points of least squares, where the Gauss-Newton method comes nearer to them."""
        used, points = weights > 0, points.copy()
        best = np.full(len(rows), np.inf)
        step, share = np.zeros_like(points), np.ones(len(rows))
        left = np.flatnonzero((used.sum(axis=0) >= 2) & np.isfinite(points).all(axis=1))
        for _ in range(_STEPS):
            trial = points[left] + share[left, None] * step[left]
            residual, slope = self._residual(rows[left], trial)
            some = used[:, left, None]
            weight = weights[:, left]
            cost = (weight * np.where(some, residual**2, 0.0).sum(axis=2)).sum(axis=0)
            better = cost < best[left]
            rise = np.where(some, residual, 0.0) * weight[..., None]
            slope = np.where(some[..., None], slope, 0.0)
            matrix = np.einsum("cmki,cmkj,cm->mij", slope, slope, weight)
            new = _solved(matrix, np.einsum("cmki,cmk->mi", slope, rise))
            moved = left[better]
            points[moved], best[moved] = trial[better], cost[better]
            step[moved] = np.nan_to_num(new[better])
            share[left] = np.where(better, 1.0, share[left] / 4.0)
            # How far the next step would move a pixel, at most.
            along = np.einsum("cmki,mi->cmk", slope, step[left] * share[left, None])
            left = left[np.abs(along).max(axis=(0, 2), initial=0.0) > _SETTLED]
            if not len(left):
                break
        return points

    def _angles(self, points: Floats, used: Bools) -> Floats:
        """Greatest angle (M,) between two rays, in degrees."""
        to = points - np.stack([camera.position for camera in self.views])[:, None]
        to = to / np.linalg.norm(to, axis=2, keepdims=True)
        widest = np.full(len(points), np.nan)
        for one, other in itertools.combinations(range(len(self.views)), 2):
            # Not the arc cosine, which loses small angles to rounding.
            sine = np.linalg.norm(np.cross(to[one], to[other]), axis=1)
            angle = np.degrees(np.arctan2(sine, (to[one] * to[other]).sum(axis=1)))
            widest = np.fmax(widest, np.where(used[one] & used[other], angle, np.nan))
        return widest


def _shown(camera: Camera, points: Floats) -> tuple[Floats, Floats]:
    """Pixels (M, 2) of points of the world, and their derivative (M, 2, 3)."""
    rays = camera.world_to_camera(points)
    with np.errstate(divide="ignore", invalid="ignore"):
        depth = np.where(rays[:, 2] > 0, rays[:, 2], np.nan)
        x, y = rays[:, 0] / depth, rays[:, 1] / depth
        _, _, xx, xy, yy = bend(camera.lens, x, y)
    lens = np.stack([np.stack([xx, xy], -1), np.stack([xy, yy], -1)], -2)
    onto = (camera.R[:2] - np.stack([x, y], -1)[..., None] * camera.R[2]) / depth[:, None, None]
    return camera.project(points), camera.K[:2, :2] @ lens @ onto


def _solved(matrices: Floats, vectors: Floats) -> Floats:
    """Solutions of 3 x 3 systems; NaN where one has none."""
    size = np.trace(matrices, axis1=-2, axis2=-1)
    size = np.where(np.isfinite(size) & (size > 0), size, 1.0)
    matrices = matrices / size[..., None, None]
    with np.errstate(invalid="ignore"):
        good = np.abs(np.linalg.det(matrices)) > 1e-24
    matrices = np.where(good[..., None, None], matrices, np.eye(3))
    found = np.linalg.solve(matrices, (vectors / size[..., None])[..., None])[..., 0]
    return np.asarray(np.where(good[..., None], found, np.nan))


def _cost(squares: Floats, weights: Floats, limit: float) -> Floats:
    """Sum over cameras (…, C, M) of squares, none counted as more than the limit."""
    capped = np.where(squares < limit, squares, limit)
    return np.asarray((capped * weights).sum(axis=-2))


def _from_median(square: Any) -> float:
    """Standard deviation of a coordinate from the median of squared distances in the plane."""
    return max(math.sqrt(float(square) / (2.0 * math.log(2.0))), _LEAST_DEVIATION)


def _hypotheses(views: Sequence[Camera]) -> Floats:
    """Choices of cameras (H, C), ones and zeros: all, all but one, and pairs."""
    count = len(views)
    choices: list[tuple[int, ...]] = [tuple(range(count))]
    if count > 3:
        choices += [tuple(c for c in range(count) if c != out) for out in range(count)]
    pairs = sorted(itertools.combinations(range(count), 2), key=lambda pair: _apart(views, *pair))
    choices += pairs[:_MOST_PAIRS]
    table = np.zeros((len(choices), count))
    for row, choice in enumerate(choices):
        table[row, list(choice)] = 1.0
    return table


def _apart(views: Sequence[Camera], one: int, other: int) -> float:
    """How nearly two cameras look along the same line: the rays of such a pair hardly meet."""
    return abs(float(views[one].R[2] @ views[other].R[2]))


def _name(camera: Camera, number: int) -> str:
    return str(number) if camera.name is None else camera.name
