"""The figures of a report: what Plotly takes, and what the numbers in them are."""

import json

import numpy as np
import pytest
from scipy.stats import gaussian_kde

from liftpose.plot.report import Mark, figures

plotly = pytest.importorskip("plotly.graph_objects", reason="needs plotly to check figures")

NAN = float("nan")
RIGHT, LEFT = Mark("#d55e00", False), Mark("#0072b2", True)


def checked(shown):
    """The figure, once Plotly has found no fault with it and JSON holds it."""
    json.dumps({"data": shown.data, "layout": shown.layout}, allow_nan=False)
    plotly.Figure(data=shown.data, layout=shown.layout, skip_invalid=False)
    return shown


def some_errors(joints=3, frames=500):
    errors = np.random.default_rng(0).gamma(3, 1, size=(frames, joints)) * np.arange(1, joints + 1)
    errors[:50, 0] = np.nan
    return errors


def test_violins_are_as_wide_as_errors_are_frequent():
    errors = some_errors()
    shown = checked(figures.error_per_joint(errors, "abc", [RIGHT, LEFT, RIGHT], "mm", 20.0))
    for place in range(3):
        trace = shown.data[place]
        half = len(trace["x"]) // 2
        levels, width = np.array(trace["y"][half:])[::-1], np.array(trace["x"][half:])[::-1] - place
        known = errors[np.isfinite(errors[:, place]), place]
        density = gaussian_kde(known)(levels)
        # Ours leaves out the largest half percent, and has a bandwidth of its own.
        assert np.corrcoef(density, width)[0, 1] > 0.99
        assert abs(levels[density.argmax()] - levels[width.argmax()]) < 0.15 * levels.max()
    assert shown.data[1]["fillcolor"] == figures.PAPER
    assert shown.data[0]["fillcolor"] == "rgba(213,94,0,0.45)"
    means = shown.data[3]["y"]
    np.testing.assert_allclose(means, np.nanmean(errors, axis=0), rtol=1e-4)


def test_percent_of_body_length_stands_beside_the_error():
    shown = checked(figures.error_per_joint(some_errors(), "abc", [RIGHT] * 3, "mm", 20.0))
    top, percent = shown.layout["yaxis"]["range"][1], shown.layout["yaxis2"]["range"][1]
    assert percent == pytest.approx(100 * top / 20, rel=1e-4)
    # Its ticks are round: 1, 2 or 5 times a power of ten, and there are some.
    step = shown.layout["yaxis2"]["dtick"]
    assert step / 10 ** np.floor(np.log10(step)) in (1, 2, 5)
    assert 4 <= percent / step <= 10
    bare = checked(figures.error_per_joint(some_errors(), "abc", [RIGHT] * 3, None))
    assert "yaxis2" not in bare.layout


def test_joints_without_errors_leave_gaps():
    errors = np.full((9, 2), NAN)
    errors[:, 1] = 2.0
    shown = checked(figures.error_per_joint(errors, ["a", "b"], [RIGHT, LEFT], "mm"))
    assert shown.data[1]["y"] == [None, 2]
    nothing = checked(figures.error_per_joint(np.full((9, 1), NAN), ["a"], [LEFT], "mm"))
    assert nothing.caption == "No joint has an error that counts."


