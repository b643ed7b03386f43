"""Poses in plain axes, over frames too: what is drawn, where, how opaque and in which order."""

import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from liftpose import Skeleton
from liftpose.plot import plot_on_frame
from liftpose.plot.flat import draw_flat
from liftpose.plot.limbs import Limbs

BODY = Skeleton(
    ["chest", "left_paw", "right_paw"],
    bones=[(0, 1), (2, 0)],
    limbs=[0, 1, 2],
    colors=[(90, 90, 90), (0, 0, 250), (250, 0, 0)],
)
POSE = np.array([[50.0, 40.0], [60.0, 48.0], [62.0, 33.0]])
GREY, BLUE, RED = ([value / 255 for value in color] for color in BODY.colors)


@pytest.fixture
def ax():
    return Figure().add_subplot()


def segments(lines):
    return [piece.tolist() for piece in lines.get_segments()]


def test_bones_have_the_colour_of_their_first_joint_and_joints_their_own(ax):
    drawn = draw_flat(ax, Limbs.of(BODY), POSE)
    assert segments(drawn.bones) == [POSE[[0, 1]].tolist(), POSE[[2, 0]].tolist()]
    np.testing.assert_allclose(drawn.bones.get_color(), [[*GREY, 1], [*RED, 1]])
    np.testing.assert_allclose(drawn.joints.get_edgecolors(), [[*GREY, 1], [*BLUE, 1], [*RED, 1]])
    assert drawn.casing == ()


@pytest.mark.parametrize("paper", ["#ffffff", "#14171a"])
def test_left_joints_are_hollow(ax, paper):
    ax.set_facecolor(paper)
    drawn = draw_flat(ax, Limbs.of(BODY), POSE)
    np.testing.assert_allclose(
        drawn.joints.get_facecolors(), [[*GREY, 1], to_rgba(paper), [*RED, 1]]
    )


def test_what_is_near_is_drawn_last(ax):
    drawn = draw_flat(ax, Limbs.of(BODY), POSE, depth=np.array([0.0, 3.0, -3.0]))
    assert segments(drawn.bones) == [POSE[[2, 0]].tolist(), POSE[[0, 1]].tolist()]
    np.testing.assert_array_equal(drawn.joints.get_offsets(), POSE[[2, 0, 1]])


def test_joints_that_are_not_seen_are_absent_with_their_bones(ax):
    pose = POSE.copy()
    pose[1, 0] = np.nan
    drawn = draw_flat(ax, Limbs.of(BODY), pose, casing="white")
    for lines in (drawn.bones, drawn.casing[0]):
        assert segments(lines) == [POSE[[2, 0]].tolist()]
    for dots in (drawn.joints, drawn.casing[1]):
        np.testing.assert_array_equal(dots.get_offsets(), POSE[[0, 2]])
    nothing = draw_flat(ax, Limbs.of(BODY), np.full((3, 2), np.nan), casing="white")
    assert len(nothing.joints.get_offsets()) == len(nothing.bones.get_segments()) == 0
    ax.figure.draw_without_rendering()


def test_no_skeleton_draws_joints_alone_of_one_colour(ax):
    drawn = draw_flat(ax, Limbs.fitting(None, 3), POSE)
    assert segments(drawn.bones) == []
    assert len(np.unique(drawn.joints.get_edgecolors(), axis=0)) == 1
    np.testing.assert_array_equal(drawn.joints.get_facecolors(), drawn.joints.get_edgecolors())


def test_a_thousand_joints_are_drawn(ax):
    many = Skeleton([f"j{n}" for n in range(1000)], bones=[(n, n + 1) for n in range(999)])
    at = np.random.default_rng(0).uniform(0, 100, (1000, 2))
    drawn = plot_on_frame(ax, np.zeros((100, 100), np.uint8), at, many)
    assert len(drawn.pose.bones.get_segments()) == 999
    ax.figure.draw_without_rendering()


FRAME = np.random.default_rng(0).integers(0, 255, (120, 160, 3)).astype(np.uint8)


