"""Tethered flies for the examples: recorded ones where they are, and simulated ones anywhere.

The recordings are those of `LIFTPOSE_DATA`, a folder that is no part of the package: two flies that
DeepFly3D's cameras filmed, a walking and a grooming one, and a fly of another laboratory.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from liftpose import Camera, Poses, Skeleton
from liftpose.datasets import hexapod

Array = NDArray[np.float64]

LEGS = Skeleton.named("fly-leg15")
CAMERAS = ("hind", "middle", "front")
TEST_SHARE, GAP_SHARE = 0.2, 0.055  # neighbouring frames are nearly the same pose
AZIMUTHS, ELEVATION = (135.0, 90.0, 45.0), 6.0  # of simulated cameras, degrees from the front
DISTANCE, FOCAL, NOISE = 118.0, 16_000.0, 3.0  # mm, pixels, pixels: as those of DeepFly3D


@dataclass(frozen=True, eq=False)
class View:
    """A fly as one camera sees it.

    Parameters
    ----------
    name : str
        Of the fly, and the camera.
    skeleton : Skeleton
    points : array, shape (N, J, 2), pixels
    poses : array, shape (N, J, 3)
        In the frame of the camera.
    unit : str
        Of the 3D, in words.
    """

    name: str
    skeleton: Skeleton
    points: Array
    poses: Array
    unit: str

    @property
    def train(self) -> "View":
        """All frames but the last fifth, and a gap before it."""
        return self.only(slice(0, round((1 - TEST_SHARE - GAP_SHARE) * len(self.points))))

    @property
    def test(self) -> "View":
        """The last fifth of the frames."""
        return self.only(slice(round((1 - TEST_SHARE) * len(self.points)), None))

    def only(self, frames: slice | NDArray[np.intp]) -> "View":
        """Some of the frames."""
        return replace(self, points=self.points[frames], poses=self.poses[frames])

    @property
    def poses_2d(self) -> Poses:
        """The 2D with the names of its joints."""
        return Poses.from_experiments(self.points, joints=self.skeleton.joints)

    @property
    def poses_3d(self) -> Poses:
        """The 3D with the names of its joints."""
        return Poses.from_experiments(self.poses, joints=self.skeleton.joints, frame="camera")

    @property
    def relative(self) -> Array:
        """Targets relative to their roots, shape (N, T, 3)."""
        sets = self.skeleton.sets
        return self.poses[:, list(sets.targets)] - self.poses[:, list(sets.anchors)]


Fly = dict[str, View]


def flies(simulated: bool, frames: int) -> tuple[str, dict[str, Fly]]:
    """Give two flies, each seen by three cameras of one side.

    Parameters
    ----------
    simulated : bool
        Whether they are simulated though there are recordings.
    frames : int
        How many of each; the recordings have 900.

    Returns
    -------
    source : str
        Whether they are simulated or recorded.
    flies : dict of name to dict of camera to View
    """
    found = not simulated and all(path.is_file() for path in _recordings().values())
    if found:
        return "recorded", {fly: _recorded(fly, frames) for fly in _recordings()}
    return "simulated", {f"fly {animal}": _simulated(animal, frames) for animal in (1, 2)}


def another_laboratory() -> tuple[View, View] | None:
    """Give the walking fly and one of another laboratory, or None where they are not here.

    Their only joints in common are the ends of the coxae; lengths are in coxae, since each
    recording has a unit of its own.
    """
    there = data_folder() / "zoo" / "fly_eks_3cam.npz"
    walking = _recordings()["walking"]
    if not (there.is_file() and walking.is_file()):
        return None
    ends = [joint for joint in LEGS.joints if joint.endswith(("thorax_coxa", "coxa_femur"))]
    # With one root, where legs join the body is lifted too.
    skeleton = replace(LEGS.subset(ends), roots=(0,), target_sets=(tuple(range(1, 6)),))
    with np.load(walking, allow_pickle=False) as stored:
        of_ours = 15 + np.array([LEGS.index(joint) for joint in ends])
        ours = _seen(stored, 4, of_ours)
    with np.load(there, allow_pickle=False) as stored:
        theirs = _seen(stored, 1, np.arange(6))
    first, second = (
        View(name, skeleton, points, poses / _coxa(poses), "coxa lengths")
        for name, (points, poses) in (("DeepFly3D", ours), ("another laboratory", theirs))
    )
    return first, second


def data_folder() -> Path:
    """Give the folder of the recordings, which need not be there."""
    return Path(os.environ.get("LIFTPOSE_DATA", "no_recordings"))


def _recordings() -> dict[str, Path]:
    zoo = data_folder() / "zoo"
    return {
        "walking": zoo / "fly_df3d_walk_6cam.npz",
        "grooming": zoo / "fly_df3d_groom_6cam.npz",
    }


def _recorded(fly: str, frames: int) -> Fly:
    unit = "units of DeepFly3D"
    with np.load(_recordings()[fly], allow_pickle=False) as stored:
        return {
            name: View(
                f"{fly}, {name}", LEGS, *(a[:frames] for a in _seen(stored, c, np.arange(15))), unit
            )
            for c, name in enumerate(CAMERAS)
        }


def _seen(
    stored: np.lib.npyio.NpzFile, camera: int, joints: NDArray[np.intp]
) -> tuple[Array, Array]:
    points = stored["pose2d"][camera][:, joints].astype(np.float64)
    return points, stored["pose3d"][:, joints].astype(np.float64) @ stored["R"][camera].T


def _coxa(poses: Array) -> float:
    return float(np.median(np.linalg.norm(poses[:, 1::2] - poses[:, ::2], axis=2)))


def _simulated(animal: int, frames: int) -> Fly:
    fly = hexapod(frames=frames, seed=animal, animal=animal)
    legs = fly.poses_3d[:, [fly.skeleton.index(f"left_{joint}") for joint in LEGS.joints]]
    legs = _tethered(legs)
    rng = np.random.default_rng(animal)
    views = {}
    for name, camera in zip(CAMERAS, _cameras(), strict=True):
        points = camera.project(legs) + rng.normal(0, NOISE, (*legs.shape[:2], 2))
        poses = camera.world_to_camera(legs)
        views[name] = View(f"fly {animal}, {name}", LEGS, points, poses, "mm")
    return views


def _tethered(legs: Array) -> Array:
    """Keep where the legs join the body where they are, the front along x."""
    bodies = legs[:, ::5]
    ahead = (bodies[:, 0] - bodies[:, 2]) * [1, 1, 0]
    ahead /= np.linalg.norm(ahead, axis=1, keepdims=True)
    up = np.broadcast_to([0.0, 0.0, 1.0], ahead.shape)
    axes = np.stack([ahead, np.cross(up, ahead), up], axis=1)
    return np.einsum("nij,nkj->nki", axes, legs - bodies.mean(axis=1, keepdims=True))


def _cameras() -> Iterator[Camera]:
    for azimuth in AZIMUTHS:
        around, above = np.radians(azimuth), np.radians(ELEVATION)
        outward = np.array(
            [np.cos(around) * np.cos(above), np.sin(around) * np.cos(above), np.sin(above)]
        )
        right = np.cross(-outward, [0.0, 0.0, 1.0])
        right /= np.linalg.norm(right)
        R = np.stack([right, np.cross(-outward, right), -outward])
        K = [[FOCAL, 0, 479.5], [0, FOCAL, 239.5], [0, 0, 1]]
        yield Camera(K, R, -R @ (DISTANCE * outward))
