"""Errors of how predicted joints move, and the blocks of time that stand for independent trials."""

from collections.abc import Sequence
from typing import Any

from array_api_compat import device

from liftpose.metrics.counting import average, counted_pair, distances, recording_of


def velocity_error(
    truth: Any,
    prediction: Any,
    *,
    lengths: Sequence[int] | None = None,
    per_joint: bool = False,
) -> Any:
    """Average how far predicted joint velocities are from the true ones (MPJVE).

    A velocity is the difference of neighbouring frames, so frames must be in order.

    Parameters
    ----------
    truth, prediction : array, shape (N, J, D)
        Poses in one unit and frame, consecutive frames. NaN where a joint was not seen; a step
        counts for a joint where every coordinate of both is finite in both its frames, so a gap
        breaks the chain and is never bridged.
    lengths : sequence of int, optional
        Frames of each recording, where there are several, one after another; no step leads from
        one to the next.
    per_joint : bool, default False
        Average each joint over steps only.

    Returns
    -------
    array, shape () or, with `per_joint`, (J,)
        Mean length of the difference of velocities, in the unit of the poses per frame; NaN where
        no step counts.

    Raises
    ------
    ValueError
        If the shapes differ or are not (N, J, D), or `lengths` do not add up to N.

    References
    ----------
    D. Pavllo et al., "3D human pose estimation in video with temporal convolutions and
    semi-supervised training", CVPR 2019, section 5.2 (MPJVE).

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.zeros((3, 1, 3))
    >>> prediction = np.asarray([[[0.0, 0.0, 0.0]], [[0.0, 0.0, 2.0]], [[0.0, 0.0, 4.0]]])
    >>> float(velocity_error(truth, prediction))
    2.0
    """
    return average(_errors_of_differences(truth, prediction, lengths, 1), per_joint)


def acceleration_error(
    truth: Any,
    prediction: Any,
    *,
    lengths: Sequence[int] | None = None,
    per_joint: bool = False,
) -> Any:
    """Average how far predicted joint accelerations are from the true ones.

    An acceleration is the second difference of three neighbouring frames, so frames must be in
    order. Poses that tremble from frame to frame are far off here, however small their error.

    Parameters
    ----------
    truth, prediction : array, shape (N, J, D)
        Poses in one unit and frame, consecutive frames. NaN where a joint was not seen; three
        frames count for a joint where every coordinate of both is finite in all of them.
    lengths : sequence of int, optional
        Frames of each recording, where there are several, one after another.
    per_joint : bool, default False
        Average each joint over time only.

    Returns
    -------
    array, shape () or, with `per_joint`, (J,)
        Mean length of the difference of accelerations, in the unit of the poses per frame squared;
        NaN where nothing counts.

    Raises
    ------
    ValueError
        If the shapes differ or are not (N, J, D), or `lengths` do not add up to N.

    References
    ----------
    A. Kanazawa et al., "Learning 3D human dynamics from video", CVPR 2019, section 4
    (acceleration error).

    Examples
    --------
    >>> import numpy as np
    >>> truth = np.zeros((3, 1, 3))
    >>> prediction = np.asarray([[[0.0, 0.0, 0.0]], [[0.0, 0.0, 2.0]], [[0.0, 0.0, 0.0]]])
    >>> float(acceleration_error(truth, prediction))
    4.0
    """
    return average(_errors_of_differences(truth, prediction, lengths, 2), per_joint)


def time_blocks(lengths: Sequence[int], least: int = 10) -> list[int]:
    """Cut recordings into blocks of time, to be counted as independent trials.

    Neighbouring frames show almost the same pose: a thousand of them are no thousand trials. Whole
    recordings are blocks where there are enough of them; else each is cut into equal pieces.

    Parameters
    ----------
    lengths : sequence of int
        Frames of each recording, one after another.
    least : int, default 10
        How many blocks there should be in all, as far as there are frames.

    Returns
    -------
    list of int, length N
        Number of the block of each frame, from zero.

    Raises
    ------
    ValueError
        If `least` is less than one, or a length negative.

    Examples
    --------
    >>> time_blocks([4, 2], least=4)
    [0, 0, 1, 1, 2, 3]
    """
    if least < 1:
        raise ValueError(f"least must be one block or more; got {least}.")
    filled = [length for length in lengths if length > 0]
    recording_of(lengths, sum(lengths))
    pieces = -(-least // max(1, len(filled)))
    blocks: list[int] = []
    for length in filled:
        number = min(pieces, length)
        first = blocks[-1] + 1 if blocks else 0
        blocks += [first + frame * number // length for frame in range(length)]
    return blocks


def _errors_of_differences(
    truth: Any, prediction: Any, lengths: Sequence[int] | None, order: int
) -> Any:
    """Distances of the differences of some order, (N - order, J); NaN where a frame is missing."""
    xp, truth, prediction, counted = counted_pair(truth, prediction)
    blank = xp.zeros_like(truth)
    true_part = xp.where(counted[..., None], truth, blank)
    predicted_part = xp.where(counted[..., None], prediction, blank)
    of = xp.asarray(recording_of(lengths, truth.shape[0]), dtype=xp.int64, device=device(truth))
    for _ in range(order):
        true_part = true_part[1:] - true_part[:-1]
        predicted_part = predicted_part[1:] - predicted_part[:-1]
        counted = counted[1:] & counted[:-1] & (of[1:] == of[:-1])[:, None]
        of = of[1:]
    return distances(xp, true_part, predicted_part, counted)
