"""Risk and coverage against their definition, written out."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from liftpose.metrics import aurc, oracle_share, risk_coverage

# Few different spreads, so that many are tied.
pairs = st.integers(1, 30).flatmap(
    lambda n: st.tuples(
        arrays(np.float64, n, elements=st.floats(0, 100, width=32) | st.just(np.nan)),
        arrays(np.float64, n, elements=st.integers(0, 5).map(float) | st.just(np.nan)),
    )
)


def slow_curve(errors, order):
    return [np.mean(errors[order[: k + 1]]) for k in range(len(order))]


@settings(deadline=None)
@given(errors=arrays(np.float64, st.integers(1, 5), elements=st.floats(0, 9)), seed=st.integers(0))
def test_the_curve_is_the_mean_over_all_orders_that_spread_allows(errors, seed) -> None:
    spread = np.random.default_rng(seed).integers(0, 3, len(errors)).astype(float)
    allowed = [
        order
        for order in map(list, permutations(range(len(errors))))
        if (np.diff(spread[order]) >= 0).all()
    ]
    expected = np.mean([slow_curve(errors, order) for order in allowed], axis=0)
    found = risk_coverage(errors, spread)
    np.testing.assert_allclose(found.risk, expected, atol=1e-12)
    np.testing.assert_allclose(found.oracle, slow_curve(errors, np.argsort(errors)), atol=1e-12)
    np.testing.assert_allclose(found.coverage, np.arange(1, len(errors) + 1) / len(errors))
    assert found.aurc == pytest.approx(np.mean(expected), abs=1e-12)


@settings(deadline=None)
@given(pair=pairs)
def test_what_is_not_known_is_left_out_and_counted(pair) -> None:
    errors, spread = pair
    known = ~(np.isnan(errors) | np.isnan(spread))
    found, of_known = risk_coverage(errors, spread), risk_coverage(errors[known], spread[known])
    assert found.unknown == (~known).sum()
    np.testing.assert_array_equal(found.risk, of_known.risk)
    assert len(found.risk) == known.sum()
    if not known.any():
        assert math.isnan(found.aurc)
        assert math.isnan(found.oracle_aurc)
        assert math.isnan(found.oracle_share)


@settings(deadline=None)
@given(pair=pairs, scale=st.floats(0.01, 100), seed=st.integers(0, 99))
def test_only_the_order_of_spreads_counts(pair, scale, seed) -> None:
    errors, spread = pair
    share, area = oracle_share(errors, spread), aurc(errors, spread)
    order = np.random.default_rng(seed).permutation(len(errors))
    same = {"nan_ok": True, "rel": 1e-6, "abs": 1e-6}
    assert oracle_share(errors[order], spread[order]) == pytest.approx(share, **same)
    assert oracle_share(errors, np.exp(spread) * 7) == pytest.approx(share, **same)
    assert oracle_share(errors * scale, spread) == pytest.approx(share, **same)
    assert aurc(errors * scale, spread) == pytest.approx(area * scale, **same)


@settings(deadline=None)
@given(pair=pairs)
def test_no_order_beats_the_oracle_and_the_reverse_is_the_worst(pair) -> None:
    errors, spread = pair
    known = ~np.isnan(errors)
    assume(known.any() and np.ptp(errors[known]) > 1e-3)
    worst = oracle_share(errors, -errors)
    assert worst < 0
    assert oracle_share(errors, errors**3) == 1
    assert oracle_share(errors, np.zeros_like(errors)) == pytest.approx(0, abs=1e-9)
    if not np.isnan(spread[known]).any():
        assert worst - 1e-9 <= oracle_share(errors, spread) <= 1


def test_equal_errors_leave_nothing_to_gain() -> None:
    assert math.isnan(oracle_share(np.full(7, 0.1), np.arange(7.0)))
    assert aurc(np.full(7, 0.1), np.arange(7.0)) == pytest.approx(0.1)


def test_an_infinite_error_is_not_known_and_an_infinite_spread_is_the_least_sure() -> None:
    found = risk_coverage(np.array([1.0, np.inf, 5.0]), np.array([np.inf, 1.0, 2.0]))
    assert found.unknown == 1
    assert found.risk.tolist() == [5.0, 3.0]


def test_numpy_and_torch_agree_on_any_shape() -> None:
    rng = np.random.default_rng(0)
    errors = rng.random((20, 6)).astype(np.float32)
    spread = rng.integers(0, 9, (20, 6)).astype(np.float32)
    errors[3, 2] = np.nan
    ours = risk_coverage(errors, spread)
    theirs = risk_coverage(torch.from_numpy(errors), torch.from_numpy(spread))
    assert isinstance(theirs.risk, torch.Tensor)
    for name in ("coverage", "risk", "oracle"):
        np.testing.assert_allclose(getattr(theirs, name), getattr(ours, name), rtol=1e-12)
    for name in ("aurc", "oracle_aurc", "unordered", "oracle_share", "unknown"):
        assert getattr(theirs, name) == pytest.approx(getattr(ours, name))
    with pytest.raises(ValueError, match=r"\(20, 6\) and \(20, 5\)"):
        risk_coverage(errors, spread[:, 1:])
