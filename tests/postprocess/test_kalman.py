"""The filter and smoother: against one large linear system, and noise that is known."""

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from liftpose.postprocess.kalman import MOTIONS, Levels, levels, smoothed


def walked(motion, frames, process, measurement, seed=0):
    """A series of the model, and what is measured of it."""
    rng = np.random.default_rng(seed)
    drawn = rng.normal(size=(frames, motion.size)) @ np.linalg.cholesky(process * motion.noise).T
    state, true = np.zeros(motion.size), np.empty(frames)
    for frame in range(frames):
        state = motion.transition @ state + drawn[frame]
        true[frame] = state[0]
    return true, true + rng.normal(0, np.sqrt(measurement), frames)


def as_one_system(values, noise, motion, r, q):
    """All states of all frames at once: their mean and variance given what was measured."""
    size, frames = motion.size, len(values)
    information, right = np.zeros((frames * size,) * 2), np.zeros(frames * size)
    inverse = np.linalg.inv(q * motion.noise)
    for frame in range(1, frames):
        step = np.zeros((size, frames * size))
        step[:, frame * size : (frame + 1) * size] = np.eye(size)
        step[:, (frame - 1) * size : frame * size] = -motion.transition
        information += step.T @ inverse @ step
    for frame in np.flatnonzero(np.isfinite(values)):
        information[frame * size, frame * size] += 1 / (r * noise[frame])
        right[frame * size] += values[frame] / (r * noise[frame])
    covariance = np.linalg.inv(information)
    return (covariance @ right)[::size], np.diag(covariance)[::size]


def with_gaps(frames, seed):
    """Four measured series: whole, with a gap, beginning late and ending early, and noise."""
    rng = np.random.default_rng(seed)
    values = np.cumsum(rng.normal(size=(frames, 4)), axis=0) + rng.normal(size=(frames, 4))
    values[10:15, 1] = values[:6, 2] = values[-4:, 3] = np.nan
    return values, rng.uniform(0.3, 3, (frames, 4))


@pytest.mark.parametrize("model", MOTIONS)
def test_the_smoother_solves_the_system_of_all_frames(model):
    motion, (values, noise) = MOTIONS[model], with_gaps(50, 1)
    r, q = np.array([1.0, 2.0, 0.5, 1.0]), np.array([1.0, 0.1, 0.3, 0.01])
    found = smoothed(values, noise, motion, Levels(r, q, r), causal=False)
    for column in range(4):
        series = values[:, column], noise[:, column], motion, r[column], q[column]
        position, variance = as_one_system(*series)
        np.testing.assert_allclose(found[0][:, column], position, atol=2e-4)
        np.testing.assert_allclose(found[1][:, column], variance, rtol=2e-4)


@pytest.mark.parametrize("model", MOTIONS)
def test_the_filter_knows_what_the_system_of_the_frames_so_far_knows(model):
    motion, (values, noise) = MOTIONS[model], with_gaps(30, 2)
    ones = np.ones(4)
    found = smoothed(values, noise, motion, Levels(ones, 0.2 * ones, ones), causal=True)
    assert np.isnan(found[0][:6, 2]).all()
    for frame in (12, 20, 29):
        for column in range(4):
            some = slice(None, frame + 1)
            position, variance = as_one_system(
                values[some, column], noise[some, column], motion, 1.0, 0.2
            )
            np.testing.assert_allclose(found[0][frame, column], position[-1], atol=2e-4)
            np.testing.assert_allclose(found[1][frame, column], variance[-1], rtol=2e-4)


@pytest.mark.parametrize("model", MOTIONS)
@pytest.mark.parametrize(("process", "measurement"), [(0.01, 9.0), (2.0, 0.5)])
def test_noise_that_is_known_is_found(model, process, measurement):
    motion = MOTIONS[model]
    series = [walked(motion, 2000, process, measurement, seed)[1] for seed in range(4)]
    found = levels([np.column_stack(series)], [np.ones((2000, 4))], motion)
    np.testing.assert_allclose(np.median(found.measurement), measurement, rtol=0.1)
    assert 0.4 < np.median(found.process) / process < 2.5


def test_the_levels_are_those_of_the_greatest_likelihood_of_all_values_together():
    motion = MOTIONS["position"]
    _, values = walked(motion, 200, 0.5, 2.0)

    def cost(logs):
        # Differences of neighbours are free of where the walk begins.
        r, q = np.exp(logs)
        covariance = (q + 2 * r) * np.eye(199) - r * (np.eye(199, k=1) + np.eye(199, k=-1))
        return -multivariate_normal.logpdf(np.diff(values), cov=covariance)

    best = np.exp(minimize(cost, [0.0, 0.0], method="Nelder-Mead").x)
    found = levels([values[:, None]], [np.ones((200, 1))], motion)
    # The first three measurements are not counted, and the search has steps.
    np.testing.assert_allclose([found.measurement[0], found.process[0]], best, rtol=0.2)


def test_no_more_noise_is_found_than_there_may_be():
    motion = MOTIONS["position"]
    _, values = walked(motion, 200, 0.5, 2.0)

    def cost(log):
        covariance = (np.exp(log[0]) + 0.6) * np.eye(199)
        covariance -= 0.3 * (np.eye(199, k=1) + np.eye(199, k=-1))
        return -multivariate_normal.logpdf(np.diff(values), cov=covariance)

    best = np.exp(minimize(cost, [0.0], method="Nelder-Mead").x)
    found = levels([values[:, None]], [np.ones((200, 1))], motion, np.array([0.3]))
    np.testing.assert_allclose(found.measurement, 0.3)
    np.testing.assert_allclose(found.process, best, rtol=0.2)


@pytest.mark.parametrize("model", MOTIONS)
def test_the_likeliest_model_is_the_one_that_made_it(model):
    measured = walked(MOTIONS[model], 1500, 0.1, 1.0)[1][:, None]
    costs = {
        name: levels([measured], [np.ones_like(measured)], motion).cost[0]
        for name, motion in MOTIONS.items()
    }
    assert min(costs, key=costs.get) == model


def test_a_frame_that_is_known_to_be_noisy_counts_for_less():
    motion = MOTIONS["velocity"]
    true, values = walked(motion, 400, 0.01, 1.0)
    rng = np.random.default_rng(5)
    noisy = rng.random(400) < 0.3
    values = true + rng.normal(0, np.where(noisy, 10.0, 1.0))
    errors = []
    for noise in (np.where(noisy, 100.0, 1.0), np.ones(400)):
        series = values[:, None], noise[:, None]
        found = levels([series[0]], [series[1]], motion)
        position, _ = smoothed(*series, motion, found, causal=False)
        errors.append(np.abs(position[:, 0] - true).mean())
    assert errors[0] < 0.6 * errors[1]


def test_many_series_are_smoothed_some_at_a_time_alike(monkeypatch):
    values, noise = with_gaps(40, 3)
    ones = np.ones(4)
    given = values, noise, MOTIONS["acceleration"], Levels(ones, ones, ones)
    whole = smoothed(*given, causal=False)
    monkeypatch.setattr("liftpose.postprocess.kalman.MEMORY", 1)
    np.testing.assert_array_equal(smoothed(*given, causal=False), whole)
