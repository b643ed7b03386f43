"""Motion, image and error bars of what a lifter gives: against the metrics on its own arrays."""

import json
from dataclasses import replace

import numpy as np
import pytest

from liftpose import Lifter, metrics
from liftpose.datasets import hexapod
from liftpose.evaluate import evaluate, read_evaluation
from liftpose.main import test as run_test
from liftpose.main import train
from liftpose.poses import Poses
from liftpose.postprocess.measures import LEVELS, Measures, trusted
from liftpose.terminal import plain


@pytest.fixture(scope="module")
def flies():
    return hexapod(frames=400, seed=1, animal=1), hexapod(frames=300, seed=2, animal=2)


def pair(fly, frame="world"):
    """Two recordings of one fly."""
    deep = fly.poses_3d if frame == "world" else fly.pose_3d
    flat = {"a": fly.pose_2d[:100], "b": fly.pose_2d[100:]}
    deep = {"a": deep[:100], "b": deep[100:]}
    return (
        Poses.from_experiments(flat, joints=fly.joints),
        Poses.from_experiments(deep, joints=fly.joints, unit="mm", frame=frame),
    )


@pytest.fixture(scope="module")
def lifter(flies):
    return Lifter(flies[0].skeleton, network="ridge").fit(*pair(flies[0]), flies[0].cameras[0])


def with_spread(monkeypatch, spread_like):
    """Let lifters give a spread, made of the frames that are lifted."""
    lift = Lifter.lift

    def lifted(self, poses_2d, *args, **settings):
        found = lift(self, poses_2d, *args, **settings)
        return replace(found, spread=spread_like(found), bars=None)

    monkeypatch.setattr(Lifter, "lift", lifted)


def counted_targets(lifter, fly):
    """Truth and prediction of the targets, relative to their roots, where the 2D has both."""
    targets, anchors = list(lifter.sets.targets), list(lifter.sets.anchors)
    truth = fly.poses_3d[:, targets] - fly.poses_3d[:, anchors]
    unseen = np.isnan(fly.pose_2d).any(axis=2)
    truth[unseen[:, targets] | unseen[:, anchors]] = np.nan
    flat, _ = pair(fly)
    return truth, lifter.lift(flat, fly.cameras[0]).root_relative[:, targets]


def test_motion_is_that_of_each_recording(lifter, flies):
    found = evaluate(lifter, *pair(flies[1]), flies[1].cameras[0]).measures
    truth, guess = counted_targets(lifter, flies[1])
    for name, metric in (
        ("velocity_error", metrics.velocity_error),
        ("acceleration_error", metrics.acceleration_error),
    ):
        measured = getattr(found, name)
        expected = metric(truth, guess, lengths=(100, 200))
        assert measured["liftpose"] == pytest.approx(expected, rel=1e-5)
        still = metric(truth, np.zeros_like(truth), lengths=(100, 200))
        assert measured["mean_pose"] == pytest.approx(still, rel=1e-5)


def test_error_bars_are_as_wide_as_the_lifter_has_them(lifter, flies):
    found = evaluate(lifter, *pair(flies[1]), flies[1].cameras[0]).measures.trust
    truth, _ = counted_targets(lifter, flies[1])
    lifted = lifter.lift(pair(flies[1])[0], flies[1].cameras[0])
    targets = list(lifter.sets.targets)
    known = np.isfinite(truth).all(2)
    for level in LEVELS:
        lower, upper = (ends[:, targets] for ends in lifted.interval(level))
        inside = ((lower <= truth) & (truth <= upper))[known].mean()
        assert found.bars[level].interval.share == pytest.approx(inside, abs=1e-4)
        apart = np.linalg.norm(truth - lifted.root_relative[:, targets], axis=2)
        inside = (apart <= lifted.radius(level)[:, targets])[known].mean()
        assert found.bars[level].ball.share == pytest.approx(inside, abs=1e-4)


def test_levels_that_were_not_measured_are_not_judged(lifter, flies):
    few = replace(lifter.uncertainty.bars, blocks=5)
    short = lifter.with_members(
        lifter.members, lifter.weights, None, replace(lifter.uncertainty, bars=few)
    )
    found = evaluate(short, *pair(flies[1]), flies[1].cameras[0]).measures.trust
    assert list(found.bars) == [0.5]


def test_a_lifter_without_error_bars_has_none_to_judge(lifter, flies):
    bare = lifter.with_members(lifter.members, lifter.weights, None)
    found = evaluate(bare, *pair(flies[1]), flies[1].cameras[0])
    assert found.measures.trust is None
    assert "error bars" not in str(found)


@pytest.mark.parametrize("frame", ["world", "camera"])
def test_reprojection_is_that_of_targets_at_their_true_roots(flies, frame):
    camera = flies[1].cameras[0]
    lifter = Lifter(flies[0].skeleton, network="ridge")
    lifter.fit(*pair(flies[0], frame), flies[0].cameras[0])
    flat, deep = pair(flies[1], frame)
    found = evaluate(lifter, flat, deep, camera).measures.reprojection_error
    targets, anchors = list(lifter.sets.targets), list(lifter.sets.anchors)
    relative = lifter.lift(flat, camera).root_relative[:, targets]
    points = flat.points[:, targets].copy()
    points[np.isnan(flat.points[:, anchors]).any(axis=2)] = np.nan
    for name, poses in (
        ("truth", deep.points[:, targets]),
        ("liftpose", deep.points[:, anchors] + relative),
    ):
        distance = np.linalg.norm(camera.project(poses, frame=frame) - points, axis=2)
        assert found[name] == pytest.approx(np.nanmean(distance), rel=1e-4), name
    assert found["truth"] < found["liftpose"] == found["ridge"] < found["mean_pose"]


