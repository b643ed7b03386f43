"""The interval of a coverage against SciPy, and against simulated blocks."""

import math

import numpy as np
import pytest
import torch
from scipy import stats

from liftpose import metrics


def test_wilson_is_that_of_scipy_where_values_are_independent() -> None:
    covered = np.array([1.0] * 83 + [0.0] * 17 + [np.nan] * 5).reshape(-1, 5)
    found = metrics.coverage_interval(covered)
    expected = stats.binomtest(83, 100).proportion_ci(method="wilson")
    assert (found.lower, found.upper) == pytest.approx((expected.low, expected.high))
    assert (found.share, found.known, found.unknown, found.trials) == (0.83, 100, 5, 100)


def test_values_that_repeat_within_blocks_count_once() -> None:
    # Each block is one trial, repeated: the interval must be about that of the blocks alone.
    trials = (np.arange(200) % 10 > 0).astype(float)
    repeated, blocks = np.repeat(trials, 50), np.repeat(np.arange(200), 50)
    found, alone = metrics.coverage_interval(repeated, blocks), metrics.coverage_interval(trials)
    assert found.blocks == 200
    assert found.trials == pytest.approx(200, rel=0.05)
    assert (found.lower, found.upper) == pytest.approx((alone.lower, alone.upper), abs=0.005)
    careless = metrics.coverage_interval(repeated)
    assert careless.upper - careless.lower < (found.upper - found.lower) / 5


@pytest.mark.parametrize("within", [0.5, 20.0])
def test_the_interval_holds_the_truth_as_often_as_it_says(within) -> None:
    """Shares of blocks are drawn from a beta distribution, narrow or wide, with a mean of 0.9."""
    rng = np.random.default_rng(0)
    hits, careless, times, number, size = 0, 0, 600, 12, 40
    for _ in range(times):
        shares = rng.beta(9 * within, within, number)
        covered = rng.random((number, size)) < shares[:, None]
        blocks = np.repeat(np.arange(number), size)
        found = metrics.coverage_interval(covered.ravel(), blocks)
        hits += found.lower <= 0.9 <= found.upper
        blind = metrics.coverage_interval(covered.ravel())
        careless += blind.lower <= 0.9 <= blind.upper
    assert hits / times > 0.91
    if within < 1:
        assert careless / times < 0.7


def test_counts_of_frames_tell_what_a_table_of_values_tells() -> None:
    rng = np.random.default_rng(4)
    covered = (rng.random((90, 4, 3)) < 0.8).astype(float)
    covered[rng.random((90, 4, 3)) < 0.3] = np.nan
    blocks = rng.integers(0, 7, 90)
    hits, known = np.nansum(covered, axis=(1, 2)), np.isfinite(covered).sum(axis=(1, 2))
    unknown = int(np.isnan(covered).sum())
    for of in (None, blocks):
        assert metrics.counted_interval(hits, known, of, unknown) == metrics.coverage_interval(
            covered, of
        )
    with pytest.raises(ValueError, match="no hits above the known"):
        metrics.counted_interval([3], [2])


def test_the_names_and_order_of_blocks_do_not_matter() -> None:
    rng = np.random.default_rng(0)
    covered, blocks = (rng.random((60, 4)) < 0.8).astype(float), np.repeat(np.arange(6), 10)
    covered[3], order = np.nan, rng.permutation(60)
    found = metrics.coverage_interval(covered, blocks)
    names = np.array(["f", "e", "d", "c", "b", "a"])[blocks]
    assert metrics.coverage_interval(covered[order], names[order]) == found
    assert metrics.coverage_interval(torch.from_numpy(covered), list(blocks)) == found


def test_too_little_says_nothing() -> None:
    one = metrics.coverage_interval(np.ones(50), np.zeros(50, int))
    assert (one.share, one.lower, one.upper, one.blocks) == (1.0, 0.0, 1.0, 1)
    none = metrics.coverage_interval(np.full((4, 2), np.nan), [0, 0, 1, 1])
    assert math.isnan(none.share)
    assert (none.lower, none.upper, none.known, none.unknown, str(none)) == (0, 1, 0, 8, "–")
    all_covered = metrics.coverage_interval(np.ones(500), np.repeat(np.arange(5), 100))
    five = stats.binomtest(5, 5).proportion_ci(method="wilson")
    assert (all_covered.lower, all_covered.upper) == pytest.approx((five.low, five.high))


def test_bad_coverages_are_refused() -> None:
    with pytest.raises(ValueError, match="1, 0, or NaN"):
        metrics.coverage_interval(np.array([0.5, 1.0]))
    with pytest.raises(ValueError, match=r"one a frame, \(4,\); got \(3,\)"):
        metrics.coverage_interval(np.ones(4), [0, 1, 2])
    with pytest.raises(ValueError, match="confidence"):
        metrics.coverage_interval(np.ones(4), confidence=95)
