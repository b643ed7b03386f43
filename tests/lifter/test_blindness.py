"""2D in which nothing counts as seen, and joints that never move: what is said of them."""

import re
import warnings

import numpy as np
import pytest

from liftpose import Lifter, Poses, Skeleton
from liftpose.lifter.blindness import Seen

JOINTS = ["hip", "knee", "foot", "shoulder", "elbow", "paw"]
LEGS = Skeleton(JOINTS, roots=["hip", "shoulder"], target_sets=[["knee", "foot"], ["elbow", "paw"]])


def legs(frames=240, seed=0):
    """Poses of six joints whose depth follows from the other two coordinates."""
    rng, of_body = np.random.default_rng(seed), np.random.default_rng(5)
    flat = (rng.normal(size=(frames, 4)) @ of_body.normal(size=(4, 12))).reshape(frames, 6, 2)
    depth = (flat - flat[:, :1]).reshape(frames, 12) @ of_body.normal(size=(12, 6)) * 0.3
    return flat * 50 + 400, np.concatenate([flat, depth[..., None]], 2)


@pytest.fixture(scope="module")
def lifter():
    return Lifter(LEGS, network="ridge").fit(*legs())


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (93.0, r"frame 7, joint 2 is 93 \(1 such values of 1440\); expected 0 to 1.*by 100"),
        (-0.5, r"frame 7, joint 2 is -0.5"),
        (np.inf, "frame 7, joint 2 is inf"),
    ],
)
def test_a_confidence_is_a_share(lifter, wrong, words):
    pose_2d, pose_3d = legs()
    confidence = np.ones(pose_2d.shape[:2])
    confidence[7, 2] = wrong
    with pytest.raises(ValueError, match=f"^confidence: {words}"):
        lifter.lift(pose_2d, confidence=confidence)
    with pytest.raises(ValueError, match=f"^confidence, experiment 'b': {words}"):
        Lifter(LEGS, network="ridge").fit(
            {"a": pose_2d, "b": pose_2d},
            {"a": pose_3d, "b": pose_3d},
            confidence={"a": np.ones_like(confidence), "b": confidence},
        )


def test_rounding_is_no_mistake():
    confidence = np.array([[1 + 1e-7, -1e-9, np.nan]])
    poses = Poses.from_experiments(np.zeros((1, 3, 2)), confidence=confidence)
    np.testing.assert_array_equal(poses.confidence, np.array([[1, 0, np.nan]], np.float32))


def test_a_tracker_that_is_sure_of_nothing_is_nothing_to_learn_from():
    pose_2d, pose_3d = legs()
    sure = np.ones(pose_2d.shape[:2])
    words = (
        r"poses_2d, experiment 'b': the confidence of every joint is below min_confidence, 0.1 "
        r"\(at most 0\), so that none counts as seen. Give no confidence, or NaN"
    )
    with pytest.raises(ValueError, match=words):
        Lifter(LEGS, network="ridge").fit(
            {"a": pose_2d, "b": pose_2d},
            {"a": pose_3d, "b": pose_3d},
            confidence={"a": sure, "b": np.zeros_like(sure)},
        )
    bold = Lifter(LEGS, network="ridge", min_confidence=0.0)
    assert bold.fit(pose_2d, pose_3d, confidence=np.zeros_like(sure)).lift(pose_2d).blind == 0


@pytest.mark.parametrize(
    ("points", "sure", "words"),
    [
        (np.nan, 1.0, "every joint is NaN. Look at the 2D"),
        (300.0, 0.04, "below min_confidence, 0.1 (at most 0.04)"),
        (300.0, 0.0, "below min_confidence, 0.1 (at most 0)"),
    ],
)
def test_an_experiment_of_which_nothing_can_be_lifted_is_warned_of(lifter, points, sure, words):
    pose_2d, _ = legs(30)
    blind = np.full_like(pose_2d, points)
    confidence = {"a": np.ones(pose_2d.shape[:2]), "b": np.full(pose_2d.shape[:2], sure)}
    both = {"a": pose_2d, "b": blind}
    begin = "poses_2d, experiment 'b': none of 30 frames could be lifted, and all are NaN: "
    with pytest.warns(UserWarning, match=re.escape(begin) + ".*" + re.escape(words)) as said:
        lifted = lifter.lift(both, confidence=confidence)
    assert len(said) == 1
    assert lifted.blind == 30
    assert np.isnan(lifted.position[30:]).all()
    assert np.isfinite(lifted.position[:30]).all()


