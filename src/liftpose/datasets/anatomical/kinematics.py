"""Which way the bones of a model point at given joint angles, and which angles reach a place.

All frames of a sequence are computed at once. Arrays of this module have the frames last, so that
every product of matrices is one sweep over memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from liftpose.datasets.simulated.motion import Floats

# How a joint's deviation from the posture that is wanted (a logit) counts against the distance of
# a limb's end from where it is wanted (body lengths), both squared.
_STIFFNESS = 3e-5
_STEPS = 12
_LARGEST_STEP = 1.0  # logits; larger ones overshoot where a limb is nearly straight


@dataclass(frozen=True, eq=False)
class Limits:
    """Joint angles from logits of their share of the range, which are unbounded and 0 at rest.

    Parameters
    ----------
    low, high : array, shape (Q,), radians
        Range of each joint.
    resting : array, shape (Q,)
        Logit of the share of the range that the joint has at rest.
    """

    low: Floats
    high: Floats
    resting: Floats

    def angles(self, logits: Floats, columns: Any = slice(None)) -> Floats:
        """Angles (N, K), radians, of some joints."""
        low, high = self.low[columns], self.high[columns]
        angles = low + (high - low) / (1 + np.exp(-(self.resting[columns] + logits)))
        # Rounding may put a joint at its limit beyond it.
        return np.asarray(np.clip(angles, low, high))

    def slopes(self, logits: Floats, columns: Any = slice(None)) -> Floats:
        """How much angles (N, K) change with their logits."""
        share = 1 / (1 + np.exp(-(self.resting[columns] + logits)))
        return np.asarray((self.high - self.low)[columns] * share * (1 - share))


@dataclass(eq=False)
class Posed:
    """Where bodies are, in the frame of the root body.

    Parameters
    ----------
    turn : dict of int to array, shape (3, 3, N)
        Rotation of each body.
    place : dict of int to array, shape (3, N)
        Origin of each body.
    axis, anchor : dict of int to array, shape (3, N)
        Of each joint, by its column.
    """

    turn: dict[int, Floats] = field(default_factory=dict)
    place: dict[int, Floats] = field(default_factory=dict)
    axis: dict[int, Floats] = field(default_factory=dict)
    anchor: dict[int, Floats] = field(default_factory=dict)

    def point(self, body: int, offset: Floats) -> Floats:
        """Where a point of a body is (3, N)."""
        return np.asarray(self.place[body] + np.einsum("ijn,j->in", self.turn[body], offset))


@dataclass(frozen=True, eq=False)
class Tree:
    """Bodies that hang on each other by hinges.

    Parameters
    ----------
    parents : tuple of int
        Of each body B; the root's is -1. Parents come before their children.
    places : array, shape (B, 3)
        Origin of each body in the frame of its parent.
    turns : array, shape (B, 3, 3)
        Rotation of each body in the frame of its parent, before its joints.
    hinges : tuple of tuple of (int, array, array)
        For each body its joints: column of the angle, axis and anchor in the body's frame.
    root : int
        The body whose frame all is in.
    """

    parents: tuple[int, ...]
    places: Floats
    turns: Floats
    hinges: tuple[tuple[tuple[int, Floats, Floats], ...], ...]
    root: int

    def pose(self, angles: Floats) -> Posed:
        """Pose all bodies that hang on the root, at angles (N, Q) in radians."""
        posed = Posed()
        posed.turn[self.root] = np.repeat(np.eye(3)[..., None], len(angles), axis=2)
        posed.place[self.root] = np.zeros((3, len(angles)))
        self.move(posed, self.below([self.root])[1:], angles)
        return posed

    def below(self, bodies: Iterable[int]) -> list[int]:
        """Give bodies and all that hang on them, parents first."""
        found = set(bodies)
        for body, parent in enumerate(self.parents):
            if parent in found:
                found.add(body)
        return sorted(found)

    def above(self, body: int) -> set[int]:
        """Give a body and all that it hangs on."""
        found = set()
        while body >= 0:
            found.add(body)
            body = self.parents[body]
        return found

    def move(self, posed: Posed, bodies: Sequence[int], angles: Floats) -> None:
        """Pose some bodies anew, parents first, at angles (N, Q) in radians."""
        for body in bodies:
            parent = self.parents[body]
            place = posed.point(parent, self.places[body])
            turn = np.einsum("ijn,jk->ikn", posed.turn[parent], self.turns[body])
            for column, axis, anchor in self.hinges[body]:
                posed.axis[column] = np.einsum("ijn,j->in", turn, axis)
                posed.anchor[column] = place + np.einsum("ijn,j->in", turn, anchor)
                turn = np.einsum("ijn,jkn->ikn", turn, about(axis, angles[:, column]))
                place = posed.anchor[column] - np.einsum("ijn,j->in", turn, anchor)
            posed.turn[body], posed.place[body] = turn, place


def about(axis: Floats, angles: Floats) -> Floats:
    """Rotations (3, 3, N) about a unit vector (3,) by angles (N,) in radians (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    sine, rest = np.sin(angles), 1 - np.cos(angles)
    return np.asarray(
        np.eye(3)[..., None] + cross[..., None] * sine + (cross @ cross)[..., None] * rest
    )


@dataclass(frozen=True, eq=False)
class Reach:
    """Where points of a limb are to be.

    Parameters
    ----------
    columns : array of int, shape (K,)
        The joints that may move.
    ends : sequence of (int, array)
        T points: body, and place in its frame.
    targets : array, shape (N, T, 3), body lengths
        In the frame of the root.
    weights : array, shape (N, T)
        How much each counts; 0 for not at all.
    """

    columns: Any
    ends: Sequence[tuple[int, Floats]]
    targets: Floats
    weights: Floats


def reach(tree: Tree, limits: Limits, posed: Posed, logits: Floats, wanted: Reach) -> None:
    """Bend a limb so that its ends come near to where they are wanted, within its limits.

    The deviation of the joints from `logits` is weighed against the distance of the ends (damped
    least squares), so that of all ways to get there the most usual is taken, and one that changes
    smoothly with the target.

    Parameters
    ----------
    tree : Tree
        Lengths in body lengths.
    limits : Limits
    posed : Posed
        Of all that the limb hangs on; the limb itself is posed anew.
    logits : array, shape (N, Q)
        Posture that is wanted otherwise; the limb's columns are replaced.
    wanted : Reach

    References
    ----------
    C. W. Wampler, "Manipulator inverse kinematic solutions based on vector formulations and damped
    least-squares methods", IEEE Trans. Syst. Man Cybern. 16 (1986) 93-101.
    """
    columns = np.asarray(wanted.columns)
    usual = logits[:, columns].copy()
    bodies = _moved(tree, columns, wanted.ends)
    for step in range(_STEPS + 1):
        angles = np.zeros_like(logits)
        angles[:, columns] = limits.angles(logits[:, columns], columns)
        tree.move(posed, bodies, angles)
        if step == _STEPS:
            return
        slopes = limits.slopes(logits[:, columns], columns)
        away, jacobian = _linear(tree, posed, wanted)
        jacobian = jacobian * slopes[:, None]
        moved = logits[:, columns] - usual
        ask = away + np.einsum("nrk,nk->nr", jacobian, moved)
        gram = jacobian @ np.swapaxes(jacobian, 1, 2) + _STIFFNESS * np.eye(ask.shape[1])
        best = np.einsum("nrk,nr->nk", jacobian, np.linalg.solve(gram, ask[..., None])[..., 0])
        change = best - moved
        size = np.abs(change).max(axis=1, keepdims=True)
        logits[:, columns] += change * np.minimum(1, _LARGEST_STEP / np.maximum(size, 1e-12))


def _moved(tree: Tree, columns: Any, ends: Sequence[tuple[int, Floats]]) -> list[int]:
    """Bodies between the joints that move and the ends, parents first."""
    mine = set(columns.tolist())
    carried = set().union(*(tree.above(body) for body, _ in ends))
    first = [body for body in carried if any(column in mine for column, _, _ in tree.hinges[body])]
    return [body for body in tree.below(first) if body in carried]


def _linear(tree: Tree, posed: Posed, wanted: Reach) -> tuple[Floats, Floats]:
    """Weighted way to the targets (N, 3 T), and how it shrinks with the angles (N, 3 T, K)."""
    away, slopes = [], []
    root = np.sqrt(wanted.weights)
    carries = [tree.above(body) for body, _ in wanted.ends]
    body_of = {column: body for body, hinges in enumerate(tree.hinges) for column, _, _ in hinges}
    for number, (body, offset) in enumerate(wanted.ends):
        end = posed.point(body, offset)
        weight = root[:, number]
        away.append(weight * (wanted.targets[:, number].T - end))
        ways = [
            np.cross(posed.axis[column], end - posed.anchor[column], axis=0)
            if body_of[column] in carries[number]
            else np.zeros_like(end)
            for column in wanted.columns
        ]
        slopes.append(weight * np.stack(ways, axis=1))
    return np.concatenate(away).T, np.moveaxis(np.concatenate(slopes), -1, 0)
