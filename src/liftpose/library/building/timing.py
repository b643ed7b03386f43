"""Whether files, cameras and frames belong together: offsets, lost frames, exchanged files."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations

import numpy as np

from liftpose.geometry.synchrony import Sight, Timing, apart, synchronise
from liftpose.geometry.triangulation.found import size_in_image
from liftpose.library.building.footage import Footage, View, named
from liftpose.library.building.settings import BuildOptions
from liftpose.names import closest

_LIKELIEST = 3  # exchanges for which offsets are looked for
_MUCH_BETTER = 1 / 3
"""Share of the disagreement that is left when two files that were exchanged change places."""


def timed(footage: Footage, options: BuildOptions) -> dict[str, Timing]:
    """Find how the frames of the cameras lie against each other.

    Parameters
    ----------
    footage : Footage
    options : BuildOptions

    Returns
    -------
    dict of str to Timing

    Raises
    ------
    ValueError
        Cameras that do not see the same; lost frames, unless `options` mend or ignore them; or
        files of different lengths whose frames the data do not match.
    """
    for name in options.offsets:
        if name not in footage.names:
            raise ValueError(
                f"an offset is given for {name!r}, which is no camera of these files."
                f"{closest(name, footage.names)}"
            )
    sights = {view.name: view.sight() for view in footage.views}
    found = synchronise(sights, options.max_offset, _relative(footage, options))
    _check_agreement(footage, sights, found, options)
    if options.drops == "refuse":
        _check_changes(footage, found)
        _check_lengths(footage, found, options)
    return found


def _relative(footage: Footage, options: BuildOptions) -> dict[str, int]:
    """Offsets that are known, against the first camera."""
    first = options.offsets.get(footage.names[0], 0)
    return {name: int(offset) - first for name, offset in options.offsets.items()}


def disagreement(views: tuple[View, ...], sights: Mapping[str, Sight]) -> dict[str, float]:
    """Tell how far each camera disagrees with the others.

    Parameters
    ----------
    views : tuple of View
    sights : mapping of str to Sight
        In step with each other.

    Returns
    -------
    dict of str to float
        Median over the other cameras, as a share of the animal's size in the image; NaN where no
        other saw the same joints.
    """
    sizes = {view.name: size_in_image(view.counted) for view in views}
    off: dict[str, list[float]] = {view.name: [] for view in views}
    for one, other in combinations(sights, 2):
        far = apart(sights[one], sights[other])
        size = min(sizes[one], sizes[other])
        for name in (one, other) if np.isfinite(far) and size > 0 else ():
            off[name].append(far / size)
    return {name: float(np.median(far)) if far else float("nan") for name, far in off.items()}


def _check_agreement(
    footage: Footage,
    sights: Mapping[str, Sight],
    timings: Mapping[str, Timing],
    options: BuildOptions,
) -> None:
    count = footage.views[0].frames
    steps = {name: sight.at(timings[name].frames(count)) for name, sight in sights.items()}
    off = disagreement(footage.views, steps)
    known = {name: far for name, far in off.items() if np.isfinite(far)}
    if not known:
        raise ValueError(
            "no two cameras see the same joint in the same frame, so that nothing has 3D; are the "
            "files of one recording?"
        )
    worst = max(known, key=lambda name: known[name])
    if known[worst] <= options.max_disagreement:
        return
    exchanged = _exchanged(footage, options, sum(known.values()))
    raise ValueError(
        f"camera {worst!r} disagrees with the others by {100 * known[worst]:.0f} % of the animal's "
        f"size in the image (median; at most {100 * options.max_disagreement:g} % is expected): "
        + (
            f"the files of {exchanged[0]!r} and {exchanged[1]!r} seem to be exchanged; give each "
            "file its camera with camera_names (--camera-names)."
            if exchanged
            else f"does {footage.calibration} belong to these videos, and were they cropped or "
            "resized (--crop, --scale)?"
        )
    )


def _exchanged(footage: Footage, options: BuildOptions, before: float) -> tuple[str, str] | None:
    """The two cameras whose files fit far better the other way round."""
    totals: dict[tuple[str, str], float] = {}
    turned: dict[tuple[str, str], tuple[View, ...]] = {}
    for one, other in combinations(footage.views, 2):
        swap = {one.name: named(other, one.name, one.camera)}
        swap |= {other.name: named(one, other.name, other.camera)}
        pair = one.name, other.name
        turned[pair] = tuple(swap.get(view.name, view) for view in footage.views)
        totals[pair] = _total(turned[pair], {view.name: view.sight() for view in turned[pair]})
    # Offsets that were found with the files exchanged mean nothing; those of the likeliest
    # exchanges are found anew.
    for pair in sorted(totals, key=lambda pair: totals[pair])[:_LIKELIEST]:
        sights = {view.name: view.sight() for view in turned[pair]}
        timings = synchronise(sights, options.max_offset)
        count = turned[pair][0].frames
        steps = {name: sight.at(timings[name].frames(count)) for name, sight in sights.items()}
        totals[pair] = min(totals[pair], _total(turned[pair], steps))
    best = min(totals, key=lambda pair: totals[pair])
    return best if totals[best] < _MUCH_BETTER * before else None


def _total(views: tuple[View, ...], sights: Mapping[str, Sight]) -> float:
    return sum(far for far in disagreement(views, sights).values() if np.isfinite(far))


def _check_changes(footage: Footage, timings: Mapping[str, Timing]) -> None:
    said = changes(timings)
    if said:
        raise ValueError(
            f"{'; '.join(said)}. Mend it with drops='mend' (--drops mend), which follows the "
            "frames and leaves out those of which it is not told, or track the whole video again."
        )


def changes(timings: Mapping[str, Timing]) -> list[str]:
    """Say where cameras lost frames.

    Parameters
    ----------
    timings : mapping of str to Timing

    Returns
    -------
    list of str
        A sentence each, without its full stop.

    Examples
    --------
    >>> from liftpose.geometry.synchrony import Change
    >>> changes({"left": Timing(), "top": Timing(changes=(Change(90, 85, 97, -3),))})
    ["camera 'top' lost 3 frame(s) about frame 90 (85 to 97) of the first camera"]
    """
    first = next(iter(timings))
    lost = timings[first].changes
    said = []
    for name, timing in timings.items():
        for change in timing.changes:
            # What the first camera lost, all others gain.
            if name != first and any(_same(change.gained, change.frame, each) for each in lost):
                continue
            what = "lost" if change.gained < 0 else "has"
            more = " more" if change.gained > 0 else ""
            said.append(
                f"camera {name!r} {what} {abs(change.gained)}{more} frame(s) about frame "
                f"{change.frame} ({change.low} to {change.high}) of the first camera"
            )
    return said


def _same(gained: int, frame: int, lost: object) -> bool:
    low, high = getattr(lost, "low", 0), getattr(lost, "high", 0)
    near = high - low + 25
    return gained == -getattr(lost, "gained", 0) and low - near <= frame <= high + near


def _check_lengths(footage: Footage, timings: Mapping[str, Timing], options: BuildOptions) -> None:
    first = footage.views[0]
    for view in footage.views[1:]:
        timing = timings[view.name]
        sure = timing.low == timing.high or view.name in options.offsets
        if view.frames != first.frames and not sure:
            raise ValueError(
                f"{first.file} has {first.frames:,} frames and {view.file} {view.frames:,}, and "
                f"what they show does not tell which belong together (an offset of {timing.low} "
                f"to {timing.high}). If the first frames do, say drops='ignore' (--drops ignore); "
                f"else give the offset, such as --offset {view.name}:"
                f"{view.frames - first.frames}."
            )


def unconnected(footage: Footage) -> list[tuple[str, ...]]:
    """Group cameras that see joints together, directly or through others.

    Parameters
    ----------
    footage : Footage

    Returns
    -------
    list of tuple of str
        One group where all are connected. Between groups no offset can be told.
    """
    seen = {view.name: np.isfinite(view.counted).all(axis=2).any(axis=0) for view in footage.views}
    groups: list[set[str]] = []
    for name in footage.names:
        joined = [group for group in groups if any((seen[name] & seen[o]).any() for o in group)]
        groups = [group for group in groups if group not in joined]
        groups.append({name}.union(*joined))
    return [tuple(name for name in footage.names if name in group) for group in groups]


def matched_frames(
    footage: Footage, timings: Mapping[str, Timing], options: BuildOptions
) -> dict[str, np.ndarray]:
    """Tell which frame of each camera belongs to each of the first.

    Returns
    -------
    dict of str to array of int, shape (T,)
        -1 where none does.
    """
    first, mended = footage.views[0], options.drops != "ignore"
    found = {}
    for view in footage.views:
        frames = (
            np.arange(first.frames)
            if view is first
            else timings[view.name].frames(first.frames, mended)
        )
        found[view.name] = np.where(frames < view.frames, frames, -1)
    return found
