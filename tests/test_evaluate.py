"""Errors beside ridge and mean pose: against distances worked out by hand."""

import numpy as np
import pytest

import liftpose
from liftpose import Lifter
from liftpose.datasets import hexapod
from liftpose.evaluate import evaluate, read_evaluation
from liftpose.main import test as run_test
from liftpose.main import train
from liftpose.poses import Poses
from liftpose.postprocess.results import body_length, guesses


@pytest.fixture(scope="module")
def flies():
    return hexapod(frames=400, seed=1, animal=1), hexapod(frames=200, seed=2, animal=2)


def pair(fly, **about):
    flat = Poses.from_experiments(fly.pose_2d, joints=fly.joints)
    given = {"unit": "mm", "frame": "camera"} | about
    return flat, Poses.from_experiments(fly.pose_3d, joints=fly.joints, **given)


@pytest.fixture(scope="module")
def lifter(flies):
    return Lifter(flies[0].skeleton, network="ridge").fit(*pair(flies[0]))


def by_hand(lifter, fly, relative):
    """Mean distance of each target, both relative to its root, where the 2D has both."""
    sets, errors = lifter.sets, {}
    for place, (target, root) in enumerate(zip(sets.targets, sets.anchors, strict=True)):
        truth = fly.pose_3d[:, target] - fly.pose_3d[:, root]
        seen = np.isfinite(fly.pose_2d[:, [target, root]]).all(axis=(1, 2))
        distance = np.linalg.norm(truth - relative[:, place], axis=1)
        errors[fly.joints[target]] = distance[seen].mean()
    return errors


def test_errors_of_every_joint_are_the_mean_distances(lifter, flies):
    found = evaluate(lifter, *pair(flies[1]))
    relative = guesses(lifter, pair(flies[1])[0])
    for name in ("liftpose", "ridge", "mean_pose"):
        expected = by_hand(lifter, flies[1], relative[name])
        for joint, error in expected.items():
            assert found.per_joint[joint][name] == pytest.approx(error), (joint, name)
    assert found.mpjpe["liftpose"] == found.mpjpe["ridge"] < found.mpjpe["mean_pose"]
    assert found.pa_mpjpe["liftpose"] < found.mpjpe["liftpose"]
    assert (found.unit, found.frames, found.rotated) == ("mm", 200, None)


def test_the_mean_pose_is_that_of_the_training(lifter, flies):
    relative = guesses(lifter, pair(flies[1])[0])["mean_pose"]
    assert np.ptp(relative, axis=0).max() == 0
    target, root = lifter.sets.targets[0], lifter.sets.anchors[0]
    fly = flies[0]
    both = np.isfinite(fly.pose_2d[:, [target, root]]).all(axis=(1, 2))
    mean = (fly.pose_3d[:, target] - fly.pose_3d[:, root])[both].mean(axis=0)
    np.testing.assert_allclose(relative[0, 0], mean, rtol=1e-6)


def test_the_table_has_all_targets_and_shares_of_the_body(lifter, flies):
    found = evaluate(lifter, *pair(flies[1]))
    head, *rows = found.rows()
    assert head == ("joint", "liftpose (mm)", "ridge (mm)", "mean pose (mm)", "% of body")
    assert len(rows) == len(lifter.sets.targets) + 2
    mean = rows[-2]
    assert float(mean[1]) == pytest.approx(found.mpjpe["liftpose"], rel=0.01)
    share = 100 * found.mpjpe["liftpose"] / found.body_length
    assert float(mean[4]) == pytest.approx(share, abs=0.05)
    assert f"body length {found.body_length:.3g} mm" in str(found)


def test_the_body_length_is_the_median_of_the_largest_distances():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(50, 6, 3))
    points[3, 2], points[4] = np.nan, np.nan
    largest = [
        max(
            np.linalg.norm(a - b)
            for a in frame[np.isfinite(frame).all(1)]
            for b in frame[np.isfinite(frame).all(1)]
        )
        for number, frame in enumerate(points)
        if number != 4
    ]
    assert body_length(points) == pytest.approx(np.median(largest))
    assert np.isnan(body_length(np.full((3, 4, 3), np.nan)))


def test_joints_and_experiments_in_another_order_score_the_same(lifter, flies):
    flat, deep = pair(flies[1])
    order = np.random.default_rng(0).permutation(len(flat.joints))
    names = [flat.joints[joint] for joint in order]
    turned = Poses.from_experiments(deep.points[:, order], joints=names, frame="camera")
    assert evaluate(lifter, flat, turned).mpjpe == evaluate(lifter, flat, deep).mpjpe


def test_a_truth_that_does_not_fit_is_refused(lifter, flies):
    flat, deep = pair(flies[1])
    with pytest.raises(ValueError, match="cm.*mm"):
        evaluate(lifter, flat, pair(flies[1], unit="cm")[1])
    with pytest.raises(ValueError, match="world"):
        evaluate(lifter, flat, pair(flies[1], frame="world")[1])
    with pytest.raises(ValueError, match="200 frames .* 150"):
        evaluate(lifter, flat, deep.part(0, 150))
    with pytest.raises(ValueError, match="no 'left"):
        evaluate(lifter, flat, deep.matched(flat.joints[1:]))


def test_a_truth_in_another_frame_is_noticed(lifter, flies, caplog):
    flat, deep = pair(flies[1])
    turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1.0]])
    turned = Poses.from_experiments(deep.points @ turn.T, joints=flat.joints, frame="camera")
    found = evaluate(lifter, flat, turned)
    assert found.rotated == pytest.approx(90, abs=5)
    assert "one rotation" in caplog.text


def test_a_tested_folder_gives_the_same_errors(flies, tmp_path):
    learn, other = pair(flies[0]), pair(flies[1])
    train(
        learn[0],
        other[0],
        learn[1],
        other[1],
        out_dir=tmp_path,
        skeleton=flies[0].skeleton,
        training_kwargs={"network": "ridge"},
    )
    run_test(tmp_path)
    found = read_evaluation(tmp_path)
    expected = evaluate(liftpose.load(tmp_path), *other)
    for what in ("mpjpe", "pa_mpjpe"):
        assert getattr(found, what) == pytest.approx(getattr(expected, what))
    assert found.body_length == expected.body_length
    assert (found.unit, found.frames, found.rotated) == (expected.unit, 200, None)
    assert found.measures == expected.measures
    assert found.per_joint.keys() == expected.per_joint.keys()
    for joint, errors in expected.per_joint.items():
        assert found.per_joint[joint] == pytest.approx(errors)


def test_a_folder_that_was_not_tested_says_so(tmp_path):
    with pytest.raises(FileNotFoundError, match="nothing was tested"):
        read_evaluation(tmp_path)
    (tmp_path / "evaluation.json").write_text("{}")
    with pytest.raises(ValueError, match="no evaluation"):
        read_evaluation(tmp_path)
