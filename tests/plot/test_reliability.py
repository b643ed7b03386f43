"""Errors against what was seen, and against what is kept."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from liftpose.metrics import joint_errors, risk_coverage
from liftpose.plot import grouped_errors, hidden_joints, plot_reliability, plot_risk_coverage, style
from tests.plot.looks import assert_looks


@pytest.fixture
def lifted():
    """Errors, the number of hidden joints and an honest spread of 2000 frames."""
    rng = np.random.default_rng(2)
    hidden = rng.binomial(5, 0.3, 2000).astype(float)
    spread = np.ones((2000, 3, 3)) * (1 + hidden[:, None, None])
    truth = rng.normal(size=spread.shape)
    errors = np.array(joint_errors(truth, truth + spread * rng.normal(size=spread.shape)))
    errors[rng.random(errors.shape) < 0.1] = np.nan
    return errors, hidden, spread


def test_groups_are_those_of_a_count_by_hand(lifted):
    errors, hidden, spread = lifted
    found = grouped_errors(errors, hidden, spread)
    assert found.names == ["0", "1", "2", "3", "4", "5"]
    for place in range(6):
        inside = [
            (error, (spread[frame, joint] ** 2).sum())
            for frame in np.flatnonzero(hidden == place)
            for joint, error in enumerate(errors[frame])
            if np.isfinite(error)
        ]
        values, squares = np.array(inside).T
        assert found.counts[place] == len(values)
        assert found.rms[place] == pytest.approx(np.sqrt((values**2).mean()))
        assert found.expected[place] == pytest.approx(np.sqrt(squares.mean()))
        np.testing.assert_allclose(found.quartiles[place], np.quantile(values, [0.25, 0.75]))
    # The spread is honest, so that what is expected is what comes.
    np.testing.assert_allclose(found.expected, found.rms, rtol=0.1)


def test_many_values_are_put_into_groups_of_equally_many():
    rng = np.random.default_rng(0)
    confidence = rng.random((500, 4))
    confidence[3, 2] = np.nan
    errors = 2 - confidence
    found = grouped_errors(errors, confidence, groups=4)
    assert found.counts.sum() == 1999
    assert np.ptp(found.counts) <= 1
    assert (np.diff(found.rms) < 0).all()
    low, high = (float(part) for part in found.names[1].split("–"))
    assert (low, high) == pytest.approx((0.25, 0.5), abs=0.04)
    assert found.expected is None
    # Half of the values are one: fewer groups, none of them empty.
    confidence[:, :2] = 1.0
    tied = grouped_errors(errors, confidence, groups=8)
    assert (tied.counts > 0).all()
    assert tied.counts.sum() == 1999


def test_what_is_drawn_are_the_groups(lifted):
    drawn = plot_reliability(Figure().add_subplot(), *lifted, unit="mm")
    np.testing.assert_array_equal(drawn.measured.get_ydata(), drawn.groups.rms)
    np.testing.assert_array_equal(drawn.expected.get_ydata(), drawn.groups.expected)
    ends = [segment[:, 1] for segment in drawn.quartiles.get_segments()]
    np.testing.assert_allclose(ends, drawn.groups.quartiles)
    assert drawn.counts[0].get_text() == f"n = {drawn.groups.counts[0]:,}"
    assert drawn.measured.axes.get_ylabel() == "Error of a joint (mm)"
    figure = drawn.measured.axes.figure
    figure.draw_without_rendering()
    key, top = drawn.legend.get_window_extent(), drawn.groups.quartiles.max()
    assert key.y0 >= drawn.measured.axes.transData.transform((0, top))[1] - 2


def test_a_group_without_a_spread_has_none_expected(lifted):
    errors, hidden, spread = lifted
    spread[hidden == 2] = np.nan
    found = grouped_errors(errors, hidden, spread)
    assert np.isnan(found.expected).tolist() == [False, False, True, False, False, False]
    plot_reliability(Figure().add_subplot(), errors, hidden, spread)


def test_hidden_joints_are_those_that_were_seen_at_another_time():
    flat = np.zeros((3, 4, 2))
    flat[:, 0] = np.nan
    flat[1, 1:3, 0] = np.nan
    assert hidden_joints(flat).tolist() == [0, 2, 0]
    assert hidden_joints(flat, [0, 1]).tolist() == [1, 2, 1]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"error": np.full((4, 2), np.nan)}, "no error to draw"),
        ({"against": np.full(4, np.nan)}, "no error to draw"),
        ({"error": np.ones(4)}, "one value a joint"),
        ({"against": np.ones(3)}, r"against has shape \(3,\)"),
        ({"spread": np.ones((4, 2))}, r"spread has shape \(4, 2\)"),
        ({"groups": 0}, "groups is 0"),
    ],
)
def test_what_cannot_be_grouped_is_said(change, words):
    given = {"error": np.ones((4, 2)), "against": np.zeros(4)}
    with pytest.raises(ValueError, match=words):
        plot_reliability(Figure().add_subplot(), **(given | change))


def test_risk_is_that_of_the_metrics(lifted):
    errors, _, spread = lifted
    sure = np.sqrt((spread**2).sum(2)) + np.random.default_rng(0).random(errors.shape) / 9
    drawn = plot_risk_coverage(Figure().add_subplot(), errors, sure)
    said = risk_coverage(errors, sure)
    assert drawn.found.oracle_share == said.oracle_share
    np.testing.assert_allclose(
        np.interp(0.3, *drawn.risk.get_data()), risk_at(said, 0.3), rtol=0.01
    )
    assert len(drawn.risk.get_xdata()) == 1000
    assert drawn.risk.get_xdata()[-1] == 1
    assert drawn.unordered.get_ydata()[0] == pytest.approx(np.nanmean(errors))
    assert f"{100 * said.oracle_share:.0f} %" in drawn.legend.get_texts()[1].get_text()


def risk_at(found, share):
    return np.interp(share, found.coverage, found.risk)


def test_one_error_or_equal_ones_gain_nothing_and_none_is_refused():
    drawn = plot_risk_coverage(Figure().add_subplot(), np.ones((1, 1)), np.ones((1, 1)))
    assert drawn.risk.get_label() == "by spread"
    with pytest.raises(ValueError, match="no error to draw"):
        plot_risk_coverage(Figure().add_subplot(), np.ones(3), np.full(3, np.nan))


def test_looks(lifted):
    with style():
        errors, hidden, spread = lifted
        figure = Figure(figsize=(8, 3.6), layout="constrained")
        left, right = figure.subplots(1, 2)
        plot_reliability(left, errors, hidden, 0.8 * spread, unit="mm")
        plot_risk_coverage(right, errors, np.sqrt((spread**2).sum(2)), unit="mm")
        assert_looks(figure, "reliability")
