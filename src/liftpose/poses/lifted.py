"""What lifting gives: 3D poses, row for row those of the 2D that was lifted."""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from liftpose.poses.bars import Bars
from liftpose.poses.given import Floats, Key
from liftpose.poses.rows import parts_of
from liftpose.poses.verdict import Verdict
from liftpose.skeleton import Skeleton

if TYPE_CHECKING:
    from xarray import Dataset

    from liftpose.poses.poses import Poses


def inherited(provenance: Mapping[str, str]) -> dict[str, str]:
    """Give the provenance of 2D as an entry of what is lifted from it.

    Parameters
    ----------
    provenance : mapping of str to str
        Of the 2D.

    Returns
    -------
    dict of str to str
        ``poses_2d``: the same as JSON. Nothing where nothing is known.

    Examples
    --------
    >>> inherited({"tracked_with": "net 3"}), inherited({})
    ({'poses_2d': '{"tracked_with": "net 3"}'}, {})
    """
    return {"poses_2d": json.dumps(dict(provenance))} if provenance else {}


@dataclass(frozen=True, eq=False)
class Lifted:
    """What lifting gives; row i is frame i of the 2D.

    Parameters
    ----------
    position : array, shape (N, J, D), float32
        In the training 3D's frame and unit, with the first root at the origin. NaN for joints
        that were not asked for, and in frames in which too little was seen. D is 3, or 1 where the
        lifter learned depth only.
    root_relative : array, shape (N, J, D), float32
        Each target relative to its own root.
    keys : tuple
        Name of each experiment.
    lengths : tuple of int
        Frames of each experiment; their sum is N.
    joints : tuple of str, length J, optional
        Name of each joint.
    confidence : array, shape (N, J), float32, optional
        Of the 2D, as its tracker gave it.
    individuals : tuple of str, optional
        The individual of each experiment.
    fps : float, optional
        Frames per second.
    unit, frame : str, optional
        Of the positions; the frame is ``"world"`` or ``"camera"``.
    source_software, source_file : str, optional
        Where the 2D comes from.
    spread : array, shape (N, J, D), float32, optional
        One standard deviation of each coordinate, in `unit`; NaN where it is not known. From a
        lifter, that of targets relative to their own root (of `root_relative`), and of further
        roots relative to the first.
    novelty : array, shape (N,), float32, optional
        How unlike the training data a frame is: percentile, 0 to 100, among held-out frames of
        these.
    bars : Bars, optional
        How many spreads wide error bars have to be.
    hypotheses : array, shape (k, N, J, D), float32, optional
        Whole poses that may be true as well, drawn of each frame; as `position`.
    verdicts : mapping of Key to Verdict, optional
        Whether each experiment is like the training data, and what is wrong with it.
    provenance : mapping of str to str
        What lifted it: version, digest and options of the lifter, and its ``skeleton`` in JSON;
        and as ``poses_2d``, in JSON, the provenance of the 2D, where it has one. Written into
        every file.

    Raises
    ------
    ValueError
        `root_relative`, `spread` or each of the `hypotheses` of another shape than `position`.

    Examples
    --------
    >>> still = np.zeros((3, 2, 3), np.float32)
    >>> lifted = Lifted(still, still, ("walk",), (3,), joints=("hip", "knee"), unit="mm")
    >>> lifted.frames, lifted.only("walk").position.shape
    (3, (3, 2, 3))
    """

    position: Floats
    root_relative: Floats
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
    spread: Floats | None = None
    novelty: Floats | None = None
    bars: Bars | None = None
    hypotheses: Floats | None = None
    verdicts: Mapping[Key, Verdict] | None = None
    provenance: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("root_relative", "spread"):
            table = getattr(self, name)
            if table is not None and table.shape != self.position.shape:
                raise ValueError(
                    f"{name} has the shape {table.shape} and position {self.position.shape}; "
                    "expected one value for each coordinate of each position."
                )
        drawn = self.hypotheses
        if drawn is not None and (drawn.ndim != 4 or drawn.shape[1:] != self.position.shape):
            raise ValueError(
                f"hypotheses has the shape {drawn.shape} and position {self.position.shape}; "
                "expected any number of tables of that shape."
            )

    @classmethod
    def from_poses(cls, poses: Poses, root_relative: Floats | None = None) -> Lifted:
        """Take 3D poses of any origin for lifted ones, so that they can be smoothed and the like.

        Parameters
        ----------
        poses : Poses
            3D.
        root_relative : array, shape (N, J, 3), float32, optional
            Each joint relative to its own root; by default NaN, as poses do not say what their
            roots are.

        Returns
        -------
        Lifted

        Raises
        ------
        ValueError
            Poses that are not 3D.

        Examples
        --------
        >>> from liftpose.poses import Poses
        >>> Lifted.from_poses(Poses.from_experiments(np.zeros((4, 2, 3)), unit="mm"))
        <Lifted: 4 frames, 2 joints, 1 experiment in mm>
        """
        if poses.dims != 3:
            raise ValueError(f"the poses have {poses.dims} coordinates; expected 3D ones.")
        shared = ("joints", "confidence", "individuals", "fps", "unit", "frame")
        sources = ("source_software", "source_file")
        return cls(
            poses.points,
            np.full_like(poses.points, np.nan) if root_relative is None else root_relative,
            poses.keys,
            poses.lengths,
            **{name: getattr(poses, name) for name in (*shared, *sources, "provenance")},
        )

    @property
    def frames(self) -> int:
        """Number of frames N, of all experiments."""
        return len(self.position)

    @property
    def joint_count(self) -> int:
        """Number of joints J."""
        return int(self.position.shape[1])

    @property
    def dims(self) -> int:
        """Number of coordinates D."""
        return int(self.position.shape[2])

    @property
    def skeleton(self) -> Skeleton | None:
        """The skeleton of the lifter they come from, where that is known and the joints are its."""
        said = self.provenance.get("skeleton")
        if said is None:
            return None
        body = Skeleton.from_dict(json.loads(said))
        return body if self.joints in (None, body.joints) else None

    @property
    def blind(self) -> int:
        """Number of frames in which too little was seen, and which are NaN therefore."""
        return int(np.isnan(self.position).all(axis=(1, 2)).sum())

    def interval(self, level: float = 0.9) -> tuple[Floats, Floats]:
        """Give the interval of each coordinate that holds the truth with some probability.

        Parameters
        ----------
        level : float
            Of one coordinate of a target, by itself.

        Returns
        -------
        lower, upper : array, shape (N, J, D), float32
            Around `root_relative`. NaN for joints that are no targets.

        Raises
        ------
        ValueError
            There are no error bars, or none of this level.
        """
        spread, bars = self._known_bars()
        half = spread * np.float32(bars.of_interval(level))
        return self.root_relative - half, self.root_relative + half

    def radius(self, level: float = 0.9) -> Floats:
        """Give the radius of the ball about each joint that holds the truth with some probability.

        Parameters
        ----------
        level : float
            Of one target, by itself.

        Returns
        -------
        array, shape (N, J), float32
            Around `root_relative`.

        Raises
        ------
        ValueError
            There are no error bars, or none of this level.
        """
        spread, bars = self._known_bars()
        radius: Floats = np.sqrt(np.square(spread).sum(2)) * np.float32(bars.of_ball(level))
        return radius

    def _known_bars(self) -> tuple[Floats, Bars]:
        if self.spread is None or self.bars is None:
            raise ValueError(
                "these poses have no error bars: they are of no lifter, or of one that was saved "
                "by an earlier version, had too few frames to hold any out, or is the published "
                "network. Fit it again, on more frames."
            )
        return self.spread, self.bars

    def verdict(self, key: Key | None = None) -> Verdict:
        """Say whether an experiment is like the training data, and what is wrong with it.

        Parameters
        ----------
        key : str, number or tuple, optional
            Name of the experiment; not needed where there is only one.

        Returns
        -------
        Verdict

        Raises
        ------
        KeyError
            There is no such experiment.
        ValueError
            There is no verdict, or there are several experiments and none is named.
        """
        if self.verdicts is None:
            raise ValueError(
                "these poses have no verdict: their lifter was saved by an earlier version, had "
                "too few frames (fewer than ten for each joint), or was told not to judge. Fit it "
                "again, on two recordings or more or on a longer one, and lift with judge=True."
            )
        if key is None and len(self.keys) > 1:
            raise ValueError(f"there are {len(self.keys)} experiments; name one: {self.keys}.")
        key = self.keys[0] if key is None else key
        if key not in self.verdicts:
            raise KeyError(f"there is no experiment {key!r}; there are {list(self.keys)}.")
        return self.verdicts[key]

    def only(self, key: Key) -> Lifted:
        """Give what was lifted of one experiment.

        Parameters
        ----------
        key : str, number or tuple
            Name of the experiment.

        Returns
        -------
        Lifted

        Raises
        ------
        KeyError
            There is no such experiment.
        """
        if key not in self.keys:
            raise KeyError(f"there is no experiment {key!r}; there are {list(self.keys)}.")
        number = self.keys.index(key)
        start = sum(self.lengths[:number])
        return self.part(start, start + self.lengths[number])

    def part(self, start: int, stop: int) -> Lifted:
        """Give some rows, without copying them; see `liftpose.Poses.part`."""
        kept, lengths = parts_of(self.lengths, start, stop)
        rows = slice(max(start, 0), stop)

        def cut(values: Floats | None) -> Floats | None:
            return None if values is None else values[rows]

        names, said = self.individuals, self.verdicts
        left = tuple(self.keys[i] for i in kept)
        return replace(
            self,
            position=self.position[rows],
            root_relative=self.root_relative[rows],
            keys=left,
            lengths=lengths,
            confidence=cut(self.confidence),
            individuals=None if names is None else tuple(names[i] for i in kept),
            spread=cut(self.spread),
            novelty=cut(self.novelty),
            hypotheses=None if self.hypotheses is None else self.hypotheses[:, rows],
            verdicts=None if said is None else {key: said[key] for key in left if key in said},
        )

    def to_dataset(self) -> Dataset:
        """Give it as an `xarray.Dataset` in the layout of `movement`.

        Returns
        -------
        xarray.Dataset
            See `liftpose.poses.layout`.
        """
        from liftpose.poses.layout import lifted_to_dataset

        return lifted_to_dataset(self)

    @classmethod
    def from_dataset(cls, dataset: Dataset) -> Lifted:
        """Take lifted poses from an `xarray.Dataset` in the layout of `movement`.

        Parameters
        ----------
        dataset : xarray.Dataset
            See `liftpose.poses.layout`. What it does not hold is None, `root_relative` NaN.

        Returns
        -------
        Lifted

        Raises
        ------
        ValueError
            A dataset of another layout, or of 2D poses.
        """
        from liftpose.poses.layout import dataset_to_lifted

        return dataset_to_lifted(dataset)

    def _repr_html_(self) -> str:
        # By its public name, as a user would: what draws stands on a floor above this one.
        import liftpose

        if self.dims != 3 or not self.frames:
            return f"<pre>{html.escape(repr(self))}</pre>"
        return str(liftpose.show(self)._repr_html_())

    def __repr__(self) -> str:
        unit = f" in {self.unit}" if self.unit else ""
        frame = f", {self.frame} frame" if self.frame else ""
        blind = f", {self.blind} of them blind" if self.blind else ""
        spread = "" if self.spread is None else ", with spread"
        if self.hypotheses is not None:
            count = len(self.hypotheses)
            spread += f", {count} hypothes{'i' if count == 1 else 'e'}s"
        return (
            f"<Lifted: {self.frames} frames{blind}, {self.joint_count} joints, "
            f"{len(self.keys)} experiment{'s' * (len(self.keys) != 1)}{unit}{frame}{spread}>"
        )
