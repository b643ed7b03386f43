"""Anchoring, unit norm and statistics, and the way back."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from liftpose.lifter.completion import FEWEST
from liftpose.lifter.normalization import (
    TRAVELS,
    Anchoring,
    Normalization,
    anchored_inputs,
    counted_values,
    masked_moments,
    placed,
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


def placed_slowly(sets, relative):
    """What `placed` gives, joint by joint."""
    position, root_relative = np.full(
        (2, len(relative), sets.joint_count, relative.shape[2]), np.nan
    )
    first, *further = sets.roots[0], *sets.further_roots
    for frame, known in enumerate(relative):
        if np.isnan(known).all():
            continue
        where = {first: np.zeros(relative.shape[2])}
        for root, offset in zip(further, known[len(sets.targets) :], strict=True):
            where[root] = position[frame, root] = offset
        for joint, anchor, offset in zip(sets.targets, sets.anchors, known, strict=False):
            position[frame, joint] = where[anchor] + offset
            root_relative[frame, joint] = offset
        position[frame, first] = where[first]
    return position, root_relative


@pytest.mark.parametrize(
    ("roots", "sets", "joints"),
    [
        ([0], [[1, 2]], 3),
        ([2], [[0, 4]], 6),
        ([0, 3], [[1, 2], [4, 5]], 7),
        ([3, 1, 5], [[0], [2, 5, 3], [6]], 8),
    ],
)
@pytest.mark.parametrize("dims", [1, 3])
def test_poses_are_put_together_as_joint_by_joint(roots, sets, joints, dims):
    resolved = TargetSets.resolve(roots, sets, joints)
    relative = points(9, len(Anchoring(resolved).joints), dims).numpy()
    relative[4] = np.nan
    relative[6, 0] = np.nan
    before = relative.copy()
    relative.setflags(write=False)
    for found, expected in zip(
        placed(resolved, relative), placed_slowly(resolved, relative), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(relative, before)


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


def test_what_was_not_seen_becomes_what_the_others_tell():
    pose_2d = points(dims=2, gaps=0.2)
    normalization = fitted(LEGS, pose_2d, points())
    whole = normalization.complete(pose_2d)
    used = [*LEGS.joints, *LEGS.sets.roots]
    assert whole[:, used].isfinite().all()
    assert torch.equal(normalization.inputs(pose_2d), normalization.inputs(whole))
    counts = torch.ones_like(points(), dtype=torch.bool)
    inputs, _, counted = normalization.ready(pose_2d, points(), counts)
    assert torch.equal(inputs, normalization.inputs(whole))
    # What is learned is what was seen.
    known = counted_values(LEGS, pose_2d, points(), counts).flatten(1)
    assert torch.equal(counted, known)
    assert not known.all()


def test_without_a_completion_it_becomes_the_mean():
    pose_2d = points(dims=2, gaps=0.2)
    normalization = replace(fitted(LEGS, pose_2d, points()), completion=None)
    inputs = normalization.inputs(pose_2d)
    missing = anchored_inputs(LEGS, pose_2d, False).flatten(1).isnan()
    assert missing.any()
    assert (inputs[missing] == 0).all()
    assert (inputs[~missing] != 0).all()


def travelling(way, frames=200):
    """Poses whose joints move by about ten pixels, and whose root by so many."""
    pose_2d = points(frames, dims=2)
    rng = np.random.default_rng(8)
    return pose_2d + torch.from_numpy(rng.normal(size=(frames, 1, 2)) * way) + 300


def with_place(pose_2d, norm_2d=False, placed=True):
    pose_3d = points(len(pose_2d))
    counts = counted_values(LEGS, pose_2d, pose_3d, torch.isfinite(pose_3d))
    return Normalization.fit(LEGS, pose_2d, pose_3d, counts, norm_2d, False, placed)


def test_the_place_of_a_root_that_travels_is_an_input():
    pose_2d = travelling(60)
    pose_2d[7, 0] = torch.nan
    normalization = with_place(pose_2d)
    plain = with_place(pose_2d, placed=False)
    inputs = normalization.inputs(pose_2d)
    seen = torch.arange(len(pose_2d)) != 7
    torch.testing.assert_close(inputs[seen, :-2], plain.inputs(pose_2d)[seen], rtol=0, atol=0)
    root, whole = pose_2d[:, 0].numpy(), normalization.complete(pose_2d)
    expected = (whole[:, 0].numpy() - np.nanmean(root, 0)) / np.nanstd(root, 0)
    np.testing.assert_allclose(inputs[:, -2:], expected, atol=1e-6)
    counts = torch.ones_like(points(200), dtype=torch.bool)
    assert torch.equal(normalization.ready(pose_2d, points(200), counts)[0], inputs)
    assert torch.equal(normalization.seen_inputs(whole)[0], inputs)
    again = Normalization.from_state(LEGS, normalization.state())
    assert torch.equal(again.inputs(pose_2d), inputs)


@pytest.mark.parametrize(
    ("way", "settings", "told"),
    [
        (60, {}, True),
        (60, {"placed": False}, False),
        (60, {"norm_2d": True}, False),
        # What joints do relative to their roots, and a quarter of it.
        (14, {}, True),
        (0, {}, False),
    ],
)
def test_the_place_is_told_only_where_the_root_travels_and_there_is_one_scale(way, settings, told):
    pose_2d = travelling(way)
    if way == 0:
        pose_2d = pose_2d - pose_2d[:, :1] + 300
    normalization = with_place(pose_2d, **settings)
    assert (normalization.mean_place is not None) == told
    assert normalization.inputs(pose_2d).shape[1] == 10 + 2 * told


def test_how_far_a_root_has_to_travel():
    around = points(2000, dims=2)
    # Roots that are at rest but for what is given.
    around = around - around[:, :1]
    spread = anchored_inputs(LEGS, around, False).flatten(1).std(0).square().mean().sqrt()
    rng = np.random.default_rng(8)
    for share, told in ((TRAVELS * 1.1, True), (TRAVELS * 0.9, False)):
        way = torch.from_numpy(rng.normal(size=(2000, 1, 2))) * spread * share
        assert (with_place(around + way + 300).mean_place is not None) == told


def test_frames_in_which_nothing_was_seen_are_told():
    pose_2d = points(dims=2, gaps=0.3)
    pose_2d[3] = torch.nan
    pose_2d[5, 1:] = torch.nan  # one joint, which tells nothing of the others
    pose_2d[7, 1:6] = torch.nan
    normalization = fitted(LEGS, points(dims=2), points())
    whole = normalization.complete(pose_2d)
    inputs, seen = normalization.seen_inputs(whole)
    torch.testing.assert_close(inputs, normalization.inputs(pose_2d), rtol=0, atol=0)
    used = sorted({*LEGS.joints, *LEGS.sets.roots})
    enough = pose_2d[:, used].isfinite().all(2).sum(1) >= FEWEST
    assert torch.equal(seen, enough)
    assert not seen[[3, 5]].any()
    assert seen.any()
    # Without a completion, what has no anchor is lost.
    bare = replace(normalization, completion=None)
    expected = LEGS.relative(pose_2d).isfinite().any(2).any(1)
    assert torch.equal(bare.seen_inputs(pose_2d)[1], expected)


@pytest.mark.parametrize("norm_2d", [False, True])
def test_one_pose_is_made_ready_as_among_others(norm_2d):
    pose_2d = points(dims=2)
    normalization = fitted(LEGS, pose_2d, points(), norm_2d=norm_2d)
    inputs = normalization.inputs(pose_2d)
    for row, pose in enumerate(pose_2d.numpy()):
        np.testing.assert_allclose(
            normalization.of_one(pose[None])[0], inputs[row], rtol=1e-6, atol=1e-7
        )


def test_one_pose_is_made_ready_with_its_place():
    pose_2d = points(dims=2)
    normalization = with_place(pose_2d)
    assert normalization.mean_place is not None
    for row, pose in enumerate(pose_2d.numpy()):
        expected = normalization.inputs(pose_2d)[row]
        np.testing.assert_allclose(normalization.of_one(pose[None])[0], expected, rtol=1e-6)


def test_of_unused_joints_nothing_need_be_seen():
    pose_2d = points(dims=2)
    normalization = fitted(LEGS, pose_2d, points())
    pose_2d[:, 6] = torch.nan
    assert normalization.seen_inputs(pose_2d)[1] is None


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
    fit = fitted(LEGS, pose_2d, pose_3d, norm_2d, per_coordinate=True)
    normalization = replace(fit, completion=None)
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
