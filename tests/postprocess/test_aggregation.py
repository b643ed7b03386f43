"""Hypotheses are weighed by the 2D alone, and move a pose only where that proves itself."""

import json
from dataclasses import replace

import numpy as np
import pytest

from liftpose import Camera, Lifted, Lifter, Poses, Skeleton
from liftpose.postprocess import aggregate, place, smooth
from liftpose.postprocess.aggregation import MOST
from liftpose.postprocess.moving import DONE

NEAR = Camera(K=[[900, 0, 320], [0, 900, 240], [0, 0, 1]], t=[0, 0, 12])
FAR = Camera(K=[[9e8, 0, 320], [0, 9e8, 240], [0, 0, 1]], t=[0, 0, 12e6])
FRAMES, JOINTS = 400, 8


def two_depths(camera, seed=0, noise=0.5, frames=FRAMES):
    """Poses of which a limb points towards the camera or away, and both as hypotheses."""
    rng = np.random.default_rng(seed)
    body = rng.normal(size=(frames, JOINTS, 3))
    body[:, 0] = 0
    depth = np.zeros((frames, JOINTS, 3))
    depth[:, 5:, 2] = rng.uniform(1.0, 2.0, (frames, 1)) * [1.0, 1.5, 2.0]
    sign = np.where(rng.random(frames) < 0.5, 1.0, -1.0)[:, None, None]
    truth = body + sign * depth
    seen = np.asarray(camera.project(truth)) + noise * rng.normal(size=(frames, JOINTS, 2))
    both = np.stack([body + depth, body - depth])
    lifted = Lifted(body, body, ("",), (frames,), frame="world", hypotheses=both)
    return lifted, seen, truth


def error(lifted, truth):
    return np.linalg.norm(lifted.position - truth, axis=2).mean()


def test_perspective_tells_which_of_two_depths():
    lifted, seen, truth = two_depths(NEAR)
    nearer = aggregate(lifted, seen, NEAR)
    # Half of the way is the most that there is.
    assert error(nearer, truth) < 0.7 * error(lifted, truth)
    assert nearer.hypotheses is None
    step = json.loads(nearer.provenance[DONE])[0]
    assert (step["step"], step["hypotheses"], step["factor"]) == ("aggregate", 2, MOST)


def test_a_pose_stays_where_the_image_tells_nothing():
    lifted, seen, _ = two_depths(FAR)
    stays = aggregate(lifted, seen, FAR)
    np.testing.assert_allclose(stays.position, lifted.position, atol=1e-3)


def test_hypotheses_that_all_miss_alike_change_nothing():
    lifted, seen, _ = two_depths(NEAR)
    alike = replace(lifted, hypotheses=np.stack([lifted.hypotheses[0]] * 4))
    np.testing.assert_allclose(aggregate(alike, seen, NEAR).position, lifted.position, atol=1e-9)


def test_labels_that_differ_in_the_same_way_everywhere_tell_nothing():
    rng = np.random.default_rng(1)
    body = rng.normal(size=(FRAMES, JOINTS, 3))
    offset = rng.normal(0, 0.3, (JOINTS, 3))
    steps = rng.normal(0, 0.2, (5, FRAMES, JOINTS, 3)) + 0.5 * rng.choice([-1, 1], (5, 1, 1, 1)) * (
        offset
    )
    drawn = body + np.concatenate([steps, -steps])
    lifted = Lifted(body, body, ("",), (FRAMES,), frame="world", hypotheses=drawn)
    # The 2D shows other points of the body, and they hardly turn with it.
    seen = np.asarray(NEAR.project(body)) + 900 / 12 * offset[:, :2]
    seen += rng.normal(0, 2.0, seen.shape)
    moved = np.abs(aggregate(lifted, seen, NEAR).position - body).mean()
    along = np.abs(aggregate(lifted, seen, NEAR).position - body) @ np.ones(3)
    assert moved < 0.05 * np.abs(steps).mean()
    assert along.mean(0).max() < 0.2


def leg_poses(frames, seed):
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-1, 1, (frames, 5))
    steps = np.stack([np.sin(angle), np.cos(angle), np.cos(2 * angle + 1)], -1)
    steps[..., 2] += 0.3 * rng.normal(size=(frames, 5))
    return np.concatenate([np.zeros((frames, 1, 3)), np.cumsum(steps, axis=1)], 1)


@pytest.mark.parametrize("noise", [0.3, 3.0])
def test_what_a_lifter_lifts_does_not_become_worse(noise):
    skeleton = Skeleton(list("abcdef"), roots=[0], target_sets=[[1, 2, 3, 4, 5]])
    rng = np.random.default_rng(0)
    filmed = []
    for seed, frames in ((1, 1500), (2, 600)):
        pose = leg_poses(frames, seed)
        filmed.append((NEAR.project(pose) + noise * rng.normal(size=(frames, 6, 2)), pose))
    lifter = Lifter(skeleton, network="kernel").fit(*filmed[0], camera=NEAR)
    seen, truth = filmed[1]
    lifted = lifter.lift(seen, hypotheses=10)
    assert error(aggregate(lifted, seen, NEAR), truth) < 1.01 * error(lifted, truth)


