"""What each member is there for, and how much of them each effort allows."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from liftpose import Camera, Lifter, Skeleton
from liftpose.lifter.description import validation_table
from liftpose.lifter.effort import EFFORTS

K = [[800.0, 0.0, 320.0], [0.0, 800.0, 240.0], [0.0, 0.0, 1.0]]
CAMERA = Camera(K)
BONES = [(0, 1), (1, 2), (0, 3), (3, 4), (0, 5), (5, 6), (0, 7), (7, 8)]
NAMES = ["hip", *(f"{joint}{leg}" for leg in range(4) for joint in ("knee", "foot"))]
ANIMAL = Skeleton(NAMES, BONES, roots=["hip"])
JOINTS = len(NAMES)


def rigid(frames, seed=0):
    """Four legs of two bones that keep their lengths, in 3D of a camera, and where it sees them."""
    rng = np.random.default_rng(seed)
    of_animal = np.random.default_rng(3)
    rest = of_animal.normal(size=(len(BONES), 3)) * [1, 1, 0] + [0, 0, 1.2]
    rest *= of_animal.uniform(0.6, 1.1, (len(BONES), 1)) / np.linalg.norm(rest, axis=1)[:, None]
    turns = Rotation.from_rotvec(rng.normal(size=(frames * len(BONES), 3)) * 0.4)
    bones = turns.apply(np.tile(rest, (frames, 1))).reshape(frames, len(BONES), 3)
    pose = np.zeros((frames, JOINTS, 3))
    for number, (near, far) in enumerate(BONES):
        pose[:, far] = pose[:, near] + bones[:, number]
    pose += rng.uniform(-1, 1, (frames, 1, 3)) * [2, 1.5, 1] + [0, 0, 9]
    return CAMERA.project(pose) + rng.normal(size=(frames, JOINTS, 2)) * 0.3, pose


def flat_and_depth(frames, seed, depth):
    """Joints anywhere in the image, and the depth that a map gives them there."""
    rng = np.random.default_rng(seed)
    flat = rng.normal(size=(frames, JOINTS, 2))
    relative = (flat[:, 1:] - flat[:, :1]).reshape(frames, -1)
    deep = np.concatenate([np.zeros((frames, 1)), depth(relative)], 1)
    return flat * 50 + 400, np.concatenate([flat, deep[..., None]], 2)


def linear(frames, seed=0):
    """Depth is a linear map of what is seen, and known with errors."""
    mixing = np.random.default_rng(99).normal(size=(2 * JOINTS - 2, JOINTS - 1)) / 3
    rng = np.random.default_rng(seed + 1000)
    seen, pose = flat_and_depth(frames, seed, lambda seen: seen @ mixing)
    return seen, pose + rng.normal(size=pose.shape) * 0.5 * (pose[:1] * 0 + 1)


def bent(frames, seed=0):
    """A body of three freedoms, whose depth is a smooth function of them."""
    rng, of_animal = np.random.default_rng(seed), np.random.default_rng(99)
    hidden = rng.uniform(-1.5, 1.5, (frames, 3))
    flat = np.tanh(hidden @ of_animal.normal(size=(3, 2 * JOINTS)) * 0.6)
    deep = np.sin(hidden @ of_animal.normal(size=(3, JOINTS)))
    flat = flat.reshape(frames, JOINTS, 2)
    return flat * 50 + 400, np.concatenate([flat, deep[..., None]], 2)


def folded(frames, seed=0):
    """Depth is folded along four directions of the many that the joints move in.

    Too many dimensions for landmarks to be near every pose, and a network needs four units.
    """
    rng = np.random.default_rng(99)
    directions = np.linalg.qr(rng.normal(size=(2 * JOINTS - 2, 4)))[0]
    mixing = rng.normal(size=(4, JOINTS - 1))
    return flat_and_depth(frames, seed, lambda seen: np.abs(seen @ directions) @ mixing)


def fitted(data, frames, camera=None, **settings):
    seen, pose = data(frames)
    lifter = Lifter(ANIMAL, **{"epochs": 2, "job": 1, **settings})
    if camera is None:
        return lifter.fit(seen, pose)
    return lifter.fit(seen, pose, camera)


def error(lifter, data, frames=600):
    """Mean distance of the targets in frames that are new."""
    seen, pose = data(frames, seed=7)
    off = lifter.lift(seen).root_relative[:, 1:] - (pose[:, 1:] - pose[:, :1])
    return float(np.linalg.norm(off, axis=2).mean())


def test_ridge_wins_where_all_is_linear():
    whole = fitted(linear, 250, bone_fit=False)
    alone = fitted(linear, 250, network="ridge")
    assert sum(whole.weights.values()) <= 0.1
    assert error(whole, linear) < 1.02 * error(alone, linear)


def test_kernel_wins_where_few_frames_bend_smoothly():
    whole = fitted(bent, 250, bone_fit=False)
    alone = fitted(bent, 250, network="ridge")
    assert whole.weights["kernel"] >= 0.8
    assert error(whole, bent) < 0.3 * error(alone, bent)


def test_networks_win_where_there_are_folds_in_many_dimensions():
    whole = fitted(folded, 3000, bone_fit=False, epochs=20)
    without = fitted(folded, 3000, bone_fit=False, network="kernel")
    assert whole.weights["network"] >= 0.5
    assert error(whole, folded) < 0.9 * error(without, folded)


@pytest.mark.parametrize("camera", [None, CAMERA], ids=["recovered", "given"])
def test_bone_fit_wins_where_bones_are_rigid(camera):
    whole = fitted(rigid, 600, camera, network="kernel")
    without = fitted(rigid, 600, camera, network="kernel", bone_fit=False)
    assert whole.bone_fit.strength > 0.5
    assert len(whole.bone_fit.lengths) == len(BONES)
    assert error(whole, rigid) < 0.7 * error(without, rigid)
    assert whole.choice["held_out_mpjpe"] == pytest.approx(error(whole, rigid), rel=0.15)


def test_networks_that_gain_nothing_are_left_out_and_the_best_is_the_kernel():
    whole = fitted(bent, 250)
    closed = fitted(bent, 250, network="kernel")
    assert whole.weights == {"kernel": closed.weights["kernel"], "network": 0}
    seen, _ = bent(50, seed=3)
    np.testing.assert_array_equal(whole.lift(seen).position, closed.lift(seen).position)


@pytest.mark.parametrize("effort", EFFORTS)
def test_an_effort_allows_what_it_says(effort):
    allowed, epochs = EFFORTS[effort], []
    seen, pose = rigid(700)
    lifter = Lifter(ANIMAL, effort=effort, epochs=1, job=1)
    lifter.fit(seen, pose, CAMERA, on_epoch=epochs.append)
    kernel, network = lifter.members["kernel"], lifter.network
    assert len(kernel.landmarks) == min(allowed.landmarks, 350)
    assert (kernel.scale.ndim == 2) == allowed.learns_metric
    assert kernel.length in allowed.lengths
    assert (network is not None) == (len(epochs) == 1) == allowed.networks
    if network is not None:
        assert network.enter.shape[-1] == allowed.width
        assert len(network.first) == allowed.blocks
    if allowed.steps:
        assert lifter.bone_fit.steps == allowed.steps
        assert lifter.bone_fit.strength > 0
    else:
        assert lifter.bone_fit is None


def test_fast_is_a_kernel_of_few_landmarks_and_nothing_else():
    fast = fitted(rigid, 700, effort="fast")
    assert set(fast.members) == {"kernel"}
    assert len(fast.members["kernel"].landmarks) <= 300
    assert fast.network is fast.bone_fit is None
    assert fast.options.members == "kernel"
    assert fast.options.network == "residual"


def test_a_greater_effort_is_never_much_worse_and_here_better():
    errors = {
        effort: error(fitted(rigid, 1500, CAMERA, effort=effort, epochs=1), rigid)
        for effort in EFFORTS
    }
    assert errors["default"] < 0.7 * errors["fast"]
    assert errors["best"] < 1.02 * errors["default"]


def test_what_is_asked_for_by_name_holds_in_every_effort():
    assert fitted(rigid, 300, effort="best", bone_fit=False).bone_fit is None
    assert fitted(rigid, 300, effort="best", network="kernel").network is None
    assert fitted(rigid, 300, effort="best", network="ridge").members == {}


def test_what_each_part_is_worth_is_told():
    lifter = fitted(rigid, 600, CAMERA, epochs=1)
    head, *lines = validation_table(lifter)
    assert head.split() == ["held-out", "error", "of", "share", "weight"]
    told = {line[:18].strip(): [float(number) for number in line[18:].split()] for line in lines}
    assert list(told) == ["linear map", "kernel", "network", "all together", "and the bone fit"]
    assert told["linear map"][0] == 1
    assert told["linear map"][1] == pytest.approx(1 - sum(lifter.weights.values()), abs=0.005)
    assert [told[name][1] for name in lifter.weights] == list(lifter.weights.values())
    # New frames agree with what is told of held-out ones.
    seen, pose = rigid(600, seed=7)
    truth = pose[:, 1:] - pose[:, :1]

    def missed(weights, bone_fit=None):
        relative = lifter.with_members(lifter.members, weights, bone_fit).lift(seen).root_relative
        return np.linalg.norm(relative[:, 1:] - truth, axis=2).mean()

    none = dict.fromkeys(lifter.weights, 0.0)
    linear_map = missed(none)
    for name in lifter.weights:
        assert told[name][0] == pytest.approx(missed({**none, name: 1.0}) / linear_map, rel=0.2)
    together = missed(lifter.weights) / linear_map
    assert told["all together"][0] == pytest.approx(together, rel=0.2)
    fit = missed(lifter.weights, lifter.bone_fit) / linear_map
    assert told["and the bone fit"][0] == pytest.approx(fit, rel=0.2)
    assert validation_table(fitted(rigid, 300, network="ridge")) == []


def test_efforts_are_in_their_order():
    fast, default, best = EFFORTS.values()
    assert list(EFFORTS) == ["fast", "default", "best"]
    assert fast.landmarks < default.landmarks < best.landmarks
    assert fast.steps < default.steps < best.steps
    assert (fast.networks, default.networks, best.networks) == (False, True, True)
    assert default.width * default.blocks < best.width * best.blocks


def hidden(seen, share, seed=0):
    holed = seen.copy()
    holed[np.random.default_rng(seed).random(seen.shape[:2]) < share] = np.nan
    holed[:, 0] = seen[:, 0]
    return holed


@pytest.fixture(scope="module")
def lifters():
    """A lifter with a bone fit, and the same without."""
    whole = fitted(rigid, 800, CAMERA, network="kernel")
    assert whole.bone_fit.strength > 0.5
    return whole, whole.with_members(whole.members, whole.weights, None)


@pytest.mark.parametrize("share", [0.05, 0.1, 0.3])
def test_missing_joints_are_no_worse_for_the_bone_fit(lifters, share):
    seen, pose = rigid(600, seed=7)
    holed = hidden(seen, share)
    gaps = np.isnan(holed[:, 1:, 0])
    errors = []
    for lifter in lifters:
        relative = lifter.lift(holed).root_relative[:, 1:]
        assert np.isfinite(relative).all()
        errors.append(np.linalg.norm(relative - (pose[:, 1:] - pose[:, :1]), axis=2))
    whole, without = errors
    assert whole[~gaps].mean() < without[~gaps].mean()
    # The legs move by themselves, so that a joint can hardly be inferred: its expected place is
    # nearer to the middle than a bone is long.
    assert whole[gaps].mean() < 1.1 * without[gaps].mean()


def test_frames_in_which_too_little_was_seen_are_nan(lifters):
    seen, _ = rigid(60, seed=7)
    few = np.full_like(seen, np.nan)
    few[:20, :2], few[20:40, :1], few[40:] = seen[:20, :2], seen[20:40, :1], seen[40:]
    for lifter in lifters:
        lifted = lifter.lift(few)
        assert np.isfinite(lifted.position[:20]).all()
        assert np.isnan(lifted.position[20:40]).all()
        assert lifted.blind == 20


def test_a_frame_is_lifted_the_same_whatever_is_missing_in_others(lifters):
    whole, _ = lifters
    seen, _ = rigid(60, seed=7)
    holed = seen.copy()
    holed[::2] = hidden(seen, 0.4)[::2]
    found, expected = whole.lift(holed).position, whole.lift(seen).position
    np.testing.assert_allclose(found[1::2], expected[1::2], atol=1e-5)


def test_it_may_be_fitted_with_joints_missing():
    seen, pose = rigid(800)
    holed, space = hidden(seen, 0.05), hidden(pose, 0.02, seed=1)
    lifter = Lifter(ANIMAL, network="kernel", job=1).fit(holed, space, CAMERA)
    assert lifter.bone_fit.strength > 0.5
    without = lifter.with_members(lifter.members, lifter.weights, None)
    assert error(lifter, rigid) < 0.8 * error(without, rigid)
