"""Error bars measured anew on labelled frames."""

from dataclasses import replace

import numpy as np
import pytest

from liftpose import Lifter, Poses, load, recalibrate
from liftpose.poses.bars import LEVELS

SIZES = np.array([0.2, 0.1, 0.3])


def poses(frames, noise, seed):
    """3D that is linear in the 2D but for noise, which no lifter can tell."""
    rng = np.random.default_rng(seed)
    flat = rng.normal(size=(frames, 4, 2)) * 50 + 300
    map_ = np.random.default_rng(9).normal(size=(8, 12)) / 50
    deep = ((flat - flat[:, :1]).reshape(frames, 8) @ map_).reshape(frames, 4, 3)
    return flat, deep + noise * SIZES * rng.normal(size=deep.shape)


@pytest.fixture(scope="module")
def lifter():
    return Lifter(roots=[0], target_sets=[1, 2, 3], network="ridge").fit(*poses(1200, 1.0, 0))


def held(lifter, flat, deep, level):
    lifted, true = lifter.lift(flat), deep - deep[:, :1]
    lower, upper = lifted.interval(level)
    apart = np.linalg.norm(lifted.root_relative - true, axis=2)[:, 1:]
    inside = (lower <= true) & (true <= upper)
    return inside[:, 1:].mean(), (apart <= lifted.radius(level)[:, 1:]).mean()


@pytest.mark.parametrize("noise", [0.5, 2.0])
def test_bars_are_as_wide_as_the_labelled_frames_want_them(lifter, noise):
    again = recalibrate(lifter, *poses(400, noise, 1))
    test = poses(2000, noise, 2)
    for level in (0.5, 0.9, 0.95):
        assert held(again, *test, level) == pytest.approx((level, level), abs=0.03)
        assert abs(held(lifter, *test, level)[1] - level) > 0.04
    one, other = lifter.lift(test[0]), again.lift(test[0])
    np.testing.assert_array_equal(one.position, other.position)
    np.testing.assert_array_equal(one.spread, other.spread)


def test_few_frames_give_bars_that_hold_on_average(lifter):
    # Any one draw of so few frames may give bars that are too narrow; all together they may not.
    test = poses(500, 1.5, 2)
    shares = [
        held(recalibrate(lifter, *poses(9, 1.5, 100 + seed)), *test, 0.9)[1] for seed in range(40)
    ]
    assert 0.89 < np.mean(shares) < 0.97


def test_blocks_are_counted_within_experiments(lifter):
    flat, deep = poses(130, 1.0, 1)
    deep[:4] = np.nan
    deep[5, 0] = np.nan
    parts = [{"a": one[:65], "b": one[65:]} for one in (flat, deep)]
    again = recalibrate(lifter, *parts, block=10)
    assert again.uncertainty.bars.blocks == 6 + 7
    assert lifter.uncertainty.bars.blocks == 1200 // 25


def test_too_few_blocks_are_refused_with_what_it_takes(lifter):
    flat, deep = poses(8, 1.0, 1)
    with pytest.raises(ValueError, match=r"level 0\.9 need 9 blocks .* there are 8, of 8 frames"):
        recalibrate(lifter, flat, deep)
    lower = recalibrate(lifter, flat, deep, level=0.8)
    assert lower.uncertainty.bars.highest == 0.85
    with pytest.raises(ValueError, match="there are 0, of 0 frames"):
        recalibrate(lifter, flat, np.full_like(deep, np.nan))


def test_bad_input_says_what_was_expected(lifter):
    flat, deep = poses(30, 1.0, 1)
    with pytest.raises(ValueError, match="block is 0; expected one frame or more"):
        recalibrate(lifter, flat, deep, block=0)
    bare = lifter.with_members(lifter.members, lifter.weights, None)
    with pytest.raises(ValueError, match="no error bars to calibrate.*Fit it again"):
        recalibrate(bare, flat, deep)
    there = Poses.from_experiments(deep, frame="camera")
    with pytest.raises(ValueError, match="poses_3d is in the camera frame"):
        recalibrate(lifter, flat, there)
    seen, there = poses(300, 1.0, 2)
    metres = Lifter(roots=[0], target_sets=[1, 2, 3], network="ridge")
    metres.fit(seen, Poses.from_experiments(there, unit="m"))
    with pytest.raises(ValueError, match="poses_3d is in mm, and the lifter gives m"):
        recalibrate(metres, flat, Poses.from_experiments(deep, unit="mm"))
    with pytest.raises(ValueError, match="was not fitted"):
        recalibrate(Lifter(roots=[0], target_sets=[1, 2, 3]), flat, deep)


def test_it_is_saved(lifter, tmp_path):
    again = recalibrate(lifter, *poses(40, 2.0, 1))
    found = load(again.save(tmp_path / "fly.lifter"))
    assert found.uncertainty.bars == again.uncertainty.bars != lifter.uncertainty.bars
    assert found.digest == again.digest != lifter.digest


def test_widths_never_fall_with_the_level(lifter):
    bars = recalibrate(lifter, *poses(20, 1.0, 3)).uncertainty.bars
    for widths in (bars.interval, bars.ball):
        assert len(widths) == len(LEVELS)
        assert (np.diff(widths) >= 0).all()
    assert replace(bars, blocks=1).highest == 0.5
