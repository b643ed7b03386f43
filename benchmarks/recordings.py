"""Real recordings with a fixed split into training and test data.

They lie in the folder ``shared/data`` beside the project, or in the one that the environment
variable ``LIFTPOSE_DATA`` names; its ``zoo/SOURCES.md`` says where each comes from and what to
beware of.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Experiments = dict[str, NDArray[np.float64]]

TEST_SHARE = 0.2
# Neighbouring frames are nearly the same pose.
GAP = 50

# Whole trials, 2193 of 13700 frames: a run, the only trial that turns on the spot, and a walk.
DOG_TEST_TRIALS = ("dog_run02", "dog_turn00", "dog_walk02")
DOG_IMAGE_SIZE = (1280, 1024)  # pixels
DOG_FOCAL_LENGTH = 1950.0  # pixels
DOG_DISTANCE = 3.0  # metres
DOG_ELEVATION = 15.0  # degrees above the horizon
DOG_NOISE = 1.5  # pixels, standard deviation of each coordinate


@dataclass(frozen=True, eq=False)
class Recording:
    """Poses of one animal or camera, split by experiment into training and test data.

    Parameters
    ----------
    name : str
        Short name, as used on the command line.
    unit : str
        Unit of the 3D poses.
    train_2d, test_2d : dict of array, shape (N, J, 2), float64
        Image points of each experiment, pixels.
    train_3d, test_3d : dict of array, shape (N, J, 3), float64
        3D poses of the same frames, world frame.
    roots : list of int
        Root joint of each target set.
    target_sets : list of list of int
        Joints to be predicted relative to each root.
    joints : tuple of str
        Joint names.
    bones : array of int, shape (B, 2)
        Joints at the two ends of each bone.
    """

    name: str
    unit: str
    train_2d: Experiments
    train_3d: Experiments
    test_2d: Experiments
    test_3d: Experiments
    roots: list[int]
    target_sets: list[list[int]]
    joints: tuple[str, ...]
    bones: NDArray[np.intp]


def data_folder() -> Path:
    """Return the folder of the recordings.

    Returns
    -------
    Path
        ``LIFTPOSE_DATA``, or ``shared/data`` beside the project; it need not exist.
    """
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    return Path(os.environ.get("LIFTPOSE_DATA", beside))


def fly_walk(camera: int) -> Recording:
    """Load a tethered fly that walks, as one of six cameras sees it.

    Parameters
    ----------
    camera : int
        0 to 2 see the left legs, 3 to 5 the right ones.

    Returns
    -------
    Recording
        The 15 joints of one side: real detections in pixels, and 3D triangulated from three
        cameras. The root of each leg is its thorax-coxa joint. The last 180 frames are the test
        data; the 50 frames before them are left out.

    Raises
    ------
    FileNotFoundError
        If the recording is not there.
    ValueError
        If there is no such camera.
    """
    stored = load("fly_df3d_walk_6cam.npz")
    if not 0 <= camera < len(stored["pose2d"]):
        raise ValueError(f"camera is {camera}; expected 0 to {len(stored['pose2d']) - 1}.")
    points = stored["pose2d"][camera].astype(np.float64)
    seen = np.flatnonzero(np.isfinite(points).all(axis=(0, 2)))
    points, poses = points[:, seen], stored["pose3d"][:, seen].astype(np.float64)
    test_start = round(len(points) * (1 - TEST_SHARE))
    train, test = slice(0, test_start - GAP), slice(test_start, None)
    roots = [0, 5, 10]
    return Recording(
        name=f"fly{camera}",
        unit=str(stored["units"]),
        train_2d={"walk": points[train]},
        train_3d={"walk": poses[train]},
        test_2d={"walk": points[test]},
        test_3d={"walk": poses[test]},
        roots=roots,
        target_sets=[[root + step for step in range(1, 5)] for root in roots],
        joints=tuple(str(joint) for joint in stored["joints"][seen]),
        bones=bones_among(stored["bones"], seen),
    )


def dog(seed: int = 0) -> Recording:
    """Load a dog that runs, turns and walks, as a simulated camera sees it.

    Parameters
    ----------
    seed : int
        Seed of the pixel noise.

    Returns
    -------
    Recording
        26 joints of motion capture, in metres, and their images. The hips are the one root. The
        test data are the trials `DOG_TEST_TRIALS`, the training data all others.

    Raises
    ------
    FileNotFoundError
        If the recording is not there.

    Notes
    -----
    The camera is a pinhole that looks along the fixed direction of `dog_view`: from the side on
    which the dog has its left when it walks as it mostly does, slightly from above. It does not
    turn with the dog, but travels with it: its position is the hips' position plus a constant,
    so that the hips always are 3 m away and in the centre of the image. The body, 0.92 m from
    nose to tail, is then about 600 pixels long. Gaussian noise is added to every coordinate.
    """
    stored = load("dog_mocap.npz")
    poses = stored["pose3d"].astype(np.float64)
    names = tuple(str(joint) for joint in stored["joints"])
    hips = names.index("Hips")
    in_camera = (poses - poses[:, [hips]]) @ dog_view().T + [0, 0, DOG_DISTANCE]
    centre = (np.array(DOG_IMAGE_SIZE) - 1) / 2
    points = DOG_FOCAL_LENGTH * in_camera[..., :2] / in_camera[..., 2:] + centre
    points += np.random.default_rng(seed).normal(0, DOG_NOISE, points.shape)
    trials = {
        str(name): stored["trial"] == number for number, name in enumerate(stored["trial_names"])
    }
    train = {name: rows for name, rows in trials.items() if name not in DOG_TEST_TRIALS}
    test = {name: trials[name] for name in DOG_TEST_TRIALS}
    return Recording(
        name="dog",
        unit=str(stored["units"]),
        train_2d={name: points[rows] for name, rows in train.items()},
        train_3d={name: poses[rows] for name, rows in train.items()},
        test_2d={name: points[rows] for name, rows in test.items()},
        test_3d={name: poses[rows] for name, rows in test.items()},
        roots=[hips],
        target_sets=[[joint for joint in range(len(names)) if joint != hips]],
        joints=names,
        bones=stored["bones"].astype(np.intp),
    )


def dog_view() -> NDArray[np.float64]:
    """Return the fixed orientation of the camera that films the dog.

    Returns
    -------
    array, shape (3, 3)
        World to camera, for a world whose `y` points up and a dog that mostly walks along `z`:
        `x` right, `y` down, `z` forward.
    """
    elevation = np.radians(DOG_ELEVATION)
    forward = np.array([-np.cos(elevation), -np.sin(elevation), 0])
    right = np.cross(forward, [0, 1, 0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward])


def load(name: str) -> dict[str, Any]:
    """Read a recording of the folder ``zoo``.

    Parameters
    ----------
    name : str
        Of the file.

    Returns
    -------
    dict of array
        As ``shared/data/README.md`` describes them.

    Raises
    ------
    FileNotFoundError
        If it is not there.
    """
    path = data_folder() / "zoo" / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{path}: no such file. Set LIFTPOSE_DATA to the folder of the recordings."
        )
    with np.load(path, allow_pickle=False) as stored:
        return dict(stored)


def bones_among(bones: NDArray[np.integer[Any]], joints: NDArray[np.intp]) -> NDArray[np.intp]:
    """Give the bones between some joints, shape (B, 2), counted among those joints.

    Parameters
    ----------
    bones : array of int, shape (A, 2)
        Between all joints.
    joints : array of int, shape (J,)
        Which joints, in rising order.
    """
    kept = bones[np.isin(bones, joints).all(axis=1)]
    return np.searchsorted(joints, kept)
