"""Keypoints of experiments as one validated table of frames.

NaN means "not seen", and row i is always frame i. The caller's arrays are never changed: their
values are kept in `given`; the ones that count, with the caller's mask folded into NaN, in
`points`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from liftpose.names import closest
from liftpose.poses.given import (
    Floats,
    Key,
    as_confidence,
    as_extra,
    as_frame,
    as_individuals,
    as_mask,
    as_names,
    as_rate,
    as_tables,
    called,
    once_each,
    one_after_another,
)
from liftpose.poses.joining import check_joinable, joined_confidence, joined_extra, shared, stated
from liftpose.poses.matching import places_of
from liftpose.poses.rows import parts_of

if TYPE_CHECKING:
    from xarray import Dataset


@dataclass(frozen=True, eq=False)
class Poses:
    """Keypoints of one or more experiments, their frames one after another.

    Parameters
    ----------
    points : array, shape (N, J, D), float32 or float64
        Coordinates that count; NaN where a joint was not seen or is masked.
    given : array, shape (N, J, D)
        Coordinates as the caller gave them, masked ones included.
    keys : tuple
        Name of each experiment.
    lengths : tuple of int
        Frames of each experiment; their sum is N.
    joints : tuple of str, length J, optional
        Name of each joint.
    confidence : array, shape (N, J), float32, optional
        How sure the tracker was of each joint, 0 to 1; NaN where it does not say.
    individuals : tuple of str, optional
        The individual of each experiment.
    fps : float, optional
        Frames per second.
    unit : str, optional
        Unit of the coordinates, such as ``"px"`` or ``"mm"``.
    frame : str, optional
        ``"world"`` or ``"camera"``: what 3D coordinates are relative to.
    source_software, source_file : str, optional
        Where they come from.
    extra : mapping of str to array, shape (N, J)
        Further numbers of every joint in every frame, by name, such as the reprojection error of
        a triangulation; NaN where they are not known.
    provenance : mapping of str to str
        What was done to get them, step by step, as their maker says. Written into every file that
        has room for it.

    Examples
    --------
    >>> walk = Poses.from_experiments({"fly1": np.zeros((4, 5, 3)), "fly2": np.ones((2, 5, 3))})
    >>> walk.frames, walk.joint_count, walk.lengths
    (6, 5, (4, 2))
    """

    points: Floats
    given: Floats
    keys: tuple[Key, ...]
    lengths: tuple[int, ...]
    joints: tuple[str, ...] | None = None
    confidence: Floats | None = None
    individuals: tuple[str, ...] | None = None
    fps: float | None = None
    unit: str | None = None
    frame: str | None = None
    source_software: str | None = None
    source_file: str | None = None
    extra: Mapping[str, Floats] = field(default_factory=dict)
    provenance: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_experiments(
        cls,
        experiments: Any,
        mask: Any = None,
        dims: tuple[int, ...] = (2, 3),
        name: str = "poses",
        mask_name: str = "mask",
        *,
        confidence: Any = None,
        joints: Sequence[str] | None = None,
        individuals: Sequence[str] | None = None,
        fps: float | None = None,
        unit: str | None = None,
        frame: str | None = None,
        source_software: str | None = None,
        source_file: str | None = None,
        extra: Mapping[str, Any] | None = None,
        provenance: Mapping[str, str] | None = None,
        copy: bool = True,
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
        confidence : array, shape (N, J), or dict of such arrays, optional
            0 to 1; NaN where it is not known.
        joints, individuals, fps, unit, frame, source_software, source_file, provenance
            See `Poses`.
        extra : mapping of str to array, shape (N, J), or to dict of such arrays, optional
            See `Poses`.
        copy : bool
            Whether to copy an array that need not be converted; without, later changes of the
            caller's array are seen.

        Returns
        -------
        Poses

        Raises
        ------
        ValueError
            Empty poses, a wrong number of dimensions or coordinates, infinities, different joint
            counts, a mask or a confidence that does not fit, a joint named twice, or a frame of
            reference that is neither ``"world"`` nor ``"camera"``.
        TypeError
            A key or values of another type.
        """
        tables = as_tables(experiments, dims, name, copy)
        given = one_after_another(tables.values())
        points = given
        if mask is not None:
            kept = as_mask(mask, tables, name, mask_name)
            points = np.where(kept, given, given.dtype.type(np.nan))
        sure = None if confidence is None else as_confidence(confidence, tables, name)
        further = as_extra(extra, tables, name)
        for table in (points, given, sure, *further.values()):
            if table is not None:
                table.setflags(write=False)
        return cls(
            points,
            given,
            tuple(tables),
            tuple(len(table) for table in tables.values()),
            as_names(joints, points.shape[1], name),
            sure,
            as_individuals(individuals, len(tables), name),
            as_rate(fps, name),
            unit,
            as_frame(frame, name),
            source_software,
            source_file,
            further,
            dict(provenance or {}),
        )

    @property
    def frames(self) -> int:
        """Number of frames N, of all experiments."""
        return len(self.points)

    @property
    def joint_count(self) -> int:
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
        return self._experiments([self.keys.index(key) for key in other.keys])

    def only(self, key: Key) -> Poses:
        """Give the poses of one experiment.

        Raises
        ------
        KeyError
            There is no such experiment.
        """
        if key not in self.keys:
            raise KeyError(f"there is no {called(key)}; there are {list(self.keys)}.")
        return self._experiments([self.keys.index(key)])

    def _experiments(self, numbers: Sequence[int]) -> Poses:
        starts = np.cumsum((0, *self.lengths))
        rows = np.concatenate([np.arange(starts[i], starts[i + 1]) for i in numbers])
        names = self.individuals
        return replace(
            self._rows(rows),
            keys=tuple(self.keys[i] for i in numbers),
            lengths=tuple(self.lengths[i] for i in numbers),
            individuals=None if names is None else tuple(names[i] for i in numbers),
        )

    def part(self, start: int, stop: int) -> Poses:
        """Give some rows, without copying them; experiments are cut accordingly.

        Parameters
        ----------
        start, stop : int
            The first row, and the one after the last.

        Returns
        -------
        Poses
            Experiments of which no row is left are left out.

        Examples
        --------
        >>> walk = Poses.from_experiments({"a": np.zeros((4, 5, 3)), "b": np.ones((2, 5, 3))})
        >>> walk.part(3, 6).keys, walk.part(3, 6).lengths
        (('a', 'b'), (1, 2))
        """
        if start <= 0 and stop >= self.frames:
            return self
        kept, lengths = parts_of(self.lengths, start, stop)
        names = self.individuals
        return replace(
            self._rows(slice(max(start, 0), stop)),
            keys=tuple(self.keys[i] for i in kept),
            lengths=lengths,
            individuals=None if names is None else tuple(names[i] for i in kept),
        )

    def _rows(self, rows: Any) -> Poses:
        points = self.points[rows]
        return replace(
            self,
            points=points,
            given=points if self.given is self.points else self.given[rows],
            confidence=None if self.confidence is None else self.confidence[rows],
            extra={name: table[rows] for name, table in self.extra.items()},
        )

    def sampled(self, count: int) -> Poses:
        """Give some frames of each experiment, evenly taken.

        Parameters
        ----------
        count : int
            How many at most.

        Returns
        -------
        Poses
            The same where no experiment has more.

        Examples
        --------
        >>> walk = Poses.from_experiments({"a": np.zeros((9, 5, 3)), "b": np.ones((2, 5, 3))})
        >>> walk.sampled(3).lengths
        (3, 2)
        """
        if max(self.lengths, default=0) <= count:
            return self
        starts = np.cumsum([0, *self.lengths[:-1]])
        rows = [
            start + np.linspace(0, length - 1, min(length, count)).astype(np.intp)
            for start, length in zip(starts, self.lengths, strict=True)
        ]
        return replace(self._rows(np.concatenate(rows)), lengths=tuple(map(len, rows)))

    def every(self, step: int, first: int = 0) -> Poses:
        """Give every so-manieth frame of a single experiment.

        Parameters
        ----------
        step, first : int
            How far apart the frames are, and which comes first.

        Returns
        -------
        Poses

        Examples
        --------
        >>> Poses.from_experiments(np.zeros((9, 5, 3))).every(4, first=1).frames
        2
        """
        rows = range(first, self.frames, step)
        return replace(self._rows(slice(first, None, step)), lengths=(len(rows),))

    def sure(self, least: float) -> Poses:
        """Take out the joints that the tracker is too unsure of.

        Parameters
        ----------
        least : float
            Confidence below which a joint counts as not seen. Where a tracker gives none (NaN),
            it stays.

        Returns
        -------
        Poses
            With NaN in `points` there; `given` keeps them.
        """
        if self.confidence is None:
            return self
        unsure = self.confidence < least
        if not unsure.any():
            return self
        hidden = self.points.dtype.type(np.nan)
        return replace(self, points=np.where(unsure[..., None], hidden, self.points))

    def matched(
        self,
        joints: Sequence[str],
        rename: Mapping[str, str] | None = None,
        by_order: bool = False,
    ) -> Poses:
        """Give the poses with the joints that are asked for, in that order.

        Parameters
        ----------
        joints : sequence of str
            Names that are wanted.
        rename : mapping of str to str, optional
            From names here to names that are wanted.
        by_order : bool
            Take the joints as they come, whatever they are called; their number must fit.

        Returns
        -------
        Poses
            Joints that are not asked for are left out.

        Raises
        ------
        ValueError
            A joint that is wanted and not there, names that are missing altogether, or another
            number of joints with `by_order`.

        Examples
        --------
        >>> seen = Poses.from_experiments(np.zeros((2, 3, 2)), joints=["paw", "nose", "tail"])
        >>> seen.matched(["nose", "hand"], rename={"paw": "hand"}).joints
        ('nose', 'hand')
        """
        wanted = tuple(joints)
        if by_order:
            if len(wanted) != self.joint_count:
                raise ValueError(
                    f"{self._who()} {self.joint_count} joints, and {len(wanted)} are expected; "
                    "by order, the number must be the same."
                )
            return replace(self, joints=wanted)
        names = self._renamed(rename or {})
        if names == wanted:
            return replace(self, joints=wanted)
        order = places_of(wanted, names, self._who())
        points = self.points[:, order]
        return replace(
            self,
            points=points,
            given=points if self.given is self.points else self.given[:, order],
            joints=wanted,
            confidence=None if self.confidence is None else self.confidence[:, order],
            extra={name: table[:, order] for name, table in self.extra.items()},
        )

    def _renamed(self, rename: Mapping[str, str]) -> tuple[str, ...]:
        if self.joints is None:
            raise ValueError(
                f"{self._who()} no joint names, so its joints cannot be matched by name. "
                "Give the names, or ask for a match by order."
            )
        for name in rename:
            if name not in self.joints:
                raise ValueError(
                    f"rename: {self._who()} no joint {name!r}.{closest(name, self.joints)}"
                )
        names = tuple(rename.get(name, name) for name in self.joints)
        once_each(names, f"after renaming, {self._who()}")
        return names

    def _who(self) -> str:
        return f"{self.source_file} has" if self.source_file else "the file or array has"

    @classmethod
    def unseen(cls, like: Poses, dims: int) -> Poses:
        """Give poses of the same experiments in which nothing was seen."""
        nothing = np.full((like.frames, like.joint_count, dims), np.nan)
        nothing.setflags(write=False)
        return cls(nothing, nothing, like.keys, like.lengths, like.joints)

    @classmethod
    def joined(cls, parts: Sequence[Poses]) -> Poses:
        """Put the experiments of several poses into one.

        Parameters
        ----------
        parts : sequence of Poses
            Of the same joints, with different keys.

        Returns
        -------
        Poses
            With the rate and source that all of them share, and the unit and frame that those
            state that state one.

        Raises
        ------
        ValueError
            None at all, an experiment in two of them, other joints or another number of
            coordinates, or units or frames that contradict each other.

        Warns
        -----
        UserWarning
            Some state a unit or a frame and others none: all are taken to be alike.

        Examples
        --------
        >>> walks = [Poses.from_experiments({k: np.zeros((4, 5, 3))}, unit="mm") for k in "ab"]
        >>> whole = Poses.joined(walks)
        >>> whole.keys, whole.unit
        (('a', 'b'), 'mm')
        """
        check_joinable(parts)
        plain = all(part.given is part.points for part in parts)
        points = one_after_another([part.points for part in parts])
        individuals = [part.individuals for part in parts]
        return cls(
            points,
            points if plain else one_after_another([part.given for part in parts]),
            tuple(key for part in parts for key in part.keys),
            tuple(length for part in parts for length in part.lengths),
            parts[0].joints,
            joined_confidence(parts),
            tuple(name for names in individuals if names for name in names)
            if all(individuals)
            else None,
            **{name: shared(parts, name) for name in ("fps", "source_software", "source_file")},
            unit=stated(parts, "unit"),
            frame=stated(parts, "frame"),
            extra=joined_extra(parts),
            provenance=shared(parts, "provenance") or {},
        )

    def to_dataset(self) -> Dataset:
        """Give the poses as an `xarray.Dataset` in the layout of `movement`.

        Returns
        -------
        xarray.Dataset
            See `liftpose.poses.layout`.
        """
        from liftpose.poses.layout import poses_to_dataset

        return poses_to_dataset(self)

    @classmethod
    def from_dataset(cls, dataset: Dataset) -> Poses:
        """Take poses from an `xarray.Dataset` in the layout of `movement`.

        Parameters
        ----------
        dataset : xarray.Dataset
            See `liftpose.poses.layout`.

        Returns
        -------
        Poses

        Raises
        ------
        ValueError
            A dataset of another layout.
        """
        from liftpose.poses.layout import dataset_to_poses

        return dataset_to_poses(dataset)

    def __repr__(self) -> str:
        unit = f" in {self.unit}" if self.unit else ""
        frame = f", {self.frame} frame" if self.frame else ""
        fps = "" if self.fps is None else f", {self.fps:g} frames/s"
        sure = "" if self.confidence is None else ", with confidence"
        return (
            f"<Poses: {self.dims}D, {self.frames} frames, {self.joint_count} joints, "
            f"{len(self.keys)} experiment{'s' * (len(self.keys) != 1)}{unit}{frame}{fps}{sure}>"
        )
