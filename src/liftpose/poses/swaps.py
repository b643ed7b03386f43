r"""Frames where a tracker seems to swap the identities of two individuals.

Between the last frame in which both were seen and this one, leaving the two tracks as they are
takes both on a jump, and exchanging them takes both on a much smaller one. Each of the four
distances is a median over the joints seen in both frames, so that a few that jump alone decide
nothing::

    max(a to b, b to a)  <  CLEARER * min(a to a, b to b)     and
    min(a to a, b to b)  >  JUMP * usual motion * frames between

The usual motion is the median motion of an individual from one frame to the next in the whole
recording. Individuals so near each other that they could as well have moved are never reported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.poses.given import Floats
from liftpose.poses.poses import Poses

CLEARER = 0.5
"""What exchanging leaves of the jump, at most."""

JUMP = 3.0
"""A jump is more than this many times the usual motion."""

LONGEST = 25
"""Frames for which a joint may have been unseen before: identities are lost where animals hide."""

LEAST_JOINTS = 2
"""Joints that both individuals need to show in both frames; all, where there are fewer."""

_FINENESS, _SMALLEST, _BINS = 16, -24, 16 * 64
"""The usual motion is counted in bins of a sixteenth of an octave, from 2**-24 to 2**40."""


@dataclass(frozen=True)
class Swap:
    """Two individuals who seem to have been swapped.

    Parameters
    ----------
    frame : int
        Row, from 0, of the first frame after the swap.
    individuals : tuple of str
        The two.
    jump : float
        Length of the jump of the two tracks as they are, the smaller of the two; in the unit of
        the coordinates.
    exchanged : float
        The same if they are exchanged, the larger of the two.
    """

    frame: int
    individuals: tuple[str, str]
    jump: float
    exchanged: float

    def as_dict(self) -> dict[str, Any]:
        """Give everything as plain values."""
        return {
            "frame": self.frame,
            "individuals": list(self.individuals),
            "jump": self.jump,
            "exchanged": self.exchanged,
        }


def find_swaps(poses: Poses) -> tuple[Swap, ...]:
    """Find frames where two individuals seem to swap their identities.

    Parameters
    ----------
    poses : Poses
        2D or 3D, of individuals that were filmed together: of as many frames each.

    Returns
    -------
    tuple of Swap
        In the order of the frames. Empty where no individuals lie side by side.

    Examples
    --------
    >>> steps = np.random.default_rng(0).normal(size=(2, 60, 4, 2)).cumsum(1)
    >>> one, other = steps[0], steps[1] + 200
    >>> tracks = {"a": np.r_[one[:30], other[30:]], "b": np.r_[other[:30], one[30:]]}
    >>> seen = Poses.from_experiments(tracks, individuals=["a", "b"])
    >>> [(swap.frame, swap.individuals) for swap in find_swaps(seen)]
    [(30, ('a', 'b'))]
    """
    search = SwapSearch()
    search.add(poses)
    return search.found()


def said(swaps: Sequence[Swap], most: int = 10) -> str:
    """Say in a sentence where swaps are.

    Parameters
    ----------
    swaps : sequence of Swap
    most : int
        More than these are counted instead of named.

    Returns
    -------
    str
        Empty where there are none.

    Examples
    --------
    >>> said([Swap(30, ("a", "b"), 200.0, 2.0)])
    "'a' and 'b' seem to swap identities at frame 30."
    """
    parts = []
    for pair in dict.fromkeys(swap.individuals for swap in swaps):
        frames = [f"{swap.frame:,}" for swap in swaps if swap.individuals == pair]
        more = f" and {len(frames) - most:,} more" if len(frames) > most else ""
        parts.append(
            f"{pair[0]!r} and {pair[1]!r} seem to swap identities at frame"
            f"{'s' * (len(frames) > 1)} {', '.join(frames[:most])}{more}"
        )
    return "; ".join(parts) + "." * bool(parts)


@dataclass
class SwapSearch:
    """The same search in a recording that is read a few frames at a time.

    Examples
    --------
    >>> search, still = SwapSearch(), np.zeros((4, 3, 2))
    >>> both = Poses.from_experiments({"a": still, "b": still + 9}, individuals=["a", "b"])
    >>> for part in (both, both):
    ...     search.add(part)
    >>> search.frames, search.found()
    (8, ())
    """

    frames: int = 0
    _motions: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(_BINS, np.int64))
    _last: _Last | None = None
    _likely: list[tuple[Swap, int]] = field(default_factory=list)

    def add(self, poses: Poses) -> None:
        """Look at the frames that follow those before.

        Parameters
        ----------
        poses : Poses
            Individuals side by side, the same as before. Others are passed over: what lies one
            after another is not of the same frames.
        """
        names = poses.individuals
        if names is None or len(set(names)) < 2 or len(set(poses.lengths)) != 1:
            return
        shape = (len(names), poses.lengths[0], poses.joint_count, poses.dims)
        tracks = poses.points.reshape(shape)
        if self._last is None or self._last.points.shape != (shape[0], *shape[2:]):
            self._last = _Last.of_nothing(shape[0], shape[2], shape[3], tracks.dtype)
        before, ages = self._last.before(tracks)
        for number, track in enumerate(tracks):
            self._count(track, before[number], ages[number])
        for one, other in combinations(range(len(names)), 2):
            pair = (names[one], names[other])
            self._compare(tracks[[one, other]], before[[one, other]], ages[[one, other]], pair)
        self.frames += shape[1]

    def found(self) -> tuple[Swap, ...]:
        """Give the swaps in all frames so far."""
        usual = self._usual()
        known = [swap for swap, apart in self._likely if swap.jump > JUMP * usual * apart]
        return tuple(sorted(known, key=lambda swap: (swap.frame, swap.individuals)))

    def _count(self, track: Floats, before: Floats, ages: Any) -> None:
        """Count the motion of one individual from each frame to the next."""
        moved = _median(np.where(ages == 1, _distance(track, before), np.nan))
        # One that stands still moves by the least that is counted.
        moved = np.maximum(moved[np.isfinite(moved)], 2.0**_SMALLEST)
        places = np.floor(_FINENESS * (np.log2(moved) - _SMALLEST)).astype(np.int64)
        np.add.at(self._motions, np.clip(places, 0, _BINS - 1), 1)

    def _usual(self) -> float:
        """Median motion, to within a bin."""
        counted = self._motions.cumsum()
        if not counted[-1]:
            return 0.0
        place = int(np.searchsorted(counted, (counted[-1] + 1) // 2))
        return float(2 ** (_SMALLEST + (place + 0.5) / _FINENESS))

    def _compare(self, now: Floats, before: Floats, ages: Any, pair: tuple[str, str]) -> None:
        """Keep the frames in which two individuals would jump less if they were exchanged."""
        old = ages.max(0)
        kept = [_distance(now[i], before[i]) for i in (0, 1)]
        crossed = [_distance(now[i], before[1 - i]) for i in (0, 1)]
        there = np.isfinite([*kept, *crossed]).all(0) & (old <= LONGEST)
        enough = there.sum(1) >= min(LEAST_JOINTS, there.shape[1])
        stay, change = (
            np.stack([_median(np.where(there, one, np.nan)) for one in two])
            for two in (kept, crossed)
        )
        jump, exchanged = stay.min(0), change.max(0)
        # Comparisons with NaN are false.
        for row in np.flatnonzero(enough & (exchanged < CLEARER * jump)):
            swap = Swap(self.frames + int(row), pair, float(jump[row]), float(exchanged[row]))
            self._likely.append((swap, int(np.median(old[row][there[row]]))))


@dataclass
class _Last:
    """Where each joint was seen last, and how many frames ago."""

    points: Floats
    ages: npt.NDArray[np.int64]

    @classmethod
    def of_nothing(cls, individuals: int, joints: int, dims: int, kind: Any) -> _Last:
        shape = (individuals, joints)
        return cls(np.full((*shape, dims), np.nan, kind), np.full(shape, LONGEST + 1))

    def before(self, tracks: Floats) -> tuple[Floats, npt.NDArray[np.int64]]:
        """Give for every frame where joints were last seen before it, and move on to its end."""
        whole = np.concatenate([self.points[:, None], tracks], axis=1)
        rows = np.arange(whole.shape[1])[None, :, None]
        seen = np.isfinite(whole).all(3)
        last = np.maximum.accumulate(np.where(seen, rows, 0), axis=1)
        # Row 0 stands for what was seen before, which may be long ago.
        ages = rows - last + np.where(last == 0, self.ages[:, None] - 1, 0)
        filled = np.take_along_axis(whole, last[..., None], axis=1)
        self.points, self.ages = filled[:, -1], ages[:, -1] + 1
        return filled[:, :-1], ages[:, :-1] + 1


def _distance(these: Floats, those: Floats) -> Floats:
    return np.asarray(np.linalg.norm(these - those, axis=-1))


def _median(values: Floats) -> Floats:
    """Median of each row, NaN left out; NaN where nothing is left."""
    counts = np.isfinite(values).sum(1)
    ordered = np.sort(values, axis=1)
    if not values.shape[1]:
        return np.full(len(values), np.nan)
    middle = np.stack([np.maximum(counts - 1, 0) // 2, counts // 2], axis=1)
    middle = np.minimum(middle, values.shape[1] - 1)
    found: Floats = np.take_along_axis(ordered, middle, axis=1).mean(1)
    return np.where(counts > 0, found, np.nan)
