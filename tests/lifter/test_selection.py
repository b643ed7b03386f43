"""What is held out, and how a weight is chosen on it."""

import itertools

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from liftpose.lifter.selection import GAP, choose_weights, hold_out, recording_of
from liftpose.poses import Poses


def table(**lengths):
    return Poses.from_experiments({key: np.zeros((n, 2, 3)) for key, n in lengths.items()})


@given(
    lengths=st.lists(st.integers(1, 400), min_size=1, max_size=7),
    share=st.floats(0.3, 1.0),
    seed=st.integers(0, 100),
)
def test_each_usable_frame_is_held_out_at_most_once_and_never_learned_from(lengths, share, seed):
    poses = table(**{f"e{i}": n for i, n in enumerate(lengths)})
    usable = np.random.default_rng(seed).random(poses.frames) < share
    usable[0] = True
    folds = hold_out(poses, usable)
    held = np.concatenate([fold.held for fold in folds.folds])
    assert len(np.unique(held)) == len(held)
    assert usable[held].all()
    for fold in folds.folds:
        assert len(fold.train)
        assert usable[fold.train].all()
        if folds.honest:
            assert not np.intersect1d(fold.train, fold.held).size


def test_one_recording_is_held_out_in_blocks_with_a_gap():
    folds = hold_out(table(fly=1000), np.ones(1000, bool))
    assert folds.kind == "blocks"
    for number, fold in enumerate(folds.folds):
        np.testing.assert_array_equal(fold.held, np.arange(250 * number, 250 * (number + 1)))
        near = np.abs(fold.train[:, None] - fold.held[None, :]).min()
        assert near == GAP + 1


def test_a_short_recording_has_a_shorter_gap():
    fold = hold_out(table(fly=80), np.ones(80, bool)).folds[1]
    np.testing.assert_array_equal(fold.held, np.arange(20, 40))
    np.testing.assert_array_equal(fold.train, [*range(15), *range(45, 80)])


def test_many_recordings_are_held_out_whole():
    poses = table(a=10, b=20, c=30, d=40, e=50)
    folds = hold_out(poses, np.ones(150, bool))
    assert folds.kind == "recordings"
    for fold in folds.folds:
        held = {poses.keys[i] for i in np.unique(poses.experiment[fold.held])}
        learned = {poses.keys[i] for i in np.unique(poses.experiment[fold.train])}
        assert not held & learned
        assert held | learned == set(poses.keys)
    assert sorted(len(fold.held) for fold in folds.folds) == [30, 30, 40, 50]


def test_cameras_of_one_recording_are_held_out_together():
    poses = Poses.from_experiments({("fly", camera): np.zeros((100, 2, 3)) for camera in range(6)})
    np.testing.assert_array_equal(recording_of(poses.keys), np.zeros(6))
    folds = hold_out(poses, np.ones(600, bool))
    assert folds.kind == "blocks"
    for fold in folds.folds:
        assert len(np.unique(fold.held % 100)) == 25
        assert not np.intersect1d(fold.held % 100, fold.train % 100).size


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_too_few_frames_hold_nothing_out(frames):
    folds = hold_out(table(fly=max(frames, 1)), np.arange(frames) == 0)
    assert not folds.honest
    np.testing.assert_array_equal(folds.folds[0].train, folds.folds[0].held)


def folds_of(rng, gains, joints=200):
    """Additions that explain a share `gain` of what is missing, in each fold."""
    missing = [torch.from_numpy(rng.normal(size=(joints, 3))) for _ in gains]
    return missing, [gain * part for gain, part in zip(gains, missing, strict=True)]


@pytest.mark.parametrize(("gain", "weight"), [(1, 1), (-1, 0), (2, 0.5), (0, 0)])
def test_a_perfect_addition_is_taken_whole_and_a_harmful_one_not_at_all(gain, weight):
    missing, added = folds_of(np.random.default_rng(0), [gain] * 4)
    assert choose_weights(missing, {"it": added}).values == {"it": weight}


