"""Anchoring, unit norm and statistics, and the way back."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from liftpose.lifter.normalization import (
    Anchoring,
    Normalization,
    anchored_inputs,
    counted_values,
    masked_moments,
    unit_norm,
)
from liftpose.skeleton.target_sets import TargetSets

LEGS = Anchoring(TargetSets.resolve([0, 3], [[1, 2], [4, 5]], 7))


def points(frames=20, joints=7, dims=3, seed=0, gaps=0.0):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(frames, joints, dims)) * 10
    values[rng.random((frames, joints)) < gaps] = np.nan
    return torch.from_numpy(values)


def fitted(anchoring, pose_2d, pose_3d, norm_2d=False, per_coordinate=False):
    counts = counted_values(anchoring, pose_2d, pose_3d, torch.isfinite(pose_3d))
    return Normalization.fit(anchoring, pose_2d, pose_3d, counts, norm_2d, per_coordinate)


def test_targets_are_relative_to_their_roots_and_further_roots_to_the_first():
    pose = points()
    relative = LEGS.relative(pose)
    for place, (joint, anchor) in enumerate([(1, 0), (2, 0), (4, 3), (5, 3), (3, 0)]):
        torch.testing.assert_close(relative[:, place], pose[:, joint] - pose[:, anchor])


def test_placing_on_known_roots_gives_the_pose_back():
    pose = points()
    placed = LEGS.place(LEGS.relative(pose), known=pose)
    torch.testing.assert_close(placed[:, :6], pose[:, :6])
    assert placed[:, 6].isnan().all()


def test_placing_without_roots_puts_the_first_at_the_origin():
    pose = points()
    placed = LEGS.place(LEGS.relative(pose))
    torch.testing.assert_close(placed[:, :6], pose[:, :6] - pose[:, :1])


def test_an_unknown_root_is_placed_from_the_first():
    pose = points()
    known = pose.clone()
    known[4, 3] = torch.nan
    torch.testing.assert_close(LEGS.place(LEGS.relative(pose), known)[:, :6], pose[:, :6])


def test_a_root_that_is_a_target_is_shown_as_predicted():
    chain = Anchoring(TargetSets.resolve([0, 1], [[1, 2], [3, 4]], 5))
    truth = points(joints=5)
    wrong = chain.relative(truth)
    wrong[:, 0] += 1
    placed = chain.place(wrong, known=truth)
    torch.testing.assert_close(placed[:, 1], truth[:, 1] + 1)
    torch.testing.assert_close(placed[:, 3:], truth[:, 3:])


@given(seed=st.integers(0, 1000), distance=st.floats(0.1, 100))
def test_unit_norm_takes_out_the_distance(seed, distance):
    flat = points(dims=2, seed=seed)[:, :5]
    scaled = unit_norm(flat)
    torch.testing.assert_close(scaled.norm(dim=(1, 2)), torch.ones(20, dtype=torch.float64))
    torch.testing.assert_close(unit_norm(flat * distance), scaled)


def test_unit_norm_with_gaps_is_the_one_of_the_seen_joints_scaled_up():
    flat = torch.ones(1, 4, 2, dtype=torch.float64)
    flat[0, 1] = torch.nan
    scaled = unit_norm(flat)
    torch.testing.assert_close(scaled[0, 0], torch.full((2,), 8**-0.5, dtype=torch.float64))
    assert unit_norm(torch.zeros(1, 4, 2)).isnan().all()


def test_moments_are_those_of_what_counts():
    values = points(30, 4, 2, gaps=0.3).flatten(1)
    counts = values.isfinite()
    mean, std = masked_moments(values, counts)
    np.testing.assert_allclose(mean, np.nanmean(values.numpy(), 0))
    np.testing.assert_allclose(std, np.nanstd(values.numpy(), 0))


def test_a_column_that_does_not_vary_is_not_blown_up():
    values = torch.full((5, 2), 1e6, dtype=torch.float64) + 0.1
    mean, std = masked_moments(values, torch.tensor([[True, False]]).expand(5, 2))
    assert std.tolist() == [1, 1]
    assert mean.tolist() == pytest.approx([1e6 + 0.1, 0])


@pytest.mark.parametrize("per_coordinate", [True, False])
def test_outputs_come_back_as_they_went_in(per_coordinate):
    pose_2d, pose_3d = points(dims=2), points()
    normalization = fitted(LEGS, pose_2d, pose_3d, per_coordinate=per_coordinate)
    back = normalization.restore(normalization.outputs(pose_3d))
    torch.testing.assert_close(back, LEGS.relative(pose_3d), rtol=1e-5, atol=1e-5)


def test_coordinates_share_one_scale_or_have_their_own():
    pose_3d = points() * torch.tensor([1.0, 5.0, 25.0])
    shared = fitted(LEGS, points(dims=2), pose_3d)
    own = fitted(LEGS, points(dims=2), pose_3d, per_coordinate=True)
    assert len(shared.std_out.unique()) == 1
    std = own.outputs(pose_3d).std(0, unbiased=False)
    torch.testing.assert_close(std, torch.ones_like(std), rtol=1e-4, atol=1e-4)


def test_what_was_not_seen_becomes_the_mean():
    pose_2d = points(dims=2, gaps=0.2)
    normalization = fitted(LEGS, pose_2d, points())
    inputs = normalization.inputs(pose_2d)
    missing = anchored_inputs(LEGS, pose_2d, False).flatten(1).isnan()
    assert missing.any()
    assert (inputs[missing] == 0).all()
    assert (inputs[~missing] != 0).all()


def test_what_counts():
    pose_2d, pose_3d = points(dims=2), points()
    mask = torch.ones_like(pose_3d, dtype=torch.bool)
    pose_2d[1, 1] = torch.nan  # a target without 2D
    pose_2d[2, 3] = torch.nan  # a root without 2D
    pose_3d[3, 2, 0] = torch.nan  # one coordinate of a target
    pose_3d[4, 0] = torch.nan  # a root without 3D
    mask[5, 4] = False  # a masked target
    mask[6, 3] = False  # a masked root
    expected = torch.ones(20, 5, 3, dtype=torch.bool)
    expected[1, 0] = False
    expected[2, [2, 3, 4]] = False
    expected[3, 1, 0] = False
    expected[4, [0, 1, 4]] = False
    expected[5, 2] = False
    expected[6, 4] = False  # as a joint predicted from the first root; as an anchor it holds
    assert torch.equal(counted_values(LEGS, pose_2d, pose_3d, mask), expected)
