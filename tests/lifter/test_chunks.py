"""Frames are lifted some at a time, by several threads: nothing of that shows in what comes out."""

import numpy as np
import pytest
import torch

from liftpose import Camera, Lifter, Poses, Skeleton
from liftpose.lifter.members.kernel import ROUNDING

LEG = Skeleton(joints=["hip", "knee", "ankle", "toe"], roots=[0], target_sets=[[1, 2, 3]])
BENT = Camera(K=[[600, 0, 320], [0, 600, 240], [0, 0, 1]], dist=[-0.3, 0, 0, 0, 0], t=[0, 0, 60])


def poses(frames, seed=0):
    rng = np.random.default_rng(seed)
    angle = rng.uniform(-1, 1, (frames, 3))
    steps = np.stack([np.sin(angle), np.cos(angle), np.cos(2 * angle)], -1)
    return np.concatenate([np.zeros((frames, 1, 3)), np.cumsum(steps, axis=1)], 1) * 3


@pytest.fixture(scope="module")
def lifter():
    pose_3d = poses(600)
    seen = np.asarray(BENT.project(pose_3d))
    return Lifter(LEG, network="kernel").fit(seen, pose_3d, BENT)


@pytest.fixture(scope="module")
def seen():
    """2D of more frames than are lifted at a time, with gaps, blind frames, and wild guesses."""
    pixels = np.asarray(BENT.project(poses(9000, seed=1)))
    rng = np.random.default_rng(2)
    pixels[rng.random(pixels.shape[:2]) < 0.01] = np.nan
    pixels[[5, 4000, 8999]] = np.nan
    pixels[rng.permutation(9000)[:50], 2] = 3000.0  # where the lens has no ray
    return pixels


@pytest.fixture(params=[1, 2, 3])
def threads(request):
    before = torch.get_num_threads()
    torch.set_num_threads(request.param)
    yield request.param
    torch.set_num_threads(before)


def lifted(lifter, pixels, **more):
    lost = []
    return lifter.lift(pixels, on_unreached=lost.append, **more), lost


def test_any_number_of_threads_gives_the_same_numbers(lifter, seen, threads):
    torch.set_num_threads(1)
    expected, lost = lifted(lifter, seen)
    torch.set_num_threads(threads)
    found, also_lost = lifted(lifter, seen)
    np.testing.assert_array_equal(found.position, expected.position)
    np.testing.assert_array_equal(found.root_relative, expected.root_relative)
    assert lost == also_lost == [{BENT: 50}]
    assert torch.get_num_threads() == threads
    np.testing.assert_array_equal(lifter.relative(seen), lifter.relative(seen))


def test_blind_frames_are_nan_wherever_they_are(lifter, seen):
    position = lifted(lifter, seen)[0].position
    blind = np.isnan(position).all((1, 2))
    assert blind[[5, 4000, 8999]].all()
    assert not np.isnan(position[~blind]).any()


def test_what_is_not_seen_in_other_frames_changes_nothing(lifter, seen):
    whole = np.asarray(BENT.project(poses(9000, seed=1)))
    others = np.arange(9000) % 3 == 0
    gappy = whole.copy()
    gappy[others, 1] = np.nan
    first, second = (lifted(lifter, pixels)[0].position[~others] for pixels in (whole, gappy))
    np.testing.assert_array_equal(first, second)


def test_a_pose_alone_is_as_among_others(lifter, seen):
    whole = lifted(lifter, seen)[0].position
    for frame in (0, 2047, 2048, 8998):
        alone = lifted(lifter, seen[frame : frame + 1])[0].position[0]
        unit = float(lifter.normalization.std_out.max())
        np.testing.assert_allclose(alone, whole[frame], atol=ROUNDING * unit)


@pytest.mark.parametrize("network", ["ridge", "kernel", "residual"])
def test_one_pose_after_another_is_as_all_at_once(network):
    pose_3d, rng = poses(500, seed=3), np.random.default_rng(4)
    pixels = np.asarray(BENT.project(pose_3d))
    lifter = Lifter(LEG, network=network, epochs=2).fit(pixels, pose_3d, BENT)
    if network == "residual":
        lifter = lifter.with_members(lifter.members, {"kernel": 0.4, "network": 0.3}, None)
    new = np.asarray(BENT.project(poses(40, seed=5)))
    new[rng.random(new.shape[:2]) < 0.05] = np.nan
    new[7] = np.nan
    together = lifter.lift(new)
    unit = float(lifter.normalization.std_out.max())
    rounding = unit * (1e-6 if network == "ridge" else ROUNDING)
    for frame, pixels in enumerate(new):
        alone = lifter.lift(pixels[None])
        np.testing.assert_allclose(alone.position[0], together.position[frame], atol=rounding)
        linear = lifter.relative(pixels[None], linear_only=True)[0]
        expected = lifter.relative(new, linear_only=True)[frame]
        np.testing.assert_allclose(linear, expected, atol=1e-6 * unit)
    assert np.isnan(together.position[7]).all()


def test_experiments_may_end_anywhere(lifter, seen):
    parts = {"a": seen[:3], "b": seen[3:5000], "c": seen[5000:]}
    expected = lifted(lifter, seen)[0].position
    np.testing.assert_array_equal(lifted(lifter, parts)[0].position, expected)
    sure = {key: np.ones(part.shape[:2]) for key, part in parts.items()}
    confident = Poses.from_experiments(parts, confidence=sure)
    np.testing.assert_array_equal(lifted(lifter, confident)[0].position, expected)