def test_one_joint_a_frame_is_too_few(lifter):
    pose_2d, _ = legs(30)
    pose_2d[:, 1:] = np.nan
    with pytest.warns(UserWarning, match="fewer than 2 joints were seen in each"):
        assert lifter.lift(pose_2d).blind == 30


def test_frames_here_and_there_are_counted_and_not_warned_of(lifter):
    pose_2d, _ = legs(30)
    pose_2d[4:20] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert lifter.lift(pose_2d).blind == 16


def test_training_data_in_which_no_joint_is_seen_are_named():
    pose_2d, pose_3d = legs()
    with pytest.raises(ValueError, match="root 'hip' is never seen in the training 2D"):
        Lifter(LEGS, network="ridge").fit(np.full_like(pose_2d, np.nan), pose_3d)


def test_the_greatest_confidence_is_of_joints_that_have_coordinates():
    poses = Poses.from_experiments(
        [[[1.0, 2.0], [np.nan, np.nan]]], confidence=[[0.02, 0.9]], joints=["a", "b"]
    )
    seen = Seen(0.1)
    seen.add(poses)
    assert (seen.points, seen.best) == (1, pytest.approx(0.02))


@pytest.mark.parametrize("network", ["kernel", "residual", "ridge", "martinez"])
@pytest.mark.parametrize("what", ["2D", "3D"])
def test_a_joint_that_never_moves_is_said_and_does_no_harm(what, network, caplog):
    pose_2d, pose_3d = legs()
    if what == "2D":
        pose_2d[:, 4] = 0.0
        words = "joint 'elbow' of the 2D stands at one pixel in all training frames, and tells"
    else:
        pose_3d[:, 4] = pose_3d[:, 3] + [1.0, 2.0, 3.0]
        words = "joint 'elbow' of the 3D stands at one place relative to the root"
    lifter = Lifter(LEGS, network=network, epochs=2).fit(pose_2d, pose_3d)
    assert sum(words in record.getMessage() for record in caplog.records) == 1
    gaps = pose_2d.copy()
    gaps[::3, 4] = np.nan
    gaps[1::3, 0] = np.nan
    lifted = lifter.lift(gaps)
    assert np.isfinite(lifted.position).all()
    if what == "3D" and network != "martinez":  # which two epochs leave far from done
        off = lifted.root_relative[:, 4] - [1.0, 2.0, 3.0]
        assert np.abs(off).max() < 0.05 * np.abs(pose_3d).max()


def test_roots_may_stand_still(caplog):
    pose_2d, pose_3d = legs()
    Lifter(LEGS, network="ridge").fit(pose_2d - pose_2d[:, :1], pose_3d - pose_3d[:, :1])
    assert not caplog.records


@pytest.mark.parametrize("network", ["kernel", "residual", "ridge", "martinez"])
def test_gaps_are_learned_from_and_roots_may_be_missing(network):
    """Every member: training 2D with gaps of its own, and lifting without either root."""
    (pose_2d, pose_3d), (whole, truth) = legs(600), legs(100, seed=1)
    gaps = pose_2d.copy()
    gaps[np.random.default_rng(2).random(gaps.shape[:2]) < 0.2] = np.nan
    lifter = Lifter(LEGS, network=network, epochs=20).fit(gaps, pose_3d)
    targets, anchors = list(lifter.sets.targets), list(lifter.sets.anchors)
    true = truth[:, targets] - truth[:, anchors]
    guess = np.linalg.norm(true - true.mean(0), axis=2).mean()

    def error(hidden):
        seen = whole.copy()
        seen[:, hidden] = np.nan
        found = lifter.lift(seen).root_relative[:, targets]
        return np.linalg.norm(found - true, axis=2).mean() / guess

    # The published network, of 0.22's settings, is far from done after so few epochs.
    most = 0.5 if network == "martinez" else 0.05
    assert error([]) < most
    for hidden in ([0], [3], [1, 5]):
        assert error(hidden) < 1.2 * most
