"""Drawing whole poses with a lifter, some frames at a time; see `hypotheses`."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from liftpose.geometry.camera import Camera
from liftpose.lifter.hypotheses import Hypotheses, of_hidden
from liftpose.lifter.normalization import placed
from liftpose.lifter.row_numbers import RowNumbers
from liftpose.lifter.threads import threads
from liftpose.lifter.uncertainty import Uncertainty
from liftpose.poses import Floats, Key, Poses

if TYPE_CHECKING:
    from liftpose.lifter.lifter import Lifter

AT_A_TIME = 20_000
"""Poses drawn at a time, about: some tens of megabytes."""


def asked_draws(hypotheses: Any, seed: Any) -> tuple[int, int]:
    """Check how many hypotheses are asked for, and by which seed.

    Parameters
    ----------
    hypotheses, seed : int
        0 and more.

    Returns
    -------
    count, seed : int

    Raises
    ------
    TypeError
        No whole number.
    ValueError
        Less than 0.

    Examples
    --------
    >>> asked_draws(10, 0)
    (10, 0)
    """
    found = []
    for name, value, meaning in (
        ("hypotheses", hypotheses, "how many poses are drawn of each frame"),
        ("seed", seed, "what they are drawn by"),
    ):
        try:
            whole = operator.index(value)
        except TypeError:
            whole = -1
        if isinstance(value, bool) or (whole == -1 and value != -1):
            raise TypeError(f"{name} is {value!r}; expected a whole number: {meaning}.")
        if whole < 0:
            raise ValueError(f"{name} is {whole}; expected 0 or more: {meaning}.")
        found.append(whole)
    return found[0], found[1]


def drawn(
    lifter: Lifter, poses_2d: Poses, cameras: Mapping[Key, Camera] | None, count: int, seed: int
) -> Floats:
    """Draw whole poses.

    Parameters
    ----------
    lifter : Lifter
    poses_2d : Poses
        N frames of its joints.
    cameras : mapping of Key to Camera, or None
        What filmed them, for a lifter that learned with cameras.
    count : int
        How many of each frame.
    seed : int

    Returns
    -------
    array, shape (count, N, J, D), float32

    Raises
    ------
    ValueError
        A lifter that does not know how it errs.
    """
    known, errs = lifter.hypotheses, lifter.uncertainty
    if known is None or errs is None:
        raise ValueError(
            "this lifter does not know how it errs: it was saved by an earlier version, or had too "
            "few frames to hold any out. To draw hypotheses, fit it again, on two recordings or "
            "more or on a longer one."
        )
    found = np.empty((count, poses_2d.frames, poses_2d.joint_count, lifter.dims), np.float32)
    frames = max(1, AT_A_TIME // count)

    def of_part(first: int) -> None:
        part = poses_2d.part(first, first + frames)
        sure, filmed = part.sure(lifter.options.min_confidence), None
        seen = sure.points
        if lifter.views is not None and cameras is not None:
            filmed = [cameras[key] for key in part.keys]
            seen = lifter.views.seen(sure, filmed)
        seen = lifter.weighed(replace(sure, points=seen)).points
        numbers = RowNumbers.of(sure.points, seed)
        poses = _about(lifter, known, errs, seen, numbers, count)
        if lifter.views is not None and filmed is not None:
            poses = np.stack([lifter.views.back(one, part, filmed) for one in poses])
        whole, _ = placed(lifter.sets, poses.reshape(-1, *poses.shape[2:]))
        found[:, first : first + part.frames] = whole.reshape(count, -1, *whole.shape[1:])

    for _ in threads.side_by_side(of_part, range(0, poses_2d.frames, frames), lifter.options.job):
        pass
    return found


@torch.inference_mode()
def _about(
    lifter: Lifter,
    known: Hypotheses,
    errs: Uncertainty,
    seen: Floats,
    numbers: RowNumbers,
    count: int,
) -> Floats:
    """Draw poses (count, N, T + R, D) in the lifter's frame, from pixels of its camera."""
    relative, doubt = lifter.doubted(seen)
    given = torch.from_numpy(np.array(seen, np.float64))
    places = lifter.normalization.inputs(given) @ errs.whitening
    moves = known.drawn(places, doubt.square, numbers, count)
    rows, open_ = of_hidden(lifter.normalization, lifter.ridge, given, numbers, count)
    if len(rows):
        moves[:, rows] += open_ * (errs.share * doubt.unlike[rows]).sqrt()[:, None, None]
    drawn: Floats = moves.add_(torch.from_numpy(np.asarray(relative, np.float64))).numpy()
    return drawn