def test_two_members_share_what_there_is_to_explain():
    rng = np.random.default_rng(0)
    missing = [torch.from_numpy(rng.normal(size=(300, 3))) for _ in range(4)]
    wrong = [torch.from_numpy(rng.normal(size=(300, 3))) for _ in range(4)]
    # Each is wrong where the other is wrong the other way.
    above = [m + w for m, w in zip(missing, wrong, strict=True)]
    below = [m - w for m, w in zip(missing, wrong, strict=True)]
    chosen = choose_weights(missing, {"above": above, "below": below})
    assert chosen.values == {"above": 0.5, "below": 0.5}
    assert chosen.mpjpe == pytest.approx(0, abs=1e-6)
    # One alone is worth less, and together they are no more than one.
    alone = choose_weights(missing, {"above": above})
    assert 0 < alone.values["above"] < 1
    assert alone.error > chosen.error
    quarter, half = [m / 4 for m in missing], [m / 2 for m in missing]
    double = choose_weights(missing, {"quarter": quarter, "half": half})
    assert double.values == {"quarter": 0, "half": 1}


@pytest.mark.parametrize("members", [1, 2, 3])
def test_the_weights_are_those_of_least_error_of_all_that_are_tried(members):
    rng = np.random.default_rng(1)
    missing = [torch.from_numpy(rng.normal(size=(60, 3))) for _ in range(2)]
    added = {
        f"explains {share}": [
            m * share + torch.from_numpy(rng.normal(size=m.shape)) / 2 for m in missing
        ]
        for share in (0.9, 0.5, 0.7)[:members]
    }
    chosen = choose_weights(missing, added, steps=5)
    errors = {}
    for numbers in itertools.product(range(6), repeat=members):
        if sum(numbers) <= 5:
            shares = []
            for fold, m in enumerate(missing):
                parts = zip(numbers, added.values(), strict=True)
                left = m - sum(number / 5 * part[fold] for number, part in parts)
                shares.append(float(left.norm(dim=1).mean() / m.norm(dim=1).mean()))
            errors[tuple(number / 5 for number in numbers)] = np.mean(shares)
    assert tuple(chosen.values.values()) == min(errors, key=errors.get)
    assert list(chosen.values) == list(added)
    assert chosen.error == pytest.approx(min(errors.values()))


def test_a_member_that_adds_nothing_has_no_weight():
    missing, added = folds_of(np.random.default_rng(0), [0.7, 0.7, 0.7])
    nothing = [torch.zeros_like(m) for m in missing]
    chosen = choose_weights(missing, {"nothing": nothing, "something": added})
    assert chosen.values == {"nothing": 0, "something": 1}


def test_without_members_the_ridge_stands_alone():
    missing, _ = folds_of(np.random.default_rng(0), [1.0, 1.0])
    chosen = choose_weights(missing, {})
    assert chosen.values == {}
    assert chosen.mpjpe == chosen.ridge_mpjpe
    assert chosen.ridge_mpjpe == pytest.approx(float(torch.cat(missing).norm(dim=-1).mean()))


def test_a_fold_that_is_far_off_counts_no_more_than_others():
    missing, added = folds_of(np.random.default_rng(0), [1, -1, -1, -1])
    missing[0] *= 100
    added[0] *= 100
    assert choose_weights(missing, {"it": added}).values == {"it": 0}


def test_the_errors_are_those_of_the_weight():
    missing, added = folds_of(np.random.default_rng(0), [1.5, 0.5])
    chosen = choose_weights(missing, {"it": added}, steps=10)
    both = torch.cat(missing) - chosen.values["it"] * torch.cat(added)
    assert chosen.mpjpe == pytest.approx(float(both.norm(dim=-1).mean()))
    assert chosen.ridge_mpjpe == pytest.approx(float(torch.cat(missing).norm(dim=-1).mean()))
    assert chosen.error < 1


@pytest.mark.parametrize(("recordings", "folds", "kind"), [(2, 4, "blocks"), (3, 3, "recordings")])
def test_few_recordings_are_held_out_whole(recordings, folds, kind):
    poses = Poses.from_experiments({f"fly{i}": np.zeros((200, 3, 3)) for i in range(recordings)})
    found = hold_out(poses, np.ones(poses.frames, bool))
    assert (len(found.folds), found.kind) == (folds, kind)
    if kind == "recordings":
        for fold in found.folds:
            assert not set(poses.experiment[fold.train]) & set(poses.experiment[fold.held])
