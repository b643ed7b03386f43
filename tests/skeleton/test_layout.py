"""Drawings of skeletons without a pose: every skeleton that ships, and some that are awkward."""

from collections import deque

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from liftpose import Skeleton
from liftpose.datasets import hexapod, mouse, quadruped
from liftpose.skeleton.layout import laid_out, steps_between, strain
from liftpose.skeleton.sides import pairs_of

SKELETONS = {name: Skeleton.named(name) for name in Skeleton.shipped()} | {
    make.__name__: make(frames=1, seed=1).skeleton for make in (hexapod, mouse, quadruped)
}


def mirror_of(skeleton):
    mirror = np.arange(skeleton.joint_count)
    for a, b in pairs_of(skeleton):
        mirror[[a, b]] = b, a
    return mirror


@pytest.mark.parametrize("name", SKELETONS)
def test_right_is_the_mirror_image_of_left_which_is_on_the_left(name):
    skeleton = SKELETONS[name]
    points = laid_out(skeleton)
    for left, right in pairs_of(skeleton):
        assert points[left, 0] < points[right, 0]
        np.testing.assert_allclose(points[left] * [-1, 1], points[right], atol=1e-9)


@pytest.mark.parametrize("name", SKELETONS)
def test_no_joint_hides_another_and_bones_are_about_equally_long(name):
    skeleton = SKELETONS[name]
    points = laid_out(skeleton)
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    assert apart[np.triu_indices(len(points), 1)].min() > 0.35
    lengths = [apart[a, b] for a, b in skeleton.bones]
    assert 0.3 < min(lengths) <= max(lengths) < 1.7


@pytest.mark.parametrize("name", ["dog26", "mouse", "hexapod", "fly38"])
def test_moving_a_joint_makes_the_drawing_worse(name):
    skeleton = SKELETONS[name]
    mirror = mirror_of(skeleton)
    apart = steps_between(skeleton, mirror)
    apart = (apart + apart[np.ix_(mirror, mirror)]) / 2
    points = laid_out(skeleton)
    best = strain(points, apart)
    for joint, other in enumerate(mirror):
        for step in ([0, 0.2], [0, -0.2], [0.2, 0], [-0.2, 0]):
            moved = points.copy()
            moved[joint] += step
            if other != joint:
                moved[other] += np.multiply(step, [-1, 1])
            elif mirror[joint] == joint and (mirror != np.arange(len(mirror))).any():
                moved[joint, 0] = points[joint, 0]
            assert strain(moved, apart) >= best


@pytest.mark.parametrize(
    ("name", "ahead", "behind"),
    [
        ("quadruped", "nose", "tail_tip"),
        ("mouse", "nose", "tail_base"),
        ("macaque13", "Nose", "Tail"),
        ("mouse22", "Snout", "Tail(end)"),
        ("dog26", "HeadSite", "TailSite"),
        ("human17", "Head", "LFoot"),
        ("fly-leg15", "front_claw", "hind_claw"),
    ],
)
def test_heads_are_up(name, ahead, behind):
    skeleton = SKELETONS[name]
    points = laid_out(skeleton)
    assert points[skeleton.index(ahead), 1] > points[skeleton.index(behind), 1] + 2


def test_a_fly_is_in_the_order_of_its_body():
    skeleton = SKELETONS["fly38"]
    parts = ("antenna", "front_thorax_coxa", "mid_thorax_coxa", "hind_thorax_coxa")
    parts += ("stripe_1", "stripe_2", "stripe_3")
    heights = laid_out(skeleton)[[skeleton.index(f"left_{part}") for part in parts], 1]
    assert (np.diff(heights) < -0.5).all()


def test_a_chain_is_straight_with_its_first_joint_on_top():
    chain = Skeleton([f"j{n}" for n in range(6)], bones=[(n, n + 1) for n in range(5)])
    points = laid_out(chain)
    assert np.ptp(points[:, 0]) < 0.02
    np.testing.assert_allclose(np.diff(points[:, 1]), -1, atol=0.02)


@pytest.mark.parametrize("count", [20, 1000])
def test_joints_without_bones_lie_apart(count):
    points = laid_out(Skeleton([f"j{n}" for n in range(count)]))
    assert pdist(points).min() > 0.3


def test_steps_are_those_of_a_walk_over_the_bones():
    skeleton = SKELETONS["quadruped"]
    joined = [[] for _ in skeleton.joints]
    for a, b in skeleton.bones:
        joined[a].append(b)
        joined[b].append(a)
    found = steps_between(skeleton, mirror_of(skeleton))
    for start in range(skeleton.joint_count):
        steps, waiting = {start: 0}, deque([start])
        while waiting:
            joint = waiting.popleft()
            for other in joined[joint]:
                if other not in steps:
                    steps[other] = steps[joint] + 1
                    waiting.append(other)
        assert found[start].tolist() == [steps[joint] for joint in range(skeleton.joint_count)]


def test_parts_that_no_bone_joins_stand_side_by_side():
    skeleton = Skeleton(
        ["hip_l", "toe_l", "hip_r", "toe_r", "nose"], bones=[("hip_l", "toe_l"), ("hip_r", "toe_r")]
    )
    steps = steps_between(skeleton, mirror_of(skeleton))
    assert np.isfinite(steps).all()
    assert steps[0, 2] == 2
    assert np.isfinite(laid_out(skeleton)).all()


@pytest.mark.parametrize(
    "skeleton",
    [
        Skeleton(["alone"]),
        Skeleton(["a", "b"]),
        Skeleton(["left", "right"], bones=[(0, 1)]),
        Skeleton(list("abc"), bones=[(0, 1), (1, 2), (2, 0)]),
    ],
    ids=["one", "no bones", "two sides", "a ring"],
)
def test_small_skeletons_are_laid_out_around_the_origin(skeleton):
    points = laid_out(skeleton)
    assert points.shape == (skeleton.joint_count, 2)
    np.testing.assert_allclose(points.max(0) + points.min(0), 0, atol=1e-9)


def test_a_ring_is_a_triangle():
    points = laid_out(Skeleton(list("abc"), bones=[(0, 1), (1, 2), (2, 0)]))
    np.testing.assert_allclose(
        [np.linalg.norm(points[a] - points[b]) for a, b in [(0, 1), (1, 2), (2, 0)]], 1, rtol=1e-3
    )
