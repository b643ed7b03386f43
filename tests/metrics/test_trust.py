"""Coverage and interval score against loops, known distributions, and simulated blocks."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from liftpose import metrics

both_libraries = pytest.mark.parametrize("library", [np.asarray, torch.asarray])


def intervals(seed, missing=0.1):
    rng = np.random.default_rng(seed)
    truth, middle = rng.normal(size=(2, 9, 4, 3))
    width = np.abs(rng.normal(size=truth.shape))
    lower, upper = middle - width, middle + width
    for values in (truth, lower, upper):
        values[rng.random(values.shape) < missing] = np.nan
    return truth, lower, upper


def slow_values(truth, lower, upper, level):
    """Covered or not, and score, of every known joint's coordinates; lists for each joint."""
    covered, scores = [[] for _ in range(4)], [[] for _ in range(4)]
    for i, j in np.ndindex(9, 4):
        if np.isnan([truth[i, j], lower[i, j], upper[i, j]]).any():
            continue
        for x, low, high in zip(truth[i, j], lower[i, j], upper[i, j], strict=True):
            covered[j].append(low <= x <= high)
            outside = max(low - x, x - high, 0)
            scores[j].append(high - low + 2 / (1 - level) * outside)
    return covered, scores


def mean(values):
    return np.mean(values) if len(values) else np.nan


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32 - 1), missing=st.sampled_from([0.0, 0.1, 0.5]))
def test_coverage_and_score_are_their_slow_twins_in_both_libraries(seed, missing) -> None:
    values = intervals(seed, missing)
    covered, scores = slow_values(*values, 0.8)
    for library in (np.asarray, torch.asarray):
        given_values = [library(array) for array in values]
        for found, expected in (
            (lambda **k: metrics.interval_coverage(*given_values, **k), covered),
            (lambda **k: metrics.interval_score(*given_values, 0.8, **k), scores),
        ):
            np.testing.assert_allclose(found(), mean(sum(expected, [])), rtol=1e-9)
            each = [mean(of) for of in expected]
            np.testing.assert_allclose(found(per_joint=True), each, rtol=1e-9)


@both_libraries
def test_ends_are_part_of_an_interval_and_a_ball(library) -> None:
    truth = library(np.array([[[1.0, 2.0, 3.0]]]))
    assert metrics.interval_coverage(truth, truth, truth + 1) == 1
    assert metrics.interval_coverage(truth, truth - 1, truth) == 1
    assert metrics.interval_coverage(truth, truth + 1e-9, truth + 1) == 0
    moved = library(np.array([[[1.0, 5.0, 7.0]]]))
    assert metrics.ball_coverage(truth, moved, library(np.array([[5.0]]))) == 1
    assert metrics.ball_coverage(truth, moved, library(np.array([[4.999]]))) == 0


@both_libraries
def test_a_joint_that_is_not_known_is_left_out(library) -> None:
    truth, prediction, radius = np.zeros((2, 3, 3)), np.zeros((2, 3, 3)), np.ones((2, 3))
    truth[0, 0, 1], prediction[1, 0, 2], radius[1, 1] = np.nan, np.nan, np.nan
    prediction[0, 2] = 9
    found = metrics.in_ball(*map(library, (truth, prediction, radius)))
    np.testing.assert_array_equal(found, [[np.nan, 1, 0], [np.nan, np.nan, 1]])
    each = metrics.ball_coverage(*map(library, (truth, prediction, radius)), per_joint=True)
    np.testing.assert_array_equal(each, [np.nan, 1, 0.5])
    inside = metrics.in_interval(*map(library, (truth, prediction - 1, prediction + 1)))
    assert np.isnan(np.asarray(inside)).all(axis=2).tolist() == [[True, False, False]] * 2


@both_libraries
def test_normal_errors_are_covered_as_often_as_asked(library) -> None:
    rng = np.random.default_rng(0)
    spread = np.exp(rng.normal(size=(20_000, 2, 3)))
    truth = library(rng.normal(size=spread.shape) * spread)
    spread = library(spread)
    for level in (0.5, 0.9):
        lower, upper = metrics.normal_interval(truth * 0, spread, level)
        assert metrics.interval_coverage(truth, lower, upper) == pytest.approx(level, abs=0.01)
        radius = metrics.ball_radius(spread, level)
        assert metrics.ball_coverage(truth, truth * 0, radius) == pytest.approx(level, abs=0.01)


@pytest.mark.parametrize("level", [0.5, 0.9])
def test_true_quantiles_score_best(level) -> None:
    truth = np.random.default_rng(0).normal(size=(50_000, 1, 3))

    def score(factor):
        bars = metrics.normal_interval(truth * 0, np.full_like(truth, factor), level)
        return metrics.interval_score(truth, *bars, level)

    z = stats.norm.ppf((1 + level) / 2)
    expected = 2 * z + 4 / (1 - level) * (stats.norm.pdf(z) - z * (1 - level) / 2)
    assert score(1.0) == pytest.approx(expected, rel=0.01)
    assert score(1.0) < min(score(0.8), score(1.25))


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


def test_bad_bars_are_refused() -> None:
    poses = np.zeros((4, 2, 3))
    with pytest.raises(ValueError, match="above its upper"):
        metrics.interval_coverage(poses, poses + 1, poses - 1)
    with pytest.raises(ValueError, match=r"\(4, 1, 3\)"):
        metrics.interval_coverage(poses, poses[:, :1], poses)
    with pytest.raises(ValueError, match="between 0 and 1; got 90"):
        metrics.interval_score(poses, poses, poses, 90)
    with pytest.raises(ValueError, match=r"smallest is -1\.0"):
        metrics.normal_interval(poses, poses - 1, 0.9)
    with pytest.raises(ValueError, match=r"one value a joint, \(4, 2\); got \(4, 3\)"):
        metrics.in_ball(poses, poses, np.ones((4, 3)))
    with pytest.raises(ValueError, match=r"negative; got -1\.0"):
        metrics.in_ball(poses, poses, -np.ones((4, 2)))
    with pytest.raises(ValueError, match="1, 0, or NaN"):
        metrics.coverage_interval(np.array([0.5, 1.0]))
    with pytest.raises(ValueError, match=r"one a frame, \(4,\); got \(3,\)"):
        metrics.coverage_interval(np.ones(4), [0, 1, 2])
    with pytest.raises(ValueError, match="confidence"):
        metrics.coverage_interval(np.ones(4), confidence=95)
