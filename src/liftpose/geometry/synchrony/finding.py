"""Frame offsets between cameras, and where a camera lost frames.

Every claim rests on a paired comparison: stretches of the recording in which the cameras agree
better with one offset than with another. Where they do not tell, nothing is claimed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np

from liftpose.geometry.synchrony.epipolar import Floats, Integers, Pair, Sight

_SAMPLE = 2000  # frames of a long recording that are looked at for every offset
_STRETCH, _LEAST_STRETCHES, _MOST_STRETCHES = 12, 8, 160  # frames in one; how many
_TELLING, _STEADY = 5.0, 3.0
"""Standard errors by which one offset has to be worse than another to be ruled out: those of noise
as large as the disagreement at the better one varies, and those of the difference itself, which an
animal that moves now and then makes large."""
_GAIN = 0.1
"""Share by which the disagreement has to fall as well: a calibration that is off by some pixels
makes small shifts of an animal that walks one way look better than none."""
_AROUND = 4  # stretches on either side of a change in which it is looked for
_ROUGHLY = 400  # frames that tell the typical disagreement at an offset
_CAPPED = 4.0  # times the typical disagreement; whatever is further off counts alike
_LEAST_CAP = 0.5  # pixels
_SWITCH = 12.0  # times the spread of a stretch that a change of the offset has to gain
_LEAST_SPREAD = 0.01
_LEAST_TOLD = 4  # stretches that tell something of two offsets
_WITHIN = 2.5  # fully disagreeing frames that tell one place of a change from another


@dataclass(frozen=True)
class Change:
    """A place where the frames of a camera shift against those of the others.

    Parameters
    ----------
    frame : int
        Of the first camera: the first one after the change.
    low, high : int
        It may as well be any of these and those between.
    gained : int
        Frames that the camera has more from there on; below 0, it lost so many.
    """

    frame: int
    low: int
    high: int
    gained: int


@dataclass(frozen=True, eq=False)
class Timing:
    """How the frames of a camera lie against those of the first.

    Parameters
    ----------
    offset : int
        Frame ``i + offset`` of this camera shows what frame ``i`` of the first shows.
    low, high : int
        Offsets from the one to the other cannot be told from it.
    told : bool
        Whether the data tell anything: whether some offset was ruled out.
    at_zero, at_offset : float, pixels
        Median disagreement with the other cameras without the offset and with it; NaN where they
        never see the same joint.
    changes : tuple of Change
        Where the offset changes.
    """

    offset: int = 0
    low: int = 0
    high: int = 0
    told: bool = False
    at_zero: float = float("nan")
    at_offset: float = float("nan")
    changes: tuple[Change, ...] = ()

    def frames(self, count: int, mended: bool = True) -> Integers:
        """Tell which frame of this camera belongs to each of the first.

        Parameters
        ----------
        count : int
            Frames of the first camera.
        mended : bool
            Whether to follow the changes, leaving out frames of which it is not known on which
            side of a change they are; else there is only the offset.

        Returns
        -------
        array of int, shape (count,)
            -1 where none does.
        """
        found = np.arange(count) + self.offset
        if not mended:
            return found
        unsure = np.zeros(count, bool)
        for change in self.changes:
            found[change.frame :] += change.gained
            unsure[max(change.low, 0) : change.high] = True
        return np.where(unsure | (found < 0), -1, found)


def synchronise(
    sights: Mapping[str, Sight],
    most: int = 100,
    given: Mapping[str, int] | None = None,
) -> dict[str, Timing]:
    """Find by how many frames cameras are shifted against the first, and where that changes.

    For every offset the disagreement of the cameras (Sampson's distance, capped) is averaged over
    stretches of the recording. An offset other than 0 is claimed only where 0 is ruled out; one
    within the recording only where what follows rules the former out.

    Parameters
    ----------
    sights : mapping of str to Sight
        What each camera saw, of the same joints; frames may be of different numbers.
    most : int
        Largest offset that is looked for; at most a quarter of the shortest recording. With 0,
        nothing is looked for.
    given : mapping of str to int, optional
        Offsets that are known, by camera; only changes within the recording are looked for then.

    Returns
    -------
    dict of str to Timing
        In the order of `sights`; the first has offset 0, and changes where all others have them.

    Examples
    --------
    >>> from liftpose.datasets import mouse
    >>> animal = mouse(frames=300, seed=1)
    >>> seen = zip(animal.cameras[:2], animal.points_2d[:2])
    >>> one, other = (Sight.of(camera, pixels) for camera, pixels in seen)
    >>> late = Sight(other.camera, other.rays[4:])
    >>> synchronise({"front": one, "right": late}, most=20)["right"].offset
    -4
    """
    names = list(sights)
    first, count = names[0], sights[names[0]].frames
    reach = min(most, min(sight.frames for sight in sights.values()) // 4)
    known = given or {}
    aligned, timings = {first: sights[first]}, {first: Timing(told=True, at_zero=0, at_offset=0)}
    for name in sorted(names[1:], key=lambda name: -_shared(sights[first], sights[name])):
        timings[name] = _timing(list(aligned.values()), sights[name], reach, known.get(name))
        aligned[name] = sights[name].at(timings[name].frames(count))
    # Once more, now that every camera has all others to be held against.
    for name in names[1:] if len(names) > 2 else ():
        others = [sight for other, sight in aligned.items() if other != name]
        timings[name] = _timing(others, sights[name], reach, known.get(name))
        aligned[name] = sights[name].at(timings[name].frames(count))
    return _blamed({name: timings[name] for name in names})


def _shared(one: Sight, other: Sight) -> int:
    count = min(one.frames, other.frames)
    both = np.isfinite(one.rays[:count, :, 0]) & np.isfinite(other.rays[:count, :, 0])
    return int(both.sum())


def _timing(others: Sequence[Sight], sight: Sight, reach: int, given: int | None) -> Timing:
    """Timing of a camera against others that are in step with the first."""
    pairs = [Pair(other, sight) for other in others]
    count, middle = others[0].frames, given or 0
    rows = np.arange(0, count, max(1, count // _SAMPLE))
    lags = np.arange(-reach, reach + 1) + middle
    cost, typical = _costs(pairs, rows, lags)
    if not np.isfinite(typical).any():
        return Timing(offset=middle, low=middle, high=middle)
    edges = np.linspace(0, len(rows), _stretches(len(rows)) + 1).astype(int)
    means = _means(cost, edges)
    best, open_to = _best(means, reach, given is not None)
    told = len(open_to) < len(lags)
    timing = Timing(
        int(lags[best]),
        int(lags[open_to[0]]),
        int(lags[open_to[-1]]),
        told,
        float(typical[lags == 0][0]) if 0 in lags else float("nan"),
        float(typical[best]),
    )
    # Where half of the frames want another offset than the rest, no single one is ruled out.
    places = [rows[np.minimum(edges[cut], len(rows) - 1)] for cut in range(len(edges))]
    return replace(timing, **_changes(pairs, means, lags, np.array(places), count))


def _stretches(rows: int) -> int:
    return int(np.clip(rows // _STRETCH, min(_LEAST_STRETCHES, rows), _MOST_STRETCHES))


def _costs(pairs: Sequence[Pair], rows: Integers, lags: Integers) -> tuple[Floats, Floats]:
    """Disagreement of frames at offsets (S, L), 0 to 1, and its median in pixels (L,)."""
    far = np.full((len(lags), len(pairs), len(rows)), np.nan)
    middle = np.full((len(lags), len(pairs)), np.nan)
    caps = np.full(len(pairs), np.nan)
    some = rows[:: max(1, len(rows) // _ROUGHLY)]
    for place, pair in enumerate(pairs):
        for number, lag in enumerate(lags):
            middle[number, place] = _median(pair.distance(some, some + lag))
        if np.isfinite(middle[:, place]).any():
            caps[place] = max(_CAPPED * np.nanmin(middle[:, place]), _LEAST_CAP)
            for number, lag in enumerate(lags):
                far[number, place] = capped(pair.distance(rows, rows + lag), caps[place])
    return _mean(far, 1).T, _mean(middle, 1)


def capped(distance: Floats, cap: float) -> Floats:
    """Squared distances (S, J) as a share of a cap, at most 1, their mean over joints (S,)."""
    with np.errstate(invalid="ignore"):
        return _mean(np.minimum(distance / cap, 1.0) ** 2, 1)


def _mean(values: Floats, axis: int) -> Floats:
    known = np.isfinite(values)
    number = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)


def _median(values: Floats) -> float:
    known = values[np.isfinite(values)]
    return float(np.median(known)) if len(known) else float("nan")


def _means(cost: Floats, edges: Any) -> Floats:
    """Means over stretches (B, L) of the costs of frames (S, L)."""
    return np.stack([_mean(cost[start:stop], 0) for start, stop in pairwise(edges)])


def _ruled_out(worse: Floats, better: Floats) -> Any:
    """Whether costs of stretches (B, L) are surely larger than others (B, 1)."""
    gap = worse - better
    both = np.isfinite(gap)
    number = np.maximum(both.sum(axis=0), 1)
    mean, base = _mean(gap, 0), np.where(both, better, np.nan)
    noise = np.sqrt(2 / number) * np.maximum(_deviation(base), _LEAST_SPREAD)
    error = _deviation(gap) / np.sqrt(number)
    with np.errstate(invalid="ignore"):
        sure = (mean > _TELLING * noise) & (mean > _STEADY * error)
        sure &= mean > _GAIN * _mean(np.where(both, worse, np.nan), 0)
    return sure & (number >= _LEAST_TOLD)


def _deviation(values: Floats) -> Floats:
    """Standard deviation over the first axis; NaN is left out."""
    number = np.isfinite(values).sum(axis=0)
    square = _mean((values - _mean(values, 0)) ** 2, 0)
    return np.asarray(np.sqrt(square * number / np.maximum(number - 1, 1)))


def _best(means: Floats, reach: int, given: bool) -> tuple[int, Any]:
    """Index of the offset, and those of all that cannot be told from it."""
    total = _mean(means, 0)
    # Offsets at which few stretches are left say little.
    enough = np.isfinite(means).sum(axis=0) >= 0.6 * np.isfinite(means).any(axis=1).sum()
    total = np.where(enough, total, np.inf)
    found = reach if given else int(np.argmin(total))
    out = _ruled_out(means, means[:, [found]])
    out[found] = False
    if not out[reach]:
        found = reach
    return found, np.flatnonzero(~out)


def _changes(
    pairs: Sequence[Pair],
    means: Floats,
    lags: Integers,
    places: Integers,
    count: int,
) -> dict[str, Any]:
    """Where the offset changes, and the offset at the beginning."""
    state = _checked(_path(means), means)
    cuts = np.flatnonzero(np.diff(state)) + 1
    if not len(cuts):
        return {}
    middle = len(lags) // 2
    if not _ruled_out(means[: cuts[0], [middle]], means[: cuts[0], [state[0]]])[0]:
        state[: cuts[0]] = middle
    found = []
    for cut in cuts[state[cuts] != state[cuts - 1]]:
        old, new = int(lags[state[cut - 1]]), int(lags[state[cut]])
        start, stop = places[max(cut - _AROUND, 0)], places[min(cut + _AROUND, len(places) - 1)]
        frame, low, high = _located(pairs, int(start), min(int(stop), count), old, new)
        found.append(Change(frame, low, high, new - old))
    if not found:
        return {}
    begin = int(lags[state[0]])
    return {
        "changes": tuple(found),
        "offset": begin,
        "low": begin,
        "high": begin,
        "told": True,
    }


def _path(means: Floats) -> Any:
    """Offset of each stretch (B,) that costs least in all, changes included (Viterbi)."""
    known = np.where(np.isfinite(means), means, _mean(means, 0)[None])
    known = np.where(np.isfinite(known), known, 1.0)
    # Of the best offset of each stretch: with lost frames no single one is good everywhere.
    least = known.min(axis=1)
    off = np.abs(least - np.median(least))
    spread = max(1.4826 * float(np.median(off)), _LEAST_SPREAD)
    total = known[0].copy()
    came = np.zeros(known.shape, int)
    for step in range(1, len(known)):
        cheapest = int(np.argmin(total))
        switch = total[cheapest] + _SWITCH * spread < total
        came[step] = np.where(switch, cheapest, np.arange(known.shape[1]))
        total = np.where(switch, total[cheapest] + _SWITCH * spread, total) + known[step]
    state = np.empty(len(known), int)
    state[-1] = int(np.argmin(total))
    for step in range(len(known) - 1, 0, -1):
        state[step - 1] = came[step, state[step]]
    return state


def _checked(state: Any, means: Floats) -> Any:
    """Take back changes after or before which the other side's offset would do as well."""
    state = state.copy()
    while True:
        cuts = [0, *(np.flatnonzero(np.diff(state)) + 1), len(state)]
        for number in range(1, len(cuts) - 1):
            before, after = slice(*cuts[number - 1 : number + 1]), slice(*cuts[number : number + 2])
            old, new = state[before][0], state[after][0]
            if not _ruled_out(means[after][:, [old]], means[after][:, [new]])[0]:
                state[after] = old
                break
            if not _ruled_out(means[before][:, [new]], means[before][:, [old]])[0]:
                state[before] = new
                break
        else:
            return state


def _located(
    pairs: Sequence[Pair], start: int, stop: int, old: int, new: int
) -> tuple[int, int, int]:
    """The first frame with the new offset, and the range that it is in."""
    rows = np.arange(start, stop)
    cost = _costs(pairs, rows, np.array([old, new]))[0]
    step = np.nan_to_num(cost[:, 0] - cost[:, 1])
    # What it costs to change before each row, but for a constant.
    total = np.concatenate([[0.0], np.cumsum(step)])
    near = np.flatnonzero(total <= total.min() + _WITHIN)
    return start + int(np.argmin(total)), start + int(near[0]), start + int(near[-1])


def _blamed(timings: dict[str, Timing]) -> dict[str, Timing]:
    """Where all others gain frames at once, say that the first camera lost them."""
    first, *others = timings
    blamed = []
    for change in timings[others[0]].changes if others else ():
        twins = [_twin(change, timings[name]) for name in others if timings[name].told]
        if change.gained > 0 and all(twins):
            low = max(twin.low for twin in twins if twin)
            high = min(twin.high for twin in twins if twin)
            frame = int(np.clip(change.frame, min(low, high), max(low, high)))
            blamed.append(Change(frame, min(low, high), max(low, high), -change.gained))
    return timings | {first: replace(timings[first], changes=tuple(blamed))}


def _twin(change: Change, timing: Timing) -> Change | None:
    """The same change of another camera."""
    for other in timing.changes:
        meet = other.low <= change.high + 1 and change.low <= other.high + 1
        if other.gained == change.gained and meet:
            return other
    return None
