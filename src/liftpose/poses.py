"""Keypoints of experiments as one validated table of frames.

NaN means "not seen", and row i is always frame i. The caller's arrays are never changed: their
values are kept in `given`; the ones that count, with the caller's mask folded into NaN, in
`points`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Key: TypeAlias = "str | int | float | tuple[Key, ...]"
"""Name of an experiment."""

Floats: TypeAlias = npt.NDArray[np.float64]

UNNAMED = ""
"""Key of the one experiment when poses come as an array rather than a dict."""


@dataclass(frozen=True, eq=False)
class Poses:
    """Keypoints of one or more experiments, their frames one after another.

    Parameters
    ----------
    points : array, shape (N, J, D), float64
        Coordinates that count; NaN where a joint was not seen or is masked.
    given : array, shape (N, J, D), float64
        Coordinates as the caller gave them, masked ones included.
    keys : tuple
        Name of each experiment.
    lengths : tuple of int
        Frames of each experiment; their sum is N.

    Examples
    --------
    >>> walk = Poses.from_experiments({"fly1": np.zeros((4, 5, 3)), "fly2": np.ones((2, 5, 3))})
    >>> walk.frames, walk.joints, walk.lengths
    (6, 5, (4, 2))
    """

    points: Floats
    given: Floats
    keys: tuple[Key, ...]
    lengths: tuple[int, ...]

    @classmethod
    def from_experiments(
        cls,
        experiments: Any,
        mask: Any = None,
        dims: tuple[int, ...] = (2, 3),
        name: str = "poses",
        mask_name: str = "mask",
    ) -> Poses:
        """Check poses as a user gives them, and fold the mask into NaN.

        Parameters
        ----------
        experiments : array, shape (N, J, D), or dict of such arrays
            One entry an experiment. Keys are strings, numbers, or tuples of those.
        mask : bool array or dict of them, of the same shapes, optional
            False where a value does not count.
        dims : tuple of int
            The numbers of coordinates D that are accepted.
        name, mask_name : str
            What errors call the two.

        Returns
        -------
        Poses

        Raises
        ------
        ValueError
            Empty poses, a wrong number of dimensions or coordinates, infinities, different joint
            counts, or a mask that does not fit.
        TypeError
            A key or values of another type.
        """
        arrays = _as_experiments(experiments, name)
        tables = {key: _as_table(values, key, dims, name) for key, values in arrays.items()}
        _same_joints(tables, name)
        given = np.concatenate(list(tables.values()))
        points = given
        if mask is not None:
            kept = _as_mask(mask, tables, name, mask_name)
            points = np.where(kept, given, np.nan)
        for table in (points, given):
            table.setflags(write=False)
        return cls(points, given, tuple(tables), tuple(len(table) for table in tables.values()))

    @property
    def frames(self) -> int:
        """Number of frames N, of all experiments."""
        return len(self.points)

    @property
    def joints(self) -> int:
        """Number of joints J."""
        return int(self.points.shape[1])

    @property
    def dims(self) -> int:
        """Number of coordinates D."""
        return int(self.points.shape[2])

    @cached_property
    def experiment(self) -> npt.NDArray[np.int64]:
        """Index into `keys` of every frame, shape (N,)."""
        return np.repeat(np.arange(len(self.keys)), self.lengths)

    def in_order_of(self, other: Poses) -> Poses:
        """Give the same poses with the experiments in the order of `other`."""
        if self.keys == other.keys:
            return self
        starts = np.cumsum((0, *self.lengths))
        rows = np.concatenate(
            [np.arange(starts[i], starts[i + 1]) for i in map(self.keys.index, other.keys)]
        )
        return Poses(self.points[rows], self.given[rows], other.keys, other.lengths)

    @classmethod
    def unseen(cls, like: Poses, dims: int) -> Poses:
        """Give poses of the same experiments in which nothing was seen."""
        nothing = np.full((like.frames, like.joints, dims), np.nan)
        nothing.setflags(write=False)
        return cls(nothing, nothing, like.keys, like.lengths)


@dataclass(frozen=True, eq=False)
class Lifted:
    """What lifting gives; row i is frame i of the 2D.

    Parameters
    ----------
    position : array, shape (N, J, D), float64
        In the training 3D's frame and unit, with the first root at the origin. NaN for joints
        that were not asked for, and in frames in which nothing was seen. D is 3, or 1 where the
        lifter learned depth only.
    root_relative : array, shape (N, J, D), float64
        Each target relative to its own root.
    keys : tuple
        Name of each experiment.
    lengths : tuple of int
        Frames of each experiment; their sum is N.
    """

    position: Floats
    root_relative: Floats
    keys: tuple[Key, ...]
    lengths: tuple[int, ...]


def check_pair(poses_2d: Poses, poses_3d: Poses, names: tuple[str, str]) -> Poses:
    """Check that 2D and 3D are of the same frames and joints.

    Parameters
    ----------
    poses_2d, poses_3d : Poses
        The two, in any order of their experiments.
    names : tuple of str
        What errors call the two.

    Returns
    -------
    Poses
        The 2D, with its experiments in the order of the 3D.

    Raises
    ------
    ValueError
        An experiment in one only, or other numbers of frames or joints.
    """
    for ours, theirs, name, other in (
        (poses_2d, poses_3d, names[0], names[1]),
        (poses_3d, poses_2d, names[1], names[0]),
    ):
        alone = [key for key in ours.keys if key not in theirs.keys]
        if alone:
            raise ValueError(
                f"{_experiment(alone[0])} is in {name} but not in {other}. "
                "Each experiment needs both 2D and 3D."
            )
    if poses_2d.joints != poses_3d.joints:
        raise ValueError(
            f"{names[0]} has {poses_2d.joints} joints and {names[1]} has {poses_3d.joints}. "
            "Both need the same joints in the same order; fill joints one of them lacks with NaN."
        )
    for key, length in zip(poses_2d.keys, poses_2d.lengths, strict=True):
        other_length = poses_3d.lengths[poses_3d.keys.index(key)]
        if length != other_length:
            raise ValueError(
                f"{_experiment(key)}: {names[0]} has {length} frames and {names[1]} has "
                f"{other_length}. Each experiment needs the same frames in both; trim one, or pass "
                "NaN rows for the frames without 3D."
            )
    return poses_2d.in_order_of(poses_3d)


def _as_experiments(experiments: Any, name: str) -> dict[Key, Any]:
    if not isinstance(experiments, Mapping):
        return {UNNAMED: experiments}
    if not experiments:
        raise ValueError(f"{name} is an empty dict; expected at least one experiment.")
    return {_as_key(key, name): values for key, values in experiments.items()}


def _as_key(key: Any, name: str) -> Key:
    if isinstance(key, np.generic):
        key = key.item()
    if isinstance(key, tuple):
        return tuple(_as_key(part, name) for part in key)
    if isinstance(key, str | int | float):
        return str(key) if isinstance(key, str) else key
    raise TypeError(
        f"{name} has the key {key!r} of type {type(key).__name__}; "
        "expected a string, a number, or a tuple of those."
    )


def _experiment(key: Key) -> str:
    return "the unnamed array" if key == UNNAMED else f"experiment {key!r}"


def _where(name: str, key: Key) -> str:
    return name if key == UNNAMED else f"{name}, experiment {key!r}"


def _as_table(values: Any, key: Key, dims: tuple[int, ...], name: str) -> Floats:
    where = _where(name, key)
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(values.astype(np.float64), np.nan)
    array = np.asarray(values)
    if array.dtype.kind not in "iuf":
        raise TypeError(f"{where}: values are of type {array.dtype}; expected numbers.")
    expected = " or ".join(f"(frames, joints, {dim})" for dim in dims)
    if array.ndim != 3 or array.shape[2] not in dims:
        raise ValueError(f"{where}: shape is {array.shape}; expected {expected}.")
    if 0 in array.shape:
        raise ValueError(f"{where}: shape is {array.shape}; there is nothing in it.")
    table = np.array(array, dtype=np.float64, order="C")
    infinite = np.argwhere(np.isinf(table))
    if len(infinite):
        frame, joint, _ = infinite[0]
        raise ValueError(
            f"{where}: frame {frame}, joint {joint} is infinite ({len(infinite)} such values). "
            "Use NaN for what was not seen."
        )
    return table


def _same_joints(tables: dict[Key, Floats], name: str) -> None:
    first_key, first = next(iter(tables.items()))
    for key, table in tables.items():
        if table.shape[1:] != first.shape[1:]:
            raise ValueError(
                f"{name}: experiment {key!r} has {table.shape[1]} joints of {table.shape[2]} "
                f"coordinates, experiment {first_key!r} has {first.shape[1]} of {first.shape[2]}. "
                "All need the same."
            )


def _as_mask(
    mask: Any, tables: dict[Key, Floats], name: str, mask_name: str
) -> npt.NDArray[np.bool_]:
    masks = _as_experiments(mask, mask_name)
    if set(masks) != set(tables):
        raise ValueError(
            f"{mask_name} is of the experiments {sorted(masks, key=repr)} and {name} of "
            f"{sorted(tables, key=repr)}; expected the same."
        )
    kept = []
    for key, table in tables.items():
        array = np.asarray(masks[key])
        where = _where(mask_name, key)
        if array.shape != table.shape:
            raise ValueError(
                f"{where}: shape is {array.shape}; expected that of {name}, {table.shape}."
            )
        if array.dtype.kind != "b" and not np.isin(array, (0, 1)).all():
            raise TypeError(f"{where}: holds other values than True and False.")
        kept.append(array.astype(bool))
    return np.concatenate(kept)