def test_confidence_is_opacity_and_a_bone_is_as_faint_as_its_fainter_end(ax):
    drawn = plot_on_frame(ax, FRAME, POSE, BODY, confidence=[1.0, 0.5, 0.0]).pose
    sure, half, none = drawn.joints.get_edgecolors()[:, 3]
    assert sure == 1
    assert 0 < none < half < sure
    np.testing.assert_allclose(drawn.bones.get_color()[:, 3], [half, none])
    unknown = plot_on_frame(ax, FRAME, POSE, BODY, confidence=[np.nan, 0.5, 0.0]).pose
    assert unknown.joints.get_edgecolors()[0, 3] == 1


def pixel_at(figure, ax, x, y):
    """What is drawn where a pixel of the frame is."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    column, row = ax.transData.transform((x, y))
    picture = np.asarray(canvas.buffer_rgba())
    return picture[round(figure.bbox.height - 0.5 - row), round(column - 0.5), :3]


@pytest.mark.parametrize("margin", [0.25, 2.0, None])
def test_the_pixels_of_the_frame_stay_under_the_pose(margin):
    figure = Figure(figsize=(8, 6), dpi=200)
    ax = figure.add_subplot()
    plot_on_frame(ax, FRAME, POSE, BODY, margin=margin)
    for x, y in [(56, 40), (50, 46), (61, 41)]:
        np.testing.assert_array_equal(pixel_at(figure, ax, x, y), FRAME[y, x])


def test_the_frame_is_cut_around_what_is_seen(ax):
    drawn = plot_on_frame(ax, FRAME, POSE, BODY, margin=1.0)
    # The animal is 12 wide and 15 high.
    assert drawn.image.get_extent() == [34.5, 77.5, 63.5, 17.5]
    assert ax.get_xlim() == (34.5, 77.5)
    assert ax.get_ylim() == (63.5, 17.5)
    assert drawn.image.get_array().shape[:2] == (46, 43)


@pytest.mark.parametrize("pose", [np.full((3, 2), np.nan), POSE + 1000])
def test_the_whole_frame_is_shown_where_nothing_is_in_it(ax, pose):
    drawn = plot_on_frame(ax, FRAME, pose, BODY)
    assert drawn.image.get_array().shape == FRAME.shape


def test_the_cut_stays_within_the_frame(ax):
    plot_on_frame(ax, FRAME, [[2, 3], [158, 60], [400, 400]], margin=5.0)
    assert ax.get_xlim() == (-0.5, 159.5)
    assert ax.get_ylim() == (119.5, -0.5)


@pytest.mark.parametrize("frame", [FRAME, FRAME[..., 0], FRAME / 255, FRAME[..., 0] / 255])
def test_frames_of_all_kinds_look_the_same(frame):
    figure = Figure(figsize=(4, 3), dpi=200)
    ax = figure.add_subplot()
    plot_on_frame(ax, frame, POSE, BODY, margin=0.0)
    wanted = FRAME[36, 55] if frame.ndim == 3 else FRAME[36, 55, [0, 0, 0]]
    np.testing.assert_allclose(pixel_at(figure, ax, 55, 36), wanted, atol=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frame": FRAME[0, 0]}, r"frame needs shape.*got \(3,\)"),
        ({"frame": FRAME[:0]}, "no pixels"),
        ({"frame": FRAME.astype(int)}, "uint8, or floats from 0 to 1, got int64"),
        ({"frame": FRAME / 100}, "floats from 0 to 1"),
        ({"pose": POSE[0]}, r"pose needs shape \(J, 2\)"),
        ({"pose": POSE[:2]}, "skeleton has 3 joints, but the pose has 2"),
        ({"confidence": [1.0]}, r"confidence needs shape \(3,\)"),
        ({"confidence": [1.0, 2.0, 0.0]}, "confidence of joint 1 is 2.0"),
        ({"margin": -1.0}, "margin needs a number"),
    ],
)
def test_what_does_not_fit_is_named(ax, change, message):
    with pytest.raises(ValueError, match=message):
        plot_on_frame(**{"ax": ax, "frame": FRAME, "pose": POSE, "skeleton": BODY, **change})
    assert not ax.collections
    assert not ax.images
