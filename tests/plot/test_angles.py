"""Small multiples of angles: what each panel shows, and what does not fit."""

import numpy as np
import pytest
from matplotlib.figure import Figure

from liftpose.plot import plot_angles, style
from liftpose.plot.angles import short_angle
from tests.plot.looks import assert_looks

NAMES = [f"{side}_hip-{side}_knee-{side}_{end}" for side in "LR" for end in ("ankle", "toe")]


@pytest.fixture
def angles():
    time = np.arange(300)[:, None]
    found = 90 + np.array([5, 20, 30, 50]) * np.sin(time / 15 + np.arange(4))
    found[100:150, 1] = np.nan
    return found


def test_each_panel_shows_its_angle_and_all_span_equally_many_degrees(angles):
    drawn = plot_angles(Figure().add_subplot(), angles, NAMES, spread=angles * 0 + 4)
    assert len(drawn.axes) == 4
    for panel, course, column in zip(drawn.axes, drawn.courses, angles.T, strict=True):
        np.testing.assert_array_equal(course.line.get_ydata(), column)
        low, high = panel.get_ylim()
        assert low <= np.nanmin(column) <= np.nanmax(column) <= high
        assert high - low == pytest.approx(np.diff(drawn.axes[0].get_ylim())[0])
        assert len(panel.get_yticks()) >= 2
    assert {panel.get_xlim() for panel in drawn.axes} == {(-0.5, 299.5)}
    # One standard deviation to both sides, and none where nothing is known.
    corners = np.concatenate([path.vertices for path in drawn.bands[1].get_paths()])
    assert not ((corners[:, 0] > 99) & (corners[:, 0] < 150)).any()
    inside = corners[corners[:, 0] == 40]
    np.testing.assert_allclose(sorted(set(inside[:, 1])), angles[40, 1] + [-4, 4])


def test_panels_lie_within_the_axes_and_do_not_overlap(angles):
    figure = Figure(figsize=(8, 8))
    ax = figure.add_subplot()
    many = np.tile(angles, 5)
    drawn = plot_angles(ax, many, [f"{number}" for number in range(20)])
    figure.draw_without_rendering()
    boxes = [panel.get_window_extent() for panel in drawn.axes]
    for place, box in enumerate(boxes):
        assert ax.bbox.x0 - 1 <= box.x0 < box.x1 <= ax.bbox.x1 + 1
        assert ax.bbox.y0 - 1 <= box.y0 < box.y1 <= ax.bbox.y1 + 1
        assert not any(box.overlaps(other) for other in boxes[:place])
    # Three columns of seven, of which the last is not full.
    assert len({round(box.x0) for box in boxes}) == 3
    named = [panel for panel in drawn.axes if panel.get_xlabel()]
    assert named == [drawn.axes[6], drawn.axes[13], drawn.axes[19]]


def test_time_is_in_seconds_where_there_is_one_recording(angles):
    once = plot_angles(Figure().add_subplot(), angles, NAMES, fps=50)
    assert once.axes[-1].get_xlabel() == "Time (s)"
    assert once.axes[-1].xaxis.get_major_formatter()(100, 0) == "2"
    twice = plot_angles(Figure().add_subplot(), angles, NAMES, [100, 200], fps=50)
    assert twice.axes[-1].get_xlabel() == "Frame"


def test_long_recordings_are_drawn_in_columns_of_frames(angles):
    long = np.tile(angles[:, :1], (200, 1))
    drawn = plot_angles(Figure().add_subplot(), long, ["knee"], spread=long)
    assert len(drawn.courses[0].columns.low) < 2000
    assert drawn.bands == []


def test_one_frame_and_an_angle_that_is_never_known_are_drawn():
    drawn = plot_angles(Figure().add_subplot(), [[90.0, np.nan]], ["knee", "elbow"])
    assert [text.get_text() for text in drawn.axes[1].texts] == ["elbow", "not known"]
    assert drawn.courses[0].alone.get_ydata().tolist() == [90]


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("hip-knee-toe", "hip – knee – toe"),
        ("left_hip-left_knee-left_toe", "left: hip – knee – toe"),
        ("spine 1-spine 2-spine 3", "spine: 1 – 2 – 3"),
        ("knee-knee-knee", "knee – knee – knee"),
        ("left_knee_flexion", "left knee flexion"),
        ("a-b", "a-b"),
        ("a--b", "a--b"),
    ],
)
def test_what_joints_have_in_common_is_said_once(name, short):
    assert short_angle(name) == short


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"angles": np.full((5, 2), np.nan)}, "all 2 are NaN in all 5 frames"),
        ({"angles": np.zeros((0, 2))}, r"got \(0, 2\)"),
        ({"angles": np.ones(5)}, r"shape \(N, A\)"),
        ({"angles": np.ones((5, 1000))}, "there are 1000 angles; at most 60"),
        ({"names": ["a"]}, "1 names for 2 angles"),
        ({"spread": np.ones(5)}, r"spread has shape \(5,\)"),
        ({"colors": np.ones((3, 3))}, r"expected \(2, 3\)"),
        ({"lengths": [4]}, r"lengths \[4\]"),
        ({"columns": 0}, "columns is 0"),
    ],
)
def test_what_does_not_fit_is_said(change, words):
    given = {"angles": np.ones((5, 2)), "names": ["a", "b"]}
    with pytest.raises(ValueError, match=words):
        plot_angles(Figure().add_subplot(), **(given | change))


def test_looks(angles):
    with style():
        figure = Figure(figsize=(7, 4), layout="constrained")
        colors = [(0, 0.45, 0.7)] * 2 + [(0.84, 0.37, 0)] * 2
        plot_angles(
            figure.add_subplot(),
            angles,
            NAMES,
            spread=angles / 9,
            fps=100,
            columns=2,
            colors=colors,
        )
        assert_looks(figure, "angles")
