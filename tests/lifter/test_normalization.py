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


def ready_slowly(normalization, pose_2d, pose_3d, counts):
    """What `Normalization.ready` gives, joint by joint and number by number, in double."""
    anchoring = normalization.anchoring
    pairs = list(zip(anchoring.joints, anchoring.anchors, strict=True))
    statistics = [
        part.numpy().reshape(len(pairs), -1)
        for part in (
            *(normalization.mean_in, normalization.std_in),
            *(normalization.mean_out, normalization.std_out),
        )
    ]
    mean_in, std_in, mean_out, std_out = statistics
    rows = []
    for image, space, own in zip(pose_2d.numpy(), pose_3d.numpy(), counts.numpy(), strict=True):
        flat = np.stack([image[joint] - image[anchor] for joint, anchor in pairs])
        deep = np.stack([space[joint] - space[anchor] for joint, anchor in pairs])
        known = np.stack([own[joint] for joint, _ in pairs])
        for place in range(len(pairs)):
            known[place] &= np.isfinite(flat[place]).all() & np.isfinite(deep[place])
        if normalization.norm_2d:
            seen = flat[np.isfinite(flat)]
            length = np.sqrt(np.mean(seen**2) * flat.size) if len(seen) else 0.0
            flat = flat / length if length > 0 else np.full_like(flat, np.nan)
        inputs = np.nan_to_num((flat - mean_in) / std_in)
        outputs = np.nan_to_num((deep - mean_out) / std_out)
        rows.append((inputs.ravel(), outputs.ravel(), known.ravel()))
    inputs, outputs, known = (np.stack(part) for part in zip(*rows, strict=True))
    return inputs.astype(np.float32), outputs.astype(np.float32), known


@pytest.mark.parametrize("dims", [3, 1])
@pytest.mark.parametrize("norm_2d", [True, False])
@pytest.mark.parametrize("gaps", ["none", "2d", "3d", "both"])
def test_poses_are_made_ready_as_one_by_one(gaps, norm_2d, dims):
    # Single precision would lose the pose beside its place, and small moves beside a long bone.
    pose_2d = points(dims=2, seed=1, gaps=0.2 * (gaps in ("2d", "both"))) + 1e6
    pose_3d = points(dims=dims, seed=2, gaps=0.2 * (gaps in ("3d", "both"))) + 1e6
    pose_3d[:, 4] = pose_3d[:, 3] + 1e3 + 1e-3 * points(dims=dims, seed=5)[:, 4]
    if gaps == "both":
        pose_2d[0] = torch.nan
        pose_3d[1, 2, 0] = torch.nan
    counts = pose_3d.isfinite() & (points(dims=dims, seed=3) > -8)
    assert not counts[pose_3d.isfinite()].all()
    normalization = fitted(LEGS, pose_2d, pose_3d, norm_2d, per_coordinate=True)
    expected = ready_slowly(normalization, pose_2d, pose_3d, counts)
    # However a tensor lies in memory, rows come out as the networks gather them.
    turned = [part.permute(1, 2, 0).contiguous().permute(2, 0, 1) for part in (pose_2d, pose_3d)]
    for given_2d, given_3d in ((pose_2d, pose_3d), turned):
        found = normalization.ready(given_2d, given_3d, counts)
        for ours, slow in zip(found, expected, strict=True):
            assert ours.is_contiguous()
            np.testing.assert_allclose(ours.numpy(), slow, rtol=1e-6, atol=1e-7)
            assert ours.numpy().dtype == slow.dtype
        assert torch.equal(normalization.inputs(given_2d), found[0])
        assert torch.equal(normalization.outputs(given_3d), found[1])


def test_what_is_made_ready_does_not_hang_on_the_other_frames():
    pose_2d, pose_3d = points(dims=2), points(seed=4)
    pose_2d[10:] = points(dims=2, gaps=0.3)[10:]
    counts = torch.ones_like(pose_3d, dtype=torch.bool)
    normalization = fitted(LEGS, pose_2d, pose_3d, norm_2d=True)
    whole = normalization.ready(pose_2d, pose_3d, counts)
    first = normalization.ready(pose_2d[:10], pose_3d[:10], counts[:10])
    for ours, alone in zip(whole, first, strict=True):
        torch.testing.assert_close(ours[:10], alone, rtol=1e-7, atol=0)


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
