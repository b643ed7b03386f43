"""What counts in a metric, and means over it: for the modules of this package."""

import math
from collections.abc import Sequence
from typing import Any

import array_api_compat


def counted_pair(truth: Any, prediction: Any) -> tuple[Any, Any, Any, Any]:
    """Namespace, both arrays in double precision, and which joints count (N, J)."""
    xp = array_api_compat.array_namespace(truth, prediction)
    if tuple(truth.shape) != tuple(prediction.shape) or truth.ndim != 3:
        raise ValueError(
            f"truth and prediction must have one shape (N, J, D); got {tuple(truth.shape)} and "
            f"{tuple(prediction.shape)}."
        )
    truth, prediction = xp.astype(truth, xp.float64), xp.astype(prediction, xp.float64)
    return xp, truth, prediction, xp.all(xp.isfinite(truth) & xp.isfinite(prediction), axis=-1)


def distances(xp: Any, truth: Any, prediction: Any, counted: Any) -> Any:
    """Distances of counted joints, NaN elsewhere."""
    # Blanked before the difference: inf - inf would warn.
    blank = xp.zeros_like(truth)
    difference = xp.where(counted[..., None], truth, blank) - xp.where(
        counted[..., None], prediction, blank
    )
    distance = xp.sqrt(xp.sum(difference * difference, axis=-1))
    return xp.where(counted, distance, xp.full_like(distance, math.nan))


def average(values: Any, per_column: bool) -> Any:
    """Mean of what is not NaN, over everything or over the first axis; NaN over nothing."""
    xp = array_api_compat.array_namespace(values)
    axis = 0 if per_column else (0, 1)
    known = ~xp.isnan(values)
    total = xp.sum(xp.where(known, values, xp.zeros_like(values)), axis=axis)
    number = xp.sum(xp.astype(known, xp.float64), axis=axis)
    mean = total / xp.where(number > 0, number, xp.ones_like(number))
    return xp.where(number > 0, mean, xp.full_like(mean, math.nan))[()]


def recording_of(lengths: Sequence[int] | None, frames: int) -> list[int]:
    """Index of the recording of each frame; without lengths they are one."""
    if lengths is None:
        return [0] * frames
    if sum(lengths) != frames or min(lengths, default=0) < 0:
        raise ValueError(
            f"lengths must be the frames of each recording, {frames} in all; got {list(lengths)}, "
            f"{sum(lengths)} in all."
        )
    return [number for number, length in enumerate(lengths) for _ in range(length)]
