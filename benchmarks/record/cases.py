"""What the record is measured on: recordings, each with a fixed split and the camera that saw it.

Real detections come as they are. Recordings that have no 2D are seen through one simulated camera
that stands still, looks down on the animal, sees its body about 600 pixels long, and errs by 1.5
pixels. Splits are by animal, by recording or by trial where there are several; else the last 20 %
of the frames are the test data, after a gap of 50.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks import recordings
from benchmarks.recordings import GAP, TEST_SHARE, Recording
from liftpose import Camera
from liftpose.datasets import simulated
from liftpose.skeleton import Skeleton

Floats = NDArray[np.float64]
Parts = tuple[dict[str, Floats], dict[str, Floats], dict[str, Floats], dict[str, Floats]]
"""Training 2D and 3D, test 2D and 3D, each by experiment."""

NOISE = 1.5  # pixels, standard deviation of each coordinate
BODY = 600  # pixels, length of a body in the middle of the room
ELEVATION = 30.0  # degrees above the horizon
FEWEST = 400  # training frames from which on a bar holds

# The last quarter of the trials of the arm, and a mouse that the labels show second.
ARM_TEST_SHARE = 0.25


@dataclass(frozen=True, eq=False)
class Case:
    """One recording as one camera sees it.

    Parameters
    ----------
    recording : Recording
        Poses and split. Its name is the case's.
    camera : Camera
        What filmed it. Its translation is zero where it travels with the animal.
    group : str
        The recording that it is a camera of.
    split : str
        How training and test data were parted, for the page.
    real : bool
        Whether the 2D are a tracker's.
    """

    recording: Recording
    camera: Camera
    group: str
    split: str
    real: bool

    @property
    def name(self) -> str:
        """Name of recording and camera."""
        return self.recording.name

    @property
    def train_frames(self) -> int:
        """How many frames there are to learn from."""
        return sum(map(len, self.recording.train_2d.values()))

    @property
    def barred(self) -> bool:
        """Whether it is large enough for a bar; real detections of a fly or a mouse always are."""
        return self.train_frames >= FEWEST or self.group in ("fly_eks", "paws")

    @property
    def skeleton(self) -> Skeleton:
        """Joints and bones, as a user would give them."""
        one = self.recording
        return Skeleton(
            list(one.joints),
            bones=[(int(a), int(b)) for a, b in one.bones],
            roots=one.roots,
            target_sets=one.target_sets,
            unit=one.unit,
        )


def fly(kind: str, camera: int, test_kind: str | None = None) -> Case:
    """Load a tethered fly, as one of six cameras of the DeepFly3D rig sees it.

    Parameters
    ----------
    kind : {"walk", "groom"}
        Which fly is learned from.
    camera : int
        0 to 2 see the left legs, 3 to 5 the right ones.
    test_kind : {"walk", "groom"}, optional
        Another fly to test on, all frames of it, with its own calibration of the same camera.

    Returns
    -------
    Case
        15 joints of one side, real detections; the root of each leg is its thorax-coxa joint.
    """
    stored = recordings.load(f"fly_df3d_{kind}_6cam.npz")
    points, poses, seen = _one_side(stored, camera)
    pieces = _tail(points, poses, kind)
    group, split = f"fly_{kind}", "last 20 %"
    if test_kind is not None:
        other = recordings.load(f"fly_df3d_{test_kind}_6cam.npz")
        points_there, poses_there, _ = _one_side(other, camera)
        # Each rig has its own world: the poses of both are told in the direction of the camera.
        turn = other["R"][camera].T @ stored["R"][camera]
        pieces = (
            {kind: points},
            {kind: poses},
            {test_kind: points_there},
            {test_kind: poses_there @ turn},
        )
        group, split = f"fly_{kind}_to_{test_kind}", "by animal"
    roots = [0, 5, 10]
    recording = Recording(
        f"{group}{camera}",
        str(stored["units"]),
        *pieces,
        roots,
        [[root + step for step in range(1, 5)] for root in roots],
        tuple(str(joint) for joint in stored["joints"][seen]),
        recordings.bones_among(stored["bones"], seen),
    )
    return Case(recording, _camera_of(stored, camera), group, split, real=True)


def fly_eks(camera: int) -> Case:
    """Load a tethered fly with two points a leg, as one of three telephoto cameras sees it."""
    stored = recordings.load("fly_eks_3cam.npz")
    points, poses = (stored[key].astype(np.float64) for key in ("pose2d", "pose3d"))
    recording = _recording(f"fly_eks{camera}", stored, _tail(points[camera], poses, "eks"), root=0)
    return Case(recording, _camera_of(stored, camera), "fly_eks", "last 20 %", real=True)


def paws(camera: int) -> Case:
    """Load the paws of a mouse on a treadmill, seen from below or in a mirror from the side.

    The 3D is orthographic: both views together. Far away and with a long lens, a camera is, too.
    """
    stored = recordings.load("mouse_mirror_paws.npz")
    points, poses = (stored[key].astype(np.float64) for key in ("pose2d", "pose3d"))
    recording = _recording(f"paws{camera}", stored, _tail(points[camera], poses, "paws"), root=0)
    return Case(recording, _orthographic(points[camera], poses), "paws", "last 20 %", real=True)


def dog() -> Case:
    """Load the dog of `benchmarks.recordings`, whose camera travels with it."""
    recording = recordings.dog()
    focal, (width, height) = recordings.DOG_FOCAL_LENGTH, recordings.DOG_IMAGE_SIZE
    matrix = [[focal, 0, (width - 1) / 2], [0, focal, (height - 1) / 2], [0, 0, 1]]
    camera = Camera(K=matrix, R=recordings.dog_view())
    return Case(recording, camera, "dog", "by trial", real=False)


def filmed(file: str, name: str, root: str, up: int = 2) -> Case:
    """Load a recording without 2D, and film it with a simulated camera.

    Parameters
    ----------
    file : str
        Of the recording.
    name : str
        Of the case.
    root : str
        Joint that all others are predicted from.
    up : int
        Axis of the world that points up.

    Returns
    -------
    Case
    """
    stored = recordings.load(file)
    poses = stored["pose3d"].astype(np.float64)
    camera = looking_down(poses, up)
    noise = np.random.default_rng(0).normal(0, NOISE, (*poses.shape[:2], 2))
    points = np.asarray(camera.project(poses)) + noise
    trials, names = stored["trial"], [str(one) for one in stored["trial_names"]]
    split = "last 20 %"
    pieces = _tail(points, poses, name)
    if len(names) > 1:
        split = "by trial" if len(names) > 2 else "by animal"
        test = set(range(len(names))[-max(1, round(len(names) * ARM_TEST_SHARE)) :])
        parts: Parts = ({}, {}, {}, {})
        for number, trial in enumerate(names):
            first, second = parts[2:] if number in test else parts[:2]
            first[trial], second[trial] = points[trials == number], poses[trials == number]
        pieces = parts
    joints = [str(joint) for joint in stored["joints"]]
    recording = _recording(name, stored, pieces, joints.index(root))
    return Case(recording, camera, name, split, real=False)


def human() -> Case:
    """Load a human, real detections of one camera; 100 frames, far too few for a bar."""
    stored = recordings.load("human_pose2sim_4cam.npz")
    points, poses = (stored[key].astype(np.float64) for key in ("pose2d", "pose3d"))
    joints = [str(joint) for joint in stored["joints"]]
    recording = _recording("human", stored, _tail(points[0], poses, "human"), joints.index("LHip"))
    return Case(recording, _camera_of(stored, 0), "human", "last 20 %", real=True)


def animal(name: str, animals: int, frames: int = 500, test_animals: int = 4) -> Case:
    """Simulate animals to learn from, and others to test on.

    Parameters
    ----------
    name : str
        Of `liftpose.datasets.simulated.ANIMALS`.
    animals, test_animals : int
        How many.
    frames : int
        Of each.

    Returns
    -------
    Case
        In the pixels of the first camera of the animal's rig, every joint seen.
    """
    make = simulated.ANIMALS[name]
    parts: Parts = ({}, {}, {}, {})
    for number in range(animals + test_animals):
        made = make(frames, seed=number, animal=number)
        noise = np.random.default_rng(number).normal(0, NOISE, (*made.poses_3d.shape[:2], 2))
        first, second = parts[:2] if number < animals else parts[2:]
        first[f"{name}{number}"] = np.asarray(made.cameras[0].project(made.poses_3d)) + noise
        second[f"{name}{number}"] = made.poses_3d
    recording = Recording(
        f"sim_{name}",
        str(made.unit),
        *parts,
        list(made.roots),
        [list(targets) for targets in made.target_sets],
        made.joints,
        np.array(made.bones),
    )
    return Case(recording, made.cameras[0], f"sim_{name}", "by animal", real=False)


#: Every case by its name.
CASES: dict[str, Callable[[], Case]] = {
    **{f"fly_walk{c}": partial(fly, "walk", c) for c in range(6)},
    **{f"fly_groom{c}": partial(fly, "groom", c) for c in range(6)},
    **{f"fly_walk_to_groom{c}": partial(fly, "walk", c, "groom") for c in range(6)},
    **{f"fly_eks{c}": partial(fly_eks, c) for c in range(3)},
    **{f"paws{c}": partial(paws, c) for c in range(2)},
    "dog": dog,
    "mouse34": partial(filmed, "mouse34_sleap8cam.npz", "mouse34", "Trunk"),
    "mouse22": partial(filmed, "mouse22_dannce_6cam.npz", "mouse22", "SpineM"),
    "arm": partial(filmed, "mouse_arm3_trials.npz", "arm", "Shoulder"),
    "sim_hexapod": partial(animal, "hexapod", 20),
    "sim_quadruped": partial(animal, "quadruped", 8),
    "sim_mouse": partial(animal, "mouse", 8),
    "mouse22_labels": partial(filmed, "mouse22_labels_6cam.npz", "mouse22_labels", "SpineM"),
    "human": human,
}


def looking_down(poses: Floats, up: int = 2) -> Camera:
    """Give a camera that stands still and sees a recording from a side and above.

    Parameters
    ----------
    poses : array, shape (N, J, 3)
        In the world.
    up : int
        Axis of the world that points up.

    Returns
    -------
    Camera
        Its focal length is such that a body is `BODY` pixels long in the middle of the room.
    """
    middle = np.nanmean(poses, axis=(0, 1))
    some = poses[:: max(1, len(poses) // 200)]
    apart = np.linalg.norm(some[:, :, None] - some[:, None], axis=3)
    body = np.median(np.nanmax(apart, axis=(1, 2)))
    room = np.nanmax(np.linalg.norm(poses - middle, axis=2))
    distance = max(4 * body, 2.5 * room)
    level = np.zeros(3)
    level[(up + 1) % 3] = 1.0
    above = np.zeros(3)
    above[up] = 1.0
    forward = np.cos(np.radians(ELEVATION)) * level - np.sin(np.radians(ELEVATION)) * above
    right = np.cross(forward, above)
    right /= np.linalg.norm(right)
    turn = np.stack([right, np.cross(forward, right), forward])
    focal = BODY * distance / body
    return Camera(
        K=[[focal, 0, 0], [0, focal, 0], [0, 0, 1]], R=turn, t=[0, 0, distance] - turn @ middle
    )


def _one_side(stored: dict[str, Any], camera: int) -> tuple[Floats, Floats, NDArray[np.intp]]:
    points = stored["pose2d"][camera].astype(np.float64)
    seen = np.flatnonzero(np.isfinite(points).all(axis=(0, 2)))
    return points[:, seen], stored["pose3d"][:, seen].astype(np.float64), seen


def _recording(name: str, stored: dict[str, Any], pieces: Parts, root: int) -> Recording:
    joints = tuple(str(joint) for joint in stored["joints"])
    targets = [joint for joint in range(len(joints)) if joint != root]
    bones = stored["bones"].astype(np.intp)
    return Recording(name, str(stored["units"]), *pieces, [root], [targets], joints, bones)


def _tail(points: Floats, poses: Floats, key: str) -> Parts:
    start = round(len(points) * (1 - TEST_SHARE))
    train, test = slice(0, start - GAP), slice(start, None)
    return {key: points[train]}, {key: poses[train]}, {key: points[test]}, {key: poses[test]}


def _camera_of(stored: dict[str, Any], number: int) -> Camera:
    return Camera(**{key: stored[key][number] for key in ("K", "R", "t", "dist")})


def _orthographic(points: Floats, poses: Floats) -> Camera:
    """Give a camera a thousand bodies away that sees what an affine one would."""
    flat = points.reshape(-1, 2)
    known = np.c_[poses.reshape(-1, 3), np.ones(len(flat))]
    good = np.isfinite(flat).all(1) & np.isfinite(known).all(1)
    affine, *_ = np.linalg.lstsq(known[good], flat[good], rcond=None)
    u, sizes, vt = np.linalg.svd(affine[:3].T, full_matrices=False)
    turn = u @ vt
    turn = np.vstack([turn, np.cross(turn[0], turn[1])])
    far = 1000 * np.nanstd(poses)
    scale = sizes.mean()
    middle = np.nanmean(poses, axis=(0, 1))
    at = affine[3] + middle @ affine[:3]
    matrix = [[scale * far, 0, at[0]], [0, scale * far, at[1]], [0, 0, 1]]
    return Camera(K=matrix, R=turn, t=[0, 0, far] - turn @ middle)


def cases(names: list[str] | None = None) -> Iterator[Case]:
    """Make the cases of some names, or all."""
    for name, make in CASES.items():
        if not names or name in names:
            yield make()
