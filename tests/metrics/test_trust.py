"""Coverage and interval score against loops and known distributions."""

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
        bars = [library(array) for array in values]
        for per_joint in (False, True):
            found = (
                metrics.interval_coverage(*bars, per_joint=per_joint),
                metrics.interval_score(*bars, 0.8, per_joint=per_joint),
            )
            for value, of in zip(found, (covered, scores), strict=True):
                whole = mean([x for values in of for x in values])
                expected = [mean(x) for x in of] if per_joint else whole
                np.testing.assert_allclose(value, expected, rtol=1e-9)


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
