"""Radii of balls against closed forms, Monte Carlo, and the distribution worked out another way."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, special

from liftpose.metrics import ball_radius

LEVELS = pytest.mark.parametrize("level", [0.01, 0.1, 0.5, 0.9, 0.99, 0.999])
spreads = st.lists(st.floats(1e-4, 1e4), min_size=3, max_size=3)


def probability(radius, spread):
    """P(|SZ| <= radius): an ellipse in two coordinates, integrated over the third."""
    largest, *others = sorted(np.asarray(spread) / radius, reverse=True)
    angle = (np.arange(4000) + 0.5) / 4000 * np.pi / 2
    variance = (others[0] * np.cos(angle)) ** 2 + (others[1] * np.sin(angle)) ** 2

    def density(turn):
        x, left = np.sin(turn) / largest, np.cos(turn) ** 2
        inside = -np.mean(np.expm1(-left / (2 * variance)))
        return np.sqrt(2 / np.pi) * np.exp(-(x**2) / 2) * np.cos(turn) / largest * inside

    return integrate.quad(density, 0, np.pi / 2, epsabs=1e-12, limit=200)[0]


@LEVELS
def test_the_ball_has_the_probability_that_is_asked_for(level) -> None:
    rng = np.random.default_rng(0)
    spread = np.exp(rng.uniform(-4, 0, size=(20, 3)))
    for radius, of in zip(ball_radius(spread, level), spread, strict=True):
        assert probability(radius, of) == pytest.approx(level, rel=1e-6, abs=4e-6)


@LEVELS
def test_closed_forms(level) -> None:
    normal = special.ndtri((1 + level) / 2)
    plane = math.sqrt(-2 * math.log1p(-level))
    space = math.sqrt(2 * special.gammaincinv(1.5, level))
    for spread, expected in (
        ([0, 3, 0], normal),
        ([3], normal),
        ([3, 3], plane),
        ([3, 0, 3], plane),
        ([3, 3, 3], space),
    ):
        found = ball_radius(np.array(spread, float), level)
        np.testing.assert_allclose(found, 3 * expected, rtol=2e-6)


@pytest.mark.parametrize("spread", [(1, 2, 3), (1, 0.1, 0.01), (5, 5, 0.5)])
def test_drawn_errors_are_within(spread) -> None:
    draws = np.random.default_rng(1).normal(size=(400_000, 3)) * spread
    distance = np.linalg.norm(draws, axis=1)
    for level in (0.5, 0.9):
        share = np.mean(distance <= ball_radius(np.array(spread, float), level))
        assert share == pytest.approx(level, abs=5 * math.sqrt(level * (1 - level) / 400_000))


@settings(deadline=None)
@given(spread=spreads, scale=st.floats(1e-3, 1e3), level=st.sampled_from([0.5, 0.9]))
def test_order_and_unit_do_not_matter_and_more_spread_is_a_larger_ball(
    spread, scale, level
) -> None:
    given_spread = np.array(spread)
    radius = ball_radius(given_spread, level)
    np.testing.assert_allclose(ball_radius(given_spread[::-1] * scale, level), radius * scale)
    for place in range(3):
        more = given_spread + np.eye(3)[place] * given_spread[place]
        assert ball_radius(more, level) >= radius * (1 - 1e-9)
    assert ball_radius(given_spread, level + 0.05) > radius


def test_numpy_and_torch_agree_and_keep_the_shape() -> None:
    spread = np.abs(np.random.default_rng(0).normal(size=(4, 5, 3))).astype(np.float32)
    spread[1, 2, 0], spread[0, 0] = np.nan, 0
    found = ball_radius(spread, 0.9)
    assert found.shape == (4, 5)
    assert found.dtype == np.float64
    assert np.argwhere(np.isnan(found)).tolist() == [[1, 2]]
    assert found[0, 0] == 0
    other = ball_radius(torch.from_numpy(spread), 0.9)
    assert isinstance(other, torch.Tensor)
    np.testing.assert_allclose(other.numpy(), found, rtol=1e-12)


def test_bad_spreads_and_levels_are_refused() -> None:
    with pytest.raises(ValueError, match=r"smallest is -1\.0"):
        ball_radius(np.array([[1.0, -1.0, np.nan]]), 0.9)
    with pytest.raises(ValueError, match="inf"):
        ball_radius(np.array([np.inf, 1.0]), 0.9)
    with pytest.raises(ValueError, match=r"\(2, 4\)"):
        ball_radius(np.ones((2, 4)), 0.9)
    for level in (0, 1, 90, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            ball_radius(np.ones(3), level)
