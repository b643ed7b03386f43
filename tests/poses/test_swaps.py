"""Swapped identities are found where they are known, and not where animals only come close."""

import numpy as np
import pytest

from liftpose.poses import Poses, SwapSearch, find_swaps

FRAMES, JOINTS = 600, 8
BODY = np.random.default_rng(0).normal(scale=25, size=(JOINTS, 2))


def walker(rng, start):
    """An animal of about 100 pixels that wanders, turns, rests, and is tracked with noise."""
    speed = np.abs(np.cumsum(rng.normal(scale=0.4, size=FRAMES)))
    speed = np.where(np.sin(np.arange(FRAMES) / 40 + rng.uniform(0, 6)) > -0.3, speed % 6, 0.0)
    heading = rng.uniform(0, 6) + np.cumsum(rng.normal(scale=0.08, size=FRAMES))
    steps = speed[:, None] * np.stack([np.cos(heading), np.sin(heading)], 1)
    turn = np.stack([np.cos(heading), -np.sin(heading), np.sin(heading), np.cos(heading)], 1)
    body = np.einsum("nij,kj->nki", turn.reshape(-1, 2, 2), BODY)
    points = start + steps.cumsum(0)[:, None] + body + rng.normal(size=(FRAMES, JOINTS, 2))
    points[rng.random((FRAMES, JOINTS)) < 0.05] = np.nan
    return points


def pair(seed):
    rng = np.random.default_rng(seed)
    return walker(rng, np.zeros(2)), walker(rng, rng.uniform(-80, 80, size=2))


def together(one, other):
    return Poses.from_experiments({"a": one, "b": other}, individuals=["a", "b"])


def swapped(one, other, frame):
    return np.r_[one[:frame], other[frame:]], np.r_[other[:frame], one[frame:]]


def apart(one, other, frame):
    """How far the same joints of the two are from each other."""
    return np.nanmedian(np.linalg.norm(one[frame] - other[frame], axis=1))


def test_known_swaps_are_found_at_their_frame_and_nothing_else():
    found = expected = 0
    for seed in range(40):
        one, other = pair(seed)
        frame = int(np.random.default_rng(seed).integers(5, FRAMES - 5))
        if apart(one, other, frame) < 40:
            continue
        expected += 1
        swaps = find_swaps(together(*swapped(one, other, frame)))
        assert {swap.frame for swap in swaps} <= {frame}
        found += len(swaps)
    assert expected >= 25
    assert found >= 0.95 * expected


def test_pairs_that_come_close_raise_no_alarm():
    close = alarms = 0
    for seed in range(40):
        one, other = pair(seed)
        # Twice the other comes up to the one, runs over it and goes away again.
        closer = np.exp(-(((np.arange(FRAMES) % 300 - 150) / 50) ** 2))
        gap = np.nanmedian(other - one, axis=1, keepdims=True)
        other = other - gap * closer[:, None, None]
        near = np.nanmedian(np.linalg.norm(one - other, axis=2), axis=1) < 30
        close += int(near.sum())
        alarms += len(find_swaps(together(one, other)))
    assert close > 1000
    assert alarms == 0


def test_a_swap_while_both_are_hidden_is_found_when_they_are_seen_again():
    one, other = walker(np.random.default_rng(1), 0), walker(np.random.default_rng(2), 300)
    one, other = swapped(one, other, 300)
    one[290:300] = other[292:300, :1] = np.nan
    (swap,) = find_swaps(together(one, other))
    assert (swap.frame, swap.individuals) == (300, ("a", "b"))
    assert swap.exchanged < swap.jump
    one[260:300] = np.nan
    assert find_swaps(together(one, other)) == ()


@pytest.mark.parametrize("size", [1, 7, 250])
def test_a_recording_in_pieces_gives_the_same(size):
    one, other = swapped(*pair(3), 200)
    third = walker(np.random.default_rng(9), 500)
    one, third = swapped(one, third, 420)
    one[195:205, 2] = np.nan
    whole = Poses.from_experiments({"a": one, "b": other, "c": third}, individuals=list("abc"))
    expected = find_swaps(whole)
    assert [swap.frame for swap in expected] == [200, 420]
    assert expected[1].individuals == ("a", "c")
    search = SwapSearch()
    for start in range(0, FRAMES, size):
        parts = [whole.only(key).part(start, start + size) for key in "abc"]
        search.add(Poses.joined(parts))
    assert (search.found(), search.frames) == (expected, FRAMES)


def test_swaps_of_3d_and_of_animals_of_one_joint_are_found():
    rng = np.random.default_rng(0)
    steps = rng.normal(size=(2, 100, 1, 3)).cumsum(1)
    one, other = swapped(steps[0], steps[1] + 100, 50)
    assert [swap.frame for swap in find_swaps(together(one, other))] == [50]


def test_what_is_not_side_by_side_is_passed_over():
    one, other = pair(0)
    for poses in (
        Poses.from_experiments(one),
        Poses.from_experiments({"a": one, "b": other}),
        Poses.from_experiments({"a": one, "b": other[:9]}, individuals=["a", "b"]),
        Poses.from_experiments({"a": one, "b": other}, individuals=["a", "a"]),
    ):
        assert find_swaps(poses) == ()


def test_nothing_seen_and_no_motion_raise_no_alarm():
    nothing = np.full((20, 3, 2), np.nan)
    assert find_swaps(together(nothing, nothing)) == ()
    still = np.ones((20, 3, 2))
    assert find_swaps(together(still, still)) == ()
    (swap,) = find_swaps(together(*swapped(still, still + 50, 10)))
    assert swap.frame == 10