def test_a_truth_that_is_not_at_its_place_is_noticed(lifter, flies):
    flat, deep = pair(flies[1])
    camera = flies[1].cameras[0]
    moved = replace(deep, given=deep.given + [30, 0, 0], points=deep.points + [30, 0, 0])
    found, other = (evaluate(lifter, flat, truth, camera) for truth in (deep, moved))
    assert found.mpjpe == pytest.approx(other.mpjpe)
    assert "The truth itself is" not in str(found)
    there = f"The truth itself is {other.measures.reprojection_error['truth']:,.0f} px from its 2D"
    assert there in str(other)


def test_without_a_camera_there_is_no_reprojection(flies):
    lifter = Lifter(flies[0].skeleton, network="ridge").fit(*pair(flies[0], "camera"))
    found = evaluate(lifter, *pair(flies[1], "camera"))
    assert found.measures.reprojection_error is None
    assert "reprojection" not in str(found)


def test_error_bars_are_judged_on_what_counts(lifter, flies, monkeypatch):
    truth, guess = counted_targets(lifter, flies[1])
    rng = np.random.default_rng(0)
    # More of it in some joints and frames, and none known of one joint.
    spread = np.exp(rng.normal(size=(300, len(flies[1].joints), 3))).astype(np.float32)
    spread[:, lifter.sets.targets[2]] = np.nan
    with_spread(monkeypatch, lambda lifted: spread[: lifted.frames])
    found = evaluate(lifter, *pair(flies[1]), flies[1].cameras[0])
    trust = found.measures.trust
    of_targets = spread[:, list(lifter.sets.targets)]
    known = np.isfinite(truth).all(2) & np.isfinite(of_targets).all(2)
    assert 0 < known.sum() < known.size - 300
    for level, z in zip(LEVELS, (0.6744898, 1.6448536), strict=True):
        inside = np.abs(truth - guess) <= z * of_targets
        bars = trust.bars[level]
        assert bars.interval.share == pytest.approx(inside[known].mean(), abs=1e-4)
        assert bars.interval.known == 3 * known.sum()
        assert bars.ball.known == known.sum()
        assert bars.ball.unknown == known.size - known.sum()
        # Ten blocks at least, of two recordings: five pieces of each.
        assert bars.interval.blocks == bars.ball.blocks == 10
        apart = np.linalg.norm(truth - guess, axis=2)[known]
        radius = metrics.ball_radius(of_targets[known], level)
        assert bars.ball.share == pytest.approx((apart <= radius).mean(), abs=1e-3)
    assert trust.joints.known == known.sum()
    assert trust.frames.known == known.any(axis=1).sum()
    text = str(found)
    for words in ("error bars", "ball holds the truth", str(trust.bars[0.9].ball), "AURC"):
        assert words in text
    assert f"{bars.ball.unknown:,} positions without truth or spread are left out" in text


def test_good_bars_hold_and_order_and_bad_ones_do_not():
    rng = np.random.default_rng(0)
    spread = np.exp(rng.normal(size=(3000, 1, 1)) + 0.3 * rng.normal(size=(3000, 8, 3)))
    truth = spread * rng.normal(size=spread.shape)
    good = trusted(truth, truth * 0, spread)
    blind = trusted(truth, truth * 0, np.full_like(spread, truth.std()))
    halved = trusted(truth, truth * 0, spread / 2)
    for level in LEVELS:
        for name in ("interval", "ball"):
            share = getattr(good.bars[level], name)
            assert share.share == pytest.approx(level, abs=0.02)
            assert share.lower < level < share.upper
            assert getattr(halved.bars[level], name).upper < level
        scores = [found.bars[level].interval_score for found in (good, blind, halved)]
        assert min(scores) == scores[0]
    assert good.frames.oracle_share > 0.8
    assert blind.frames.oracle_share == pytest.approx(0, abs=0.01)
    assert halved.joints.oracle_share == good.joints.oracle_share
    assert len(good.joints.risk) == 100
    assert good.joints.risk[-1] == pytest.approx(good.joints.unordered)
    assert good.joints.coverage == pytest.approx(np.arange(1, 101) / 100)


def test_all_of_it_is_saved_with_a_run_and_read_again(flies, tmp_path, monkeypatch):
    with_spread(monkeypatch, lambda lifted: np.full_like(lifted.position, 0.3))
    learn, other = pair(flies[0], "camera"), pair(flies[1], "camera")
    settings = {"skeleton": flies[0].skeleton, "training_kwargs": {"network": "ridge"}}
    camera = flies[0].cameras[0]
    train(learn[0], other[0], learn[1], other[1], out_dir=tmp_path, camera=camera, **settings)
    run_test(tmp_path)
    written = json.loads((tmp_path / "evaluation.json").read_text())
    assert set(written["trust"]["levels"]) == {"0.5", "0.9"}
    found = read_evaluation(tmp_path).measures
    assert found.trust is not None
    assert plain(found.as_dict()) == {name: written[name] for name in found.as_dict()}
    # Evaluations of before have none of it.
    del written["velocity_error"], written["trust"]
    (tmp_path / "evaluation.json").write_text(json.dumps(written))
    assert read_evaluation(tmp_path).measures.trust is None


def test_a_run_that_knows_nothing_is_read_again():
    nothing = np.full((6, 2, 3), np.nan)
    measures = Measures({"liftpose": np.nan}, {}, None, trusted(nothing, nothing, nothing))
    again = Measures.from_dict(json.loads(json.dumps(plain(measures.as_dict()))))
    assert str(again) == str(measures)
