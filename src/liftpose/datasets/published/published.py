"""What the loaders of published data sets give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera
from liftpose.names import listed
from liftpose.poses import Key, Poses
from liftpose.skeleton import Skeleton


@dataclass(frozen=True, eq=False)
class Published:
    """A published data set, ready to train on.

    2D and 3D have the same experiments, frames and joints. What the data set marks as bad, and
    what a camera does not see, is NaN; numbers under a mask are kept in ``poses_3d.given``.

    Parameters
    ----------
    name : str
        Of the data set.
    skeleton : Skeleton
        Joints in the order of the poses, bones, roots and target sets; unit of the 3D.
    poses_2d : Poses, pixels
        One experiment a recording and camera.
    poses_3d : Poses
        The same frames in 3D.
    cameras : mapping of key to Camera
        What filmed each experiment; empty where the views are orthographic and no camera is given.
    train, test : tuple of keys
        The experiments that the paper trained and tested on; an experiment may be in neither.
    numbers : mapping of key to array of int, shape (N,)
        What the data set calls the frames of each experiment.
    """

    name: str
    skeleton: Skeleton
    poses_2d: Poses
    poses_3d: Poses
    cameras: Mapping[Key, Camera]
    train: tuple[Key, ...]
    test: tuple[Key, ...]
    numbers: Mapping[Key, npt.NDArray[np.int64]] = field(repr=False)

    def __repr__(self) -> str:
        """Name the data set, and count what is in it."""
        return (
            f"<{self.name}: {len(self.keys)} experiments ({len(self.train)} to train on, "
            f"{len(self.test)} to test on), {self.poses_2d.frames} frames, "
            f"{self.skeleton.joint_count} joints>"
        )

    @property
    def keys(self) -> tuple[Key, ...]:
        """Name of each experiment."""
        return self.poses_2d.keys

    def only(self, keys: Iterable[Key]) -> Self:
        """Keep some experiments.

        Parameters
        ----------
        keys : iterable of keys
            Those to keep; their order counts.

        Returns
        -------
        Published

        Raises
        ------
        ValueError
            None at all, or one that is not there.
        """
        kept = self._known(keys, "only")
        if not kept:
            raise ValueError(f"only: no experiment is named; there are {self._names()}.")
        return replace(
            self,
            poses_2d=Poses.joined([self.poses_2d.only(key) for key in kept]),
            poses_3d=Poses.joined([self.poses_3d.only(key) for key in kept]),
            cameras={key: self.cameras[key] for key in kept if key in self.cameras},
            train=tuple(key for key in self.train if key in kept),
            test=tuple(key for key in self.test if key in kept),
            numbers={key: self.numbers[key] for key in kept},
        )

    def joints(self, names: Sequence[str]) -> Self:
        """Keep some joints, in the order that is asked for.

        Parameters
        ----------
        names : sequence of str

        Returns
        -------
        Published

        Raises
        ------
        ValueError
            A joint that is not there, or a root that is left out though a target of it stays.
        """
        return replace(
            self,
            skeleton=self.skeleton.subset(names),
            poses_2d=self.poses_2d.matched(names),
            poses_3d=self.poses_3d.matched(names),
        )

    def depth(self) -> Self:
        """Keep of the 3D the depth alone: its last coordinate, in the frame of the camera.

        Returns
        -------
        Published
            With ``poses_3d.dims == 1``.

        Raises
        ------
        ValueError
            The 3D is of the world, where no coordinate is depth.
        """
        if self.poses_3d.frame != "camera":
            raise ValueError(
                f"{self.name}: the 3D is of the {self.poses_3d.frame} frame, where no coordinate "
                "is depth."
            )
        deep = self.poses_3d
        plain = deep.given is deep.points
        points = deep.points[..., 2:]
        return replace(
            self,
            poses_3d=replace(deep, points=points, given=points if plain else deep.given[..., 2:]),
        )

    def divided(self, train: Iterable[Key], test: Iterable[Key]) -> Self:
        """Say what is to be trained and tested on, instead of what the paper did.

        Parameters
        ----------
        train, test : iterable of keys
            No experiment in both.

        Returns
        -------
        Published

        Raises
        ------
        ValueError
            An experiment that is not there, or is in both.
        """
        learned, tested = self._known(train, "train"), self._known(test, "test")
        both = [str(key) for key in learned if key in tested]
        if both:
            raise ValueError(f"{listed(both)}: both to train and to test on.")
        return replace(self, train=learned, test=tested)

    def to_train(self) -> dict[str, Any]:
        """Give the arguments of `liftpose.train`: poses to train and to test on, and the rest.

        Returns
        -------
        dict
            ``train_2d``, ``test_2d``, ``train_3d``, ``test_3d``, ``skeleton``, and ``camera``,
            which is None where the data set has none.

        Raises
        ------
        ValueError
            No experiment to train or to test on.
        """
        for what, keys in (("train", self.train), ("test", self.test)):
            if not keys:
                raise ValueError(
                    f"{self.name}: no experiment here is one that the paper used to {what}; there "
                    f"are {self._names()}. Choose with divided(train=..., test=...)."
                )
        learned, tested = self.only(self.train), self.only(self.test)
        return {
            "train_2d": learned.poses_2d,
            "test_2d": tested.poses_2d,
            "train_3d": learned.poses_3d,
            "test_3d": tested.poses_3d,
            "skeleton": self.skeleton,
            "camera": {**learned.cameras, **tested.cameras} or None,
        }

    def reprojection(self) -> dict[Key, float]:
        """Measure how far the 2D lies from where the cameras show the 3D.

        Returns
        -------
        dict of key to float, pixels
            Median distance of each experiment; NaN where no joint is known in both.

        Raises
        ------
        ValueError
            There are no cameras, or the 3D is not of the world.
        """
        if not self.cameras or self.poses_3d.frame != "world":
            raise ValueError(f"{self.name}: there is no camera to project 3D of the world with.")
        return {key: self._reprojected(key) for key in self.keys}

    def _reprojected(self, key: Key) -> float:
        shown = self.cameras[key].project(self.poses_3d.only(key).points)
        apart = np.linalg.norm(shown - self.poses_2d.only(key).points, axis=2)
        known = apart[np.isfinite(apart)]
        return float(np.median(known)) if known.size else float("nan")

    def _known(self, keys: Iterable[Key], what: str) -> tuple[Key, ...]:
        found = tuple(dict.fromkeys(keys))
        strange = [str(key) for key in found if key not in self.keys]
        if strange:
            raise ValueError(
                f"{what}: there is no experiment {listed(strange)}; there are {self._names()}."
            )
        return found

    def _names(self) -> str:
        return listed([str(key) for key in self.keys])
