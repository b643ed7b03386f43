"""Roots and target sets, as users write them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import connected_components, shortest_path

from liftpose.skeleton.target_sets import TargetSets


def test_a_flat_list_means_one_set():
    assert TargetSets.resolve([0], [1, 2], 3) == TargetSets.resolve([0], [[1, 2]], 3)
    assert TargetSets.resolve(np.array([0]), np.array([1, 2]), 3).sets == ((1, 2),)


def test_targets_are_in_the_order_of_the_joints_with_their_own_roots():
    sets = TargetSets.resolve([4, 0], [[5, 2], [3, 1]], 8)
    assert sets.targets == (1, 2, 3, 5)
    assert sets.anchors == (0, 4, 0, 4)
    assert sets.further_roots == (0,)
    assert sets.unused == (6, 7)


def test_a_root_may_be_a_target_of_another_set():
    sets = TargetSets.resolve([0, 1], [[1, 2], [3, 4]], 5)
    assert sets.targets == (1, 2, 3, 4)
    assert sets.anchors == (0, 0, 1, 1)


@pytest.mark.parametrize(
    ("roots", "target_sets", "words"),
    [
        ([], [], "roots is empty"),
        ([0, 1], [[2]], "2 roots but 1 target sets"),
        ([0], [[1], [2]], "1 roots but 2 target sets"),
        ([0, 1], [2, 3], "one flat list, but there are 2 roots"),
        ([0], [[]], "target set of root .+ is empty"),
        ([0], [], "1 roots but 0 target sets"),
        ([0], [[1, 5]], "joint 5 does not exist: the poses have 5 joints, 0 to 4"),
        ([-1], [[1]], "joint -1 does not exist"),
        ([0], [[0, 1]], "root 0 is in its own target set"),
        ([0], [[1, 1]], "joint 1 is in two target sets"),
        ([0, 1], [[2, 3], [3]], "joint 3 is in two target sets"),
    ],
)
def test_sets_that_make_no_sense(roots, target_sets, words):
    with pytest.raises(ValueError, match=words):
        TargetSets.resolve(roots, target_sets, 5)


@pytest.mark.parametrize(
    ("roots", "target_sets"),
    [(0, [1]), ([0], 1), ([0.0], [[1]]), ([0], [["1"]]), ([True], [[2]]), ("0", [[1]])],
)
def test_what_is_no_list_of_integers(roots, target_sets):
    with pytest.raises(TypeError, match="expected"):
        TargetSets.resolve(roots, target_sets, 5)


def test_errors_say_names_where_there_are_any():
    names = ["hip", "knee", "ankle"]
    with pytest.raises(ValueError, match="joint 'ankle' is in two target sets"):
        TargetSets.resolve([0, 1], [[2], [2]], 3, names)
    with pytest.raises(ValueError, match=r"root 'hip' is in its own target set \['knee', 'hip'\]"):
        TargetSets.resolve([0], [[1, 0]], 3, names)
    with pytest.raises(ValueError, match="target set of root 'knee' is empty"):
        TargetSets.resolve([1], [[]], 3, names)


@st.composite
def graphs(draw):
    """A number of joints, and bones between some of them."""
    joint_count = draw(st.integers(2, 12))
    joint = st.integers(0, joint_count - 1)
    bones = draw(
        st.lists(
            st.tuples(joint, joint).filter(lambda bone: bone[0] != bone[1]),
            min_size=1,
            max_size=16,
            unique_by=frozenset,
        )
    )
    return joint_count, bones


def distances(joint_count, bones):
    """Bones on the shortest way between any two joints, by SciPy; infinite where there is none."""
    adjacency = np.zeros((joint_count, joint_count))
    for one, other in bones:
        adjacency[one, other] = adjacency[other, one] = 1
    return shortest_path(adjacency, directed=False, unweighted=True)


@given(graphs())
def test_the_root_of_each_connected_part_is_its_most_central_joint(graph):
    joint_count, bones = graph
    steps = distances(joint_count, bones)
    _, part_of = connected_components(np.isfinite(steps), directed=False)
    parts = [np.flatnonzero(part_of == part) for part in np.unique(part_of)]
    parts = [part for part in parts if len(part) > 1]
    parts.sort(key=lambda part: (-len(part), part.min()))

    sets = TargetSets.from_bones(bones, joint_count)
    # argmin gives the first of several.
    roots = [part[steps[np.ix_(part, part)].sum(axis=1).argmin()] for part in parts]
    assert list(sets.roots) == roots
    assert [{*members, root} for root, members in zip(sets.roots, sets.sets, strict=True)] == [
        set(part.tolist()) for part in parts
    ]


@given(graphs(), st.data())
def test_targets_go_to_the_nearest_of_the_roots_given(graph, data):
    joint_count, bones = graph
    roots = data.draw(
        st.lists(st.integers(0, joint_count - 1), min_size=1, max_size=3, unique=True)
    )
    steps = distances(joint_count, bones)
    nearest = {
        joint: roots[steps[roots, joint].argmin()]
        for joint in range(joint_count)
        if joint not in roots and np.isfinite(steps[roots, joint]).any()
    }
    if set(nearest.values()) != set(roots):
        with pytest.raises(ValueError, match="target set of root .+ is empty"):
            TargetSets.from_bones(bones, joint_count, roots)
        return
    sets = TargetSets.from_bones(bones, joint_count, roots)
    assert sets.roots == tuple(roots)
    assert dict(zip(sets.targets, sets.anchors, strict=True)) == nearest


def test_which_end_of_a_bone_comes_first_makes_no_difference():
    bones = [(0, 1), (2, 1), (2, 3), (5, 3)]
    turned = [(b, a) for a, b in reversed(bones)]
    assert TargetSets.from_bones(bones, 6) == TargetSets.from_bones(turned, 6)


@pytest.mark.parametrize(
    ("bones", "roots", "words"),
    [
        ([], [], "no bones to find a root from"),
        ([(0, 7)], [], "joint 7 does not exist"),
        ([(0, -1)], [], "joint -1 does not exist"),
        ([(0, 1)], [9], "joint 9 does not exist"),
        ([(0, 1)], [2], "target set of root 'c' is empty"),
    ],
)
def test_bones_that_give_no_target_sets(bones, roots, words):
    with pytest.raises(ValueError, match=words):
        TargetSets.from_bones(bones, 5, roots, "abcde")