@pytest.mark.parametrize("frames", [1, 40, 4001])
def test_error_over_time_keeps_the_means_and_the_largest(frames):
    error = np.random.default_rng(1).gamma(2, 1, frames)
    error[frames // 2 : frames // 2 + frames // 10] = NAN
    worst = [(int(np.nanargmax(error)), "worst")]
    at = np.arange(frames) // 2
    shown = checked(figures.error_over_time(error, [("", 0, frames)], "mm", worst, at))
    mean = shown.data[-2]
    assert len(mean["x"]) == min(frames, figures.POINTS)
    assert mean["customdata"] == [int(row) // 2 for row in mean["x"]]
    edges = [*mean["x"], frames]
    for place in (0, len(mean["x"]) // 2, len(mean["x"]) - 1):
        part = error[edges[place] : edges[place + 1]]
        expected = None if np.isnan(part).all() else pytest.approx(np.nanmean(part), rel=1e-4)
        assert mean["y"][place] == expected
    if frames > figures.POINTS:
        assert max(y for y in shown.data[0]["y"] if y) == pytest.approx(np.nanmax(error), rel=1e-4)
    assert shown.data[-1]["y"] == [pytest.approx(np.nanmax(error), rel=1e-4)]


def test_recordings_are_told_apart_and_their_names_are_text():
    shown = checked(
        figures.error_over_time(np.ones(30), [("<b>a</b>", 0, 10), ("b_c", 10, 20)], None)
    )
    assert [shape["x0"] for shape in shown.layout["shapes"]] == [10]
    texts = [note["text"] for note in shown.layout["annotations"]]
    assert texts == ["&lt;b&gt;a&lt;/b&gt;", "b c"]


def test_calibration_shows_shares_and_their_intervals():
    shown = checked(
        figures.calibration([0.5, 0.9], [(0.5, 0.4, 0.6), (0.8, 0.7, 0.85)], [(0.6, 0.5, 0.7)] * 2)
    )
    interval = next(one for one in shown.data if one["name"] == "intervals of coordinates")
    assert interval["y"] == [50, 80]
    np.testing.assert_allclose(interval["error_y"]["array"], [10, 5])
    np.testing.assert_allclose(interval["error_y"]["arrayminus"], [10, 10])
    assert "30 points (too narrow)" in shown.caption


def test_lines_that_are_not_known_are_left_out():
    shown = checked(figures.reliability([0, 2], [90, 30], [1, 2], [NAN, 3], [NAN, NAN], "mm"))
    assert [one["name"] for one in shown.data] == ["joints that were seen", "joints that were not"]
    assert "In 75 %" in shown.caption
    taken = checked(figures.training([1, 2], [0.5, 0.4], [NAN, NAN], 2))
    assert (len(taken.data), taken.layout["shapes"][0]["x0"]) == (1, 2)
    idle = checked(figures.training([1, 2], [0.5, 0.4], [NAN, NAN], 2, counts=False))
    assert "shapes" not in idle.layout
    assert "no weight" in idle.caption


def test_novelty_counts_frames_above_99():
    novelty = np.r_[np.full(97, 50.0), 99.5, 100, 100, np.nan]
    shown = checked(figures.novelty_over_time(novelty, [("", 0, 101)]))
    assert shown.caption.startswith("3.0 % of the frames")


def test_viewpoints_average_what_was_seen_from_there():
    azimuth = np.r_[np.full(30, -170.0), np.full(30, 10.0), np.full(5, 100.0), 170.0]
    error = np.r_[np.full(15, 1.0), np.full(15, 3.0), np.full(30, 5.0), np.full(6, 9.0)]
    shown = checked(figures.viewpoints(azimuth, np.full(66, 40.0), error, "mm"))
    tiles = dict(zip(shown.data[0]["x"], shown.data[0]["text"], strict=True))
    assert tiles == {-165: "2.0", 15: "5.0"}
    assert shown.data[0]["customdata"] == [30, 30]
    assert len(shown.layout["shapes"]) == 2
    same = np.full(40, 3.0)
    assert figures.viewpoints(same, same, same, "mm") is None


def test_angles_that_move_most_are_drawn():
    values = np.random.default_rng(2).normal(90, np.arange(10), size=(2000, 10))
    values[:, 9] = NAN
    shown = checked(figures.angles(values, list("abcdefghij"), ["#009e73"] * 10))
    names = [one["name"] for one in shown.data]
    assert names == ["i", "h", "g", "f", "e", "d"]
    assert [one.get("visible") for one in shown.data] == [None] * 3 + ["legendonly"] * 3
    assert len(shown.data[0]["y"]) == figures.ANGLE_FRAMES
