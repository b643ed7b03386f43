"""The lens of a camera: how rays are bent on the way to the image, and straightened again.

OpenCV's model of radial (k1, k2, k3, and k4, k5, k6 in the denominator) and tangential (p1, p2)
distortion of normalised image coordinates ``x / z, y / z``. Numpy and torch alike; ``xp`` is the
namespace of the arrays.
"""

import math
from typing import Any

import numpy as np
from numpy.polynomial import Polynomial

# A ray further out than this is one within the image plane but for rounding: it has no pixel, and
# its powers would overflow.
WIDEST_RAY = 1e8

_RAY_TOLERANCE = 1e-12
_ROUNDING = 16 * np.finfo(np.float64).eps

# Far below any determinant that is not rounding.
_FLAT = 1e-30

# Newton needs about five steps, and about twenty-five at the fold, where it only halves the error.
_MOST_STEPS = 100


def reach(lens: tuple[float, ...]) -> float:
    """Radius of the circle of rays in which the lens is one-to-one.

    The Jacobian of the lens is symmetric. Without p1 and p2 its eigenvalues at the radius r are
    ``f(r²)`` across and ``(r f(r²))'`` outwards, with f the radial factor; p1 and p2 lower either
    by ``6 r |(p1, p2)|`` at most. Both are multiplied out here, which leaves a zero of the
    denominator, a pole of the lens, a zero of what is across. A map of a convex set with a
    positive definite Jacobian is one-to-one.
    """
    k1, k2, p1, p2, k3, k4, k5, k6 = lens
    radius = Polynomial([0.0, 1.0])
    top = Polynomial([1.0, 0.0, k1, 0.0, k2, 0.0, k3])
    bottom = Polynomial([1.0, 0.0, k4, 0.0, k5, 0.0, k6])
    lowered = 6.0 * math.hypot(p1, p2) * radius * bottom * bottom
    across = top * bottom - lowered
    outwards = (radius * top).deriv() * bottom - radius * top * bottom.deriv() - lowered
    roots = np.concatenate([part.trim().roots() for part in (across, outwards)])
    # A double root, where the fold only just begins, comes with rounding in its imaginary part.
    real = roots.real[(np.abs(roots.imag) <= 1e-7 * np.abs(roots)) & (roots.real > 0)]
    return float(min([WIDEST_RAY, *real]))


def bend(lens: tuple[float, ...], x: Any, y: Any) -> tuple[Any, Any, Any, Any, Any]:
    """Distorted ray, and the Jacobian's three entries: xx, xy (which is yx) and yy."""
    k1, k2, p1, p2, k3, k4, k5, k6 = lens
    square = x * x + y * y
    bottom = 1.0 + square * (k4 + square * (k5 + square * k6))
    factor = (1.0 + square * (k1 + square * (k2 + square * k3))) / bottom
    # Twice the derivative of the factor by the square of the radius.
    top_slope = k1 + square * (2.0 * k2 + square * (3.0 * k3))
    bottom_slope = k4 + square * (2.0 * k5 + square * (3.0 * k6))
    slope = 2.0 * (top_slope - factor * bottom_slope) / bottom
    return (
        x * factor + 2.0 * p1 * x * y + p2 * (square + 2.0 * x * x),
        y * factor + p1 * (square + 2.0 * y * y) + 2.0 * p2 * x * y,
        factor + slope * x * x + 2.0 * p1 * y + 6.0 * p2 * x,
        slope * x * y + 2.0 * p1 * x + 2.0 * p2 * y,
        factor + slope * y * y + 6.0 * p1 * y + 2.0 * p2 * x,
    )


def newton(xp: Any, bent: tuple[Any, ...], goal: Any) -> tuple[Any, Any, Any]:
    """Newton's step towards the goal (..., 2), in x and y, and how far off the goal it starts."""
    x_bent, y_bent, xx, xy, yy = bent
    x_off, y_off = goal[..., 0] - x_bent, goal[..., 1] - y_bent
    # It is positive within reach, but may round to zero at the fold.
    determinant = xx * yy - xy * xy
    determinant = xp.where(determinant > _FLAT, determinant, xp.full_like(determinant, _FLAT))
    step_x = (yy * x_off - xy * y_off) / determinant
    step_y = (xx * y_off - xy * x_off) / determinant
    return step_x, step_y, _length(xp, x_off, y_off)


def unbend(xp: Any, lens: tuple[float, ...], reach: float, goal: Any, tolerance: float) -> Any:
    """Rays (M, 2) within reach that the lens bends to the goal; NaN where there is none.

    Newton's method. No step goes further than nine tenths of the way to the edge of the reach, and
    one that comes no nearer is halved. The lens is the gradient of a function that is convex within
    reach, so this arrives wherever a ray is.
    """
    result = xp.full_like(goal, math.nan)
    distance = _length(xp, goal[..., 0], goal[..., 1])
    left = xp.nonzero(distance < WIDEST_RAY)[0]
    goal, distance = goal[left], distance[left]
    enough = tolerance + _ROUNDING * distance
    start = 0.9 * reach / xp.where(distance < 0.9 * reach, 0.9 * reach, distance)
    x, y = start * goal[..., 0], start * goal[..., 1]
    # Before the first step every place is an improvement.
    step_x, step_y = xp.zeros_like(x), xp.zeros_like(y)
    share, off = xp.ones_like(x), xp.full_like(x, math.inf)
    for _ in range(_MOST_STEPS):
        next_x, next_y = x + share * step_x, y + share * step_y
        new_x, new_y, new_off = newton(xp, bend(lens, next_x, next_y), goal)
        nearer = new_off < off
        x, y = xp.where(nearer, next_x, x), xp.where(nearer, next_y, y)
        step_x, step_y = xp.where(nearer, new_x, step_x), xp.where(nearer, new_y, step_y)
        off = xp.where(nearer, new_off, off)
        length, radius = _length(xp, step_x, step_y), _length(xp, x, y)
        # Near a pole of the lens the rounding of a ray alone moves its pixel further than enough.
        there = (off <= enough) | (length <= _RAY_TOLERANCE * radius)
        result[left[there]] = xp.stack([x, y], axis=-1)[there]
        room = 0.9 * (reach - radius)
        whole = length <= room
        longest = xp.where(whole, xp.ones_like(room), room / xp.where(whole, room + 1.0, length))
        share = xp.where(nearer, longest, share / 2.0)
        going = ~there
        left, goal, enough, x, y, step_x, step_y, share, off = (
            part[going] for part in (left, goal, enough, x, y, step_x, step_y, share, off)
        )
        if left.shape[0] == 0:
            break
    return result


def _length(xp: Any, x: Any, y: Any) -> Any:
    return xp.sqrt(x * x + y * y)


def zero_unless(xp: Any, condition: Any, *values: Any) -> tuple[Any, ...]:
    """Values where the condition holds and zeros elsewhere, which no formula stumbles over."""
    return tuple(xp.where(condition, value, xp.zeros_like(value)) for value in values)


def nan_unless(xp: Any, condition: Any, points: Any) -> Any:
    """Points where the condition on each holds, NaN elsewhere."""
    return xp.where(condition[..., None], points, xp.full_like(points, math.nan))
