"""What tests of simulated animals share."""

import numpy as np
import pytest


@pytest.fixture(scope="session")
def angle():
    """Return the function that measures the angle at a joint in every frame, in degrees."""

    def measure(recording, near, joint, far):
        poses = recording.poses_3d
        at = [recording.joints.index(name) for name in (near, joint, far)]
        one, other = poses[:, at[0]] - poses[:, at[1]], poses[:, at[2]] - poses[:, at[1]]
        cosine = (one * other).sum(-1) / np.linalg.norm(one, axis=-1)
        return np.degrees(np.arccos(np.clip(cosine / np.linalg.norm(other, axis=-1), -1, 1)))

    return measure
