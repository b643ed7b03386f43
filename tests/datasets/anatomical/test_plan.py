"""Plans: one thing after the other, and steps that belong to a gait."""

import numpy as np
import pytest

from liftpose.datasets.anatomical.locomotion import steps
from liftpose.datasets.anatomical.plan import Behaviour, Plan, Vary

NEUTRAL = {"height": Vary(1.0), "sway": Vary(0.0, 0.0, 0.5), "rate": Vary(2.0), "duty": Vary(0.6)}
BEHAVIOURS = {
    "up": Behaviour(1.0, (1.0, 2.0), {"height": Vary(3.0, 0.1)}),
    "rest": Behaviour(2.0, (1.0, 2.0), {"sway": Vary(0.0)}),
}


def drawn(frames=6000, seed=0):
    return Plan.draw(NEUTRAL, BEHAVIOURS, 0.5, frames, np.random.default_rng(seed))


def test_numbers_are_those_of_the_behaviour_once_it_has_begun():
    plan = drawn()
    changes = np.flatnonzero(np.diff(plan.doing, prepend=-1))
    since = np.arange(6000) - changes[np.searchsorted(changes, np.arange(6000), "right") - 1]
    there = since > 65  # the slowest change takes 60 frames
    up = plan.doing == plan.names.index("up")
    assert (there & up).sum() > 300
    assert (there & ~up).sum() > 300
    np.testing.assert_allclose(plan["height"][there & ~up], 1.0, atol=1e-6)
    assert abs(plan["height"][there & up].mean() - 3.0) < 0.15
    np.testing.assert_allclose(plan["sway"][there & ~up], 0.0, atol=1e-9)
    assert plan["sway"][there & up].std() > 0.2


def test_bouts_keep_to_their_durations_and_shares():
    plan = drawn(60_000)
    up = plan.doing == plan.names.index("up")
    assert up.mean() == pytest.approx(1 / 3, abs=0.07)


def test_everything_changes_smoothly():
    plan = drawn()
    second = np.abs(np.diff(plan["height"], n=2))
    # The least jerk over 0.25 s: acceleration of at most 5.8 / 0.25^2 of the way.
    assert second.max() <= 5.8 / 25**2 * 2.5
    assert np.abs(np.diff(plan["height"])).max() > 0.03


LAGS = np.array([0.0, 0.25, 0.5, 0.75])


def test_feet_stand_for_their_share_and_go_back_with_the_ground():
    plan = drawn(1000)
    stepping = steps(plan, np.tile(LAGS, (1000, 1)), np.random.default_rng(0))
    stands = stepping.above == 0
    np.testing.assert_allclose(stands.mean(axis=0), 0.6, atol=0.03)
    back = np.diff(stepping.along, axis=0)[stands[1:] & stands[:-1]]
    # Two strides a second, 0.6 of them on the ground: one stride's length in 30 frames.
    np.testing.assert_allclose(back, -1 / 30, atol=1e-9)
    assert np.abs(stepping.along).max() <= 0.5 + 1e-9
    assert np.abs(np.diff(stepping.along, axis=0)).max() < 0.1


def test_feet_are_ahead_of_each_other_by_their_lags():
    plan = drawn(1000)
    stepping = steps(plan, np.tile(LAGS, (1000, 1)), np.random.default_rng(0))
    # Of a stride of 50 frames, a quarter is 12.5: two quarters are 25.
    np.testing.assert_allclose(stepping.along[25:, 0], stepping.along[:-25, 2], atol=1e-9)
