"""How much of an error is the noise of the 2D alone.

The noise of a frame is what was seen less what the camera would have seen of the true pose. The
floor is what the ridge makes of it: the mean distance between its lifts of both. Since the ridge is
a linear map, that is the mean length of the map applied to the noise, whatever its bias is. Where
it is nearly all of the ridge's error, no lifter of the same 2D has much left to gain.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks import recordings
from benchmarks.record.cases import Case
from benchmarks.record.fitting import How, Training, fit_and_lift
from benchmarks.record.methods import METHODS

Floats = NDArray[np.float64]

NEAR = 0.9
"""Share of the ridge's error from which on the floor counts as reached."""


def without_noise(case: Case) -> dict[str, Floats]:
    """Project the true poses of the test data.

    Parameters
    ----------
    case : Case
        With the truth and its camera.

    Returns
    -------
    dict of array, shape (N, J, 2)
        Pixels.
    """
    camera, poses = case.camera, case.recording.test_3d
    if case.group == "dog":
        # Its camera travels with it: the hips always are at the same place before it.
        root = case.recording.roots[0]
        poses = {name: one - one[:, [root]] for name, one in poses.items()}
        camera = replace(camera, t=[0, 0, recordings.DOG_DISTANCE])
    if case.group == "fly_walk_to_groom":
        # The poses are told in the direction of the other rig's camera, which filmed them.
        stored = recordings.load("fly_df3d_groom_6cam.npz")
        number = int(case.name[-1])
        filmed = {key: stored[key][number] for key in ("K", "t", "dist")}
        camera = replace(camera, **filmed)
    return {name: np.asarray(camera.project(one)) for name, one in poses.items()}


def noise_floor(case: Case, how: How) -> float:
    """Measure what the ridge makes of the noise in the test data's 2D.

    Parameters
    ----------
    case : Case
        With its truth.
    how : How
        The code that lifts, and what of earlier runs is used.

    Returns
    -------
    float
        Mean over frames and targets, in the unit of the recording.
    """
    ridge = next(method for method in METHODS if method.name == "ridge")
    exact = {f"{name}, exact": points for name, points in without_noise(case).items()}
    points = {**case.recording.test_2d, **exact}
    training = Training.of(case, ridge.given)
    lifted = fit_and_lift(training, points, ridge, 0, how).prediction
    apart = [
        np.linalg.norm(lifted[name] - lifted[f"{name}, exact"], axis=2)
        for name in case.recording.test_2d
    ]
    return float(np.nanmean(np.concatenate(apart)))
