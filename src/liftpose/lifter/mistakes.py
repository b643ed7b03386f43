"""Undoing what is often done wrong to 2D: corrections that are tried, and the order of joints.

Which order of the joints makes a recording likeliest is a quadratic assignment problem (Koopmans
and Beckmann 1957, "Assignment problems and the location of economic activities"): the mean square
of the uncorrelated coordinates depends on the order through the first and second moments of the
shapes alone. It is begun at the order given, and at those that bring single frames nearest to
shapes of the training data, each a linear assignment; from the best of these on, two joints at a
time change places for as long as that gains.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from liftpose.lifter.shapes import Shapes, shapes_of
from liftpose.poses import Floats
from liftpose.skeleton import Skeleton
from liftpose.skeleton.sides import pairs_by_name

Order = NDArray[np.intp]
Correction = Callable[[Floats], Floats]
"""Takes 2D (N, J, 2) to what it would be without some mistake."""

ROUNDS = 200
"""Exchanges of two joints at most."""

ENOUGH = 200
"""Frames at most, taken evenly, that an order is found from."""

MATCHED = 6
"""Of these, how many are brought near to shapes of the training data."""

BEGUN = 6
"""Orders from which joints change places."""


@dataclass(frozen=True)
class Flip:
    """Turns images upside down.

    Parameters
    ----------
    middle : float, optional
        Row about which; where it is not known, poses are put where they were in training.
    usual : float
        Mean row of the training poses.
    """

    middle: float | None
    usual: float

    def __call__(self, points: Floats) -> Floats:
        """Correct 2D (N, J, 2)."""
        flipped = points.copy()
        flipped[..., 1] *= -1
        if self.middle is not None:
            flipped[..., 1] += 2 * self.middle
        else:
            flipped[..., 1] += self.usual - np.nanmean(flipped[..., 1])
        return flipped


@dataclass(frozen=True)
class Reordering:
    """Takes joints in another order.

    Parameters
    ----------
    order : array of int, shape (J,)
        Where each joint really is.
    """

    order: Order

    def __call__(self, points: Floats) -> Floats:
        """Correct 2D (N, J, 2)."""
        return points[:, self.order]


def exchange(skeleton: Skeleton, used: Tensor) -> Order | None:
    """Give the order in which left and right change places, None where nobody knows of sides.

    Parameters
    ----------
    skeleton : Skeleton
    used : tensor of int
        Joints that play a part.

    Returns
    -------
    array of int, shape (J,), or None
    """
    order = np.arange(len(skeleton.joints))
    known = set(used.tolist())
    for left, right in skeleton.pairs or pairs_by_name(skeleton.joints):
        if {left, right} <= known:
            order[[left, right]] = order[[right, left]]
    return None if (order == np.arange(len(order))).all() else order


def likeliest_order(shapes: Shapes, points: Floats) -> Order | None:
    """Find the order of the joints that makes 2D most like what was learned.

    Parameters
    ----------
    shapes : Shapes
        What was learned.
    points : array, shape (N, J, 2), pixels
        NaN = not seen.

    Returns
    -------
    array of int, shape (J,), or None
        None where no frame is complete.
    """
    used = shapes.joints.numpy()
    whole = points[:, used]
    whole = whole[np.isfinite(whole).all((1, 2))]
    whole = whole[:: -(-len(whole) // ENOUGH) or 1]
    if len(whole) == 0:
        return None
    flat, _ = shapes_of(whole)
    known = np.isfinite(flat).all(1)
    if not known.any():
        return None
    problem = _Problem.of(shapes, flat[known])
    guesses = _guesses(shapes, flat[known])
    likeliest = guesses[np.argsort(problem.costs(guesses))[:BEGUN]]
    begun = (np.arange(len(used)), *likeliest)
    _, best = min((problem.improved(order) for order in begun), key=lambda one: one[0])
    order = np.arange(points.shape[1])
    order[used] = used[best]
    return order


def _guesses(shapes: Shapes, flat: Floats) -> Order:
    """Orders (M, U), each once, in which frames come nearest to shapes of the training data."""
    from scipy.optimize import linear_sum_assignment  # late: it takes longer than all of ours

    patterns = shapes.patterns.numpy().reshape(len(shapes.patterns), -1, 2)
    some = np.linspace(0, len(flat) - 1, MATCHED).astype(int)
    orders = [
        linear_sum_assignment(np.square(pattern[:, None] - frame).sum(2))[1]
        for frame in flat[some].reshape(MATCHED, -1, 2)
        for pattern in patterns
    ]
    return np.unique(orders, axis=0)


@dataclass(frozen=True)
class _Problem:
    """Mean square of the uncorrelated coordinates, as a function of the order."""

    precision: Floats
    mean: Floats
    moments: Floats
    middle: Floats

    @classmethod
    def of(cls, shapes: Shapes, flat: Floats) -> _Problem:
        whitening = shapes.whitening.numpy()
        return cls(
            whitening @ whitening.T, shapes.mean.numpy(), flat.T @ flat / len(flat), flat.mean(0)
        )

    def costs(self, orders: Order) -> Floats:
        """Cost of each of some orders (M, U)."""
        columns = (2 * orders[..., None] + np.arange(2)).reshape(len(orders), -1)
        moments = self.moments[columns[:, :, None], columns[:, None, :]]
        linear = self.middle[columns] @ (self.precision @ self.mean)
        costs: Floats = np.einsum("mij,ij->m", moments, self.precision) - 2 * linear
        return costs

    def improved(self, order: Order) -> tuple[float, Order]:
        """Let two joints change places for as long as that gains."""
        one, other = np.triu_indices(len(order), 1)
        cost = float(self.costs(order[None])[0])
        for _ in range(ROUNDS):
            tried = np.repeat(order[None], len(one), 0)
            rows = np.arange(len(one))
            tried[rows, one], tried[rows, other] = order[other], order[one]
            costs = self.costs(tried)
            best = int(costs.argmin())
            if not costs[best] < cost - 1e-9 * abs(cost):
                break
            cost, order = float(costs[best]), tried[best]
        return cost, order
