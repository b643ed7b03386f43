"""Errors over time: the numbers drawn, the frames marked, and what cannot be drawn."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from matplotlib.figure import Figure

from liftpose.metrics import joint_errors, mpjpe
from liftpose.plot import plot_error_over_time, style
from tests.plot.looks import assert_looks


def wandering(frames, joints=4, seed=0):
    """Errors that rise and fall slowly, as those of a recording do."""
    noise = np.random.default_rng(seed).normal(size=(frames + 40, joints))
    sums = noise.cumsum(axis=0)
    return np.exp((sums[40:] - sums[:-40]) / 8 - 1)


@pytest.fixture
def ax():
    return Figure(figsize=(7, 2.6), layout="constrained").add_subplot()


def test_frames_and_mean_are_those_of_the_metrics(ax):
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(60, 5, 3))
    guess = truth + rng.normal(size=truth.shape)
    truth[rng.random((60, 5)) < 0.4] = np.nan
    truth[7], truth[:, 2] = np.nan, np.nan
    drawn = plot_error_over_time(ax, joint_errors(truth, guess), [20, 40])
    slow = []
    for one, other in zip(truth, guess, strict=True):
        apart = [np.linalg.norm(a - b) for a, b in zip(one, other, strict=True)]
        known = [value for value in apart if np.isfinite(value)]
        slow.append(sum(known) / len(known) if known else np.nan)
    np.testing.assert_allclose(drawn.errors, slow)
    assert drawn.mean == pytest.approx(float(mpjpe(truth, guess)))
    assert np.isnan(drawn.errors[7])
    assert drawn.worst[0] == np.nanargmax(slow)
    assert f"mean {drawn.mean:.2f}" in [text.get_text() for text in drawn.legend.get_texts()]
    # Dots are at the errors of the frames that are named.
    dots = ax.lines[-1].get_xydata()
    for row, dot, label in zip(drawn.worst, dots, drawn.labels, strict=True):
        assert tuple(dot) == (row, slow[row])
        assert label.get_text().removeprefix("worst: ") == str(row)


@pytest.mark.parametrize("frames", [40, 3000, 200_000])
def test_numbers_of_the_worst_frames_do_not_overlap(ax, frames):
    errors = wandering(frames)
    # Peaks next to each other, and at both ends.
    errors[[0, frames // 2, frames // 2 + frames // 30, -1]] *= [[30], [29], [28], [27]]
    drawn = plot_error_over_time(ax, errors, worst=7, body_length=9.0, unit="mm")
    assert len(drawn.worst) >= 4
    assert drawn.worst[0] == errors.mean(axis=1).argmax()
    values = drawn.errors[list(drawn.worst)]
    assert (np.diff(values) <= 0).all()
    figure = ax.figure
    figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in drawn.labels]
    # The extent of an annotation is that of its arrow too: the text's own is asked for.
    boxes = [type(label).__mro__[1].get_window_extent(label) for label in drawn.labels]
    assert not any(one.overlaps(other) for one, other in combinations(boxes, 2))
    for box in boxes:
        assert ax.bbox.x0 - 1 <= box.x0 <= box.x1 <= ax.bbox.x1 + 1
        # Above every error: a number that stands on a curve cannot be read.
        assert box.y0 >= ax.transData.transform((0, np.nanmax(drawn.errors)))[1]


def test_the_axis_is_logarithmic_where_one_frame_is_far_off(ax):
    errors = wandering(200)
    plot_error_over_time(ax, errors)
    assert ax.get_yscale() == "linear"
    assert ax.get_ylim()[0] == 0
    errors[50] *= 300
    far = Figure().add_subplot()
    assert plot_error_over_time(far, errors).worst[0] == 50
    assert far.get_yscale() == "log"
    assert far.get_ylim()[1] > errors[50].mean()


def test_names_of_recordings_stand_over_them_where_there_is_room(ax):
    parts = [300, 10, 690]
    drawn = plot_error_over_time(ax, wandering(1000), parts, names=["a", "too long", ("b", "c")])
    assert [name.get_text() for name in drawn.names] == ["a", "b/c"]
    assert [name.xy[0] for name in drawn.names] == [149.5, 654.5]
    many = plot_error_over_time(
        Figure().add_subplot(), wandering(1000), [1] * 1000, names=range(1000)
    )
    assert many.names == []


def test_what_was_expected_is_drawn_beside(ax):
    errors = wandering(100)
    errors[5] = np.nan
    drawn = plot_error_over_time(ax, errors, spread=2 * errors)
    np.testing.assert_allclose(drawn.spread.columns.middle, 2 * drawn.errors)
    assert "expected" in [text.get_text() for text in drawn.legend.get_texts()]
    assert plot_error_over_time(ax, errors).spread is None


@pytest.mark.parametrize("frames", [1, 2])
def test_a_frame_or_two_are_dots_and_marks(ax, frames):
    drawn = plot_error_over_time(ax, np.arange(1.0, frames + 1)[:, None], [1] * frames)
    assert drawn.worst[0] == frames - 1
    assert len(drawn.course.alone.get_xdata()) == frames
    ax.figure.draw_without_rendering()


def test_errors_of_zero_and_a_thousand_joints_are_drawn(ax):
    assert plot_error_over_time(ax, np.zeros((9, 2))).mean == 0
    errors = wandering(50, joints=1000)
    errors[:, 1:] = np.nan
    drawn = plot_error_over_time(Figure().add_subplot(), errors)
    np.testing.assert_allclose(drawn.errors, errors[:, 0])


@pytest.mark.parametrize(
    ("errors", "more", "words"),
    [
        (np.full((5, 2), np.nan), {}, "no error to draw: in all 5 frames"),
        (np.zeros((0, 2)), {}, r"got \(0, 2\)"),
        (np.zeros((2, 2, 3)), {}, r"needs shape \(N, J\) or \(N,\)"),
        (np.ones(5), {"lengths": [2, 2]}, r"lengths \[2, 2\] .* 5"),
        (np.ones(5), {"lengths": [2, 3], "names": ["a"]}, "1 names for 2 recordings"),
        (np.ones((5, 2)), {"spread": np.ones(5)}, r"spread has shape \(5,\)"),
        (np.ones(5), {"body_length": 0.0}, "body_length needs a length above 0"),
    ],
)
def test_what_cannot_be_drawn_is_said(ax, errors, more, words):
    with pytest.raises(ValueError, match=words):
        plot_error_over_time(ax, errors, **more)


def test_looks():
    with style():
        figure = Figure(figsize=(7, 5), layout="constrained")
        short, long = figure.subplots(2)
        errors = wandering(900)
        errors[300:340] = np.nan
        known = {"unit": "mm", "body_length": 12.0}
        parts, names = [400, 300, 200], ["walk", "grooming", "turn"]
        plot_error_over_time(short, errors, parts, names=names, spread=errors**0.5, **known)
        plot_error_over_time(long, wandering(4000), unit="mm")
        assert_looks(figure, "error_over_time")


def test_labels_pushed_apart_keep_their_order():
    from liftpose.plot.over_time import _pushed_apart

    placed = _pushed_apart([50, 10, 11, 99], [5, 5, 5, 5], 0, 100)
    assert sorted(placed) == [placed[1], placed[2], placed[0], placed[3]]
    assert all(b - a >= 10 - 1e-9 for a, b in pairwise(sorted(placed)))
    assert placed[0] == 50
    assert placed[3] == 95
