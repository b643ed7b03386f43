"""Error bars: their widths, what levels are known, and how they are written."""

import numpy as np
import pytest

from liftpose.poses import Bars, Lifted
from liftpose.poses.bars import LEVELS, blocks_for

WIDTHS = tuple(2 * level for level in LEVELS)


def lifted(**more):
    rng = np.random.default_rng(0)
    position = rng.normal(size=(4, 3, 3)).astype(np.float32)
    spread = np.exp(rng.normal(size=(4, 3, 3))).astype(np.float32)
    bars = Bars(WIDTHS, tuple(3 * level for level in LEVELS), 500)
    return Lifted(
        position, position + 1, ("walk",), (4,), **{"spread": spread, "bars": bars} | more
    )


def test_intervals_and_balls_are_so_many_spreads_wide():
    found = lifted()
    lower, upper = found.interval(0.9)
    np.testing.assert_allclose(upper - lower, 2 * 1.8 * found.spread, rtol=1e-5)
    np.testing.assert_allclose((upper + lower) / 2, found.root_relative, rtol=1e-5, atol=1e-6)
    radius = found.radius(0.5)
    np.testing.assert_allclose(radius, 1.5 * np.linalg.norm(found.spread, axis=2), rtol=1e-5)
    assert radius.dtype == lower.dtype == np.float32


def test_levels_between_those_that_were_measured_are_interpolated():
    bars = Bars(WIDTHS, WIDTHS, 500)
    assert bars.of_ball(0.925) == pytest.approx(1.85)


@pytest.mark.parametrize("level", [0.0, 0.01, 0.995, 1.0, 90, float("nan")])
def test_a_level_that_is_none_is_refused(level):
    with pytest.raises(
        ValueError, match=r"level is .*; expected a probability from 0\.05 to 0\.99"
    ):
        lifted().interval(level)


def test_a_level_that_too_few_blocks_tell_of_says_how_many_it_takes():
    few = lifted(bars=Bars(WIDTHS, WIDTHS, 10))
    assert few.bars.highest == 0.9
    few.radius(0.9)
    with pytest.raises(
        ValueError, match=r"level 0\.95 need 19 blocks .* there were 10: .* 0\.9 at"
    ):
        few.radius(0.95)


@pytest.mark.parametrize("level", LEVELS)
def test_so_many_blocks_and_one_more_are_beyond_the_largest(level):
    count = blocks_for(level)
    assert count / (count + 1) >= level - 1e-9
    assert (count - 1) / count < level


def test_poses_without_bars_say_what_to_do():
    for more in ({"bars": None}, {"spread": None}):
        with pytest.raises(ValueError, match="no error bars.*Fit it again"):
            lifted(**more).interval()


def test_bars_are_written_and_read():
    bars = lifted().bars
    assert Bars.from_text(bars.to_text()) == bars
    for text in ("", "[]", "{}", '{"levels": [0.5]}', bars.to_text().replace("500", '"many"')):
        with pytest.raises(ValueError, match="error bars in it make no sense"):
            Bars.from_text(text)