def test_weights_are_those_of_a_slow_twin():
    lifted, seen, _ = two_depths(NEAR, frames=30)
    nearer = aggregate(lifted, seen, NEAR)
    missed = []
    for poses in (lifted.position, *lifted.hypotheses):
        there = place(replace(lifted, position=poses, hypotheses=None), seen, NEAR)
        missed.append(NEAR.project(there.position) - seen)
    missed = np.array(missed) - np.median(missed[0], axis=0)
    square = (missed**2).mean((2, 3))
    usual = np.median(square[0])
    for frame in range(30):
        noise = max(square[0, frame], usual)
        likely = [np.exp(-square[1 + k, frame] / (2 * noise)) for k in range(2)]
        share = np.array(likely) / sum(likely) - 0.5
        step = share[0] * lifted.hypotheses[0, frame] + share[1] * lifted.hypotheses[1, frame]
        expected = lifted.position[frame] + MOST * step
        np.testing.assert_allclose(nearer.position[frame], expected, atol=1e-9)


def test_frame_and_place_do_not_matter():
    lifted, seen, _ = two_depths(NEAR)
    turn = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    turned = Camera(K=NEAR.K, R=NEAR.R @ turn.T, t=NEAR.t)
    world = replace(
        lifted, position=lifted.position @ turn.T, hypotheses=lifted.hypotheses @ turn.T
    )
    expected = aggregate(lifted, seen, NEAR).position
    found = aggregate(replace(world, root_relative=world.position), seen, turned).position
    np.testing.assert_allclose(found @ turn, expected, atol=1e-9)
    camera = aggregate(replace(lifted, frame="camera"), seen, NEAR)
    np.testing.assert_allclose(camera.position, expected, atol=1e-9)
    placed = place(lifted, seen, NEAR)
    np.testing.assert_allclose(
        placed.lifted.hypotheses - placed.root[:, None], lifted.hypotheses, atol=1e-9
    )
    later = aggregate(placed.lifted, seen, NEAR).position - placed.root[:, None]
    np.testing.assert_allclose(later, expected, atol=1e-6)


def test_roots_follow_and_spread_stays():
    lifted, seen, _ = two_depths(NEAR)
    relative = lifted.position - lifted.position[:, [0]]
    relative[:, 7] = lifted.position[:, 7] - lifted.position[:, 6]
    relative[:, [0, 6]] = np.nan
    spread = np.full(relative.shape, 2, np.float32)
    nearer = aggregate(replace(lifted, root_relative=relative, spread=spread), seen, NEAR)
    np.testing.assert_array_equal(nearer.spread, spread)
    expected = nearer.position[:, 7] - nearer.position[:, 6]
    np.testing.assert_allclose(nearer.root_relative[:, 7], expected, atol=1e-9)
    assert np.isnan(nearer.root_relative[:, [0, 6]]).all()


def test_experiments_are_each_seen_by_their_own_camera():
    one, seen_one, _ = two_depths(NEAR, 0)
    other, seen_other, _ = two_depths(NEAR, 1)
    shifted = Camera(K=[[700, 0, 100], [0, 700, 90], [0, 0, 1]], t=[0, 0, 12])
    seen_other = np.asarray(shifted.project(two_depths(NEAR, 1)[2]))
    joined = Lifted(
        np.concatenate([one.position, other.position]),
        np.concatenate([one.position, other.position]),
        ("a", "b"),
        (FRAMES, FRAMES),
        frame="world",
        hypotheses=np.concatenate([one.hypotheses, other.hypotheses], 1),
    )
    seen = {"a": seen_one, "b": seen_other}
    found = aggregate(joined, seen, {"a": NEAR, "b": shifted})
    alone = aggregate(other, seen_other, shifted)
    np.testing.assert_allclose(found.only("b").position, alone.position, atol=1e-9)
    assert not np.allclose(found.only("b").position, other.position, atol=0.1)


def test_frames_that_cannot_be_weighed_stay():
    lifted, seen, _ = two_depths(NEAR)
    holed = seen.copy()
    holed[3, 2:] = np.nan
    holed[4] = np.nan
    position = lifted.position.copy()
    position[5] = np.nan
    hypotheses = lifted.hypotheses.copy()
    hypotheses[:, 5] = np.nan
    given = replace(lifted, position=position, hypotheses=hypotheses)
    nearer = aggregate(given, holed, NEAR)
    np.testing.assert_array_equal(nearer.position[3:6], position[3:6])
    assert np.isfinite(nearer.position[6:]).all()
    unsure = np.where(np.isnan(holed[..., 0]), 0.0, 1.0)
    by_confidence = aggregate(given, seen, NEAR, unsure)
    np.testing.assert_allclose(by_confidence.position, nearer.position, atol=1e-9)
    one = aggregate(lifted.part(7, 8), seen[7:8], NEAR)
    np.testing.assert_allclose(one.position, lifted.position[7:8], atol=1e-9)


def test_what_changes_the_poses_leaves_their_hypotheses_out():
    lifted, _, _ = two_depths(NEAR)
    assert smooth(replace(lifted, fps=50.0)).hypotheses is None


def test_asking_for_an_aggregate_of_nothing():
    lifted, seen, _ = two_depths(NEAR)
    with pytest.raises(ValueError, match=r"no hypotheses.*lifter\.lift\(poses_2d, hypotheses=10\)"):
        aggregate(replace(lifted, hypotheses=None), seen, NEAR)
    with pytest.raises(ValueError, match="camera is missing"):
        aggregate(lifted, seen, None)
    with pytest.raises(ValueError, match="does not say which frame"):
        aggregate(replace(lifted, frame=None), seen, NEAR)
    with pytest.raises(ValueError, match="poses_2d has 3 frames and lifted has 400"):
        aggregate(lifted, seen[:3], NEAR)
    with pytest.raises(TypeError, match="lifted is a Poses"):
        aggregate(Poses.from_experiments(lifted.position), seen, NEAR)
    with pytest.raises(ValueError, match=r"hypotheses has the shape \(2, 3, 8, 3\)"):
        replace(lifted, hypotheses=lifted.hypotheses[:, :3])
