"""Calibration plots: the shares that are drawn, their bands, and what tells nothing."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from liftpose.metrics import ball_coverage, ball_radius, interval_coverage, normal_interval
from liftpose.plot import bars_held, plot_calibration, style
from liftpose.poses import Bars
from liftpose.poses.bars import LEVELS
from liftpose.postprocess.measures import trusted
from tests.plot.looks import assert_looks

LENGTHS = [50] * 12


@pytest.fixture
def poses():
    """Truth, prediction and spread of twelve recordings of 50 frames, some of it not known."""
    rng = np.random.default_rng(5)
    truth = rng.normal(size=(600, 4, 3))
    spread = rng.lognormal(0, 0.3, truth.shape) * [0.5, 0.5, 2]
    guess = truth + spread * rng.normal(size=truth.shape)
    truth[rng.random((600, 4)) < 0.2] = np.nan
    spread[rng.random((600, 4)) < 0.1, 1] = np.nan
    truth[:, 3] = np.nan
    return truth, guess, spread


def test_shares_are_those_of_the_metrics(poses):
    truth, guess, spread = poses
    levels = (0.2, 0.5, 0.9)
    held = bars_held(*poses, lengths=LENGTHS, levels=levels)
    assert held.levels.tolist() == list(levels)
    for place, level in enumerate(levels):
        ends = normal_interval(guess, spread, level)
        assert held.interval[place].share == pytest.approx(
            float(interval_coverage(truth, *ends)), abs=1e-12
        )
        radius = ball_radius(spread, level)
        assert held.ball[place].share == pytest.approx(
            float(ball_coverage(truth, guess, radius)), abs=1e-12
        )


def test_shares_are_those_of_a_count_by_hand(poses):
    truth, guess, spread = poses
    held = bars_held(*poses, levels=[0.6])
    hits, counted = np.zeros(3), 0
    for frame in range(600):
        for joint in range(4):
            three = truth[frame, joint], guess[frame, joint], spread[frame, joint]
            if np.isfinite(three).all():
                counted += 1
                off = np.abs(three[0] - three[1])
                hits += off <= 0.8416212335729143 * three[2]  # the normal quantile of 0.8
    np.testing.assert_allclose(held.coordinates, [hits / counted])
    assert held.interval[0].share == pytest.approx(hits.sum() / counted / 3)
    assert (held.interval[0].known, held.ball[0].known) == (3 * counted, counted)


def test_widths_of_a_lifter_give_what_an_evaluation_gives(poses):
    widths = tuple(1.5 * level for level in LEVELS)
    bars = Bars(widths, widths, blocks=10)
    held = bars_held(*poses, bars, LENGTHS)
    assert held.levels[-1] == bars.highest == 0.9
    said = trusted(*poses, LENGTHS, bars).bars
    for level in (0.5, 0.9):
        place = held.levels.tolist().index(level)
        for mine, theirs in (
            (held.interval[place], said[level].interval),
            (held.ball[place], said[level].ball),
        ):
            assert mine.share == pytest.approx(theirs.share, abs=2e-3)
            assert mine.blocks == theirs.blocks == 12


def test_honest_bars_lie_on_the_diagonal_and_narrow_ones_below(poses):
    truth, guess, spread = poses
    ax = Figure().add_subplot()
    drawn = plot_calibration(ax, *poses, lengths=LENGTHS)
    for one, level in zip(drawn.held.ball, LEVELS, strict=True):
        assert one.share == pytest.approx(level, abs=0.05)
        assert one.lower - 0.01 <= level <= one.upper + 0.01
    np.testing.assert_array_equal(drawn.lines[0].get_xdata(), LEVELS)
    np.testing.assert_array_equal(drawn.lines[0].get_ydata(), [x.share for x in drawn.held.ball])
    assert len(drawn.bands) == 2
    narrow = bars_held(truth, guess, spread / 3, lengths=LENGTHS)
    assert all(one.upper < level for one, level in list(zip(narrow.ball, LEVELS, strict=True))[4:])


def test_coordinates_are_told_apart(poses):
    truth, guess, spread = poses
    spread = spread * [1, 1, 10]
    drawn = plot_calibration(
        Figure().add_subplot(), truth, guess, spread, coordinates=["x", "y", "depth"]
    )
    shares = dict(
        zip([line.get_label() for line in drawn.lines[2:]], drawn.held.coordinates[9], strict=True)
    )
    assert shares["along depth"] > 0.9
    assert shares["along x"] == pytest.approx(0.5, abs=0.06)


def test_one_frame_has_shares_and_no_band():
    drawn = plot_calibration(
        Figure().add_subplot(), np.zeros((1, 2, 3)), np.zeros((1, 2, 3)), np.ones((1, 2, 3))
    )
    assert drawn.bands == []
    assert {one.share for one in drawn.held.ball} == {1.0}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"truth": np.full((4, 2, 3), np.nan)}, "no joint has a truth"),
        ({"spread": np.full((4, 2, 3), np.nan)}, "no joint has a truth"),
        ({"spread": np.ones((4, 3, 3))}, r"spread \(4, 3, 3\)"),
        ({"spread": -np.ones((4, 2, 3))}, "negative"),
        ({"lengths": [3]}, r"lengths \[3\]"),
        ({"levels": [0.5, 1.0]}, "expected probabilities between 0 and 1"),
        ({"levels": [0.99], "bars": Bars((1.0,) * 21, (1.0,) * 21, 9)}, "need 99 blocks"),
        ({"bars": Bars((1.0,) * 21, (1.0,) * 21, 0)}, "no block"),
        ({"coordinates": ["x"]}, "3 of them"),
    ],
)
def test_what_tells_nothing_is_said(change, words):
    given = {name: np.ones((4, 2, 3)) for name in ("truth", "prediction", "spread")}
    with pytest.raises(ValueError, match=words):
        plot_calibration(Figure().add_subplot(), **(given | change))


def test_looks(poses):
    with style():
        truth, guess, spread = poses
        figure = Figure(figsize=(4, 4), layout="constrained")
        plot_calibration(
            figure.add_subplot(), truth, guess, spread * [1.4, 1, 0.6], lengths=LENGTHS
        )
        assert_looks(figure, "calibration")
