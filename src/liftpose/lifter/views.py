"""What cameras are for in a lifter.

The 2D of every camera is brought to one *reference camera* without distortion, so that one focal
length and no lens stand behind all pixels; and 3D of the world is turned into the direction of the
camera that saw it, learned there, and turned back when it is lifted. Positions are relative to
roots, so that no translation plays a part.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from liftpose.geometry.camera import Camera, as_camera
from liftpose.poses import Floats, Key, Poses
from liftpose.poses.given import key_from_json


@dataclass(frozen=True)
class Views:
    """The cameras of a lifter.

    Parameters
    ----------
    cameras : dict of Key to Camera, or Camera
        The camera of each experiment, or the one of all.
    reference : Camera
        Whose pixels the lifter learns from.
    turns : bool
        Whether 3D is turned from the world into the direction of the camera.
    """

    cameras: dict[Key, Camera] | Camera
    reference: Camera
    turns: bool

    @classmethod
    def resolve(cls, camera: Any, keys: Sequence[Key], turns: bool) -> Views:
        """Check cameras as a user gives them to `Lifter.fit`.

        Parameters
        ----------
        camera : Camera, mapping of Key to Camera, or sequence of Camera
            One, or one an experiment; a mapping may have more.
        keys : sequence of Key
            The experiments.
        turns : bool
            See `Views`.

        Returns
        -------
        Views

        Raises
        ------
        TypeError
            Something else than cameras.
        ValueError
            An experiment without a camera, or another number of cameras than of experiments.
        """
        found = _by_experiment(camera, keys)
        first = found if isinstance(found, Camera) else found[keys[0]]
        return cls(found, Camera(K=first.K, size=first.size, name=first.name), turns)

    def of(self, keys: Sequence[Key], camera: Any = None) -> tuple[Camera, ...]:
        """Give the camera of each experiment that is to be lifted.

        Parameters
        ----------
        keys : sequence of Key
            The experiments.
        camera : as in `resolve`, optional
            None: those that the lifter learned with.

        Returns
        -------
        tuple of Camera

        Raises
        ------
        ValueError
            The lifter learned with several, and none of them is known to be of an experiment.
        """
        found = self.cameras if camera is None else _by_experiment(camera, keys)
        if isinstance(found, Camera):
            return (found,) * len(keys)
        unknown = [key for key in keys if key not in found]
        if unknown:
            raise ValueError(
                f"this lifter learned from {len(found)} experiments with a camera each, and "
                f"{unknown[0]!r} is none of them: say which camera filmed it, with camera=."
            )
        return tuple(found[key] for key in keys)

    def seen(self, poses_2d: Poses, cameras: Sequence[Camera]) -> Floats:
        """Bring 2D to the reference camera.

        Parameters
        ----------
        poses_2d : Poses
            Pixels of the cameras.
        cameras : sequence of Camera
            One an experiment.

        Returns
        -------
        array, shape (N, J, 2)
            Pixels of the reference camera; unchanged, bit for bit, where that is the camera.
        """
        parts = [
            self._as_reference(points, camera)
            for points, camera in zip(_split(poses_2d.points, poses_2d), cameras, strict=True)
        ]
        joined: Floats = _joined(parts)
        return joined

    def check_fits(self, poses_2d: Poses, cameras: Sequence[Camera]) -> None:
        """Insist that 2D is of the images that the cameras were calibrated for.

        Parameters
        ----------
        poses_2d : Poses
            Pixels of the cameras.
        cameras : sequence of Camera
            One an experiment.

        Raises
        ------
        ValueError
            Joints far outside of an image, with file or experiment and camera; see
            `Camera.check_fits`.
        """
        for points, key, camera in zip(
            _split(poses_2d.points, poses_2d), poses_2d.keys, cameras, strict=True
        ):
            of = f"experiment {key!r}" if len(poses_2d.keys) > 1 else called(poses_2d)
            camera.check_fits(points, f"the joints of {of}")

    def unreached(
        self, poses_2d: Poses, seen: Floats, cameras: Sequence[Camera]
    ) -> Counter[Camera]:
        """Count the pixels at which the distortion of each camera cannot be inverted.

        Parameters
        ----------
        poses_2d : Poses
            Pixels of the cameras.
        seen : array, shape (N, J, 2)
            What `seen` made of them.
        cameras : sequence of Camera
            One an experiment.

        Returns
        -------
        Counter
            Of those cameras that have any.
        """
        given, reached = (
            np.isfinite(points[..., 0]) & np.isfinite(points[..., 1])
            for points in (poses_2d.points, seen)
        )
        lost = given & ~reached
        found: Counter[Camera] = Counter()
        for part, camera in zip(_split(lost, poses_2d), cameras, strict=True):
            found[camera] += int(part.sum())
        return +found

    def _as_reference(self, points: Floats, camera: Camera) -> Floats:
        if (camera.K == self.reference.K).all() and not camera.dist.any():
            return points
        rays = camera.rays(np.asarray(points, np.float64))
        K = self.reference.K
        return np.asarray(rays @ K[:2, :2].T + K[:2, 2])

    def turned(self, points: Floats, of: Poses, cameras: Sequence[Camera]) -> Floats:
        """Turn 3D from the world into the directions of the cameras.

        Parameters
        ----------
        points : array, shape (N, K, 3)
            Positions, or differences of positions.
        of : Poses
            Tells which rows are of which experiment.
        cameras : sequence of Camera
            One an experiment.

        Returns
        -------
        array, shape (N, K, 3)
        """
        return self._rotated(points, of, [camera.R.T for camera in cameras])

    def back(self, points: Floats, of: Poses, cameras: Sequence[Camera]) -> Floats:
        """Turn 3D from the directions of the cameras into the world: the inverse of `turned`."""
        return self._rotated(points, of, [camera.R for camera in cameras])

    def _rotated(self, points: Floats, of: Poses, matrices: Sequence[Any]) -> Floats:
        if not self.turns:
            return points
        parts = [part @ matrix for part, matrix in zip(_split(points, of), matrices, strict=True)]
        joined: Floats = _joined(parts)
        return joined

    def state(self) -> dict[str, Any]:
        """Everything that is needed to build it again, as plain values."""
        if isinstance(self.cameras, Camera):
            known: Any = self.cameras.as_dict()
        else:
            known = [[key, camera.as_dict()] for key, camera in self.cameras.items()]
        return {"cameras": known, "reference": self.reference.as_dict(), "turns": self.turns}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Views:
        """Build it from what `state` gave."""
        known, reference = state["cameras"], Camera.from_dict(state["reference"])
        if isinstance(known, Mapping):
            return cls(Camera.from_dict(known), reference, state["turns"])
        cameras = {key_from_json(key): Camera.from_dict(camera) for key, camera in known}
        return cls(cameras, reference, state["turns"])


def warn_of_unreached(unreached: Mapping[Camera, int], where: str) -> None:
    """Warn of pixels at which a camera's distortion cannot be inverted.

    Parameters
    ----------
    unreached : mapping of Camera to int
        See `Views.unreached`.
    where : str
        What the 2D is called.

    Warns
    -----
    UserWarning
        Once for each camera, with their number.

    Examples
    --------
    >>> warn_of_unreached({}, "poses_2d")
    """
    for camera, count in unreached.items():
        name = "" if camera.name is None else f" {camera.name!r}"
        warnings.warn(
            f"{where}: the distortion of the camera{name} cannot be inverted at {count} pixels, "
            "which count as not seen.",
            stacklevel=3,
        )


def called(poses_2d: Poses) -> str:
    """Give the file that 2D was read from, or what it is called among the arguments.

    Examples
    --------
    >>> called(Poses.from_experiments(np.zeros((4, 5, 2))))
    'poses_2d'
    """
    return poses_2d.source_file or "poses_2d"


def _by_experiment(camera: Any, keys: Sequence[Key]) -> dict[Key, Camera] | Camera:
    if isinstance(camera, Camera):
        return camera
    if isinstance(camera, Mapping):
        missing = [key for key in keys if key not in camera]
        if missing:
            raise ValueError(
                f"camera is of the experiments {sorted(camera, key=repr)}, and {missing[0]!r} is "
                "not among them; each experiment needs one."
            )
        return {key: as_camera(one, f"camera of {key!r}") for key, one in camera.items()}
    if isinstance(camera, Sequence) and not isinstance(camera, str):
        found = [as_camera(one, f"camera number {i}") for i, one in enumerate(camera)]
        if len(found) != len(keys):
            raise ValueError(
                f"{len(found)} cameras are given for {len(keys)} experiments; expected one, or "
                "one an experiment."
            )
        return dict(zip(keys, found, strict=True))
    return as_camera(camera, "camera")


def _split(values: npt.NDArray[Any], of: Poses) -> list[npt.NDArray[Any]]:
    if len(of.lengths) == 1:
        return [values]
    return np.split(values, np.cumsum(of.lengths)[:-1])


def _joined(parts: Sequence[Any]) -> Any:
    return parts[0] if len(parts) == 1 else np.concatenate(parts)
