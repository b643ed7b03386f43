"""Whether 2D is like what a lifter learned from, by frame and by recording, and what is wrong.

A frame's score is the share of held-out training frames that are less unlike what the others
taught. A recording's verdict compares its signs (see `signs`) with those of held-out blocks, and
tries corrections of what is often done wrong (see `mistakes`): the one that makes its 2D most like
the training data names the mistake.

How all this is measured is in `novelty_measuring`.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import torch

from liftpose.lifter.around import Around
from liftpose.lifter.mistakes import Correction, Flip, Reordering, exchange, likeliest_order
from liftpose.lifter.shapes import Shapes
from liftpose.lifter.signs import SIGNS, badness, signs_of_recording
from liftpose.lifter.stages import Stages
from liftpose.poses import Floats, Key
from liftpose.poses.verdict import (
    BENDING,
    ELSEWHERE,
    FLIPPED,
    LIKE,
    MOST,
    MOSTLY,
    REORDERED,
    RESCALED,
    SHORT,
    SWAPPED,
    UNEXPLAINED,
    UNLIKE,
    Verdict,
)
from liftpose.skeleton import Skeleton

FEWEST = 20
"""Frames of a recording that a verdict takes at least."""

FIRST = ("shape", "residual")
"""Signs that order recordings by how unlike they are, also where nothing is beyond its limit."""

SEEN = 3
"""Joints of a frame that have to be seen for it to count."""

SAMPLE = 200
"""Frames of a recording, evenly taken, that a verdict looks at."""

UNUSUAL = 99.0
"""Percentile from which on a frame is unusual."""

RESTORED = 0.5
"""Share of what is amiss that a correction has to put right to be believed, unless it leaves
nothing beyond its limit: what is seen from elsewhere comes a little nearer by many of them."""

LOOKED_INTO = 0.25
"""Share of what shape or residual may come to, from which on other orders of joints are tried."""

TURNED = 0.1
"""The same, from which on poses are looked at from other sides."""

EXPLAINED = 0.25
"""Residual, as a share of what it may come to, up to which lifted poses are where the 2D is: then
poses are new, rather than the camera another."""

AS_WELL = 0.25
"""Share of the best correction's gain that another may lack and still explain it as well."""

UNTOLD = Verdict(SHORT, float("nan"), float("nan"))
"""Of a recording of hardly any frames."""

Verdicts = dict[Key, Verdict]


class Told(NamedTuple):
    """What is told of frames beside where their joints are: spread (N, T + R, D), novelty (N,)."""

    spread: Floats
    novelty: Floats | None


def warn_of_mistakes(verdicts: Verdicts, where: str) -> None:
    """Warn of experiments in which a mistake was made.

    Parameters
    ----------
    verdicts : dict of Key to Verdict
    where : str
        What the 2D is called.

    Warns
    -----
    UserWarning
        Once for each experiment.

    Examples
    --------
    >>> warn_of_mistakes({"walk": Verdict("like the training data", 0.2, 0.01)}, "poses_2d")
    """
    for key, verdict in verdicts.items():
        if verdict.mistake:
            of = f"experiment {key!r} of {where}" if len(verdicts) > 1 or key else where
            warnings.warn(f"{of}: {verdict}", stacklevel=3)


