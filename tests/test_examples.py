"""The examples on flies run from data to figure, and what they measure makes sense."""

import json
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest

from examples import flies
from examples.angle_invariant_fly import run as angle_invariant
from examples.domain_adaptation_fly import run as domain_adaptation

DATA = Path(os.environ.get("LIFTPOSE_DATA", Path(__file__).parents[2] / "shared" / "data"))


def outcome(example, folder, *more):
    example.main(["-o", str(folder), "--effort", "fast", *more])
    assert plt.imread(folder / "figure.png").std() > 0.05
    return json.loads((folder / "results.json").read_text())


# So few frames hold too little of what clean ones may look like.
@pytest.mark.filterwarnings("ignore:poses_2d. other camera")
def test_cameras_that_were_never_seen(tmp_path, capsys):
    found = outcome(angle_invariant, tmp_path, "--simulated", "--frames", "240")
    assert found["flies"] == "simulated"
    assert len(found["errors"]) == 6
    for row in found["errors"].values():
        assert row["unknown camera"] < 0.6 * row["mean pose"]
    assert found["mean"]["unknown camera"] < found["mean"]["ridge"] < found["mean"]["mean pose"]
    assert found["mean"]["own camera"] < found["mean"]["ridge"]
    printed = capsys.readouterr().out.splitlines()
    assert len([line for line in printed if line.startswith("|")]) == 2 + 6 + 1


def test_a_new_rig(tmp_path, capsys):
    found = outcome(domain_adaptation, tmp_path, "--simulated", "--frames", "240")
    assert len(found["errors"]) == 3
    for name, row in found["errors"].items():
        assert row["20 labels and source"] < min(row["mean pose"], row["as it is"], row["ridge"])
        if "rolled" in name:
            assert row["adapted"] < 0.8 * row["as it is"]
    assert "rolled and nearer" in capsys.readouterr().out


def test_recordings_are_taken_where_they_are(monkeypatch, tmp_path):
    monkeypatch.setenv("LIFTPOSE_DATA", str(tmp_path))
    assert flies.flies(simulated=False, frames=20)[0] == "simulated"
    assert flies.another_laboratory() is None
    if not (DATA / "zoo" / "fly_df3d_walk_6cam.npz").is_file():
        pytest.skip("the flies are not here (LIFTPOSE_DATA names the folder)")
    monkeypatch.setenv("LIFTPOSE_DATA", str(DATA))
    source, both = flies.flies(simulated=False, frames=900)
    assert source == "recorded"
    for fly in both.values():
        for view in fly.values():
            # What lies further right or down in the image does so in the camera's frame.
            for axis in (0, 1):
                flat, deep = view.points[..., axis], view.poses[..., axis]
                assert np.corrcoef(flat.ravel(), deep.ravel())[0, 1] > 0.98
    ours, theirs = flies.another_laboratory()
    assert ours.skeleton == theirs.skeleton
    assert ours.poses.shape[1:] == theirs.poses.shape[1:] == (6, 3)


def test_parts_of_a_recording_are_apart_in_time():
    view = flies.flies(simulated=True, frames=180)[1]["fly 1"]["front"]
    first, last = view.train.points, view.test.points
    np.testing.assert_array_equal(first, view.points[: len(first)])
    np.testing.assert_array_equal(last, view.points[-len(last) :])
    assert (len(first), len(last)) == (134, 36)


def test_a_simulated_fly_is_held_and_the_cameras_stand_beside_it():
    views = flies.flies(simulated=True, frames=60)[1]["fly 1"]
    for view in views.values():
        assert view.points.min() > 0
        assert (view.points.max((0, 1)) < (960, 480)).all()
        bodies = view.poses[:, ::5].mean(axis=1)
        assert np.ptp(bodies, axis=0).max() < 1e-9
        # The left side: its front is on the left of the image.
        assert view.points[:, 0, 0].mean() < view.points[:, 10, 0].mean()
