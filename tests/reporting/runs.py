"""A small run that was tested, for reports: simulated animals, one of which has a wicked name."""

import numpy as np

from liftpose import Poses, load, test, train, write_poses
from liftpose.datasets import hexapod

NAMES = ("walk", "<script>alert(1)</script>")
FRAMES = 100


def make_run(folder):
    """Train on some animals, test on others, and lift one of those to a file."""
    known = [hexapod(frames=200, seed=number, animal=number) for number in (1, 2, 3, 4)]
    unseen = [hexapod(frames=FRAMES, seed=number, animal=number) for number in (101, 102)]
    learned, tests = as_poses(known, ("one", "two", "three", "four")), as_poses(unseen, NAMES)
    train(
        learned[0],
        tests[0],
        learned[1],
        tests[1],
        out_dir=folder,
        skeleton=known[0].skeleton,
        camera=known[0].cameras[0],
        training_kwargs={"effort": "fast", "job": 1},
    )
    test(folder)
    flat, deep = (poses.only("walk") for poses in tests)
    write_poses(load(folder).lift(flat), folder / "lifted.nc")
    write_poses(flat, folder / "flat.nc")
    write_poses(deep, folder / "deep.nc")
    return folder


def as_poses(recordings, names):
    first = recordings[0]
    pairs = list(zip(names, recordings, strict=True))
    about = {"joints": first.joints, "fps": first.fps}
    flat = {name: one.pose_2d.astype(np.float32) for name, one in pairs}
    deep = {name: one.poses_3d.astype(np.float32) for name, one in pairs}
    return (
        Poses.from_experiments(flat, unit="px", **about),
        Poses.from_experiments(deep, unit=first.unit, frame="world", **about),
    )
