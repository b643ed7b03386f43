"""Time what liftpose 0.22 does to augment one pose: ``augmentation_worker.py TASK``.

TASK is an .npz file with ``poses`` (N, J, 3), ``ranges`` (3, 2), ``roots`` and ``target_sets`` (as
JSON); CPU seconds for each pose are printed. Nothing of this project is imported here.

What calls these functions in 0.22 (the function that its random_project returns) fails on the
tensors that its own training gives it. They are called here one pose at a time, in the order and
with the arguments that it was seen to call them with when it is given arrays.
"""

import importlib
import importlib.metadata
import json
import logging
import sys
import time
from typing import Any

import numpy as np

VERSION = "0.22"


def seconds_of_a_pose(
    poses: np.ndarray[Any, Any],
    ranges: list[list[float]],
    roots: list[int],
    target_sets: list[list[int]],
) -> float:
    """Project, anchor, scale and standardise every pose by itself."""
    theirs: Any = importlib.import_module("liftpose.preprocess")
    joints = poses.shape[1]
    mean_2d, std_2d = np.zeros(2 * joints), np.ones(2 * joints)
    mean_3d, std_3d = np.zeros(3 * joints), np.ones(3 * joints)
    start = time.process_time()
    for pose in poses:
        inputs, _ = theirs.project_to_random_eangle(
            pose[None], ranges, "zyx", project=True, tvec=None, intr=None
        )
        inputs = inputs.reshape(1, 2 * joints)
        outputs = pose.reshape(1, 3 * joints).astype(np.float32)
        inputs = theirs.anchor_to_root({"inputs": inputs}, roots, target_sets, 2)[0]
        outputs = theirs.anchor_to_root({"outputs": outputs}, roots, target_sets, 3)[0]["outputs"]
        inputs = theirs.pose_norm(inputs)["inputs"]
        inputs = theirs.weird_division(inputs - mean_2d, std_2d)
        outputs = theirs.weird_division(outputs - mean_3d, std_3d)
        theirs.remove_roots({"inputs": inputs}, target_sets, 2)
        theirs.remove_roots({"outputs": outputs}, target_sets, 3)
    return (time.process_time() - start) / len(poses)


def main(task: str) -> None:
    """Run the task and print the seconds."""
    found = importlib.metadata.version("liftpose")
    if found != VERSION:
        sys.exit(f"{sys.executable} has liftpose {found}; expected {VERSION}.")
    with np.load(task, allow_pickle=False) as stored:
        poses, ranges = stored["poses"], stored["ranges"].tolist()
        sets = json.loads(str(stored["sets"]))
    seconds_of_a_pose(poses[:20], ranges, sets["roots"], sets["target_sets"])
    logging.disable(logging.CRITICAL)
    rounds = [
        seconds_of_a_pose(poses, ranges, sets["roots"], sets["target_sets"]) for _ in range(3)
    ]
    print(json.dumps(min(rounds)))


if __name__ == "__main__":
    main(sys.argv[1])