@dataclass(frozen=True)
class Novelty:
    """What clean recordings are like.

    Parameters
    ----------
    quantiles : tensor, shape (Q,), float64
        Of the logarithm of how unlike held-out frames are (see `uncertainty.unlikeness`), from the
        least to the greatest.
    shapes : Shapes
    centre, room : tensor, shape (6,), float64
        Of each sign, what it usually is, and how far from that it may be. Zero and infinite for
        those that the lifter does not give.
    gains : mapping of str to float
        How much corrections of clean recordings may seem to gain, by what they correct.
    flip : Flip
    weights : mapping of str to float
        Of the members that what was measured is of.
    sized : bool
        Whether the size in the image means anything.
    around : Around, optional
        The training poses from all sides; None where the camera is not known.
    """

    quantiles: torch.Tensor
    shapes: Shapes
    centre: torch.Tensor
    room: torch.Tensor
    gains: Mapping[str, float]
    flip: Flip
    weights: Mapping[str, float]
    sized: bool
    around: Around | None = None

    def percentile(self, unlike: torch.Tensor) -> Floats:
        """Give the share of held-out frames that are less unlike, 0 to 100, shape (N,)."""
        known = np.log(np.maximum(unlike.numpy(), 1e-30))
        quantiles = self.quantiles.numpy()
        share: Floats = np.interp(known, quantiles, _percent(len(quantiles))).astype(np.float32)
        return share

    def verdict(
        self, points: Floats, scores: Floats, skeleton: Skeleton, stages: Stages
    ) -> Verdict:
        """Judge a recording.

        Parameters
        ----------
        points : array, shape (N, J, 2), float64, pixels of the reference camera
            Some frames of it, `SAMPLE` or so. NaN = not seen.
        scores : array, shape (N,)
            Percentiles of its frames.
        skeleton : Skeleton
            Of the lifter.
        stages : Stages
            The lifter.

        Returns
        -------
        Verdict
        """
        known = scores[np.isfinite(scores)]
        share = float((known > UNUSUAL).mean()) if len(known) else 0.0
        rows = np.isfinite(points[:, self.shapes.joints.numpy()]).all(2).sum(1) >= SEEN
        if rows.sum() < FEWEST:
            return Verdict(SHORT, float("nan"), share)
        points = points[rows]
        stages = replace(stages, weights=self.weights)
        signs = signs_of_recording(points, self.shapes, stages)
        amiss = self._amiss(signs)
        gains = self._gains(points, signs, amiss, skeleton, stages)
        numbers = amiss | {f"{name} undone": gain for name, gain in gains.items()}
        score = _score(amiss, gains)
        names = self._named(amiss, gains)
        if names == (LIKE,) and share > MOST:
            names = (MOSTLY,)
        return Verdict(names[0], score, share, names[1:], numbers)

    def _amiss(self, signs: Floats) -> dict[str, float]:
        """How far signs are off, as shares of what they may be; size in either direction."""
        off = (signs - self.centre.numpy()) / self.room.numpy()
        found = dict(zip(SIGNS, off.tolist(), strict=True))
        found["size"] = abs(found["size"]) if self.sized else float("nan")
        return {name: value for name, value in found.items() if np.isfinite(value)}

    def _gains(
        self,
        points: Floats,
        signs: Floats,
        amiss: Mapping[str, float],
        skeleton: Skeleton,
        stages: Stages,
    ) -> dict[str, float]:
        """What corrections gain, as shares of what they may seem to gain of clean recordings."""

        def gain(correct: Correction) -> tuple[float, bool]:
            after = signs_of_recording(correct(points), self.shapes, stages)
            gained = badness(signs) - badness(after)
            # Of poses far too small, all else changes with where they are.
            if amiss.get("size", 0.0) > 1 and after[0] > signs[0]:
                return gained, False
            restored = gained > RESTORED * (badness(signs) - badness(self.centre.numpy()))
            return gained, restored or _first(self._amiss(after)) <= 1

        found = {}
        for name, correct in corrections(self.flip, skeleton, self.shapes):
            gained, believed = gain(correct)
            found[name] = gained / self.gains[name] if believed else min(gained, 0.0)
        if _first(amiss) > LOOKED_INTO:
            order = likeliest_order(self.shapes, points)
            if order is not None and not _same(order, skeleton, self.shapes):
                gained, believed = gain(Reordering(order))
                if believed:
                    found[REORDERED] = gained / self.gains[REORDERED]
        if self.around is not None and _first(amiss) > TURNED and max(found.values()) <= 1:
            gained = self.around.gain(points)
            if np.isfinite(gained):
                found[ELSEWHERE] = gained / self.gains[ELSEWHERE]
        return found

    def _named(self, amiss: Mapping[str, float], gains: Mapping[str, float]) -> tuple[str, ...]:
        """What is the matter, the likeliest first."""
        found = {name: gain * self.gains[name] for name, gain in gains.items() if gain > 1}
        if {*found} == {ELSEWHERE}:
            return (ELSEWHERE,)
        if found:
            best = max(found.values())
            simple = [n for n in found if n != REORDERED and found[n] >= (1 - AS_WELL) * best]
            if simple:
                return tuple(sorted(simple, key=lambda name: -found[name]))
            return (REORDERED,)
        if amiss["shape"] > 1:
            seen_so = amiss.get("residual", 1.0) <= EXPLAINED
            return (UNLIKE, ELSEWHERE) if seen_so else (ELSEWHERE,)
        if amiss.get("size", 0.0) > 1:
            return (RESCALED,)
        if max(amiss.get("residual", 0.0), amiss.get("moved", 0.0)) > 1:
            return (UNEXPLAINED,)
        if max(amiss.get("bones", 0.0), amiss.get("wobble", 0.0)) > 1:
            return (BENDING,)
        return (LIKE,)

    def state(self) -> dict[str, Any]:
        """Everything needed to build it again."""
        return {
            "quantiles": self.quantiles,
            "shapes": self.shapes.state(),
            "centre": self.centre,
            "room": self.room,
            "gains": dict(self.gains),
            "flip": [self.flip.middle, self.flip.usual],
            "weights": dict(self.weights),
            "sized": self.sized,
            "around": None if self.around is None else self.around.state(),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Novelty:
        """Build it from what `state` gave."""
        values = {**state, "shapes": Shapes.from_state(state["shapes"])}
        around = None if state["around"] is None else Around.from_state(state["around"])
        return cls(**{**values, "flip": Flip(*state["flip"]), "around": around})


def corrections(flip: Flip, skeleton: Skeleton, shapes: Shapes) -> Iterator[tuple[str, Correction]]:
    """Give the corrections that are tried of every recording, by what they correct."""
    yield FLIPPED, flip
    sides = exchange(skeleton, shapes.joints)
    if sides is not None:
        yield SWAPPED, Reordering(sides)


def _same(order: Any, skeleton: Skeleton, shapes: Shapes) -> bool:
    """Whether an order is that of the skeleton, or this with left and right exchanged."""
    sides = exchange(skeleton, shapes.joints)
    return (order == np.arange(len(order))).all() or (sides is not None and (order == sides).all())


def _score(amiss: Mapping[str, float], gains: Mapping[str, float]) -> float:
    """Put signs and gains together; what animals differ in counts from its limit on."""
    beyond = [value for value in amiss.values() if value > 1]
    return max([0.0, _first(amiss), *beyond, *gains.values()])


def _first(amiss: Mapping[str, float]) -> float:
    return max(amiss[name] for name in FIRST if name in amiss)


@cache
def _percent(count: int) -> Floats:
    percent: Floats = np.linspace(0.0, 100.0, count)
    return percent
