"""Diagrams of skeletons: every joint has its place and its name, and no name lies on another."""

from itertools import combinations

import numpy as np
import pytest
from matplotlib.figure import Figure

from liftpose import Skeleton
from liftpose.datasets import hexapod, mouse, quadruped
from liftpose.plot import plot_skeleton

SKELETONS = {
    **{name: Skeleton.named(name) for name in Skeleton.shipped()},
    **{make.__name__: make(frames=1).skeleton for make in (hexapod, mouse, quadruped)},
}
BODY = Skeleton(
    ["head", "left_paw", "right_paw", "tail"],
    bones=[(0, 1), (0, 2), (0, 3)],
    roots=["head"],
    target_sets=[["left_paw", "right_paw", "tail"]],
)
AT = np.array([[0.0, 4.0], [-1.0, 3.0], [1.0, 3.0], [0.0, 0.0]])


def axes(width=6.0, height=4.0):
    return Figure(figsize=(width, height)).add_axes((0, 0, 1, 1))


@pytest.mark.parametrize("size", [(6, 4), (3.5, 3.5)])
@pytest.mark.parametrize("name", SKELETONS)
def test_every_joint_is_named_and_no_name_lies_on_another(name, size):
    skeleton, ax = SKELETONS[name], axes(*size)
    drawn = plot_skeleton(ax, skeleton)
    if drawn.note is not None:  # 38 long names do not fit a column of a journal
        assert name in ("fly38", "hexapod")
        assert size == (3.5, 3.5)
        assert not drawn.names
        return
    assert sorted(drawn.names) == sorted(skeleton.joints)
    assert {joint: text.get_text() for joint, text in drawn.names.items()} == {
        joint: joint for joint in drawn.names
    }
    boxes = [text.get_window_extent() for text in drawn.names.values()]
    for one, other in combinations(boxes, 2):
        apart_across = max(one.x0, other.x0) >= min(one.x1, other.x1)
        apart_upwards = max(one.y0, other.y0) >= min(one.y1, other.y1) - 0.5
        assert apart_across or apart_upwards
    whole = ax.figure.bbox
    for box in boxes:
        assert whole.x0 <= box.x0
        assert box.x1 <= whole.x1
        assert whole.y0 <= box.y0
        assert box.y1 <= whole.y1


@pytest.mark.parametrize("name", ["fly-leg15", "mouse22", "hexapod"])
def test_names_are_joined_to_their_joints(name):
    skeleton, ax = SKELETONS[name], axes()
    drawn = plot_skeleton(ax, skeleton)
    ends = {}
    for joint, (end, at) in zip(drawn.names, drawn.leaders.get_segments(), strict=True):
        ends[joint] = end
        np.testing.assert_allclose(at, drawn.names[joint].xy)
        assert abs(at[0]) > abs(drawn.places[:, 0]).max() * 0.99 or not skeleton.pairs
    for number, joint in enumerate(skeleton.joints):
        np.testing.assert_allclose(ends[joint], drawn.places[number])


def test_names_of_a_chain_are_on_both_sides_in_turn():
    chain = Skeleton([f"j{n}" for n in range(6)], bones=[(n, n + 1) for n in range(5)])
    names = plot_skeleton(axes(), chain).names
    assert {names[f"j{n}"].get_ha() for n in (0, 2, 4)} == {"left"}
    assert {names[f"j{n}"].get_ha() for n in (1, 3, 5)} == {"right"}


def test_names_of_a_leg_that_is_stretched_out_are_in_its_order():
    names = plot_skeleton(axes(), SKELETONS["hexapod"]).names
    for side in ("left", "right"):
        leg = ("thorax_coxa", "coxa_femur", "femur_tibia", "tibia_tarsus", "claw")
        heights = [names[f"{side}_mid_{joint}"].xy[1] for joint in leg]
        assert heights == sorted(heights, reverse=True)


def test_joints_are_where_they_are_said_to_be():
    drawn = plot_skeleton(axes(), BODY, AT)
    np.testing.assert_array_equal(drawn.places, AT)
    np.testing.assert_array_equal(drawn.pose.joints.get_offsets(), AT)
    np.testing.assert_array_equal(drawn.roots.get_offsets(), AT[:1])


def test_a_pose_is_seen_from_above_with_the_front_on_top():
    pose = np.array([[5.0, 4.0, 1.0], [4.0, 3.0, 0.0], [4.0, 5.0, 0.0], [0.0, 4.0, 2.0]])
    pose[:, 1] *= -1  # it looks along x, and its left is towards y
    drawn = plot_skeleton(axes(), BODY, pose)
    shape = drawn.places - drawn.places[3]
    np.testing.assert_allclose(shape, [[0, 5], [-1, 4], [1, 4], [0, 0]], atol=1e-9)


def test_joints_that_are_not_known_are_left_out_with_their_names():
    at = AT.copy()
    at[0] = np.nan
    drawn = plot_skeleton(axes(), BODY, at)
    assert sorted(drawn.names) == ["left_paw", "right_paw", "tail"]
    assert len(drawn.pose.bones.get_segments()) == 0
    assert len(drawn.roots.get_offsets()) == 0


def test_units_are_equally_long_and_the_body_fills_the_axes():
    ax = axes()
    plot_skeleton(ax, BODY, AT, names=False)
    ax.figure.draw_without_rendering()
    corner, right, up = ax.transData.transform([(0, 0), (1, 0), (0, 1)])
    assert right[0] - corner[0] == pytest.approx(up[1] - corner[1])
    assert 4 * (up[1] - corner[1]) > 0.85 * ax.bbox.height


def test_names_are_no_formulas():
    ax = axes()
    body = Skeleton(["knee_{$1$}", "$\\frac{"], bones=[(0, 1)])
    assert set(plot_skeleton(ax, body).names) == set(body.joints)
    ax.figure.draw_without_rendering()


def test_names_that_do_not_fit_are_left_out_all_together_and_that_is_said():
    ax = axes(2, 2)
    drawn = plot_skeleton(ax, SKELETONS["fly38"])
    assert drawn.names == {}
    assert drawn.note.get_text().startswith("38 names do not fit")
    assert plot_skeleton(axes(2, 2), SKELETONS["fly38"], names=False).note is None


@pytest.mark.parametrize("count", [1, 2, 1000])
def test_one_joint_and_a_thousand(count):
    body = Skeleton([f"j{n}" for n in range(count)], bones=[(n, n + 1) for n in range(count - 1)])
    ax = axes()
    drawn = plot_skeleton(ax, body)
    assert len(drawn.pose.joints.get_offsets()) == count
    assert (drawn.note is not None) == (count == 1000)
    ax.figure.draw_without_rendering()


@pytest.mark.parametrize(
    ("at", "message"),
    [
        (AT[:3], r"at needs shape \(4, 2\) or \(4, 3\).*got \(3, 2\)"),
        (np.ones((4, 4)), r"got \(4, 4\)"),
        (np.full((4, 2), np.nan), "no joint that is known"),
    ],
)
def test_what_does_not_fit_is_named(at, message):
    with pytest.raises(ValueError, match=message):
        plot_skeleton(axes(), BODY, at)
