"""What a film shows: poses and all that belongs to them, row for row, checked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from liftpose.plot.limbs import BoolArray, FloatArray, Limbs

_SMOOTH = 0.25  # s: the picture follows the animal without its jitter
_MEDIANS = 2048  # rows of a path that are taken at a time, as each is copied for every window
_FEET = 10.0  # percent of the frames whose lowest joint may be under the ground


@dataclass(frozen=True, eq=False)
class Shot:
    """Poses to film, with what belongs to them; row i of everything is frame i.

    Parameters
    ----------
    pose : array, shape (N, J, 3)
        `z` up. NaN is absent.
    limbs : Limbs
        Bones, colours and sides.
    rate : float
        Frames a second.
    image : array, shape (N, J, 2), pixels, optional
        What the tracker saw.
    reprojected : array, shape (N, J, 2), pixels, optional
        Where the camera sees the pose.
    truth : array, shape (N, J, 3), optional
        As `pose`.
    spread : array, shape (N, J, 3), optional
        One standard deviation along each axis of `pose`.
    faint : array of bool, shape (N, J), optional
        Joints of the pose that are drawn faintly.
    unsure : array of bool, shape (N, J), optional
        Joints of the image that are.
    unit : str, optional
        Of the poses.
    title : str
        What is filmed.
    ground : float or array, shape (N,), optional
        Height of the ground, the same or of each row; by default where most frames have their
        lowest joint.
    first : int
        Number of the first row.

    Raises
    ------
    ValueError
        Arrays that do not fit each other or the limbs, a rate that is no number above 0, or
        no joint in any frame.

    Examples
    --------
    >>> from liftpose.skeleton import Skeleton
    >>> leg = Limbs.of(Skeleton(["hip", "knee"], bones=[(0, 1)]))
    >>> Shot(np.zeros((9, 2, 3)), leg, rate=25.0).frames
    9
    """

    pose: FloatArray
    limbs: Limbs
    rate: float
    image: FloatArray | None = None
    reprojected: FloatArray | None = None
    truth: FloatArray | None = None
    spread: FloatArray | None = None
    faint: BoolArray | None = None
    unsure: BoolArray | None = None
    unit: str | None = None
    title: str = ""
    ground: float | FloatArray | None = None
    first: int = 0

    def __post_init__(self) -> None:
        if not (np.isfinite(self.rate) and self.rate > 0):
            raise ValueError(f"rate needs a number above 0, got {self.rate!r}.")
        pose = np.asarray(self.pose)
        joints = len(self.limbs.limb_id)
        if pose.ndim != 3 or pose.shape[1:] != (joints, 3):
            raise ValueError(f"pose needs shape (N, {joints}, 3), got {pose.shape}.")
        if not len(pose):
            raise ValueError("pose has no frames; a film needs at least one.")
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name in _COORDINATES and value is not None:
                shape = (len(pose), joints, _COORDINATES[entry.name])
                object.__setattr__(self, entry.name, _whole(entry.name, value, shape))
            if entry.name in ("faint", "unsure") and value is not None:
                mask = np.asarray(value, dtype=bool)
                if mask.shape != (len(pose), joints):
                    raise ValueError(
                        f"{entry.name} needs shape {(len(pose), joints)}, got {mask.shape}."
                    )
                object.__setattr__(self, entry.name, mask)
        if not np.isfinite(self.body).all(axis=2).any():
            raise ValueError("pose has no joint in any frame; there is nothing to film.")
        ground = _usual_lowest(self.body) if self.ground is None else self.ground
        heights = np.asarray(ground, dtype=float)
        if heights.shape not in ((), (len(pose),)):
            raise ValueError(f"ground needs shape {(len(pose),)}, got {heights.shape}.")
        object.__setattr__(self, "ground", np.array(np.broadcast_to(heights, len(pose))))

    @property
    def frames(self) -> int:
        """Number of frames N."""
        return len(self.pose)

    @property
    def body(self) -> FloatArray:
        """What the view follows: the truth, and the pose where it is not known."""
        if self.truth is None:
            return self.pose
        return np.where(np.isfinite(self.truth), self.truth, self.pose)


_COORDINATES = {"pose": 3, "image": 2, "reprojected": 2, "truth": 3, "spread": 3}


def _whole(name: str, values: Any, shape: tuple[int, int, int]) -> FloatArray:
    """Floats in which a joint is known whole or not at all."""
    array = np.asarray(values, dtype=float)
    if array.shape != shape:
        raise ValueError(f"{name} needs shape {shape}, got {array.shape}.")
    return np.where(np.isfinite(array).all(axis=-1, keepdims=True), array, np.nan)


def _usual_lowest(body: FloatArray) -> float:
    height = lowest(body)
    return float(np.percentile(height[np.isfinite(height)], _FEET))


def lowest(poses: FloatArray) -> FloatArray:
    """Give the height of the lowest joint of each pose.

    Parameters
    ----------
    poses : array, shape (N, J, 3)

    Returns
    -------
    array, shape (N,)
        NaN where nothing is known of a pose.

    Examples
    --------
    >>> lowest(np.array([[[0.0, 0.0, 3.0], [0.0, 0.0, 1.0]]])).tolist()
    [1.0]
    """
    height = np.where(np.isfinite(poses[..., 2]), poses[..., 2], np.inf).min(axis=1)
    found: FloatArray = np.where(np.isfinite(height), height, np.nan)
    return found


def smoothed(path: FloatArray, rate: float) -> FloatArray:
    """Take outliers and jitter out of a path, and bridge its gaps.

    Parameters
    ----------
    path : array, shape (N, D)
        NaN in gaps; something of each coordinate is known.
    rate : float
        Rows a second.

    Returns
    -------
    array, shape (N, D)

    Examples
    --------
    >>> smoothed(np.array([[1.0], [np.nan], [1.0]]), rate=25.0).round(6).tolist()
    [[1.0], [1.0], [1.0]]
    """
    frames = np.arange(len(path))
    whole = np.empty_like(path)
    for axis, values in enumerate(path.T):
        known = np.isfinite(values)
        whole[:, axis] = np.interp(frames, frames[known], values[known])
    reach = max(1, round(2 * _SMOOTH * rate))
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (reach / 2)) ** 2)
    steady = running_median(whole, reach // 2)
    padded = np.pad(steady, ((reach, reach), (0, 0)), mode="edge")
    columns = [np.convolve(column, weights / weights.sum(), "valid") for column in padded.T]
    return np.stack(columns, axis=1)


def running_median(path: FloatArray, reach: int) -> FloatArray:
    """Give the median of each row and those around it; beyond the ends, the ends go on.

    Parameters
    ----------
    path : array, shape (N, D)
    reach : int
        Rows on either side.

    Returns
    -------
    array, shape (N, D)

    Examples
    --------
    >>> running_median(np.array([[1.0], [9.0], [2.0], [3.0]]), 1).ravel().tolist()
    [1.0, 2.0, 3.0, 3.0]
    """
    # Not by SciPy's filter, which is no faster and takes longer to load than a preview to draw.
    windows = sliding_window_view(
        np.pad(path, ((reach, reach), (0, 0)), mode="edge"), 2 * reach + 1, axis=0
    )
    starts = range(0, len(path), _MEDIANS)
    return np.concatenate([np.median(windows[at : at + _MEDIANS], axis=-1) for at in starts])


def middle_of(poses: FloatArray) -> FloatArray:
    """Give the middle of the box around each pose.

    Parameters
    ----------
    poses : array, shape (N, J, D)

    Returns
    -------
    array, shape (N, D)
        NaN where nothing is known of a pose.

    Examples
    --------
    >>> middle_of(np.array([[[0.0, 0.0], [2.0, 4.0], [np.nan, np.nan]]])).tolist()
    [[1.0, 2.0]]
    """
    known = np.isfinite(poses)
    low = np.where(known, poses, np.inf).min(axis=1)
    high = np.where(known, poses, -np.inf).max(axis=1)
    empty = ~known.any(axis=1)
    low[empty] = high[empty] = np.nan
    middle: FloatArray = (low + high) / 2
    return middle
