"""The two calls on a real fly, seen by each of six cameras; skipped where the recording is not."""

import json

import numpy as np
import pytest

from benchmarks import recordings
from liftpose import load_test_results, main

FILE = recordings.data_folder() / "zoo" / "fly_df3d_walk_6cam.npz"
pytestmark = pytest.mark.skipif(
    not FILE.is_file(), reason="the walking fly is not here (LIFTPOSE_DATA names the folder)"
)


@pytest.mark.parametrize("camera", range(6))
def test_a_walking_fly(camera, tmp_path):
    fly = recordings.fly_walk(camera)
    parts = fly.train_2d, fly.test_2d, fly.train_3d, fly.test_3d
    main.train(*parts, fly.roots, fly.target_sets, tmp_path, training_kwargs={"job": 1})
    main.test(tmp_path)
    truth, prediction, good = load_test_results(tmp_path)
    np.testing.assert_array_equal(truth, fly.test_3d["walk"])
    assert good.sum() == len(truth) * 12 * 3
    np.testing.assert_allclose(prediction[:, fly.roots], truth[:, fly.roots])
    error = json.loads((tmp_path / "evaluation.json").read_text())["mpjpe"]
    # 0.22 is at 0.40 to 0.46 of the mean pose here, the ridge at 0.27 to 0.34.
    assert error["liftpose"] <= error["ridge"] < 0.35 * error["mean_pose"]
