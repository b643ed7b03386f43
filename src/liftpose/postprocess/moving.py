"""Lifted poses with other positions, and all that hangs on them: roots, and what was done."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.poses import Lifted

Array = npt.NDArray[np.float64]

DONE = "postprocessed"
"""Entry of the provenance that lists what was done after lifting, as JSON."""

FEWEST_FRAMES = 3
"""Two frames have a speed, and nothing to tell it from noise."""

STILL = 1e-6
"""What moves by less than this share of a pose's size does not move: the origin."""

_LOOKED_AT = 200
_SAME = 1e-4


def checked(lifted: Any, what: str) -> Lifted:
    """Insist on lifted poses of at least three frames.

    Parameters
    ----------
    lifted : Lifted
    what : str
        What is to be done, as the error says it.

    Returns
    -------
    Lifted
        The same.

    Raises
    ------
    TypeError
        It is none.
    ValueError
        Fewer than three frames.
    """
    if not isinstance(lifted, Lifted):
        raise TypeError(
            f"lifted is a {type(lifted).__name__}; expected what Lifter.lift or read_lifted gives."
        )
    if lifted.frames < FEWEST_FRAMES:
        raise ValueError(
            f"lifted has {lifted.frames} frames; {what} needs {FEWEST_FRAMES} or more. Give all "
            "frames of a recording at once."
        )
    return lifted


def anchors(lifted: Lifted) -> npt.NDArray[np.intp]:
    """Find which joint each is told relative to, from the numbers themselves.

    Parameters
    ----------
    lifted : Lifted
        Of J joints.

    Returns
    -------
    array of int, shape (J,)
        The root of each joint, -1 where `root_relative` does not tell it.

    Examples
    --------
    >>> position = np.float32([[[0, 0, 0], [1, 2, 3], [4, 4, 4]]]).repeat(4, 0)
    >>> relative = position - position[:, [1]]
    >>> relative[:, 1] = np.nan
    >>> anchors(Lifted(position, relative, ("",), (4,))).tolist()
    [1, -1, 1]
    """
    rows = slice(None, None, max(1, lifted.frames // _LOOKED_AT))
    position = lifted.position[rows].astype(np.float64)
    origin = position - lifted.root_relative[rows]
    found = np.full(lifted.joint_count, -1, np.intp)
    known = np.asarray(np.isfinite(origin).all(2))
    nearby = _SAME * size(position)
    for joint in np.flatnonzero(known.any(0)):
        there = known[:, joint]
        off = np.abs(position[there] - origin[there, joint, None]).max((0, 2))
        nearest = int(np.argmin(np.where(np.isnan(off), np.inf, off)))
        if off[nearest] <= nearby:
            found[joint] = nearest
    return found


def apart(lifted: Lifted) -> tuple[Array, Array | None]:
    """Take a pose that has a place apart.

    Parameters
    ----------
    lifted : Lifted
        N frames of J joints.

    Returns
    -------
    pose : array, shape (N, J, D)
        About its first root.
    way : array, shape (N, 1, D), or None
        Of that root; None where it stays where it is, and the pose is about it as it stands.
    """
    position = lifted.position.astype(np.float64)
    root = anchors(lifted)
    roots = np.unique(root[root >= 0])
    if len(roots) == 0 or (extent(position[:, roots]) <= STILL * size(position)).any():
        return position, None
    way = position[:, roots[:1]]
    if (np.isnan(way).any(2) & np.isfinite(position).any(2)).any():
        # A root that is missing where others are known is no origin of theirs.
        return position, None
    pose = position - way
    # A pose whose place was not found is known all the same.
    told = root == roots[0]
    relative = lifted.root_relative[:, told].astype(np.float64)
    pose[:, told] = np.where(np.isnan(pose[:, told]), relative, pose[:, told])
    return pose, way


def extent(values: Array) -> Array:
    """Tell how far each column ranges over the frames; 0 where it is never seen.

    Examples
    --------
    >>> extent(np.array([[1.0, np.nan], [4.0, np.nan]])).tolist()
    [3.0, 0.0]
    """
    known = np.isfinite(values)
    top = np.max(values, axis=0, initial=-np.inf, where=known)
    bottom = np.min(values, axis=0, initial=np.inf, where=known)
    extent = np.where(known.any(0), top - bottom, 0.0)
    return np.asarray(extent.max(-1) if values.ndim == 3 else extent)


def size(values: Array) -> float:
    """Give the greatest coordinate there is, whatever its sign; 0 of nothing."""
    return float(np.max(np.abs(values), initial=0.0, where=np.isfinite(values)))


def moved(lifted: Lifted, position: Array, spread: Array | None, step: Mapping[str, Any]) -> Lifted:
    """Give lifted poses with other positions.

    Parameters
    ----------
    lifted : Lifted
        As they were.
    position : array, shape (N, J, D)
        As they are to be.
    spread : array, shape (N, J, D), or None
        Standard deviations of those.
    step : mapping
        What was done, added to the list in the provenance; values as JSON takes them.

    Returns
    -------
    Lifted
        `root_relative` follows: each joint that it tells of is relative to where its root is now.
        Where that root cannot be told, it is taken to be where it was. Hypotheses, which are about
        the poses as they were, are left out.
    """
    root = anchors(lifted)
    origin = lifted.position.astype(np.float64) - lifted.root_relative
    told = root >= 0
    origin[:, told] = position[:, root[told]]
    relative = position - origin
    relative[:, np.isnan(lifted.root_relative).all((0, 2))] = np.nan
    kind = lifted.position.dtype
    done = [*json.loads(lifted.provenance.get(DONE, "[]")), dict(step)]
    return replace(
        lifted,
        position=position.astype(kind),
        root_relative=relative.astype(kind),
        spread=None if spread is None else spread.astype(np.float32),
        hypotheses=None,
        provenance={**lifted.provenance, DONE: json.dumps(done)},
    )
